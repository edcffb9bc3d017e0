// Composition must give back every stored layout: all structs and functions of the released database, in their builds.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <variant>
#include <vector>

#include "go/abi.h"
#include "gooffsets/database.h"
#include "released.h"
#include "resolve/composer.h"
#include "resolve/named_types.h"
#include "store/database_impl.h"

namespace gooffsets {
namespace {

struct Counts {
  size_t structs = 0, functions = 0, unknown = 0, different = 0;
};

void Recompose(ModuleViewReader* reader, int64_t build, Counts* counts) {
  BuildWorld world(reader, build);
  NamedTypes named(world.reader());
  Composer composer(&world, &named);
  const SeenBuild& made = **reader->Build(build);
  const Version go = *Version::Parse(VersionScheme::kGo, made.evidence.go);
  const bool register_abi = UsesRegisterAbi(go, made.goarch, made.goexperiment);
  for (const auto& [package, state] : **reader->StatesOfBuild(build)) {
    const std::string path = *reader->Text(package);
    const Scope scope{{build, state}, path};
    for (const PackageEntry& entry : **reader->Entries(state)) {
      if (entry.layout == 0) continue;
      const Layout& layout = **reader->LayoutOf(entry.layout);
      const std::string symbol = *reader->Text(entry.symbol);
      bool known = false, equal = false;
      std::string why;
      if (const auto* structure = std::get_if<StructLayout>(&layout)) {
        ++counts->structs;
        Result<ComposedStruct> composed = composer.Struct(scope, symbol, *structure);
        ASSERT_TRUE(composed) << composed.error().ToString();
        known = composed->complete;
        why = composed->missing.reason;
        equal = composed->layout == *structure;
      } else {
        ++counts->functions;
        const auto& function = std::get<FunctionLayout>(layout);
        Result<ComposedFunction> composed = composer.Function(scope, function, made.goarch, register_abi);
        ASSERT_TRUE(composed) << composed.error().ToString();
        known = composed->layout.has_value();
        why = composed->missing.reason;
        equal = composed->layout == function;
      }
      if (!known) ++counts->unknown;
      if (known && !equal) ++counts->different;
      if (!known || !equal) {
        ADD_FAILURE() << path << "." << symbol << " of build " << made.evidence.build << " (Go " << made.evidence.go
                      << ") is " << (known ? "composed otherwise" : "not composed: ") << why;
        if (counts->unknown + counts->different > 20) return;
      }
    }
  }
}

TEST(Composition, GivesBackEveryStoredLayout) {
  const std::string path = testing::ReleasedDatabase();
  ASSERT_FALSE(path.empty());
  Result<Database> database = Database::Open(path);
  ASSERT_TRUE(database) << database.error().ToString();
  Connection* connection = Database::Impl::Of(*database).connection();
  ModuleViewReader reader(connection);
  Counts counts;
  size_t builds = 0;
  {
    Statement query = connection->Prepare("SELECT id FROM build WHERE status = 0");
    while (*query.Next()) {
      Recompose(&reader, query.Int(0), &counts);
      ++builds;
    }
  }
  std::printf("composed %zu structs and %zu functions of %zu builds: %zu not composed, %zu different\n", counts.structs,
              counts.functions, builds, counts.unknown, counts.different);
  EXPECT_GT(counts.structs, 100'000U);
  EXPECT_GT(counts.functions, 1'000'000U);
  EXPECT_EQ(counts.unknown, 0U);
  EXPECT_EQ(counts.different, 0U);
}

TEST(Composition, StructTypesWithoutANameAreReadWhereTheirFieldsAreSpelledOut) {
  const auto shape = ShapeBySpelling("struct { NI int; P *pkg.T; F func(a, b int) struct { x int }; _ []uint8 }");
  ASSERT_TRUE(shape);
  ASSERT_EQ(shape->fields.size(), 4U);
  EXPECT_EQ(shape->fields[1].type, "*pkg.T");
  EXPECT_EQ(shape->fields[2].name, "F");
  EXPECT_EQ(shape->fields[3].name, "_");
  // Named types, tags, embedded fields, damage.
  for (const char* type : {"struct { a pkg.T }", "struct { a int \"tag\" }", "struct { *pkg.T }", "struct { pkg.T }",
                           "struct {}", "struct { a int", "struct { a int;  }", "struct {  }", "int", ""}) {
    EXPECT_FALSE(ShapeBySpelling(type)) << type;
  }
}

}  // namespace
}  // namespace gooffsets
