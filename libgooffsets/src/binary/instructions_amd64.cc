#include <Zydis/Zydis.h>

#include <algorithm>
#include <array>

#include "binary/instructions.h"

namespace gooffsets {
namespace {

constexpr size_t kLongest = ZYDIS_MAX_INSTRUCTION_LENGTH;

struct Decoded {
  ZydisDecodedInstruction instruction;
  std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;
};

bool MakeDecoder(ZydisDecoder* decoder) {
  return ZYAN_SUCCESS(ZydisDecoderInit(decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64));
}

bool DecodeFull(std::span<const std::byte> code, Decoded* out) {
  ZydisDecoder decoder;
  return MakeDecoder(&decoder) &&
         ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code.data(), std::min(code.size(), kLongest), &out->instruction,
                                             out->operands.data()));
}

// Linux arch/x86/kernel/uprobes.c, branch_setup_xol_ops and push_setup_xol_ops: nop, push of a register, and relative
// jumps, conditional ones, calls. Newer kernels emulate longer nops too; they are not counted on.
bool IsEmulated(const ZydisDecodedInstruction& i) {
  if ((i.attributes & ZYDIS_ATTRIB_HAS_OPERANDSIZE) != 0) return false;  // prefix 66
  if (i.opcode_map == ZYDIS_OPCODE_MAP_0F) return i.opcode >= 0x80 && i.opcode <= 0x8f;
  if (i.opcode_map != ZYDIS_OPCODE_MAP_DEFAULT) return false;
  if (i.opcode == 0x90) return i.length == 1;
  if (i.opcode >= 0x50 && i.opcode <= 0x57) {
    return i.length == 1 || (i.length == 2 && i.raw.rex.B == 1 && i.raw.rex.W == 0);
  }
  return (i.opcode >= 0x70 && i.opcode <= 0x7f) || i.opcode == 0xe8 || i.opcode == 0xe9 || i.opcode == 0xeb;
}

// src cmd/compile/abi-internal.md: arguments, the closure context (RDX) and g (R14).
bool IsArgumentRegister(ZydisRegister reg) {
  switch (ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg)) {
    case ZYDIS_REGISTER_RAX:
    case ZYDIS_REGISTER_RBX:
    case ZYDIS_REGISTER_RCX:
    case ZYDIS_REGISTER_RDI:
    case ZYDIS_REGISTER_RSI:
    case ZYDIS_REGISTER_R8:
    case ZYDIS_REGISTER_R9:
    case ZYDIS_REGISTER_R10:
    case ZYDIS_REGISTER_R11:
    case ZYDIS_REGISTER_RDX:
    case ZYDIS_REGISTER_R14:
      return true;
    default:
      break;
  }
  const ZydisRegisterClass kind = ZydisRegisterGetClass(reg);
  if (kind != ZYDIS_REGCLASS_XMM && kind != ZYDIS_REGCLASS_YMM && kind != ZYDIS_REGCLASS_ZMM) return false;
  return ZydisRegisterGetId(reg) <= 14;
}

bool IsStackPointer(ZydisRegister reg) {
  return ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg) == ZYDIS_REGISTER_RSP;
}

// The return address lies at SP + delta, arguments above it.
bool MayBeStackArgument(const ZydisDecodedOperand& operand, int32_t sp_delta) {
  const auto& memory = operand.mem;
  if (memory.base == ZYDIS_REGISTER_RSP) {
    if (memory.index != ZYDIS_REGISTER_NONE) return true;
    const int64_t at = memory.disp.has_displacement ? memory.disp.value : 0;
    return at + operand.size / 8 > int64_t{sp_delta} + 8;
  }
  // The frame pointer's own address is not followed: in front of it lie locals, behind it the return address.
  return memory.base == ZYDIS_REGISTER_RBP && (!memory.disp.has_displacement || memory.disp.value >= 0);
}

}  // namespace

Instruction DecodeAmd64(std::span<const std::byte> code, uint64_t address) {
  Instruction out;
  out.address = address;
  ZydisDecoder decoder;
  ZydisDecodedInstruction i;
  if (!MakeDecoder(&decoder) || code.empty() ||
      !ZYAN_SUCCESS(
          ZydisDecoderDecodeInstruction(&decoder, nullptr, code.data(), std::min(code.size(), kLongest), &i))) {
    out.kind = Instruction::Kind::kUndecodable;
    return out;
  }
  out.length = i.length;
  out.emulated = IsEmulated(i);
  if (i.raw.imm[0].is_relative) {
    out.target = address + i.length + static_cast<uint64_t>(i.raw.imm[0].value.s);
  }
  switch (i.meta.category) {
    case ZYDIS_CATEGORY_RET:
      // Near returns only: a far one or an iret ends no Go function.
      out.kind = i.mnemonic == ZYDIS_MNEMONIC_RET && (i.opcode == 0xc3 || i.opcode == 0xc2) ? Instruction::Kind::kReturn
                                                                                         : Instruction::Kind::kStop;
      break;
    case ZYDIS_CATEGORY_COND_BR:
      out.kind = Instruction::Kind::kConditional;
      break;
    case ZYDIS_CATEGORY_UNCOND_BR:
      out.kind = Instruction::Kind::kJump;
      break;
    case ZYDIS_CATEGORY_CALL:
      out.kind = Instruction::Kind::kCall;
      break;
    default:
      switch (i.mnemonic) {
        case ZYDIS_MNEMONIC_INT3:
        case ZYDIS_MNEMONIC_UD0:
        case ZYDIS_MNEMONIC_UD1:
        case ZYDIS_MNEMONIC_UD2:
        case ZYDIS_MNEMONIC_HLT:
          out.kind = Instruction::Kind::kStop;
          break;
        default:
          break;
      }
  }
  return out;
}

Effect EffectAmd64(std::span<const std::byte> code, int32_t sp_delta) {
  Effect effect;
  Decoded decoded;
  if (code.empty() || !DecodeFull(code, &decoded)) return effect;
  const ZydisDecodedInstruction& i = decoded.instruction;
  const auto& first = decoded.operands[0];
  const auto& second = decoded.operands[1];
  bool sp_known = false;
  const bool constant = second.type == ZYDIS_OPERAND_TYPE_IMMEDIATE && second.imm.value.s >= -(int64_t{1} << 30) &&
                        second.imm.value.s <= int64_t{1} << 30;
  if (i.mnemonic == ZYDIS_MNEMONIC_PUSH && i.operand_width == 64) {
    effect.sp_change = 8;
    sp_known = true;
  } else if (i.mnemonic == ZYDIS_MNEMONIC_POP && i.operand_width == 64 &&
             !(first.type == ZYDIS_OPERAND_TYPE_REGISTER && IsStackPointer(first.reg.value))) {
    effect.sp_change = -8;
    sp_known = true;
  } else if ((i.mnemonic == ZYDIS_MNEMONIC_SUB || i.mnemonic == ZYDIS_MNEMONIC_ADD) && constant &&
             first.type == ZYDIS_OPERAND_TYPE_REGISTER && first.reg.value == ZYDIS_REGISTER_RSP) {
    const auto by = static_cast<int32_t>(second.imm.value.s);
    effect.sp_change = i.mnemonic == ZYDIS_MNEMONIC_SUB ? by : -by;
    sp_known = true;
  }
  effect.understood = true;
  const bool pushes = i.mnemonic == ZYDIS_MNEMONIC_PUSH;
  for (size_t n = 0; n < i.operand_count; ++n) {
    const ZydisDecodedOperand& operand = decoded.operands[n];
    const bool writes = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
    if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER && writes) {
      if (IsStackPointer(operand.reg.value)) {
        if (!sp_known) effect.understood = false;
      } else if (IsArgumentRegister(operand.reg.value)) {
        effect.changes_argument_register = true;
      }
    } else if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY) {
      if (operand.mem.segment == ZYDIS_REGISTER_FS) effect.reads_thread_local = true;
      // What a push writes lies below SP.
      const bool below = pushes && operand.visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN;
      const bool address = operand.mem.type == ZYDIS_MEMOP_TYPE_AGEN;
      if (((writes && !below) || address) && MayBeStackArgument(operand, sp_delta)) {
        effect.changes_stack_argument = true;
      }
    }
  }
  return effect;
}

std::vector<uint64_t> ReferencesAmd64(std::span<const std::byte> code, uint64_t address) {
  std::vector<uint64_t> references;
  Decoded decoded;
  while (!code.empty() && DecodeFull(code, &decoded)) {
    const size_t length = std::min<size_t>(decoded.instruction.length, code.size());
    for (size_t n = 0; n < decoded.instruction.operand_count; ++n) {
      const ZydisDecodedOperand& operand = decoded.operands[n];
      if (operand.type != ZYDIS_OPERAND_TYPE_MEMORY || operand.mem.base != ZYDIS_REGISTER_RIP) continue;
      references.push_back(address + length + static_cast<uint64_t>(operand.mem.disp.value));
    }
    code = code.subspan(length);
    address += length;
  }
  return references;
}

std::string NameAmd64(std::span<const std::byte> code) {
  Decoded decoded;
  if (code.empty() || !DecodeFull(code, &decoded)) return "no instruction";
  const char* mnemonic = ZydisMnemonicGetString(decoded.instruction.mnemonic);
  std::string name = mnemonic == nullptr ? "?" : mnemonic;
  if (decoded.instruction.operand_count_visible == 1 && decoded.operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER) {
    const char* reg = ZydisRegisterGetString(decoded.operands[0].reg.value);
    if (reg != nullptr) name += std::string(" ") + reg;
  }
  return name;
}

}  // namespace gooffsets
