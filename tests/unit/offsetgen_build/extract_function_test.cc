// Joining DWARF's parameters with declared signatures. Expected locations are those of abi-internal.md's own examples and of
// real functions, named in each test, read with llvm-dwarfdump.
#include "extract_function.h"

#include <gtest/gtest.h>

namespace offsetgen {
namespace {

using gooffsets::DwarfFunction;
using gooffsets::DwarfParameter;
using gooffsets::DwarfPiece;
using gooffsets::GoArch;
using gooffsets::Parameter;
using gooffsets::Piece;

constexpr int kRax = 0, kRdx = 1, kRcx = 2, kRbx = 3, kRdi = 5;

DwarfPiece Reg(int reg, uint32_t at, uint32_t size = 8) { return {DwarfPiece::Where::kRegister, reg, 0, size, at}; }
DwarfPiece Stack(int64_t offset, uint32_t at, uint32_t size = 8) { return {DwarfPiece::Where::kStack, 0, offset, size, at}; }

Parameter Int(const std::string& name) {
  Parameter p;
  p.name = name;
  p.type = "int";
  p.size = 8;
  p.align = 8;
  p.words = {{0, 8, false}};
  return p;
}
Parameter Slice(const std::string& name) {
  Parameter p;
  p.name = name;
  p.type = "[]uint8";
  p.size = 24;
  p.align = 8;
  p.words = {{0, 8, false}, {8, 8, false}, {16, 8, false}};
  return p;
}
DwarfParameter Described(const Parameter& p, std::vector<DwarfPiece> location) {
  DwarfParameter d;
  d.name = p.name;
  d.type = p.type;
  d.size = p.size;
  d.align = p.align;
  d.words = p.words;
  d.location = std::move(location);
  return d;
}
FunctionJoin JoinAmd64(const std::vector<DwarfParameter>& dwarf, const std::vector<Parameter>& params) {
  return JoinFunction(DwarfFunction{"p.f", 0x1000, dwarf}, FunctionFacts{params, {}}, GoArch::kAmd64, true);
}

TEST(JoinFunction, AgreesWhereDwarfSaysWhatTheAbiSays) {
  FunctionJoin join = JoinAmd64({Described(Int("a"), {Reg(kRax, 0)}), Described(Int("b"), {Reg(kRbx, 0)})}, {Int("a"), Int("b")});
  EXPECT_TRUE(join.disagreements.empty());
  EXPECT_EQ(join.compared, 2u);
  ASSERT_EQ(join.layout.params.size(), 2u);
  EXPECT_EQ(join.layout.params[1].pieces, (std::vector<Piece>{{Piece::Base::kIntRegister, 1, 8, 0}}));
}

TEST(JoinFunction, AWrongRegisterIsADisagreement) {
  // RDI carries nothing in this call: nothing explains the difference.
  FunctionJoin join = JoinAmd64({Described(Int("a"), {Reg(kRax, 0)}), Described(Int("b"), {Reg(kRdi, 0)})}, {Int("a"), Int("b")});
  ASSERT_EQ(join.disagreements.size(), 1u);
  EXPECT_EQ(join.disagreements[0].what, "location of param 1");
}

TEST(JoinFunction, AWrongSizeIsADisagreement) {
  DwarfParameter d = Described(Int("a"), {Reg(kRax, 0)});
  d.size = 4;
  FunctionJoin join = JoinAmd64({d}, {Int("a")});
  ASSERT_FALSE(join.disagreements.empty());
  EXPECT_EQ(join.disagreements[0].what, "size of param 0");
}

TEST(JoinFunction, TwoExchangedRegistersAreADisagreement) {
  // If the rules had the order of registers wrong, this is what every call would look like: it must never be explained.
  FunctionJoin join = JoinAmd64({Described(Int("a"), {Reg(kRbx, 0)}), Described(Int("b"), {Reg(kRax, 0)})}, {Int("a"), Int("b")});
  ASSERT_EQ(join.disagreements.size(), 2u);
  for (const auto& d : join.disagreements) EXPECT_FALSE(gooffsets::IsExplained(d.what)) << d.what;
}

TEST(JoinFunction, OnePlaceForTwoValuesIsExplained) {
  // unicode/utf8.Valid of Go 1.27.4 begins with p = p[:len(p):len(p)]: DWARF gives the capacity the length's register.
  FunctionJoin join = JoinAmd64({Described(Slice("p"), {Reg(kRax, 0), Reg(kRbx, 8), Reg(kRbx, 16)})}, {Slice("p")});
  ASSERT_EQ(join.disagreements.size(), 1u);
  EXPECT_TRUE(join.disagreements[0].what.ends_with(gooffsets::kExplainedTwoValues));
  EXPECT_EQ(join.layout.params[0].pieces[2].index, 2);  // the ABI's word stands: RCX
}

TEST(JoinFunction, ARegisterThatCarriesNoArgumentIsExplained) {
  // runtime.newProfBuf of Go 1.17 on amd64: "dwarf register 1" (RDX) for bufwords, which arrives in RBX.
  FunctionJoin join = JoinAmd64({Described(Int("a"), {Reg(kRax, 0)}), Described(Int("b"), {Reg(kRdx, 0)})}, {Int("a"), Int("b")});
  ASSERT_EQ(join.disagreements.size(), 1u);
  EXPECT_TRUE(join.disagreements[0].what.ends_with(gooffsets::kExplainedNoArgument));
  EXPECT_EQ(join.layout.params[1].pieces[0].index, 1);
}

TEST(JoinFunction, TheSpillSlotOfAnUnusedParameterIsNotCompared) {
  FunctionJoin join = JoinAmd64({Described(Int("a"), {Stack(8, 0)})}, {Int("a")});
  EXPECT_TRUE(join.disagreements.empty());
  EXPECT_EQ(join.compared, 0u);
  EXPECT_EQ(join.not_compared, 1u);
}

TEST(JoinFunction, SingleSpilledWordsAreNotCompared) {
  // archive/tar.toASCII of Go 1.26.11: "dwarf register 3" for the length, the spill slot for the pointer.
  FunctionJoin join = JoinAmd64({Described(Slice("p"), {Stack(8, 0), Reg(kRbx, 8), Reg(kRcx, 16)})}, {Slice("p")});
  EXPECT_TRUE(join.disagreements.empty());
  EXPECT_EQ(join.compared, 1u);
}

TEST(JoinFunction, AnotherStackSlotIsADisagreement) {
  FunctionJoin join = JoinAmd64({Described(Int("a"), {Stack(40, 0)})}, {Int("a")});
  EXPECT_EQ(join.disagreements.size(), 1u);
}

TEST(JoinFunction, UnnamedParametersThatDwarfLeavesOutKeepTheirPlace) {
  // func(_ int, b int): without the declaration b would be taken for the first argument.
  FunctionJoin join = JoinAmd64({Described(Int("b"), {Reg(kRbx, 0)})}, {Int("_"), Int("b")});
  EXPECT_TRUE(join.disagreements.empty());
  ASSERT_EQ(join.layout.params.size(), 2u);
  EXPECT_EQ(join.layout.params[1].pieces[0].index, 1);
  EXPECT_EQ(join.compared, 1u);
  EXPECT_EQ(join.not_compared, 1u);
}

TEST(JoinFunction, ADescribedParameterThatIsNotDeclaredIsADisagreement) {
  FunctionJoin join = JoinAmd64({Described(Int("a"), {Reg(kRax, 0)}), Described(Int("x"), {Reg(kRcx, 0)})}, {Int("a")});
  ASSERT_FALSE(join.disagreements.empty());
  EXPECT_EQ(join.disagreements[0].what, "number of params");
}

TEST(JoinFunction, TheSpillSlotOfAnotherValueIsExplained) {
  // bytes.explode of Go 1.17.13, func(s []byte, n int): n becomes a part of s before the first instruction.
  FunctionJoin join = JoinAmd64({Described(Slice("s"), {Reg(kRax, 0), Reg(kRbx, 8)}), Described(Int("n"), {Stack(16, 0)})},
                                {Slice("s"), Int("n")});
  ASSERT_EQ(join.disagreements.size(), 1u);
  EXPECT_TRUE(join.disagreements[0].what.ends_with(gooffsets::kExplainedTwoValues));
}

TEST(JoinFunction, ResultsThatDwarfGivesTwiceAreOne) {
  // context.(*cancelCtx).Done of Go 1.26.11 has a defer: DWARF lists "~r0" twice.
  DwarfParameter result = Described(Int("~r0"), {});
  result.is_result = true;
  Parameter declared = Int("");
  FunctionJoin join = JoinFunction(DwarfFunction{"p.f", 0x1000, {result, result}}, FunctionFacts{{}, {declared}}, GoArch::kAmd64, true);
  EXPECT_TRUE(join.disagreements.empty());
  ASSERT_EQ(join.layout.results.size(), 1u);
  EXPECT_EQ(join.layout.results[0].pieces[0].index, 0);
}

}  // namespace
}  // namespace offsetgen
