// Functions that //go:linkname renames: found in the binary by the directives of the sources, and compared as all
// others. In builds with GOOFFSETS_VERIFY.
#include <gtest/gtest.h>

#if __has_include("linknames.h")

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "compare.h"
#include "dwarf/read_dwarf.h"
#include "go/abi.h"
#include "go_fixture.h"
#include "linknames.h"
#include "llvm_reader.h"

namespace gooffsets {
namespace {

using Links = std::vector<std::pair<std::string, std::string>>;

// Which names are left alone is the compiler's word: src cmd/compile/internal/noder/noder.go, "go:linkname", and
// cmd/compile/internal/syntax/scanner.go, lineComment.
TEST(LinkNames, DirectivesThatRename) {
  EXPECT_EQ(verify::LinkNamesIn("package p\n"
                                "//go:linkname push other/path.Push\n"
                                "\t//go:linkname\tindented\to.I\r\n"
                                "//go:linknamestd std reflect.std\n"
                                "//go:linkname escaped gopkg.in/yaml%2ev3.Escaped"),
            (Links{{"push", "other/path.Push"},
                   {"indented", "o.I"},
                   {"std", "reflect.std"},
                   {"escaped", "gopkg.in/yaml.v3.Escaped"}}));
  EXPECT_EQ(verify::LinkNamesIn("//go:linkname marked\n"
                                "//go:linknamestd alsoMarked\n"
                                "// go:linkname notADirective x.y\n"
                                "//go:linknamestdx unknown x.z\n"
                                "//go:linkname one two three\n"
                                "//go:linkname"),
            Links{});
}

TEST(LinkNames, SourceDirs) {
  const auto dir = verify::ParseSourceDir("example.test/a=/src/a=b");
  ASSERT_TRUE(dir.has_value());
  EXPECT_EQ(dir->module, "example.test/a");
  EXPECT_EQ(dir->dir, "/src/a=b");
  for (const char* text : {"", "=", "std", "std=", "=/src"}) {
    const auto refused = verify::ParseSourceDir(text);
    ASSERT_FALSE(refused.has_value()) << text;
    EXPECT_EQ(refused.error().code, ErrorCode::kUsage);
    EXPECT_FALSE(refused.error().hint.empty());
  }
}

class RenamedFunctions : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string binary = temp_ / "linked";
    const auto built = testing::RunGo(testing::GoOnPath(), testing::FixtureDir("linked"), "amd64",
                                      {"build", "-ldflags=-checklinkname=0", "-o", binary, "."});
    ASSERT_EQ(built.status, 0) << built.output;
    Result<DwarfContents> contents = ReadDwarf(binary);
    ASSERT_TRUE(contents.has_value()) << contents.error().ToString();
    Result<verify::BinaryFacts> facts = verify::ReadWithLlvm(binary, [](std::string_view) { return true; });
    ASSERT_TRUE(facts.has_value()) << facts.error().ToString();
    facts_ = std::move(*facts);
    // As a record has them: under the names of their declarations, in their own package.
    record_.build.goarch = contents->goarch;
    PackageRecord package;
    package.owner = {"linked", "1.0.0"};
    package.path = "linked";
    for (const auto& [name, symbol] :
         Links{{"pushed", "linked/taker.Taken"}, {"renamed", "linked/nowhere.renamed"}, {"plain", "main.plain"}}) {
      const auto found = std::find_if(contents->functions.begin(), contents->functions.end(),
                                      [&](const DwarfFunction& f) { return f.name == symbol; });
      ASSERT_NE(found, contents->functions.end()) << symbol;
      FunctionLayout layout;
      for (const DwarfParameter& p : found->params) {
        (p.is_result ? layout.results : layout.params)
            .push_back(Parameter{.name = p.name,
                                 .type = p.type,
                                 .size = p.size,
                                 .align = p.align,
                                 .register_assignable = p.register_assignable,
                                 .words = p.words,
                                 .pieces = {}});
      }
      AssignAbi(&layout, contents->goarch, true);
      package.symbols.emplace(name, SymbolEntry{Layout{std::move(layout)}});
    }
    // The linker calls the package of a program "main".
    facts_.functions["linked.plain"] = facts_.functions.at("main.plain");
    record_.packages.push_back(std::move(package));
  }

  verify::LinkNames LinksIn(const std::string& dir) {
    auto links = verify::ReadLinkNames(record_, {{"linked", dir}});
    EXPECT_TRUE(links.has_value()) << links.error().ToString();
    return links.value_or(verify::LinkNames());
  }

  testing::TempDir temp_;
  BuildRecord record_;
  verify::BinaryFacts facts_;
};

TEST_F(RenamedFunctions, AreComparedByTheDirectivesOfTheSources) {
  const verify::LinkNames links = LinksIn(testing::FixtureDir("linked"));
  EXPECT_EQ(links, (verify::LinkNames{{"linked.pushed", {"linked/taker.Taken"}},
                                      {"linked.renamed", {"linked/nowhere.renamed"}}}));
  const verify::Comparison c = verify::Compare(record_, facts_, links);
  EXPECT_EQ(c.differing(), 0u);
  for (const verify::Difference& d : c.differences) ADD_FAILURE() << d.symbol << ": " << d.what << ": " << d.binary;
  EXPECT_EQ(c.functions.compared, 3u);
  EXPECT_EQ(c.renamed, 2u);
  // A wrong number of a renamed function is found under the name that it is stored by.
  auto& stored = std::get<FunctionLayout>(std::get<Layout>(record_.packages[0].symbols.at("pushed").value));
  stored.params.at(1).size += 8;
  const verify::Comparison changed = verify::Compare(record_, facts_, links);
  ASSERT_FALSE(changed.differences.empty());
  EXPECT_EQ(changed.differences[0].symbol, "linked.pushed");
  EXPECT_EQ(changed.differences[0].what, "size of param 1");
}

TEST_F(RenamedFunctions, AreMissingWithoutThemAndNeverLeftOut) {
  const verify::Comparison c = verify::Compare(record_, facts_);
  EXPECT_EQ(c.functions.compared, 3u);
  EXPECT_EQ(c.functions.differing, 2u);
  ASSERT_EQ(c.differences.size(), 2u);
  for (const verify::Difference& d : c.differences) EXPECT_EQ(d.binary, "not in the binary");
}

TEST_F(RenamedFunctions, SourcesThatAreNotThereAreAnError) {
  const auto links = verify::ReadLinkNames(record_, {{"linked", temp_ / "nothing"}});
  ASSERT_FALSE(links.has_value());
  EXPECT_EQ(links.error().code, ErrorCode::kNotFound);
  EXPECT_NE(links.error().message.find("linked"), std::string::npos);
  // Of a module that is not named nothing is read.
  const auto other = verify::ReadLinkNames(record_, {{"std", temp_ / "nothing"}, {"link", temp_ / "nothing"}});
  ASSERT_TRUE(other.has_value());
  EXPECT_TRUE(other->empty());
}

}  // namespace
}  // namespace gooffsets

#endif  // __has_include("linknames.h")
