#include "compare_location.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "go/abi.h"

namespace gooffsets {
namespace {

// The first argument word at entry, where the argument area begins.
constexpr int64_t kArgumentArea = 8;

int64_t RoundUp(int64_t value, int64_t align) { return align > 1 ? (value + align - 1) / align * align : value; }

bool InRegisters(const Parameter& parameter) {
  return !parameter.pieces.empty() && parameter.pieces.front().base != Piece::Base::kStack;
}

// The home slot of each parameter that is passed in registers, as an offset from SP at entry: behind the stack-assigned
// parameters and results, in declaration order (src: abi-internal.md, "Function call argument and result passing";
// cmd/compile/internal/abi/abiutils.go, assignParam).
std::vector<std::optional<int64_t>> HomeSlots(const FunctionLayout& layout) {
  int64_t end = kArgumentArea;
  for (const auto* list : {&layout.params, &layout.results}) {
    for (const Parameter& parameter : *list) {
      for (const Piece& piece : parameter.pieces) {
        if (piece.base == Piece::Base::kStack) end = std::max(end, int64_t{piece.index} + piece.size);
      }
    }
  }
  int64_t next = RoundUp(end, 8);
  std::vector<std::optional<int64_t>> slots;
  for (const Parameter& parameter : layout.params) {
    if (!InRegisters(parameter)) {
      slots.emplace_back();
      continue;
    }
    next = RoundUp(next, parameter.align);
    slots.emplace_back(next);
    next += static_cast<int64_t>(std::min<uint64_t>(parameter.size, UINT32_MAX));
  }
  return slots;
}

bool Agrees(const DwarfPiece& piece, const Parameter& parameter, GoArch arch) {
  return std::any_of(parameter.pieces.begin(), parameter.pieces.end(), [&](const Piece& abi) {
    if (piece.where == DwarfPiece::Where::kStack) {
      // On the stack the ABI has one piece for the value, DWARF may have one for each word.
      return abi.base == Piece::Base::kStack && piece.at >= abi.at &&
             uint64_t{piece.at} + piece.size <= uint64_t{abi.at} + abi.size &&
             piece.stack_offset == int64_t{abi.index} + (int64_t{piece.at} - int64_t{abi.at});
    }
    const std::optional<Piece> place = RegisterPiece(arch, piece.dwarf_register);
    return place && place->base == abi.base && place->index == abi.index && piece.at == abi.at &&
           piece.size == abi.size;
  });
}

LocationVerdict Compare(const DwarfParameter& dwarf, const Parameter& abi, std::optional<int64_t> home, GoArch arch) {
  LocationVerdict verdict = LocationVerdict::kNotCompared;
  for (const DwarfPiece& piece : dwarf.location) {
    if (piece.where == DwarfPiece::Where::kMissing || piece.size == 0) continue;
    if (piece.where == DwarfPiece::Where::kStack && home && piece.stack_offset == *home + int64_t{piece.at}) continue;
    if (!Agrees(piece, abi, arch)) return LocationVerdict::kDiffers;
    verdict = LocationVerdict::kSame;
  }
  return verdict;
}

}  // namespace

std::vector<LocationVerdict> CompareLocations(const std::vector<const DwarfParameter*>& described,
                                              const FunctionLayout& layout, GoArch arch) {
  const std::vector<std::optional<int64_t>> homes = HomeSlots(layout);
  std::vector<LocationVerdict> verdicts(layout.params.size(), LocationVerdict::kNotCompared);
  for (size_t i = 0; i < layout.params.size() && i < described.size(); ++i) {
    if (described[i] != nullptr) verdicts[i] = Compare(*described[i], layout.params[i], homes[i], arch);
  }
  return verdicts;
}

}  // namespace gooffsets
