// Where a parameter lies when its function is entered: DWARF location expressions as pieces.
//
// Understands what the Go compiler writes (src: cmd/compile/internal/dwarfgen, ssa/debug.go): registers, slots relative
// to the canonical frame address, and pieces of both; anything else is kMissing, never a guess. Offsets are normalised
// to SP at function entry; slots below the arguments (locals: the frame is not there yet at entry) are kMissing. Not thread-safe for one DWARF handle.
#ifndef GOOFFSETS_DWARF_LOCATION_H_
#define GOOFFSETS_DWARF_LOCATION_H_

#include <elfutils/libdw.h>

#include <vector>

#include "dwarf/read_dwarf.h"
#include "gooffsets/layout.h"
#include "gooffsets/result.h"

namespace gooffsets {

// Whether a subprogram's frame base is the canonical frame address, as DW_OP_fbreg then means "CFA + n".
bool FrameBaseIsCfa(Dwarf_Die* subprogram);

struct LocationContext {
  GoArch goarch = GoArch::kAmd64;
  Dwarf_Addr entry_pc = 0;
  bool frame_base_is_cfa = true;
};
// The location of a DW_TAG_formal_parameter of `value_size` bytes at the entry pc. Empty: DWARF gives none there.
Result<std::vector<DwarfPiece>> LocationAtEntry(Dwarf_Die* parameter, uint64_t value_size,
                                                const LocationContext& context);

// Brings pieces as the Go compiler writes them into agreement with the value they describe:
// - The compiler writes one piece for each word of an optimized function's value and nothing for the padding between
//   them (src: cmd/compile/internal/ssa/debug.go, writePendingEntry), so that summing up sizes, as DWARF would have it,
//   puts what follows a gap too early: struct{ a int8; b float32 } has b "at 1". Where pieces and words correspond one
//   to one, the words' offsets hold.
// - A value of one word that padding makes larger is one piece of the whole size: in a register, only the word is there.
// - Go <= 1.20 lists some words twice (a slice as RBX RBX RCX RDI): of pieces that exceed the value, equal neighbours
//   are one.
// Pieces that still exceed the value contradict it: they become one missing piece.
void MatchPiecesToValue(uint64_t value_size, const std::vector<Word>& words, std::vector<DwarfPiece>* pieces);

// The same for an expression that was already read; for tests.
std::vector<DwarfPiece> PiecesOf(const Dwarf_Op* operations, size_t count, uint64_t value_size,
                                 const LocationContext& context);

}  // namespace gooffsets

#endif  // GOOFFSETS_DWARF_LOCATION_H_
