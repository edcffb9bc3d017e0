#include "binary/probe_points.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "../dwarf/go_fixture.h"
#include "program.h"

namespace gooffsets {
namespace {

using ::gooffsets::testing::Build;
using ::gooffsets::testing::kHost;
using ::gooffsets::testing::Lines;
using ::gooffsets::testing::Opened;
using ::gooffsets::testing::Program;
using ::gooffsets::testing::Quote;
using ::gooffsets::testing::RunShell;
using ::gooffsets::testing::Split;
using ::gooffsets::testing::Way;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What LLVM's disassembler says of the whole text: address, "push rbp" in Intel's spelling.
std::map<uint64_t, std::string> Disassemble(const Program& program) {
  std::map<uint64_t, std::string> instructions;
  const std::string intel = program.way.goarch == "amd64" ? " -M intel" : "";
  const auto result =
      RunShell("llvm-objdump-19 -d -j .text --no-show-raw-insn" + intel + " " + Quote(program.path));
  if (result.status != 0) return instructions;
  for (const std::string& line : Lines(result.output)) {
    const size_t colon = line.find(':');
    if (line.empty() || line[0] != ' ' || colon == std::string::npos) continue;
    std::string text;
    const auto parts = Split(line.substr(colon + 1), '\t');
    for (size_t i = 1; i < parts.size(); ++i) text += (i > 1 ? " " : "") + parts[i];
    while (!text.empty() && text.back() == ' ') text.pop_back();
    instructions[std::stoull(line.substr(0, colon), nullptr, 16)] = text;
  }
  return instructions;
}

class ProbePointsOf : public ::testing::TestWithParam<Way> {};
INSTANTIATE_TEST_SUITE_P(All, ProbePointsOf,
                         ::testing::Values(kHost, Way{"", "arm64", "plain"}, Way{"1.17.13", "amd64", "pie"},
                                           Way{"1.17.13", "arm64", "plain"}),
                         [](const auto& tested) {
                           std::string name = tested.param.Name();
                           std::replace_if(name.begin(), name.end(), [](char c) { return c == ' ' || c == '.'; }, '_');
                           return name;
                         });

TEST_P(ProbePointsOf, EveryReturnIsOneOfTheDisassembler) {
  const Program& program = Build(GetParam());
  if (!program.why_not.empty()) GTEST_SKIP() << program.why_not;
  const std::map<uint64_t, std::string> disassembly = Disassemble(program);
  if (disassembly.empty()) GTEST_SKIP() << "llvm-objdump-19 is not installed";
  Opened opened = Open(program);
  ASSERT_TRUE(opened.table) << opened.error;
  std::vector<FunctionEntry> functions;
  ASSERT_TRUE(opened.table->ForEachFunction([&](const FunctionEntry& function) {
    functions.push_back(function);
    return true;
  }));
  ASSERT_GT(functions.size(), 2000U);
  size_t compared = 0, refused = 0, emulated = 0, after = 0;
  std::map<std::string, size_t> entries;
  for (const FunctionEntry& function : functions) {
    auto points = FindProbePoints(*opened.image, &*opened.table, function);
    ASSERT_TRUE(points) << points.error().ToString();
    std::set<uint64_t> truth, got;
    for (auto at = disassembly.lower_bound(function.entry); at != disassembly.end() && at->first < function.end; ++at) {
      // A return to a register of one's own (ret x27) is written by hand and returns from something else.
      if (at->second == "ret") truth.insert(at->first);
    }
    for (const ProbePoint& point : points->returns) {
      got.insert(point.address);
      EXPECT_EQ(point.file_offset, opened.image->FileOffset(point.address));
    }
    for (uint64_t at : points->refused_returns) got.insert(at);
    EXPECT_EQ(got, truth) << function.name;
    compared += truth.size();
    refused += points->refused_returns.size();
    emulated += points->entry_emulated ? 1 : 0;
    after += points->after_stack_check ? 1 : 0;
    ++entries[points->entry_instruction];
    // The place that was chosen begins an instruction, and the linker agrees on SP there. Of a mark without code the
    // disassembler shows nothing but the zeros of its padding, if that.
    const auto code = disassembly.lower_bound(function.entry);
    if (code == disassembly.end() || code->first >= function.end) continue;
    EXPECT_TRUE(disassembly.count(points->entry.address)) << function.name;
    if (auto deltas = opened.table->SpDelta(function); deltas && !deltas->empty()) {
      bool agrees = false;
      for (const PcRange& range : *deltas) {
        if (points->entry.address >= range.begin && points->entry.address < range.end) {
          agrees = range.value == points->entry_sp_delta;
        }
      }
      EXPECT_TRUE(agrees || points->entry.address == function.entry) << function.name;
    }
    if (::testing::Test::HasFailure()) break;
  }
  EXPECT_EQ(refused, 0U);
  std::vector<std::pair<size_t, std::string>> most;
  for (const auto& [name, count] : entries) most.emplace_back(count, name);
  std::sort(most.rbegin(), most.rend());
  std::string first;
  for (size_t i = 0; i < most.size() && i < 4; ++i) first += " " + most[i].second + " " + std::to_string(most[i].first);
  printf("%s: %zu functions, %zu returns equal; entries: %zu emulated, %zu behind the stack check;%s\n",
         program.way.Name().c_str(), functions.size(), compared, emulated, after, first.c_str());
}

ProbePoints PointsOf(Opened* opened, const std::string& name) {
  auto answers = opened->table->FindFunctions(std::vector<std::string>{name});
  if (!answers || (*answers)[0].bodies.size() != 1) {
    ADD_FAILURE() << name << " was not found once";
    return {};
  }
  auto points = FindProbePoints(*opened->image, &*opened->table, (*answers)[0].bodies[0]);
  if (!points) {
    ADD_FAILURE() << points.error().ToString();
    return {};
  }
  return *points;
}

// src cmd/internal/obj/x86/obj6.go: from Go 1.21 on a frame begins with PUSHQ BP, behind the stack check.
TEST(ProbePoints, TheEntryOfAFunctionWithAFrameIsPushRbp) {
  const Program& program = Build(kHost);
  ASSERT_THAT(program.why_not, IsEmpty());
  Opened opened = Open(program);
  ASSERT_TRUE(opened.table) << opened.error;
  const std::map<uint64_t, std::string> disassembly = Disassemble(program);
  if (disassembly.empty()) GTEST_SKIP() << "llvm-objdump-19 is not installed";
  for (const char* name : {"main.main", "main.manyArguments", "main.adder.func1", "encoding/json.Marshal",
                           "example.com/pclntab/dotted.v3.(*Node).Decode-fm"}) {
    SCOPED_TRACE(name);
    const ProbePoints points = PointsOf(&opened, name);
    EXPECT_EQ(points.entry_instruction, "push rbp");
    EXPECT_THAT(disassembly.at(points.entry.address), HasSubstr("push rbp"));
    EXPECT_GT(points.entry.address, points.first.address);
    EXPECT_TRUE(points.entry_emulated);
    EXPECT_TRUE(points.after_stack_check);
    EXPECT_EQ(points.entry_sp_delta, 0);
    EXPECT_THAT(points.returns, ::testing::Not(IsEmpty()));
  }
  EXPECT_THAT(PointsOf(&opened, "main.manyArguments").returns, SizeIs(3));
}

// Nothing that is emulated follows the check of Go 1.17 while the arguments are in their registers: `jbe` itself is,
// and a grown stack hits it twice.
TEST(ProbePoints, BeforeFramesBeganWithAPushTheCheckItselfIsTheEntry) {
  const Program& program = Build({"1.17.13", "amd64", "pie"});
  if (!program.why_not.empty()) GTEST_SKIP() << program.why_not;
  Opened opened = Open(program);
  ASSERT_TRUE(opened.table) << opened.error;
  const ProbePoints points = PointsOf(&opened, "main.main");
  EXPECT_EQ(points.entry_instruction, "jbe");
  EXPECT_TRUE(points.entry_emulated);
  EXPECT_FALSE(points.after_stack_check);
  EXPECT_EQ(points.entry_sp_delta, 0);
}

TEST(ProbePoints, OnArm64TheEntryIsSimulatedToo) {
  const Program& program = Build({"", "arm64", "plain"});
  if (!program.why_not.empty()) GTEST_SKIP() << program.why_not;
  Opened opened = Open(program);
  ASSERT_TRUE(opened.table) << opened.error;
  const ProbePoints points = PointsOf(&opened, "main.manyArguments");
  EXPECT_TRUE(points.entry_emulated);
  EXPECT_NE(points.entry.address, points.first.address);
  EXPECT_THAT(points.returns, SizeIs(3));
}

TEST(ProbePoints, WhatDoesNotReturnSaysSo) {
  const Program& program = Build(kHost);
  ASSERT_THAT(program.why_not, IsEmpty());
  Opened opened = Open(program);
  ASSERT_TRUE(opened.table) << opened.error;
  const ProbePoints endless = PointsOf(&opened, "runtime.sysmon");
  EXPECT_THAT(endless.returns, IsEmpty());
  EXPECT_THAT(endless.notes, Contains("does not return"));
}

TEST(ProbePoints, CodeThatIsNowhereIsAnError) {
  const Program& program = Build(kHost);
  ASSERT_THAT(program.why_not, IsEmpty());
  Opened opened = Open(program);
  ASSERT_TRUE(opened.table) << opened.error;
  auto answers = opened.table->FindFunctions(std::vector<std::string>{"main.main"});
  ASSERT_TRUE(answers);
  const FunctionEntry function = (*answers)[0].bodies.at(0);
  for (auto change : std::vector<void (*)(FunctionEntry*)>{
           [](FunctionEntry* f) { f->end = f->entry; }, [](FunctionEntry* f) { f->end = ~uint64_t{0}; },
           [](FunctionEntry* f) { f->entry = 8, f->end = 64; },
           [](FunctionEntry* f) { f->end = f->entry + 15'000'000; }}) {
    FunctionEntry broken = function;
    change(&broken);
    auto points = FindProbePoints(*opened.image, &*opened.table, broken);
    ASSERT_FALSE(points);
    EXPECT_EQ(points.error().code, ErrorCode::kBadInput);
  }
}

}  // namespace
}  // namespace gooffsets
