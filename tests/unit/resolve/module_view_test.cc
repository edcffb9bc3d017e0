// A module opened for many questions says what Database::Lookup says, and in time.
#include "gooffsets/module_view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "released.h"
#include "store/database_impl.h"
#include "store/module_view_reader.h"

namespace gooffsets {
namespace {

class ModuleViewTest : public ::testing::TestWithParam<ModuleQuery> {};

TEST_P(ModuleViewTest, SaysWhatLookupSays) {
  Result<Database> database = Database::Open(testing::ReleasedDatabase());
  ASSERT_TRUE(database);
  Result<ModuleView> view = ModuleView::Open(&*database, GetParam());
  ASSERT_TRUE(view) << view.error().ToString();
  const ModuleQuery& query = GetParam();
  ModuleViewReader reader(Database::Impl::Of(*database).connection());
  std::vector<std::string> names;
  size_t number = 0;
  for (const std::string& path : **reader.PackagePaths(query.module, query.version)) {
    const auto& seen = **reader.Seen(query.module, query.version, path, query.goarch);
    if (seen.empty()) continue;
    for (const PackageEntry& entry : **reader.Entries(seen.front().state)) {
      if (entry.layout == 0 || ++number % 17 != 0) continue;
      const Layout& layout = **reader.LayoutOf(entry.layout);
      if (!std::holds_alternative<StructLayout>(layout)) continue;
      for (const Field& field : std::get<StructLayout>(layout).fields) {
        names.push_back(path + "." + *reader.Text(entry.symbol) + "." + field.name);
      }
    }
  }
  names.push_back("net/http.Nope.nope");
  size_t found = 0, differ = 0;
  for (const std::string& name : names) {
    Result<ModuleView::FieldView> field = view->Field(name);
    Query lookup{query.module, query.version, query.go, query.goarch, name};
    Result<Answer> answer = database->Lookup(lookup);
    ASSERT_TRUE(answer) << answer.error().ToString();
    const bool there = answer->status == Status::kFound && answer->values[0].kind == SymbolKind::kField;
    ASSERT_EQ(field.has_value(), there) << name;
    if (!there) continue;
    ++found;
    const Field& truth = answer->values[0].field;
    if (truth.offset != field->offset || truth.size != field->size || truth.type != field->type) {
      ++differ;
      ADD_FAILURE() << name;
    }
  }
  std::vector<double> times;
  for (int round = 0; round < 10; ++round) {
    for (const std::string& name : names) {
      const auto start = std::chrono::steady_clock::now();
      Result<ModuleView::FieldView> field = view->Field(name);
      if (field)
        times.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    }
  }
  std::sort(times.begin(), times.end());
  std::printf("%zu fields compared, %zu differ; a field: %.2f us (p50)\n", found, differ, times[times.size() / 2]);
  EXPECT_GT(found, 50U);
}

INSTANTIATE_TEST_SUITE_P(Modules, ModuleViewTest,
                         ::testing::Values(ModuleQuery{"std", "1.26.8", "", GoArch::kAmd64},
                                           ModuleQuery{"google.golang.org/grpc", "1.60.1", "", GoArch::kArm64},
                                           ModuleQuery{"google.golang.org/grpc", "1.60.1", "1.21.13", GoArch::kAmd64},
                                           ModuleQuery{"google.golang.org/grpc", "1.60.1", "1.25.14", GoArch::kAmd64}));

TEST(ModuleView, WhatWasNeverBuiltIsNotOpened) {
  Result<Database> database = Database::Open(testing::ReleasedDatabase());
  ASSERT_TRUE(database);
  Result<ModuleView> view = ModuleView::Open(&*database, {"google.golang.org/grpc", "1.60.99", "", GoArch::kAmd64});
  ASSERT_FALSE(view);
  EXPECT_EQ(view.error().code, ErrorCode::kUnknown);
  EXPECT_FALSE(ModuleView::Open(&*database, {"std", "potato", "", GoArch::kAmd64}));
}

}  // namespace
}  // namespace gooffsets
