// Struct layouts against the compiler's own numbers: the amd64 fixture is run and prints what reflect says; for arm64,
// which cannot be run here, constant assertions are generated that only compile if every number is right.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "dwarf/read_dwarf.h"
#include "go_fixture.h"

namespace gooffsets {
namespace {

namespace fs = std::filesystem;
using testing::GoCommand;

class Layouts : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    go_ = GetParam() == "PATH" ? testing::GoOnPath() : testing::GoRelease(GetParam());
    ASSERT_FALSE(go_.go.empty()) << go_.why;
  }

  DwarfContents Read(const std::string& goarch, const std::string& directory) {
    const std::string binary = temp_ / ("layouts." + goarch);
    const auto built = testing::RunGo(go_, directory, goarch, {"build", "-o", binary, "./cmd"});
    EXPECT_EQ(built.status, 0) << built.output;
    Result<DwarfContents> contents = ReadDwarf(binary);
    EXPECT_TRUE(contents.has_value()) << contents.error().ToString();
    return contents ? std::move(*contents) : DwarfContents();
  }

  testing::TempDir temp_;
  GoCommand go_;
};

std::map<std::string, DwarfStruct> ByName(const DwarfContents& contents) {
  std::map<std::string, DwarfStruct> structs;
  for (const DwarfStruct& s : contents.structs) structs.emplace(s.name, s);
  return structs;
}

std::string Dims(const Field& field) {
  std::string text;
  for (uint64_t dim : field.dims) text += (text.empty() ? "" : "x") + std::to_string(dim);
  return text;
}

TEST_P(Layouts, EveryNumberIsTheCompilersOnAmd64) {
  const std::map<std::string, DwarfStruct> structs = ByName(Read("amd64", testing::FixtureDir("layouts")));
  const auto truth = testing::RunGo(go_, testing::FixtureDir("layouts"), "amd64", {"run", "./cmd"});
  ASSERT_EQ(truth.status, 0) << truth.output;
  std::map<std::string, size_t> seen;  // fields so far
  for (const std::string& line : testing::Lines(truth.output)) {
    const std::vector<std::string> c = testing::Split(line, '\t');
    SCOPED_TRACE(line);
    ASSERT_TRUE(structs.count(c.at(1)));
    const DwarfStruct& s = structs.at(c[1]);
    EXPECT_FALSE(s.conflicting);
    if (c[0] == "T") {
      EXPECT_EQ(std::to_string(s.layout.size), c.at(2));
      EXPECT_EQ(std::to_string(s.layout.align), c.at(3));
      seen[c[1]] = 0;
      continue;
    }
    ASSERT_LT(seen[c[1]], s.layout.fields.size());
    const Field& f = s.layout.fields[seen[c[1]]++];
    EXPECT_EQ(f.name, c.at(2));
    EXPECT_EQ(std::to_string(f.offset), c.at(3));
    EXPECT_EQ(std::to_string(f.size), c.at(4));
    EXPECT_EQ(std::to_string(f.align), c.at(5));
    EXPECT_EQ(ToString(f.kind), c.at(6));
    EXPECT_EQ(f.embedded ? "true" : "false", c.at(7));
    EXPECT_EQ(Dims(f), c.at(8));
    EXPECT_EQ(f.by_value ? "true" : "false", c.at(9));
    EXPECT_EQ(f.type, c.at(10));
  }
  EXPECT_GE(seen.size(), 11u);
  for (const auto& [name, fields] : seen) EXPECT_EQ(structs.at(name).layout.fields.size(), fields) << name;
}

// Declarations that compile only if every size, alignment and offset of the package's own types is as read.
std::string Assertions(const DwarfContents& contents, uint64_t shift) {
  std::string source = "package layouts\n\nimport \"unsafe\"\n\n";
  const auto equal = [&](const std::string& expression, uint64_t value) {
    const std::string number = std::to_string(value + shift);
    source += "const _ = uint(" + expression + " - " + number + ")\nconst _ = uint(" + number + " - " + expression + ")\n";
  };
  for (const DwarfStruct& s : contents.structs) {
    const std::string prefix = "layouts.";
    if (!s.name.starts_with(prefix) || s.name.find('[') != std::string::npos) continue;
    const std::string type = s.name.substr(prefix.size());
    const std::string variable = "the" + type;
    source += "var " + variable + " " + type + "\n";
    equal("unsafe.Sizeof(" + variable + ")", s.layout.size);
    equal("unsafe.Alignof(" + variable + ")", s.layout.align);
    for (const Field& f : s.layout.fields) {
      if (f.name == "_") continue;
      equal("unsafe.Offsetof(" + variable + "." + f.name + ")", f.offset);
      equal("unsafe.Sizeof(" + variable + "." + f.name + ")", f.size);
      equal("unsafe.Alignof(" + variable + "." + f.name + ")", f.align);
    }
  }
  return source;
}

TEST_P(Layouts, EveryNumberIsTheCompilersOnArm64) {
  const DwarfContents contents = Read("arm64", testing::FixtureDir("layouts"));
  EXPECT_EQ(contents.goarch, GoArch::kArm64);
  const std::string copy = temp_ / "copy";
  fs::copy(testing::FixtureDir("layouts"), copy, fs::copy_options::recursive);
  const std::string assertions = Assertions(contents, 0);
  EXPECT_GT(std::count(assertions.begin(), assertions.end(), '\n'), 400);
  std::ofstream(copy + "/assertions.go") << assertions;
  const auto right = testing::RunGo(go_, copy, "arm64", {"build", "./..."});
  EXPECT_EQ(right.status, 0) << right.output;
  // The same assertions with every number one too large must not compile, or they would prove nothing.
  std::ofstream(copy + "/assertions.go") << Assertions(contents, 1);
  EXPECT_NE(testing::RunGo(go_, copy, "arm64", {"build", "./..."}).status, 0);
}

std::vector<std::string> Releases() {
  if (std::getenv("GOOFFSETS_TEST_ALL") == nullptr) return {"PATH", "1.17.13"};
  return {"PATH", "1.17.13", "1.19.13", "1.22.12", "1.24.13", "1.25.14", "1.26.10", "1.26.11", "1.27.4"};
}

INSTANTIATE_TEST_SUITE_P(Go, Layouts, ::testing::ValuesIn(Releases()), [](const auto& test) {
  std::string name = test.param;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
});

TEST(LayoutNames, RealNamesWithAngleBracketsAreKeptAndMadeUpTypesAreNot) {
  testing::TempDir temp;
  const std::string binary = temp / "layouts";
  const auto built = testing::RunGo(testing::GoOnPath(), testing::FixtureDir("layouts"), "amd64",
                                    {"build", "-o", binary, "./cmd"});
  ASSERT_EQ(built.status, 0) << built.output;
  Result<DwarfContents> contents = ReadDwarf(binary);
  ASSERT_TRUE(contents.has_value()) << contents.error().ToString();
  const std::map<std::string, DwarfStruct> structs = ByName(*contents);
  EXPECT_TRUE(structs.count("layouts.Box[chan<- int]"));
  EXPECT_TRUE(structs.count("layouts.Box[<-chan struct {}]"));
  EXPECT_TRUE(structs.count("layouts.Couple[string,layouts.Box[uint8]]"));
  EXPECT_TRUE(structs.count("runtime.g"));
  for (const auto& [name, s] : structs) {
    EXPECT_FALSE(name.starts_with("hash<") || name.starts_with("map<") || name.starts_with("noalg.")) << name;
    EXPECT_EQ(name.find("go.shape."), std::string::npos) << name;
  }
}

TEST(LayoutNames, OnlyWhatIsWantedIsRead) {
  testing::TempDir temp;
  const std::string binary = temp / "layouts";
  const auto built = testing::RunGo(testing::GoOnPath(), testing::FixtureDir("layouts"), "amd64",
                                    {"build", "-o", binary, "./cmd"});
  ASSERT_EQ(built.status, 0) << built.output;
  DwarfWants wants;
  wants.structure = [](std::string_view name) { return name == "layouts.ByValue"; };
  wants.function = [](std::string_view name) { return name == "layouts.Print"; };
  Result<DwarfContents> contents = ReadDwarf(binary, wants);
  ASSERT_TRUE(contents.has_value()) << contents.error().ToString();
  ASSERT_EQ(contents->structs.size(), 1u);
  EXPECT_EQ(contents->structs[0].name, "layouts.ByValue");
  ASSERT_EQ(contents->functions.size(), 1u);
  ASSERT_FALSE(contents->functions[0].params.empty());
  EXPECT_EQ(contents->functions[0].params[0].type, "io.Writer");
}

}  // namespace
}  // namespace gooffsets
