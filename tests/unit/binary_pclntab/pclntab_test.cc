#include "binary/pclntab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <set>

#include "../dwarf/go_fixture.h"
#include "binary/pclntab_header.h"
#include "binary/probe_points.h"
#include "program.h"

namespace gooffsets {
namespace {

using ::gooffsets::testing::Build;
using ::gooffsets::testing::kHost;
using ::gooffsets::testing::Bytes;
using ::gooffsets::testing::Opened;
using ::gooffsets::testing::Program;
using ::gooffsets::testing::TrueFunction;
using ::gooffsets::testing::Way;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What must hold of every build. One test a build, as each builds its program.
void EveryFunctionIsWhereGosymSaysItIs(const Program& program) {
  Opened opened = Open(program);
  ASSERT_TRUE(opened.table) << opened.error;
  ASSERT_GT(program.functions.size(), 2000U);
  EXPECT_EQ(opened.table->functions(), program.functions.size());
  size_t at = 0, differences = 0;
  auto walked = opened.table->ForEachFunction([&](const FunctionEntry& function) {
    if (at == program.functions.size()) return false;
    const TrueFunction& truth = program.functions[at++];
    if (function.entry != truth.entry || function.end != truth.end || function.name != truth.name) {
      ADD_FAILURE() << function.name << " and " << truth.name;
      ++differences;
    }
    return differences < 10;
  });
  ASSERT_TRUE(walked) << walked.error().ToString();
  EXPECT_EQ(at, program.functions.size());
}

void FunctionsAreFoundByNameAndByAddress(const Program& program) {
  Opened opened = Open(program);
  ASSERT_TRUE(opened.table) << opened.error;
  std::vector<std::string> names = {"main.noSuchFunction", ""};
  for (size_t i = 0; i < program.functions.size(); i += 7) names.push_back(program.functions[i].name);
  names.push_back(names.back());
  auto answers = opened.table->FindFunctions(names);
  ASSERT_TRUE(answers) << answers.error().ToString();
  ASSERT_EQ(answers->size(), names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ((*answers)[i].name, names[i]);
    std::vector<uint64_t> truth, got;
    for (const TrueFunction& function : program.functions) {
      if (function.name == names[i]) truth.push_back(function.entry);
    }
    for (const FunctionEntry& body : (*answers)[i].bodies) got.push_back(body.entry);
    EXPECT_EQ(got, truth) << names[i];
    EXPECT_EQ((*answers)[i].named, !truth.empty()) << names[i];
  }
  for (size_t i = 0; i < program.functions.size(); i += 11) {
    const TrueFunction& truth = program.functions[i];
    for (uint64_t pc : {truth.entry, (truth.entry + truth.end) / 2, truth.end - 1}) {
      auto function = opened.table->FunctionAt(pc);
      ASSERT_TRUE(function && *function) << truth.name;
      EXPECT_EQ((*function)->name, truth.name);
    }
  }
  auto in_front = opened.table->FunctionAt(program.functions.front().entry - 1);
  auto behind = opened.table->FunctionAt(program.functions.back().end);
  ASSERT_TRUE(in_front && behind);
  EXPECT_FALSE(*in_front);
  EXPECT_FALSE(*behind);
}

// Names that the linker escapes, and those of functions that the compiler makes.
void NamesAreSpelledAsGoSourceSpellsThem(const Program& program) {
  Opened opened = Open(program);
  ASSERT_TRUE(opened.table) << opened.error;
  const std::vector<std::string> names = {"example.com/pclntab/dotted.v3.(*Node).Decode", "main.main",
                                          "main.adder.func1", "main.point.Sum", "main.main.func1"};
  auto answers = opened.table->FindFunctions(names);
  ASSERT_TRUE(answers) << answers.error().ToString();
  for (const FunctionAnswer& answer : *answers) {
    ASSERT_THAT(answer.bodies, SizeIs(1)) << answer.name;
    EXPECT_EQ(answer.bodies[0].name, answer.name);
  }
  EXPECT_THAT((*answers)[0].bodies[0].file, HasSubstr("dotted.v3/dotted.go"));
  EXPECT_THAT((*answers)[1].bodies[0].file, HasSubstr("main.go"));
  if (opened.table->format() == Pclntab::Format::kGo120) {
    // grep -n of the fixture's sources.
    EXPECT_EQ((*answers)[0].bodies[0].start_line, 10U);
  } else {
    EXPECT_EQ((*answers)[0].bodies[0].start_line, 0U);
  }
}

void AFunctionThatWasInlinedEverywhereHasANameAndNoBody(const Program& program) {
  Opened opened = Open(program);
  ASSERT_TRUE(opened.table) << opened.error;
  const std::vector<std::string> names = {"main.onlyInlined", "main.noSuchFunction"};
  auto answers = opened.table->FindFunctions(names);
  ASSERT_TRUE(answers) << answers.error().ToString();
  EXPECT_TRUE((*answers)[0].named);
  EXPECT_THAT((*answers)[0].bodies, IsEmpty());
  EXPECT_FALSE((*answers)[1].named);
  auto counts = opened.table->CountInlined(names);
  ASSERT_TRUE(counts) << counts.error().ToString();
  // Called in main.main and main.manyArguments.
  EXPECT_EQ((*counts)["main.onlyInlined"], 2U);
  EXPECT_EQ((*counts)["main.noSuchFunction"], 0U);
}

void InlineTreesAreThoseOfDwarf(const Program& program) {
  Opened opened = Open(program);
  ASSERT_TRUE(opened.table) << opened.error;
  std::vector<FunctionEntry> functions;
  ASSERT_TRUE(opened.table->ForEachFunction([&](const FunctionEntry& function) {
    functions.push_back(function);
    return true;
  }));
  std::vector<std::string> got;
  for (const FunctionEntry& function : functions) {
    auto calls = opened.table->Inlined(function);
    ASSERT_TRUE(calls) << function.name << ": " << calls.error().ToString();
    for (const InlinedCall& call : *calls) {
      EXPECT_LT(static_cast<uint64_t>(call.parent_pc), function.end - function.entry) << function.name;
      got.push_back(function.name + "\t" + call.name);
    }
  }
  std::sort(got.begin(), got.end());
  const std::vector<std::string> truth = program.Inlined();
  ASSERT_GT(truth.size(), 1000U);
  std::vector<std::string> only_dwarf, only_tree;
  std::set_difference(truth.begin(), truth.end(), got.begin(), got.end(), std::back_inserter(only_dwarf));
  std::set_difference(got.begin(), got.end(), truth.begin(), truth.end(), std::back_inserter(only_tree));
  if (opened.table->format() == Pclntab::Format::kGo120) {
    EXPECT_THAT(only_dwarf, IsEmpty());
    EXPECT_THAT(only_tree, IsEmpty());
    return;
  }
  // Go up to 1.19 writes no DWARF for the method wrappers that it makes, and DWARF for a few calls without code.
  EXPECT_LT(only_dwarf.size() * 200, truth.size());
  for (const std::string& line : only_tree) {
    EXPECT_TRUE(line.find(".(*") != std::string::npos || line.find("type..") == 0) << line;
  }
}

// Names of gosym whose package has no dot in its last element, so that the first dot behind it ends the path.
void PlainFunctionsAreFiledUnderTheirPackages(const Program& program) {
  std::map<std::string, std::set<std::string>> expected;
  for (const TrueFunction& function : program.functions) {
    if (function.name.find_first_of("([{-") != std::string::npos) continue;
    const size_t slash = function.name.rfind('/');
    const size_t dot = function.name.find('.', slash == std::string::npos ? 0 : slash);
    if (dot == std::string::npos || function.name.find('.', dot + 1) != std::string::npos) continue;
    if (dot + 1 < function.name.size()) expected[function.name.substr(0, dot)].insert(function.name.substr(dot + 1));
  }
  ASSERT_GT(expected["runtime"].size(), 500U);
  Opened opened = Open(program);
  ASSERT_TRUE(opened.table) << opened.error;
  const auto names_of = [](const std::map<std::string, std::set<std::string>>& packages) {
    std::vector<std::string> names;
    for (const auto& [package, functions] : packages) {
      for (const std::string& function : functions) names.push_back(package + "." + function);
    }
    std::sort(names.begin(), names.end());
    return names;
  };
  // Twice: the second answer comes out of what the first one found.
  for (const bool only_runtime : {true, false}) {
    const auto found = opened.table->FunctionsOf(
        [&](const std::string& package) { return only_runtime ? package == "runtime" : expected.contains(package); });
    ASSERT_TRUE(found) << found.error().ToString();
    EXPECT_EQ(found->size(), only_runtime ? 1U : expected.size());
    const std::vector<std::string> names = names_of(*found);
    const std::vector<std::string> with_body =
        names_of(only_runtime ? decltype(expected){{"runtime", expected["runtime"]}} : expected);
    std::vector<std::string> more;
    std::set_difference(names.begin(), names.end(), with_body.begin(), with_body.end(), std::back_inserter(more));
    EXPECT_EQ(names.size(), with_body.size() + more.size());  // none is missing
    // What has no body was inlined somewhere.
    const auto counts = opened.table->CountInlined(more);
    ASSERT_TRUE(counts) << counts.error().ToString();
    for (const std::string& name : more) EXPECT_GT(counts->at(name), 0U) << name;
  }
}

void IsFoundByItsContentWithoutSectionHeaders(const Program& program) {
  std::string bytes = Bytes(program.path);
  ASSERT_GT(bytes.size(), 0x40U);
  // e_shoff; e_shentsize, e_shnum, e_shstrndx of an ELF-64 header.
  std::memset(bytes.data() + 0x28, 0, 8);
  std::memset(bytes.data() + 0x3a, 0, 6);
  const Opened whole = Open(program);
  ASSERT_TRUE(whole.table) << whole.error;
  EXPECT_NE(whole.table->found_by(), "content");
  const Opened opened = Open(MemorySource("bare", bytes), program);
  ASSERT_TRUE(opened.table) << opened.error;
  EXPECT_EQ(opened.table->found_by(), "content");
  EXPECT_EQ(opened.table->address(), whole.table->address());
}

class PclntabOf : public ::testing::TestWithParam<Way> {};
// Each format, both architectures, tables that are relocated (PIE up to Go 1.25) and that are not.
INSTANTIATE_TEST_SUITE_P(All, PclntabOf,
                         ::testing::Values(kHost, Way{"", "arm64", "plain"}, Way{"", "amd64", "pie"},
                                           Way{"1.17.13", "amd64", "pie"}, Way{"1.17.13", "arm64", "plain"},
                                           Way{"1.19.13", "amd64", "plain"}, Way{"1.22.12", "arm64", "pie"}),
                         [](const auto& tested) {
                           std::string name = tested.param.Name();
                           std::replace_if(name.begin(), name.end(), [](char c) { return c == ' ' || c == '.'; }, '_');
                           return name;
                         });

TEST_P(PclntabOf, AgreesWithWhatGoSaysOfTheProgram) {
  const Program& program = Build(GetParam());
  if (!program.why_not.empty()) GTEST_SKIP() << program.why_not;
  for (auto check :
       {EveryFunctionIsWhereGosymSaysItIs, FunctionsAreFoundByNameAndByAddress, NamesAreSpelledAsGoSourceSpellsThem,
        AFunctionThatWasInlinedEverywhereHasANameAndNoBody, InlineTreesAreThoseOfDwarf,
        PlainFunctionsAreFiledUnderTheirPackages, IsFoundByItsContentWithoutSectionHeaders}) {
    check(program);
  }
}

// Where the table lies in the file.
size_t TableOffset(const Program& program) {
  const Opened opened = Open(program);
  return opened.table ? static_cast<size_t>(*opened.image->FileOffset(opened.table->address())) : 0;
}

TEST(Pclntab, AMagicNumberThatNoReleaseWritesIsGarble) {
  const Program& program = Build(kHost);
  ASSERT_THAT(program.why_not, IsEmpty());
  std::string bytes = Bytes(program.path);
  const size_t at = TableOffset(program);
  ASSERT_NE(at, 0U);
  const uint32_t magic = 0x5eed1234;
  std::memcpy(bytes.data() + at, &magic, 4);
  EXPECT_THAT(Open(MemorySource("garbled", bytes), program).error, HasSubstr("0x5eed1234"));
  std::memset(bytes.data() + 0x28, 0, 8);
  std::memset(bytes.data() + 0x3a, 0, 6);
  const Opened bare = Open(MemorySource("bare", bytes), program);
  EXPECT_THAT(bare.error, HasSubstr("0x5eed1234"));
  EXPECT_THAT(bare.error, HasSubstr("garble or an unknown Go release"));
}

TEST(Pclntab, ATableThatContradictsItselfIsNone) {
  const Program& program = Build(kHost);
  ASSERT_THAT(program.why_not, IsEmpty());
  const std::string bytes = Bytes(program.path);
  const size_t at = TableOffset(program);
  ASSERT_NE(at, 0U);
  for (size_t field : {8U, 32U, 40U, 48U, 56U, 64U}) {  // nfunc and the five offsets
    std::string broken = bytes;
    std::memset(broken.data() + at + field, 0xff, 8);
    const Opened opened = Open(MemorySource("broken", broken), program);
    EXPECT_FALSE(opened.table) << field;
    EXPECT_THAT(opened.error, HasSubstr("there is no pclntab")) << field;
  }
}

// A program that carries another Go program as a file holds two whole tables; moduledata points to its own.
TEST(Pclntab, AnEmbeddedProgramIsNotTakenForTheProgram) {
  const Program& program = Build(kHost);
  ASSERT_THAT(program.why_not, IsEmpty());
  const ::gooffsets::testing::TempDir directory;
  std::ofstream(directory / "go.mod") << "module example.com/carrier\n\ngo 1.16\n";
  std::ofstream(directory / "main.go") << R"(package main

import _ "embed"

//go:embed inner
var inner string

func main() { println(len(inner)) }
)";
  std::ofstream(directory / "inner", std::ios::binary) << Bytes(program.path);
  const std::string path = directory / "carrier";
  const auto built = ::gooffsets::testing::RunGo(::gooffsets::testing::GoOnPath(), directory / "", "amd64",
                                                 {"build", "-o", path, "."});
  ASSERT_EQ(built.status, 0) << built.output;
  auto source = OpenFileSource(path);
  ASSERT_TRUE(source);
  const Opened whole = Open(*source, Program{});
  ASSERT_TRUE(whole.table) << whole.error;
  EXPECT_EQ(whole.table->found_by(), ".gopclntab");
  std::string bytes = Bytes(path);
  std::memset(bytes.data() + 0x28, 0, 8);
  std::memset(bytes.data() + 0x3a, 0, 6);
  const Opened bare = Open(MemorySource("bare", bytes), Program{});
  ASSERT_TRUE(bare.table) << bare.error;
  EXPECT_EQ(bare.table->found_by(), "content");
  EXPECT_EQ(bare.table->address(), whole.table->address());
  EXPECT_EQ(bare.table->functions(), whole.table->functions());
}

TEST(Pclntab, Go115IsTooOld) {
  const Way old = {"1.15.15", "amd64", "plain"};
  const ::gooffsets::testing::GoCommand go = ::gooffsets::testing::GoRelease(old.go);
  if (go.go.empty()) GTEST_SKIP() << go.why;
  const ::gooffsets::testing::TempDir directory;
  const std::string path = directory / "old";
  const auto built = ::gooffsets::testing::RunGo(
      go, std::string(GOOFFSETS_SOURCE_DIR) + "/tests/fixtures/dwarf/tiny", "amd64", {"build", "-o", path, "."});
  ASSERT_EQ(built.status, 0) << built.output;
  auto source = OpenFileSource(path);
  ASSERT_TRUE(source);
  EXPECT_THAT(Open(*source, Program{}).error, HasSubstr("too old"));
  std::string bytes = Bytes(path);
  std::memset(bytes.data() + 0x28, 0, 8);
  std::memset(bytes.data() + 0x3a, 0, 6);
  EXPECT_THAT(Open(MemorySource("bare", bytes), Program{}).error, HasSubstr("too old"));
}

TEST(Pclntab, NoGoProgramHasNone) {
  auto source = OpenFileSource("/bin/true");
  ASSERT_TRUE(source);
  EXPECT_THAT(Open(*source, Program{}).error, HasSubstr("there is no pclntab"));
}

TEST(Pclntab, WithoutTextItSaysWhatIsMissing) {
  const Program& program = Build(kHost);
  ASSERT_THAT(program.why_not, IsEmpty());
  Opened opened = Open(program);
  ASSERT_TRUE(opened.table) << opened.error;
  auto bare = Pclntab::Find(*opened.image);
  ASSERT_TRUE(bare);
  if (bare->header_text() != 0) GTEST_SKIP() << "Go up to 1.25 says in the header where text begins";
  auto answers = bare->FindFunctions(std::vector<std::string>{"main.main"});
  ASSERT_FALSE(answers);
  EXPECT_EQ(answers.error().code, ErrorCode::kUsage);
}

// A split text (textsectmap) moves functions and ends none beyond its section (src runtime/symtab.go, textAddr).
TEST(Pclntab, FunctionsOfASplitTextLieInTheirSections) {
  const Program& program = Build(kHost);
  ASSERT_THAT(program.why_not, IsEmpty());
  Opened opened = Open(program);
  ASSERT_TRUE(opened.table) << opened.error;
  const size_t middle = program.functions.size() / 2;
  const uint64_t border = program.functions[middle].entry - program.text;
  const uint64_t whole = program.functions.back().end - program.text;
  const uint64_t moved = program.text + 0x10000000;
  opened.table->SetText({program.text, 0, program.gofunc, {{0, border, program.text}, {border, whole, moved}}});
  size_t at = 0;
  ASSERT_TRUE(opened.table->ForEachFunction([&](const FunctionEntry& function) {
    const TrueFunction& truth = program.functions[at];
    const uint64_t by = at < middle ? 0 : moved - (program.text + border);
    EXPECT_EQ(function.entry, truth.entry + by) << truth.name;
    EXPECT_EQ(function.end, truth.end + by) << truth.name;
    ++at;
    return !::testing::Test::HasFailure();
  }));
  auto function = opened.table->FunctionAt(moved);
  ASSERT_TRUE(function && *function);
  EXPECT_EQ((*function)->name, program.functions[middle].name);
}

// Any byte of the table may be any other: answers may differ, nothing else may happen.
TEST(Pclntab, BrokenBytesBreakNothing) {
  const Program& program = Build(kHost);
  ASSERT_THAT(program.why_not, IsEmpty());
  const std::string bytes = Bytes(program.path);
  const Opened whole = Open(program);
  ASSERT_TRUE(whole.table) << whole.error;
  const size_t at = TableOffset(program);
  PclntabHeader header;
  BlockReader reader(whole.image.get());
  ASSERT_EQ(ReadPclntabHeader(&reader, whole.table->address(), whole.table->format(), true, &header), "");
  // The parts in which a wrong number leads somewhere, and one function's own record.
  const size_t records = at + static_cast<size_t>(header.pcln - header.address);
  const size_t pctab = at + static_cast<size_t>(header.pctab - header.address);
  uint64_t random = 20240607;
  auto next = [&] {
    random = random * 6364136223846793005u + 1442695040888963407u;
    return static_cast<size_t>(random >> 33);
  };
  const std::vector<std::string> names = {"main.main", "main.manyArguments", "main.onlyInlined", "fmt.Println"};
  size_t answered = 0;
  for (int round = 0; round < 60; ++round) {
    std::string broken = bytes;
    for (int n = 0; n < 200; ++n) {
      broken[records + next() % std::min<size_t>(broken.size() - records, 400'000)] = static_cast<char>(next());
      broken[pctab + next() % (records - pctab)] = static_cast<char>(next());
    }
    Opened opened = Open(MemorySource("broken", std::move(broken)), program);
    if (!opened.table) continue;
    (void)opened.table->CountInlined(names);
    auto answers = opened.table->FindFunctions(names);
    if (!answers) continue;
    for (const FunctionAnswer& answer : *answers) {
      for (const FunctionEntry& body : answer.bodies) {
        ++answered;
        (void)opened.table->SpDelta(body);
        (void)opened.table->Inlined(body);
        (void)opened.table->ArgInfo(body);
        (void)FindProbePoints(*opened.image, &*opened.table, body);
      }
    }
  }
  EXPECT_GT(answered, 0U);
}

}  // namespace
}  // namespace gooffsets
