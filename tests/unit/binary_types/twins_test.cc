// What a stripped program says of its types, against the DWARF and the symbols of the same program unstripped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "../dwarf/go_fixture.h"
#include "dwarf/read_dwarf.h"
#include "program.h"

namespace gooffsets {
namespace {

using testing::BuildTwins;
using testing::Opened;
using testing::Twins;
using testing::Way;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Layouts as text, so that a difference shows what differs.
std::string Text(const StructLayout& layout) {
  std::string text = std::to_string(layout.size) + "/" + std::to_string(layout.align);
  for (const Field& field : layout.fields) {
    text += "\n  " + field.name + " @" + std::to_string(field.offset) + " " + std::to_string(field.size) + "/" +
            std::to_string(field.align) + " " + field.type + " " + std::string(ToString(field.kind));
    if (field.embedded) text += " embedded";
    if (field.by_value) text += " by value";
    for (const uint64_t dim : field.dims) text += " [" + std::to_string(dim) + "]";
    text += field.elem.empty() ? "" : " of " + field.elem;
  }
  return text;
}

// Types that DWARF lists and no descriptor can: the compiler's stand-ins, unnamed ones, what the linker makes up.
bool IsNamedByTheProgram(const std::string& name) {
  return name.find("go.shape") == name.npos && name.find('<') == name.npos && !name.starts_with("struct {") &&
         !name.starts_with("noalg.") && name.find('.') != name.npos;
}

class TwinsTest : public ::testing::TestWithParam<Way> {
 protected:
  void SetUp() override {
    twins_ = &BuildTwins(GetParam());
    if (!twins_->why_not.empty()) GTEST_SKIP() << twins_->why_not;
    opened_ = testing::Open(twins_->stripped);
    ASSERT_EQ(opened_.error, "");
  }

  const Twins* twins_ = nullptr;
  Opened opened_;
};

TEST_P(TwinsTest, EveryStructIsThatOfDwarf) {
  const auto dwarf = ReadDwarf(twins_->plain, {.function = [](std::string_view) { return false; }, .structure = {}});
  ASSERT_TRUE(dwarf) << dwarf.error().ToString();
  std::map<std::string, const DwarfStruct*> truth;
  for (const DwarfStruct& structure : dwarf->structs) truth[structure.name] = &structure;
  std::set<std::string> recovered;
  uint64_t last = 0, compared = 0, fields = 0;
  const auto done = opened_.types->ForEachStruct([&](const RuntimeType& type) {
    EXPECT_GT(type.address, last) << "not ascending";
    last = type.address;
    EXPECT_EQ(type.kind, TypeKind::kStruct);
    EXPECT_EQ(type.size, type.structure.size);
    EXPECT_TRUE(recovered.insert(type.name).second) << type.name << " twice";
    const auto known = truth.find(type.name);
    // The linker drops the DWARF of types that no code and no variable needs.
    if (known == truth.end()) return true;
    EXPECT_EQ(Text(type.structure), Text(known->second->layout)) << type.name;
    EXPECT_EQ(type.structure, known->second->layout) << type.name;
    ++compared;
    fields += type.structure.fields.size();
    return true;
  });
  ASSERT_TRUE(done) << done.error().ToString();
  uint64_t named = 0, of_http = 0, recovered_of_http = 0;
  for (const auto& [name, structure] : truth) {
    if (!IsNamedByTheProgram(name)) continue;
    ++named;
    if (!name.starts_with("net/http.")) continue;
    ++of_http;
    recovered_of_http += recovered.count(name);
  }
  RecordProperty("structs", static_cast<int>(compared));
  RecordProperty("fields", static_cast<int>(fields));
  RecordProperty("percent_of_all", static_cast<int>(compared * 100 / named));
  RecordProperty("percent_of_net_http", static_cast<int>(recovered_of_http * 100 / of_http));
  EXPECT_GT(compared, 500U);
  EXPECT_GT(fields, 2500U);
  EXPECT_GT(recovered_of_http * 100, of_http * 90);
}

TEST_P(TwinsTest, WantedNamesAreFoundAsInTheListOfAll) {
  std::map<std::string, RuntimeType> all;
  ASSERT_TRUE(opened_.types->ForEachStruct([&](const RuntimeType& type) {
    all[type.name] = type;
    return true;
  }));
  std::vector<std::string> names = {"no/such/package.Type", "net/http.NoSuchType"};
  for (const auto& [name, type] : all) names.push_back(name);
  Opened again = testing::Open(twins_->stripped);
  const auto found = again.types->FindTypes(names);
  ASSERT_TRUE(found) << found.error().ToString();
  ASSERT_EQ(found->types.size(), names.size());
  EXPECT_THAT(found->ambiguous, IsEmpty());
  EXPECT_FALSE(found->types[0]);
  EXPECT_FALSE(found->types[1]);
  for (size_t i = 2; i < names.size(); ++i) {
    ASSERT_TRUE(found->types[i]) << names[i];
    EXPECT_EQ(found->types[i]->name, names[i]);
    EXPECT_EQ(found->types[i]->address, all[names[i]].address) << names[i];
    EXPECT_EQ(found->types[i]->structure, all[names[i]].structure) << names[i];
  }
  // The one question that needs no walk gives the same.
  const std::vector<std::string> one = {"net/http.Request"};
  Opened third = testing::Open(twins_->stripped);
  const auto request = third.types->FindTypes(one);
  ASSERT_TRUE(request && request->types[0]);
  EXPECT_EQ(request->types[0]->structure, all["net/http.Request"].structure);
}

TEST_P(TwinsTest, TypesThatAreNoStructsAreFoundToo) {
  const std::vector<std::string> names = {"main.kind", "net/http.Header", "net/http.ResponseWriter", "int", "error"};
  const auto found = opened_.types->FindTypes(names);
  ASSERT_TRUE(found) << found.error().ToString();
  const std::vector<TypeKind> kinds = {TypeKind::kUint8, TypeKind::kMap, TypeKind::kInterface, TypeKind::kInt,
                                       TypeKind::kInterface};
  for (size_t i = 0; i < names.size(); ++i) {
    ASSERT_TRUE(found->types[i]) << names[i];
    EXPECT_EQ(found->types[i]->kind, kinds[i]) << names[i];
    EXPECT_THAT(found->types[i]->structure.fields, IsEmpty());
  }
  EXPECT_EQ(found->types[0]->size, 1U);
  EXPECT_EQ(found->types[4]->size, 16U);
}

// As nm lists them: their addresses are those of the plain twin, so it is asked for these.
TEST_P(TwinsTest, ItabsAreThoseOfTheSymbolTable) {
  if (testing::GoIsAtLeast(27)) GTEST_SKIP() << "from Go 1.27 on itabs have no symbols";
  Opened plain = testing::Open(twins_->plain);
  ASSERT_EQ(plain.error, "");
  std::map<std::string, uint64_t> truth, seen;
  const std::string prefix = "go:itab.";
  for (const auto& [name, address] : twins_->symbols) {
    if (name.starts_with(prefix)) truth[name.substr(prefix.size())] = address;
  }
  ASSERT_GT(truth.size(), 100U);
  ASSERT_TRUE(plain.types->ForEachItab([&](const Itab& itab) {
    std::string key = itab.type + "," + itab.interface;
    // In the symbol table the mark of a local type's number is a plain dot.
    for (size_t at; (at = key.find("·")) != key.npos;) key.replace(at, std::string("·").size(), ".");
    seen[key] = itab.address;
    return true;
  }));
  EXPECT_EQ(seen, truth);
  // The stripped twin has the same ones.
  std::set<std::string> stripped;
  ASSERT_TRUE(opened_.types->ForEachItab([&](const Itab& itab) {
    stripped.insert(itab.type + "," + itab.interface);
    return true;
  }));
  EXPECT_EQ(stripped.size(), truth.size());
}

TEST_P(TwinsTest, ItabsHoldTheMethodsOfTheirTypes) {
  Opened plain = testing::Open(twins_->plain);
  ASSERT_EQ(plain.error, "");
  const std::vector<RuntimeTypes::ItabWant> wants = {{"*main.handler", "net/http.Handler"},
                                                     {"*net/http.response", "net/http.ResponseWriter"},
                                                     {"*main.handler", "net/http.ResponseWriter"},
                                                     {"*errors.errorString", "error"}};
  const auto found = plain.types->FindItabs(wants);
  ASSERT_TRUE(found) << found.error().ToString();
  ASSERT_THAT(*found, SizeIs(4));
  ASSERT_TRUE((*found)[0] && (*found)[1] && (*found)[3]);
  EXPECT_FALSE((*found)[2]) << "a handler is no ResponseWriter";
  const auto names = [&](const Itab& itab) {
    std::vector<std::string> list;
    for (const uint64_t method : itab.methods) list.push_back(twins_->functions.at(method));
    return list;
  };
  EXPECT_THAT(names(*(*found)[0]), ElementsAre("main.(*handler).ServeHTTP"));
  EXPECT_THAT(names(*(*found)[1]), ElementsAre("net/http.(*response).Header", "net/http.(*response).Write",
                                               "net/http.(*response).WriteHeader"));
  EXPECT_THAT(names(*(*found)[3]), ElementsAre("errors.(*errorString).Error"));
}

TEST_P(TwinsTest, MethodsHaveTheTypesOfTheirDeclarations) {
  const auto names = [](const std::vector<RuntimeType>& types) {
    std::vector<std::string> list;
    for (const RuntimeType& type : types) list.push_back(type.name);
    return list;
  };
  const auto serve = opened_.types->MethodOf("*main.handler", "ServeHTTP");
  ASSERT_TRUE(serve && *serve);
  EXPECT_THAT(names((*serve)->params), ElementsAre("net/http.ResponseWriter", "*net/http.Request"));
  EXPECT_THAT(names((*serve)->results), IsEmpty());
  EXPECT_FALSE((*serve)->variadic);
  const auto text = opened_.types->MethodOf("*main.everything", "Error");
  ASSERT_TRUE(text && *text);
  EXPECT_THAT(names((*text)->params), IsEmpty());
  EXPECT_THAT(names((*text)->results), ElementsAre("string"));
  const auto none = opened_.types->MethodOf("*main.handler", "NoSuchMethod");
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
  const auto nothing = opened_.types->MethodOf("*main.noSuchType", "Error");
  ASSERT_TRUE(nothing);
  EXPECT_FALSE(*nothing);
}

// What an itab holds can be called, so that its type is kept: exported methods, which are found by halving, and others.
TEST_P(TwinsTest, MethodsOfItabsAreFoundByTheirNames) {
  Opened plain = testing::Open(twins_->plain);
  ASSERT_EQ(plain.error, "");
  std::vector<RuntimeTypes::MethodWant> wants;
  ASSERT_TRUE(plain.types->ForEachItab([&](const Itab& itab) {
    for (const uint64_t method : itab.methods) {
      const std::string& name = twins_->functions.at(method);
      if (name == "runtime.unreachableMethod" || itab.type.find_first_of("[{(") != std::string::npos) continue;
      wants.push_back({itab.type, name.substr(name.rfind('.') + 1)});
    }
    return true;
  }));
  ASSERT_GT(wants.size(), 500U);
  const auto found = opened_.types->MethodsOf(wants);
  ASSERT_TRUE(found) << found.error().ToString();
  size_t lowered = 0;
  for (size_t i = 0; i < wants.size(); ++i) {
    EXPECT_TRUE((*found)[i]) << wants[i].type << "." << wants[i].method;
    lowered += static_cast<size_t>(wants[i].method.front() >= 'a');
  }
  EXPECT_GT(lowered, 50U);
}

INSTANTIATE_TEST_SUITE_P(Ways, TwinsTest,
                         ::testing::Values(Way{"amd64", "plain"}, Way{"amd64", "pie"}, Way{"arm64", "plain"}),
                         [](const auto& way) { return way.param.Name(); });

// Go's own reader of DWARF, as a third voice.
TEST(RuntimeTypes, StructsAreThoseOfGosDebugDwarf) {
  const Twins& twins = BuildTwins({"amd64", "plain"});
  if (!twins.why_not.empty()) GTEST_SKIP() << twins.why_not;
  const testing::TempDir temp;
  const std::string reader = temp / "godwarf";
  const auto built =
      testing::RunGo(testing::GoOnPath(), testing::FixtureDir("godwarf"), "amd64", {"build", "-o", reader, "."});
  ASSERT_EQ(built.status, 0) << built.output;
  std::map<std::string, std::string> truth;
  for (const std::string& line :
       testing::Lines(testing::RunShell(testing::Quote(reader) + " " + testing::Quote(twins.plain)).output)) {
    const std::vector<std::string> columns = testing::Split(line, '\t');
    if (columns[0] == "S") truth[columns[1]] = columns[2];
    if (columns[0] != "F") continue;
    ASSERT_THAT(columns, SizeIs(8)) << line;
    truth[columns[1]] += "\n" + columns[2] + " " + columns[3] + " " + columns[4] + " " + columns[5] + " " + columns[6] +
                         (columns[7] == "true" ? " embedded" : "");
  }
  ASSERT_GT(truth.size(), 500U);
  Opened opened = testing::Open(twins.stripped);
  ASSERT_EQ(opened.error, "");
  size_t compared = 0;
  ASSERT_TRUE(opened.types->ForEachStruct([&](const RuntimeType& type) {
    const auto known = truth.find(type.name);
    if (known == truth.end()) return true;
    std::string text = std::to_string(type.size);
    for (const Field& field : type.structure.fields) {
      text += "\n" + field.name + " " + std::to_string(field.offset) + " " + std::to_string(field.size) + " " +
              field.type + " " + std::to_string(static_cast<int>(field.kind)) + (field.embedded ? " embedded" : "");
    }
    EXPECT_EQ(text, known->second) << type.name;
    ++compared;
    return true;
  }));
  EXPECT_GT(compared, 500U);
}

}  // namespace
}  // namespace gooffsets
