// Parameters at function entry: DWARF's locations, as read, against the Go ABI's rules and the document that defines
// them.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "compare_location.h"
#include "dwarf/read_dwarf.h"
#include "go/abi.h"
#include "go_fixture.h"

namespace gooffsets {
namespace {

std::string Text(const std::vector<DwarfPiece>& location) {
  std::string text;
  for (const DwarfPiece& piece : location) {
    if (!text.empty()) text += " ";
    if (piece.where == DwarfPiece::Where::kRegister) text += "reg" + std::to_string(piece.dwarf_register);
    if (piece.where == DwarfPiece::Where::kStack) text += "sp+" + std::to_string(piece.stack_offset);
    if (piece.where == DwarfPiece::Where::kMissing) text += "missing";
    text += ":" + std::to_string(piece.size) + "@" + std::to_string(piece.at);
  }
  return text;
}

class Functions : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const auto go = testing::GoOnPath();
    ASSERT_FALSE(go.go.empty()) << go.why;
    const std::string binary = temp_ / "functions";
    const auto built = testing::RunGo(go, testing::FixtureDir("functions"), GetParam(), {"build", "-o", binary, "."});
    ASSERT_EQ(built.status, 0) << built.output;
    Result<DwarfContents> contents = ReadDwarf(binary);
    ASSERT_TRUE(contents.has_value()) << contents.error().ToString();
    for (DwarfFunction& function : contents->functions) {
      const std::string name = function.name;
      functions_.emplace(name, std::move(function));
    }
    goarch_ = contents->goarch;
    EXPECT_EQ(ToString(goarch_), GetParam());
  }

  std::string At(const std::string& function, const std::string& parameter) const {
    const auto found = functions_.find(function);
    if (found == functions_.end()) return "no function " + function;
    for (const DwarfParameter& p : found->second.params) {
      if (p.name == parameter) return Text(p.location);
    }
    return "no parameter " + parameter;
  }

  testing::TempDir temp_;
  std::map<std::string, DwarfFunction> functions_;
  GoArch goarch_ = GoArch::kAmd64;
};

TEST_P(Functions, TheExampleOfAbiInternal) {
  // "On entry: a2 is assigned to the stack, a1 to R0 and a3 to R1" of the architecture's sequence: RAX (DWARF 0), RBX (3).
  EXPECT_EQ(At("main.Example", "a1"), "reg0:1@0");
  EXPECT_EQ(At("main.Example", "a2"), "sp+8:16@0");
  EXPECT_EQ(At("main.Example", "a3"), goarch_ == GoArch::kAmd64 ? "reg3:1@0" : "reg1:1@0");
  const DwarfFunction& example = functions_.at("main.Example");
  ASSERT_EQ(example.params.size(), 5u);
  EXPECT_FALSE(example.params[1].register_assignable);
  EXPECT_TRUE(example.params[3].is_result);
  EXPECT_EQ(example.params[4].name, "r2");
  EXPECT_EQ(example.params[4].type, "string");
}

TEST_P(Functions, EveryLocationIsWhereTheAbiPutsTheArgument) {
  size_t same = 0;
  size_t checked = 0;
  for (const auto& [name, function] : functions_) {
    if (!name.starts_with("main.") || name == "main.main") continue;
    FunctionLayout layout;
    std::vector<const DwarfParameter*> described;
    for (const DwarfParameter& p : function.params) {
      Parameter parameter{.name = p.name,
                          .type = p.type,
                          .size = p.size,
                          .align = p.align,
                          .register_assignable = p.register_assignable,
                          .words = p.words,
                          .pieces = {}};
      (p.is_result ? layout.results : layout.params).push_back(parameter);
      if (!p.is_result) described.push_back(&p);
    }
    AssignAbi(&layout, goarch_, /*register_abi=*/true);
    const std::vector<LocationVerdict> verdicts = CompareLocations(described, layout, goarch_);
    for (size_t i = 0; i < verdicts.size(); ++i) {
      EXPECT_NE(verdicts[i], LocationVerdict::kDiffers)
          << name << " " << described[i]->name << ": " << Text(described[i]->location);
      same += verdicts[i] == LocationVerdict::kSame;
      ++checked;
    }
  }
  EXPECT_GE(same, 79u);
  EXPECT_GE(checked, 86u);
}

TEST_P(Functions, PaddingBetweenWordsDoesNotShiftThem) {
  for (const DwarfParameter& p : functions_.at("main.Structs").params) {
    if (p.name != "m") continue;
    // struct { n int8; f float32; s string }: unsafe.Offsetof gives 0, 4 and 8.
    ASSERT_EQ(p.location.size(), 4u);
    EXPECT_EQ(p.location[1].at, 4u);
    EXPECT_EQ(p.location[2].at, 8u);
    EXPECT_EQ(p.location[3].at, 16u);
    return;
  }
  FAIL() << "main.Structs has no parameter m";
}

TEST_P(Functions, AnOutOfLineCopyOfAnInlinedFunctionHasItsParameters) {
  const DwarfFunction& small = functions_.at("main.Small");
  ASSERT_GE(small.params.size(), 2u);
  EXPECT_EQ(small.params[0].name, "a");
  EXPECT_EQ(small.params[0].type, "int");
  EXPECT_EQ(small.params[1].type, "string");
  EXPECT_EQ(Text(small.params[0].location), "reg0:8@0");
}

TEST_P(Functions, MethodsPromotedByTheCompilerAreTrampolines) {
  ASSERT_TRUE(functions_.count("main.Outer.Pointer"));
  EXPECT_TRUE(functions_.at("main.Outer.Pointer").trampoline);
  EXPECT_TRUE(functions_.at("main.(*Point).Value").trampoline);
  EXPECT_FALSE(functions_.at("main.(*Point).Pointer").trampoline);
  EXPECT_FALSE(functions_.at("main.Point.Value").trampoline);
}

TEST_P(Functions, OfTwoCopiesTheOneWithRegisterParametersIsTaken) {
  // Assembly calls runtime.newproc through an ABI0 entry of the same name (src: runtime/asm_amd64.s, rt0_go).
  EXPECT_EQ(At("runtime.newproc", "fn"), "reg0:8@0");
}

INSTANTIATE_TEST_SUITE_P(Arch, Functions, ::testing::Values("amd64", "arm64"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace gooffsets
