// ReadDwarf (libdw) against LLVM's DWARF library, through the comparison that offsetgen-verify makes: every struct,
// field and parameter of a server. In builds with GOOFFSETS_VERIFY.
#include <gtest/gtest.h>

#if __has_include("llvm_reader.h")

#include <algorithm>
#include <iostream>
#include <map>
#include <string>

#include "compare.h"
#include "dwarf/read_dwarf.h"
#include "go/abi.h"
#include "go_fixture.h"
#include "llvm_reader.h"

namespace gooffsets {
namespace {

FunctionLayout LayoutOf(const DwarfFunction& function, GoArch goarch, bool register_abi) {
  FunctionLayout layout;
  for (const DwarfParameter& p : function.params) {
    (p.is_result ? layout.results : layout.params)
        .push_back(Parameter{.name = p.name,
                             .type = p.type,
                             .size = p.size,
                             .align = p.align,
                             .register_assignable = p.register_assignable,
                             .words = p.words,
                             .pieces = {}});
  }
  AssignAbi(&layout, goarch, register_abi);
  return layout;
}

// A record whose one package holds every symbol under its full name.
BuildRecord RecordOf(const DwarfContents& contents, bool register_abi) {
  BuildRecord record;
  record.build.goarch = contents.goarch;
  PackageRecord package;
  package.path = "none";
  for (const DwarfStruct& s : contents.structs) {
    if (!s.conflicting) package.symbols.emplace(s.name, SymbolEntry{Layout{s.layout}});
  }
  for (const DwarfFunction& f : contents.functions) {
    // Shared code of generics: DWARF has the dictionary parameter at another place than the ABI.
    if (f.name.find("go.shape.") != std::string::npos) continue;
    package.symbols.emplace(f.name, SymbolEntry{Layout{LayoutOf(f, contents.goarch, register_abi)}});
  }
  record.packages.push_back(std::move(package));
  return record;
}

struct Case {
  const char* go;
  const char* goarch;
  bool register_abi;
};

class LlvmDifferential : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    const std::string release = GetParam().go;
    const testing::GoCommand go = release == "PATH" ? testing::GoOnPath() : testing::GoRelease(release);
    ASSERT_FALSE(go.go.empty()) << go.why;
    const auto built =
        testing::RunGo(go, testing::FixtureDir("server"), GetParam().goarch, {"build", "-o", binary_, "."});
    ASSERT_EQ(built.status, 0) << built.output;
    Result<DwarfContents> contents = ReadDwarf(binary_);
    ASSERT_TRUE(contents.has_value()) << contents.error().ToString();
    record_ = RecordOf(*contents, GetParam().register_abi);
    Result<verify::BinaryFacts> facts = verify::ReadWithLlvm(binary_, [](std::string_view) { return true; });
    ASSERT_TRUE(facts.has_value()) << facts.error().ToString();
    facts_ = std::move(*facts);
  }

  testing::TempDir temp_;
  std::string binary_ = temp_ / "server";
  BuildRecord record_;
  verify::BinaryFacts facts_;
};

TEST_P(LlvmDifferential, EveryNumberIsTheSame) {
  const verify::Comparison c = verify::Compare(record_, facts_);
  EXPECT_EQ(c.numbers.differing, 0u);
  for (const verify::Difference& d : c.differences) {
    if (!d.what.starts_with("location ")) {
      ADD_FAILURE() << d.symbol << ": " << d.what << ": LLVM " << d.binary << ", libdw " << d.stored;
    }
  }
  EXPECT_GT(c.numbers.compared, 40000u);
  EXPECT_GT(c.structs.compared, 600u);
  EXPECT_GT(c.functions.compared, 3500u);
  EXPECT_GT(c.locations.compared, 4500u);
  // Parameters that the body's first statements change without an instruction (see extract_function.cc), and with Go
  // 1.17 those of methods whose unused receiver DWARF leaves out: in a real record it is there.
  EXPECT_LT(c.locations.differing, std::string(GetParam().go) == "PATH" ? 15u : 250u);
  std::cout << c.numbers.compared << " numbers and " << c.locations.compared << " locations compared, "
            << c.locations.differing << " locations differ\n";
}

TEST_P(LlvmDifferential, EveryChangedNumberIsFound) {
  // A change of any one kind in a record that agrees is reported under its name.
  auto& symbols = record_.packages[0].symbols;
  const auto structure = [&]() -> StructLayout& {
    return std::get<StructLayout>(std::get<Layout>(symbols.at("net/http.Request").value));
  };
  const auto function = [&]() -> FunctionLayout& {
    return std::get<FunctionLayout>(std::get<Layout>(symbols.at("net/http.(*conn).serve").value));
  };
  const auto found = [&](const std::string& symbol, const std::string& what) {
    const verify::Comparison c = verify::Compare(record_, facts_);
    return std::any_of(c.differences.begin(), c.differences.end(), [&](const verify::Difference& d) {
      return d.symbol == "none." + symbol && d.what == what;
    });
  };
  const StructLayout good_structure = structure();
  ASSERT_FALSE(found("net/http.Request", "struct size"));
  structure().size += 8;
  EXPECT_TRUE(found("net/http.Request", "struct size"));
  structure() = good_structure;
  structure().fields[1].offset += 1;
  EXPECT_TRUE(found("net/http.Request", "field offset URL"));
  structure() = good_structure;
  structure().fields[1].type = "*net/url.Other";
  EXPECT_TRUE(found("net/http.Request", "field type URL"));
  structure() = good_structure;
  structure().fields.pop_back();
  EXPECT_TRUE(found("net/http.Request", "number of fields"));
  structure() = good_structure;

  const FunctionLayout good_function = function();
  ASSERT_FALSE(found("net/http.(*conn).serve", "location of param 0"));
  ASSERT_FALSE(function().params.at(0).pieces.empty());
  function().params[0].pieces[0].index += 1;
  EXPECT_TRUE(found("net/http.(*conn).serve", "location of param 0"));
  function() = good_function;
  function().params[1].size += 8;
  EXPECT_TRUE(found("net/http.(*conn).serve", "size of param 1"));
  function() = good_function;
  symbols.emplace("net/http.Missing", SymbolEntry{Layout{StructLayout{}}});
  EXPECT_TRUE(found("net/http.Missing", "struct"));
}

TEST_P(LlvmDifferential, WhatTheRecordListsItselfIsCountedApart) {
  auto& request = std::get<StructLayout>(std::get<Layout>(record_.packages[0].symbols.at("net/http.Request").value));
  request.size += 8;
  record_.build.disagreements.push_back({"none.net/http.Request", "struct size", "a", "b"});
  const verify::Comparison c = verify::Compare(record_, facts_);
  EXPECT_EQ(c.numbers.differing, 0u);
  EXPECT_EQ(c.recorded, 1u);
}

INSTANTIATE_TEST_SUITE_P(Go, LlvmDifferential,
                         ::testing::Values(Case{"PATH", "amd64", true}, Case{"PATH", "arm64", true},
                                           Case{"1.17.13", "arm64", false}),
                         [](const auto& test) {
                           std::string name = std::string(test.param.go) + "_" + test.param.goarch;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace gooffsets

#else

TEST(LlvmDifferential, EveryNumberIsTheSame) { GTEST_SKIP() << "built without GOOFFSETS_VERIFY"; }

#endif
