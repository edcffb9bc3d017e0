#include "go/abi.h"

#include <algorithm>
#include <array>
#include <limits>
#include <span>

namespace gooffsets {
namespace {

// The sequences of abi-internal.md, "Architecture specifics".
constexpr std::array<std::string_view, 9> kAmd64Ints = {"RAX", "RBX", "RCX", "RDI", "RSI", "R8", "R9", "R10", "R11"};
constexpr std::array<std::string_view, 15> kAmd64Floats = {"X0", "X1", "X2",  "X3",  "X4",  "X5",  "X6", "X7",
                                                           "X8", "X9", "X10", "X11", "X12", "X13", "X14"};
constexpr std::array<std::string_view, 16> kArm64Ints = {"R0", "R1", "R2",  "R3",  "R4",  "R5",  "R6",  "R7",
                                                         "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15"};
constexpr std::array<std::string_view, 16> kArm64Floats = {"F0", "F1", "F2",  "F3",  "F4",  "F5",  "F6",  "F7",
                                                           "F8", "F9", "F10", "F11", "F12", "F13", "F14", "F15"};

std::span<const std::string_view> Registers(GoArch arch, Piece::Base base) {
  const bool ints = base == Piece::Base::kIntRegister;
  if (arch == GoArch::kAmd64) {
    return ints ? std::span<const std::string_view>(kAmd64Ints) : std::span<const std::string_view>(kAmd64Floats);
  }
  return ints ? std::span<const std::string_view>(kArm64Ints) : std::span<const std::string_view>(kArm64Floats);
}

constexpr uint64_t kPointerSize = 8;
// At entry SP points at the return address on amd64, and at the word that the callee saves it in on arm64: on both, the
// caller's argument area begins one word higher.
constexpr uint64_t kFirstStackSlot = 8;

// Assigns values one after the other; registers start afresh for results, the stack goes on.
class Assigner {
 public:
  Assigner(size_t ints, size_t floats) : max_ints_(ints), max_floats_(floats) {}

  void Assign(Parameter* value) {
    value->pieces.clear();
    if (value->size == 0) {
      // Takes no space, but its alignment counts, as it always did in ABI0 (abi-internal.md, "Rationale").
      AlignStack(value->align);
    } else if (!TryRegisters(value)) {
      AssignStack(value);
    }
  }
  void StartResults() {
    AlignStack(kPointerSize);
    ints_ = floats_ = 0;
  }

 private:
  bool TryRegisters(Parameter* value) {
    if (!value->register_assignable || value->words.empty()) return false;
    size_t ints = ints_, floats = floats_;
    for (const Word& word : value->words) {
      size_t& next = word.is_float ? floats : ints;
      if (next == (word.is_float ? max_floats_ : max_ints_)) return false;
      ++next;
    }
    for (const Word& word : value->words) {
      size_t& next = word.is_float ? floats_ : ints_;
      value->pieces.push_back({.base = word.is_float ? Piece::Base::kFloatRegister : Piece::Base::kIntRegister,
                               .index = static_cast<int32_t>(next++),
                               .size = word.size,
                               .at = word.at});
    }
    return true;
  }

  void AssignStack(Parameter* value) {
    AlignStack(value->align);
    if (overflowed_ || value->size > kMaxOffset - stack_) {
      overflowed_ = true;
      return;
    }
    value->pieces.push_back({.base = Piece::Base::kStack,
                             .index = static_cast<int32_t>(stack_),
                             .size = static_cast<uint32_t>(value->size),
                             .at = 0});
    stack_ += value->size;
  }

  void AlignStack(uint64_t align) {
    if (align > 1) stack_ = (stack_ + align - 1) / align * align;  // align is at most 2^32, stack_ 2^31: no overflow
    if (stack_ > kMaxOffset) {
      overflowed_ = true;
      stack_ = kMaxOffset;
    }
  }

  static constexpr uint64_t kMaxOffset = std::numeric_limits<int32_t>::max();

  size_t max_ints_, max_floats_;
  size_t ints_ = 0, floats_ = 0;
  // Slots are aligned relative to the start of the argument area; that lies 8 above SP, so for Go's alignments (up to
  // 8) counting from SP is the same.
  uint64_t stack_ = kFirstStackSlot;
  bool overflowed_ = false;
};

// Whether a GOEXPERIMENT list leaves register arguments on, where they are the default but no must. The last word that
// touches them wins (src: internal/buildcfg/exp.go; all parts of "regabi" must be on for its arguments to be).
bool ExperimentKeepsRegisterAbi(std::string_view list) {
  bool on = true;
  while (!list.empty()) {
    std::string_view item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), item.size() + 1));
    if (item == "none" || item.starts_with("noregabi")) on = false;
    if (item.starts_with("regabi")) on = true;
  }
  return on;
}

}  // namespace

void AssignAbi(FunctionLayout* function, GoArch arch, bool register_abi) {
  Assigner assigner(register_abi ? Registers(arch, Piece::Base::kIntRegister).size() : 0,
                    register_abi ? Registers(arch, Piece::Base::kFloatRegister).size() : 0);
  for (Parameter& param : function->params) assigner.Assign(&param);
  assigner.StartResults();
  for (Parameter& result : function->results) assigner.Assign(&result);
}

std::optional<Piece> RegisterPiece(GoArch arch, int dwarf_register) {
  constexpr int kInt = 0, kFloat = 1;
  int kind = kInt, index = -1;
  if (arch == GoArch::kAmd64) {
    // DWARF order is RAX RDX RCX RBX RSI RDI RBP RSP R8..R15; XMM0 is 17. RDX, RBP, RSP and R12.. carry no arguments.
    constexpr std::array<int, 12> kFromDwarf = {0, -1, 2, 1, 4, 3, -1, -1, 5, 6, 7, 8};
    if (dwarf_register >= 0 && dwarf_register < static_cast<int>(kFromDwarf.size())) {
      index = kFromDwarf[static_cast<size_t>(dwarf_register)];
    } else if (dwarf_register >= 17 && dwarf_register < 17 + static_cast<int>(kAmd64Floats.size())) {
      kind = kFloat;
      index = dwarf_register - 17;
    }
  } else if (dwarf_register >= 0 && dwarf_register < static_cast<int>(kArm64Ints.size())) {
    index = dwarf_register;
  } else if (dwarf_register >= 64 && dwarf_register < 64 + static_cast<int>(kArm64Floats.size())) {
    kind = kFloat;
    index = dwarf_register - 64;
  }
  if (index < 0) return std::nullopt;
  return Piece{.base = kind == kInt ? Piece::Base::kIntRegister : Piece::Base::kFloatRegister, .index = index};
}

std::string RegisterName(GoArch arch, const Piece& piece) {
  if (piece.base == Piece::Base::kStack || piece.index < 0) return {};
  auto names = Registers(arch, piece.base);
  auto index = static_cast<size_t>(piece.index);
  return index < names.size() ? std::string(names[index]) : std::string();
}

bool UsesRegisterAbi(const Version& go, GoArch arch, std::string_view goexperiment) {
  if (go.scheme() != VersionScheme::kGo || go.major() != 1) return go.major() > 1;
  // One release later GOEXPERIMENT can no longer turn it off ("regabiAlwaysOn" in internal/buildcfg/exp.go).
  const uint64_t first = arch == GoArch::kAmd64 ? 17 : 18;
  return go.minor() > first || (go.minor() == first && ExperimentKeepsRegisterAbi(goexperiment));
}

}  // namespace gooffsets
