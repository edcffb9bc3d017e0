// arm64 instructions are words of fixed fields (Arm Architecture Reference Manual, C4.1, "A64 instruction set
// encoding").
#include <fmt/format.h>

#include <array>
#include <cstring>

#include "binary/instructions.h"

namespace gooffsets {
namespace {

constexpr uint32_t kReturn = 0xd65f03c0;  // ret x30
constexpr uint32_t kNop = 0xd503201f;
constexpr uint32_t kStackPointer = 31;

uint32_t Word(std::span<const std::byte> code) {
  uint32_t word = 0;
  std::memcpy(&word, code.data(), 4);
  return word;
}

constexpr uint32_t Bits(uint32_t word, int high, int low) { return word >> low & ((1u << (high - low + 1)) - 1); }

constexpr int64_t Signed(uint32_t value, int bits) {
  const int64_t sign = int64_t{1} << (bits - 1);
  return (int64_t{value} ^ sign) - sign;
}

bool IsBranch(uint32_t w) { return (w & 0x7c000000) == 0x14000000; }             // b, bl
bool IsConditional(uint32_t w) { return (w & 0xff000010) == 0x54000000; }        // b.cond
bool IsCompare(uint32_t w) { return (w & 0x7e000000) == 0x34000000; }            // cbz, cbnz
bool IsTest(uint32_t w) { return (w & 0x7e000000) == 0x36000000; }               // tbz, tbnz
bool IsRegisterBranch(uint32_t w) { return (w & 0xff9ffc1f) == 0xd61f0000; }     // br, blr, ret
bool IsAddressOf(uint32_t w) { return (w & 0x1f000000) == 0x10000000; }          // adr, adrp
bool IsLiteralLoad(uint32_t w) { return (w & 0xbf000000) == 0x18000000 || (w & 0xff000000) == 0x98000000; }

// Linux arch/arm64/kernel/probes/decode-insn.c, arm_probe_decode_insn. nop is stepped by kernels before 6.13.
bool IsEmulated(uint32_t w) {
  return w == kNop || IsBranch(w) || IsConditional(w) || IsCompare(w) || IsTest(w) || IsAddressOf(w) ||
         IsLiteralLoad(w) || IsRegisterBranch(w);
}

// src cmd/compile/abi-internal.md: arguments R0 to R15, the closure context R26, g R28.
bool IsArgumentRegister(uint32_t reg) { return reg <= 15 || reg == 26 || reg == 28; }
bool IsArgumentVector(uint32_t reg) { return reg <= 15; }

void WriteGeneral(Effect* effect, uint32_t reg) {
  if (IsArgumentRegister(reg)) effect->changes_argument_register = true;
}

// Loads and stores. Those of one or two registers with an immediate are understood, and all others are not.
void MemoryEffect(uint32_t w, int32_t sp_delta, Effect* effect) {
  const bool vector = Bits(w, 26, 26) != 0;
  const uint32_t base = Bits(w, 9, 5), reg = Bits(w, 4, 0);
  auto moves_base = [&](int64_t by) {
    if (base == kStackPointer) {
      effect->sp_change = static_cast<int32_t>(-by);
    } else {
      WriteGeneral(effect, base);
    }
  };
  // SP as the instruction's address sees it, plus `at`, for `size` bytes.
  auto stores = [&](int64_t at, int64_t size) {
    if (base == kStackPointer && at + size > int64_t{sp_delta}) effect->changes_stack_argument = true;
  };
  auto loads = [&](uint32_t into) {
    if (vector ? IsArgumentVector(into) : IsArgumentRegister(into)) effect->changes_argument_register = true;
  };
  if ((w & 0x3a000000) == 0x28000000) {  // ldp, stp
    const uint32_t mode = Bits(w, 24, 23), opc = Bits(w, 31, 30);
    const int64_t each = vector ? int64_t{4} << opc : (opc == 2 ? 8 : 4);
    const int64_t at = Signed(Bits(w, 21, 15), 7) * each;
    effect->understood = opc != 3;
    if (Bits(w, 22, 22) != 0) {
      loads(reg);
      loads(Bits(w, 14, 10));
    } else {
      stores(mode == 1 ? 0 : at, 2 * each);
    }
    if (mode == 1 || mode == 3) moves_base(at);
    return;
  }
  const int64_t size = vector && Bits(w, 23, 23) != 0 ? 16 : int64_t{1} << Bits(w, 31, 30);
  const bool load = Bits(w, 23, 22) != 0 && !(vector && Bits(w, 23, 22) == 2);
  if ((w & 0x3b000000) == 0x39000000) {  // unsigned offset
    effect->understood = true;
    if (load) {
      loads(reg);
    } else {
      stores(int64_t{Bits(w, 21, 10)} * size, size);
    }
    return;
  }
  if ((w & 0x3b200000) == 0x38000000) {  // signed offset; unscaled, pre- or post-indexed
    const uint32_t mode = Bits(w, 11, 10);
    if (mode == 2) return;  // unprivileged
    const int64_t at = Signed(Bits(w, 20, 12), 9);
    effect->understood = true;
    if (load) {
      loads(reg);
    } else {
      stores(mode == 1 ? 0 : at, size);
    }
    if (mode != 0) moves_base(at);
    return;
  }
  if (IsLiteralLoad(w)) {
    effect->understood = true;
    loads(reg);
  }
}

}  // namespace

Instruction DecodeArm64(std::span<const std::byte> code, uint64_t address) {
  Instruction out;
  out.address = address;
  out.length = 4;
  if (code.size() < 4) {
    out.kind = Instruction::Kind::kUndecodable;
    return out;
  }
  const uint32_t w = Word(code);
  out.emulated = IsEmulated(w);
  auto to = [&](int64_t offset) { out.target = address + static_cast<uint64_t>(offset); };
  if (w == kReturn) {
    out.kind = Instruction::Kind::kReturn;
  } else if (IsBranch(w)) {
    out.kind = Bits(w, 31, 31) != 0 ? Instruction::Kind::kCall : Instruction::Kind::kJump;
    to(Signed(Bits(w, 25, 0), 26) * 4);
  } else if (IsConditional(w) || IsCompare(w)) {
    out.kind = Instruction::Kind::kConditional;
    to(Signed(Bits(w, 23, 5), 19) * 4);
  } else if (IsTest(w)) {
    out.kind = Instruction::Kind::kConditional;
    to(Signed(Bits(w, 18, 5), 14) * 4);
  } else if (IsRegisterBranch(w)) {
    out.kind = Bits(w, 22, 21) == 1 ? Instruction::Kind::kCall : Instruction::Kind::kJump;
  } else if ((w & 0xff000000) == 0xd4000000 && (w & 3) != 1) {  // brk, hlt, udf's kin; svc goes on
    out.kind = Instruction::Kind::kStop;
  } else if ((w & 0xffff0000) == 0) {  // udf
    out.kind = Instruction::Kind::kStop;
  }
  return out;
}

Effect EffectArm64(std::span<const std::byte> code, int32_t sp_delta) {
  Effect effect;
  if (code.size() < 4) return effect;
  const uint32_t w = Word(code);
  const uint32_t rd = Bits(w, 4, 0), rn = Bits(w, 9, 5), group = Bits(w, 28, 25);
  if (w == kNop) {
    effect.understood = true;
  } else if ((group & 0xe) == 0x8) {  // data processing, immediate
    effect.understood = true;
    const bool add_or_sub = Bits(w, 28, 23) == 0x22;
    const bool sets_flags = Bits(w, 29, 29) != 0;
    // Register 31 is SP only for additions and for logical immediates that set no flags.
    const bool logical = Bits(w, 28, 23) == 0x24 && Bits(w, 30, 29) != 3;
    if (rd == kStackPointer && ((add_or_sub && !sets_flags) || logical)) {
      if (add_or_sub && rn == kStackPointer) {
        const int64_t by = int64_t{Bits(w, 21, 10)} << (Bits(w, 22, 22) != 0 ? 12 : 0);
        effect.sp_change = static_cast<int32_t>(Bits(w, 30, 30) != 0 ? by : -by);
      } else {
        effect.understood = false;
      }
    } else if (rd != 31) {
      WriteGeneral(&effect, rd);
      // An address of the stack: of an argument, if it lies that far up.
      if (add_or_sub && rn == kStackPointer && Bits(w, 30, 30) == 0) {
        const int64_t by = int64_t{Bits(w, 21, 10)} << (Bits(w, 22, 22) != 0 ? 12 : 0);
        if (by >= sp_delta + 8) effect.changes_stack_argument = true;
      }
    }
  } else if ((group & 0x7) == 0x5) {  // data processing, registers
    const bool extended = (w & 0x1fe00000) == 0x0b200000;
    effect.understood = !(extended && rd == kStackPointer && Bits(w, 29, 29) == 0);  // add sp, sp, x1
    if (rd != 31) WriteGeneral(&effect, rd);
  } else if ((group & 0x7) == 0x7) {  // floating point and vectors; some write a general register
    effect.understood = true;
    if (IsArgumentVector(rd)) effect.changes_argument_register = true;
    if (rd != 31) WriteGeneral(&effect, rd);
  } else if ((group & 0x5) == 0x4) {
    MemoryEffect(w, sp_delta, &effect);
  } else if ((w & 0xfff00000) == 0xd5300000) {  // mrs
    effect.understood = true;
    WriteGeneral(&effect, rd);
  }
  return effect;
}

std::vector<uint64_t> ReferencesArm64(std::span<const std::byte> code, uint64_t address) {
  // How far behind a page's address the instruction stands that adds to it.
  constexpr size_t kNear = 8;
  std::vector<uint64_t> references;
  for (; code.size() >= 4; code = code.subspan(4), address += 4) {
    const uint32_t page = Word(code);
    if ((page & 0x9f000000) != 0x90000000) continue;  // adrp
    const int64_t pages = Signed(Bits(page, 23, 5) << 2 | Bits(page, 30, 29), 21);
    const uint64_t base = (address & ~uint64_t{0xfff}) + (static_cast<uint64_t>(pages) << 12);
    const uint32_t reg = Bits(page, 4, 0);
    for (size_t i = 1; i <= kNear && (i + 1) * 4 <= code.size(); ++i) {
      const uint32_t w = Word(code.subspan(i * 4));
      const bool add = (w & 0xffc00000) == 0x91000000;   // add x, x, #imm
      const bool word = (w & 0xff800000) == 0xf9000000;  // ldr or str x, [x, #imm]
      if ((add || word) && Bits(w, 9, 5) == reg) references.push_back(base + Bits(w, 21, 10) * (add ? 1u : 8u));
      if ((w & 0x9f00001f) == (0x90000000 | reg)) break;  // another page in that register
    }
  }
  return references;
}

std::string NameArm64(std::span<const std::byte> code) {
  if (code.size() < 4) return "no instruction";
  const uint32_t w = Word(code);
  static constexpr std::array<const char*, 16> kConditions = {"eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc",
                                                              "hi", "ls", "ge", "lt", "gt", "le", "al", "nv"};
  if (w == kNop) return "nop";
  if (w == kReturn) return "ret";
  if (IsBranch(w)) return Bits(w, 31, 31) != 0 ? "bl" : "b";
  if (IsConditional(w)) return std::string("b.") + kConditions[Bits(w, 3, 0)];
  if (IsCompare(w)) return Bits(w, 24, 24) != 0 ? "cbnz" : "cbz";
  if (IsTest(w)) return Bits(w, 24, 24) != 0 ? "tbnz" : "tbz";
  if (IsAddressOf(w)) return Bits(w, 31, 31) != 0 ? "adrp" : "adr";
  if (IsLiteralLoad(w)) return "ldr";
  if (IsRegisterBranch(w)) return Bits(w, 22, 21) == 1 ? "blr" : "br";
  if ((w & 0x3a000000) == 0x28000000) return Bits(w, 22, 22) != 0 ? "ldp" : "stp";
  if ((w & 0x3a000000) == 0x38000000) return Bits(w, 23, 22) != 0 ? "ldr" : "str";
  return fmt::format("word {:#010x}", w);
}

}  // namespace gooffsets
