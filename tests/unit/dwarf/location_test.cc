// Location expressions, operation by operation. Expected values: DWARF 5 §2.5 and §2.6.
#include "dwarf/location.h"

#include <dwarf.h>
#include <gtest/gtest.h>

#include <limits>

namespace gooffsets {
namespace {

Dwarf_Op Op(uint8_t atom, Dwarf_Word number = 0) { return Dwarf_Op{atom, number, 0, 0}; }
Dwarf_Word Signed(int64_t n) { return static_cast<Dwarf_Word>(n); }

std::vector<DwarfPiece> Pieces(const std::vector<Dwarf_Op>& ops, uint64_t size = 8, GoArch arch = GoArch::kAmd64,
                               bool frame_base_is_cfa = true) {
  return PiecesOf(ops.data(), ops.size(), size, LocationContext{arch, 0x1000, frame_base_is_cfa});
}

using Where = DwarfPiece::Where;

TEST(Location, RegistersHoldTheWholeValueWithoutPieces) {
  std::vector<DwarfPiece> p = Pieces({Op(DW_OP_reg3)}, 4);
  ASSERT_EQ(p.size(), 1u);
  EXPECT_EQ(p[0].where, Where::kRegister);
  EXPECT_EQ(p[0].dwarf_register, 3);
  EXPECT_EQ(p[0].size, 4u);
  p = Pieces({Op(DW_OP_regx, 64)}, 8, GoArch::kArm64);
  EXPECT_EQ(p.at(0).dwarf_register, 64);
}

TEST(Location, StackOffsetsCountFromTheStackPointerAtEntry) {
  // amd64: the return address lies at SP, the CFA behind it. arm64: the CFA is SP.
  EXPECT_EQ(Pieces({Op(DW_OP_call_frame_cfa)}).at(0).stack_offset, 8);
  EXPECT_EQ(Pieces({Op(DW_OP_fbreg, 16)}).at(0).stack_offset, 24);
  EXPECT_EQ(Pieces({Op(DW_OP_fbreg, 8)}, 8, GoArch::kArm64).at(0).stack_offset, 8);
  EXPECT_EQ(Pieces({Op(DW_OP_call_frame_cfa), Op(DW_OP_consts, 16), Op(DW_OP_plus)}).at(0).stack_offset, 24);
  EXPECT_EQ(Pieces({Op(DW_OP_call_frame_cfa), Op(DW_OP_plus_uconst, 16)}).at(0).stack_offset, 24);
  EXPECT_EQ(Pieces({Op(DW_OP_fbreg, 16)}, 8, GoArch::kAmd64, false).at(0).where, Where::kMissing);
}

TEST(Location, SlotsOfTheFrameThatIsNotThereYetAreMissing) {
  EXPECT_EQ(Pieces({Op(DW_OP_fbreg, Signed(-33))}).at(0).where, Where::kMissing);
  EXPECT_EQ(Pieces({Op(DW_OP_call_frame_cfa)}, 8, GoArch::kArm64).at(0).where, Where::kMissing);
}

TEST(Location, PiecesFollowEachOther) {
  const std::vector<DwarfPiece> p = Pieces(
      {Op(DW_OP_reg0), Op(DW_OP_piece, 8), Op(DW_OP_piece, 8), Op(DW_OP_fbreg, 8), Op(DW_OP_piece, 4)}, 24);
  ASSERT_EQ(p.size(), 3u);
  EXPECT_EQ(p[0].where, Where::kRegister);
  EXPECT_EQ(p[1].where, Where::kMissing);
  EXPECT_EQ(p[1].at, 8u);
  EXPECT_EQ(p[2].where, Where::kStack);
  EXPECT_EQ(p[2].at, 16u);
  EXPECT_EQ(p[2].size, 4u);
}

TEST(Location, WhatIsNotUnderstoodIsMissingNeverAGuess) {
  EXPECT_TRUE(Pieces({}).empty());
  EXPECT_EQ(Pieces({Op(DW_OP_addr, 0x5000)}).at(0).where, Where::kMissing);
  EXPECT_EQ(Pieces({Op(DW_OP_fbreg, 8), Op(DW_OP_deref)}).at(0).where, Where::kMissing);
  EXPECT_EQ(Pieces({Op(DW_OP_reg0), Op(DW_OP_reg1)}).at(0).where, Where::kMissing);
  EXPECT_EQ(Pieces({Op(DW_OP_reg0), Op(DW_OP_stack_value)}).at(0).where, Where::kMissing);
  EXPECT_EQ(Pieces({Op(DW_OP_plus)}).at(0).where, Where::kMissing);
  EXPECT_EQ(Pieces({Op(DW_OP_call_frame_cfa), Op(DW_OP_consts, 8)}).at(0).where, Where::kMissing);
  const Dwarf_Word most = Signed(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(Pieces({Op(DW_OP_fbreg, most)}).at(0).where, Where::kMissing);
  EXPECT_EQ(Pieces({Op(DW_OP_call_frame_cfa), Op(DW_OP_consts, most), Op(DW_OP_plus)}).at(0).where, Where::kMissing);
  // Pieces whose sizes add up to more than 64 bits hold.
  const Dwarf_Word all = std::numeric_limits<Dwarf_Word>::max();
  EXPECT_TRUE(Pieces({Op(DW_OP_reg0), Op(DW_OP_piece, all), Op(DW_OP_reg1), Op(DW_OP_piece, all)}).empty());
}

DwarfPiece Register(int number, uint32_t size, uint32_t at) { return {Where::kRegister, number, 0, size, at}; }

TEST(MatchPieces, PaddingBetweenWordsIsPutBack) {
  std::vector<DwarfPiece> p = {Register(0, 1, 0), Register(17, 4, 1)};
  MatchPiecesToValue(8, {{0, 1, false}, {4, 4, true}}, &p);
  EXPECT_EQ(p[1].at, 4u);
}

TEST(MatchPieces, WordsThatGo117ListsTwiceAreOne) {
  std::vector<DwarfPiece> p = {Register(3, 8, 0), Register(3, 8, 8), Register(2, 8, 16), Register(5, 8, 24)};
  MatchPiecesToValue(24, {{0, 8, false}, {8, 8, false}, {16, 8, false}}, &p);
  ASSERT_EQ(p.size(), 3u);
  EXPECT_EQ(p[1].dwarf_register, 2);
  EXPECT_EQ(p[1].at, 8u);
  EXPECT_EQ(p[2].at, 16u);
}

TEST(MatchPieces, EqualNeighboursThatFitAreKept) {
  std::vector<DwarfPiece> p = {Register(0, 8, 0), Register(3, 8, 8), Register(3, 8, 16)};
  MatchPiecesToValue(24, {{0, 8, false}, {8, 8, false}, {16, 8, false}}, &p);
  EXPECT_EQ(p.size(), 3u);
}

TEST(MatchPieces, PiecesThatContradictTheValueSayNothing) {
  std::vector<DwarfPiece> p = {Register(3, 8, 0), Register(2, 8, 8), Register(5, 8, 16)};
  MatchPiecesToValue(16, {{0, 8, false}, {8, 8, false}}, &p);
  ASSERT_EQ(p.size(), 1u);
  EXPECT_EQ(p[0].where, Where::kMissing);
  EXPECT_EQ(p[0].size, 16u);
}

}  // namespace
}  // namespace gooffsets
