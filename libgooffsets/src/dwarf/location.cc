#include "dwarf/location.h"

#include <dwarf.h>

#include <algorithm>
#include <cstdint>
#include <limits>

#include "dwarf/attributes.h"

namespace gooffsets {
namespace {

// On amd64 the call pushes the return address: the CFA is SP at entry + 8. On arm64 the CFA is SP at entry itself
// (src: cmd/link/internal/ld/dwarf.go, writeframes: the CIE defines the CFA as SP + the saved return address).
int64_t CfaFromEntrySp(GoArch arch) { return arch == GoArch::kAmd64 ? 8 : 0; }

// The top of the expression's stack, as far as it is an address in the frame or a register.
struct Place {
  enum class What { kNothing, kRegister, kFrameAddress, kNotUnderstood } what = What::kNothing;
  int dwarf_register = 0;
  int64_t offset = 0;  // kFrameAddress: from the CFA
  bool has_constant = false;  // pushed above it, waits for DW_OP_plus
  int64_t constant = 0;
};

void Add(Place* place, int64_t number) {
  if (place->what != Place::What::kFrameAddress || __builtin_add_overflow(place->offset, number, &place->offset)) {
    place->what = Place::What::kNotUnderstood;
  }
}

void SetFrameAddress(Place* place, int64_t offset) {
  const bool fresh = place->what == Place::What::kNothing && !place->has_constant;
  place->what = fresh ? Place::What::kFrameAddress : Place::What::kNotUnderstood;
  place->offset = offset;
}

void SetRegister(Place* place, Dwarf_Word number) {
  const bool fresh = place->what == Place::What::kNothing && !place->has_constant && number <= 1000;
  place->what = fresh ? Place::What::kRegister : Place::What::kNotUnderstood;
  place->dwarf_register = fresh ? static_cast<int>(number) : 0;
}

void Apply(const Dwarf_Op& op, const LocationContext& context, Place* place) {
  if (op.atom >= DW_OP_reg0 && op.atom <= DW_OP_reg31) return SetRegister(place, op.atom - DW_OP_reg0);
  switch (op.atom) {
    case DW_OP_nop:
      return;
    case DW_OP_regx:
      return SetRegister(place, op.number);
    case DW_OP_call_frame_cfa:
      return SetFrameAddress(place, 0);
    case DW_OP_fbreg:
      SetFrameAddress(place, static_cast<int64_t>(op.number));
      if (!context.frame_base_is_cfa) place->what = Place::What::kNotUnderstood;
      return;
    case DW_OP_consts:
    case DW_OP_constu:
    case DW_OP_const1u:
    case DW_OP_const1s:
    case DW_OP_const2u:
    case DW_OP_const2s:
    case DW_OP_const4u:
    case DW_OP_const4s:
    case DW_OP_const8s:
      if (place->has_constant) place->what = Place::What::kNotUnderstood;
      place->has_constant = true;
      place->constant = static_cast<int64_t>(op.number);
      return;
    case DW_OP_plus:
      if (!place->has_constant) {
        place->what = Place::What::kNotUnderstood;
        return;
      }
      Add(place, place->constant);
      place->has_constant = false;
      return;
    case DW_OP_plus_uconst:
      if (op.number > static_cast<Dwarf_Word>(std::numeric_limits<int64_t>::max()) || place->has_constant) {
        place->what = Place::What::kNotUnderstood;
        return;
      }
      return Add(place, static_cast<int64_t>(op.number));
    default:
      place->what = Place::What::kNotUnderstood;
      return;
  }
}

// Arguments begin one word above SP at entry, on both architectures: the return address or, on arm64, the slot for the
// saved link register lies below (src: abi-internal.md, "Stack layout").
constexpr int64_t kFirstArgument = 8;

DwarfPiece MakePiece(const Place& place, GoArch arch, uint64_t size, uint64_t at) {
  constexpr uint64_t kMax = std::numeric_limits<uint32_t>::max();
  DwarfPiece piece;
  piece.size = static_cast<uint32_t>(std::min(size, kMax));
  piece.at = static_cast<uint32_t>(std::min(at, kMax));
  if (place.has_constant) return piece;
  if (place.what == Place::What::kRegister) {
    piece.where = DwarfPiece::Where::kRegister;
    piece.dwarf_register = place.dwarf_register;
  } else if (place.what == Place::What::kFrameAddress &&
             !__builtin_add_overflow(place.offset, CfaFromEntrySp(arch), &piece.stack_offset) &&
             piece.stack_offset >= kFirstArgument) {
    piece.where = DwarfPiece::Where::kStack;
  }
  return piece;
}

// Go writes location expressions in the block forms of DWARF 3 (src: cmd/internal/dwarf/dwarf.go, DW_FORM_block1), which
// libdw refuses from DWARF 4 on. DW_FORM_exprloc is the same bytes as DW_FORM_block, and as DW_FORM_block1 below 128
// bytes: a length and the expression.
bool ReadAsExpression(Dwarf_Attribute* attribute, const Dwarf_Block& block) {
  if (attribute->form == DW_FORM_block || (attribute->form == DW_FORM_block1 && block.length < 128)) {
    attribute->form = DW_FORM_exprloc;
  }
  return attribute->form == DW_FORM_exprloc;
}

uint64_t TotalSize(const std::vector<DwarfPiece>& pieces) {
  uint64_t total = 0;
  for (const DwarfPiece& piece : pieces) total += piece.size;
  return total;
}

bool SamePlace(const DwarfPiece& a, const DwarfPiece& b) {
  return a.where == b.where && a.dwarf_register == b.dwarf_register && a.stack_offset == b.stack_offset &&
         a.size == b.size;
}

void DropEqualNeighbours(std::vector<DwarfPiece>* pieces) {
  pieces->erase(std::unique(pieces->begin(), pieces->end(), SamePlace), pieces->end());
  uint32_t at = 0;
  for (DwarfPiece& piece : *pieces) {
    piece.at = at;
    at += piece.size;
  }
}

}  // namespace

bool FrameBaseIsCfa(Dwarf_Die* subprogram) {
  Dwarf_Attribute memory;
  Dwarf_Attribute* attribute = dwarf_attr_integrate(subprogram, DW_AT_frame_base, &memory);
  Dwarf_Block block;
  return attribute != nullptr && dwarf_formblock(attribute, &block) == 0 && block.length == 1 &&
         block.data[0] == DW_OP_call_frame_cfa;
}

std::vector<DwarfPiece> PiecesOf(const Dwarf_Op* operations, size_t count, uint64_t value_size,
                                 const LocationContext& context) {
  std::vector<DwarfPiece> pieces;
  Place place;
  uint64_t at = 0;
  for (size_t i = 0; i < count; ++i) {
    const Dwarf_Op& op = operations[i];
    if (op.atom != DW_OP_piece) {
      Apply(op, context, &place);
      continue;
    }
    pieces.push_back(MakePiece(place, context.goarch, op.number, at));
    if (__builtin_add_overflow(at, op.number, &at)) return {};
    place = Place();
  }
  // A location without pieces describes the whole value; an empty one says nothing.
  if (pieces.empty() && count > 0) pieces.push_back(MakePiece(place, context.goarch, value_size, 0));
  return pieces;
}

void MatchPiecesToValue(uint64_t value_size, const std::vector<Word>& words, std::vector<DwarfPiece>* pieces) {
  if (pieces->size() > 1 && TotalSize(*pieces) > value_size) {
    DropEqualNeighbours(pieces);
    if (TotalSize(*pieces) > value_size) {
      *pieces = {MakePiece(Place(), GoArch::kAmd64, value_size, 0)};
      return;
    }
  }
  if (pieces->size() != words.size()) return;
  if (pieces->size() == 1) {
    DwarfPiece& piece = pieces->front();
    if (piece.where != DwarfPiece::Where::kRegister || piece.size < words[0].size) return;
    piece.size = words[0].size;
    piece.at = words[0].at;
    return;
  }
  for (size_t i = 0; i < words.size(); ++i) {
    if ((*pieces)[i].size != words[i].size) return;
  }
  for (size_t i = 0; i < words.size(); ++i) (*pieces)[i].at = words[i].at;
}

Result<std::vector<DwarfPiece>> LocationAtEntry(Dwarf_Die* parameter, uint64_t value_size,
                                                const LocationContext& context) {
  Dwarf_Attribute memory;
  Dwarf_Attribute* attribute = dwarf_attr(parameter, DW_AT_location, &memory);
  if (attribute == nullptr) return std::vector<DwarfPiece>();
  Dwarf_Op* operations = nullptr;
  size_t count = 0;
  // One expression for the whole function; an empty one (results, mostly) says that there is no location.
  if (Dwarf_Block block; dwarf_formblock(attribute, &block) == 0) {
    if (block.length == 0) return std::vector<DwarfPiece>();
    if (!ReadAsExpression(attribute, block) || dwarf_getlocation(attribute, &operations, &count) != 0) {
      return DwarfDamaged(parameter, "a location that cannot be read");
    }
    return PiecesOf(operations, count, value_size, context);
  }
  const int found = dwarf_getlocation_addr(attribute, context.entry_pc, &operations, &count, 1);
  if (found < 0) return DwarfDamaged(parameter, "a location that cannot be read");
  if (found == 0) return std::vector<DwarfPiece>();
  return PiecesOf(operations, count, value_size, context);
}

}  // namespace gooffsets
