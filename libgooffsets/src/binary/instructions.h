// One machine instruction, as far as the choice of probe points needs it: where it may go, and what it changes.
//
// amd64 is decoded by Zydis, arm64 by the fixed fields of its words. What is not understood says so and ends every
// walk; nothing is assumed of it. Which instructions the kernel emulates under a uprobe is in docs/probe-points.md.
// Pure; safe from any thread.
//
//   Instruction next = DecodeAmd64(code, address);
//   if (next.kind == Instruction::Kind::kReturn) returns.push_back(next.address);
#ifndef GOOFFSETS_BINARY_INSTRUCTIONS_H_
#define GOOFFSETS_BINARY_INSTRUCTIONS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace gooffsets {

struct Instruction {
  enum class Kind {
    kOther,
    kReturn,
    kJump,          // always taken; target set if it is direct
    kConditional,   // to `target` or on
    kCall,          // target set if it is direct
    kStop,          // a trap: what follows is not reached from here
    kUndecodable,   // no instruction
  };
  Kind kind = Kind::kOther;
  uint64_t address = 0;
  uint32_t length = 1;
  std::optional<uint64_t> target;
  bool emulated = false;  // a uprobe there needs no single step
};

// What an instruction does to what a probe wants to read: argument registers and the stack.
struct Effect {
  bool understood = false;
  bool changes_argument_register = false;
  bool changes_stack_argument = false;  // writes at or above `argument_bytes` from SP, or takes an address there
  bool reads_thread_local = false;      // amd64: how ABI0 code finds g
  int32_t sp_change = 0;                // bytes that SP moves down
};

// `code` begins with the instruction; empty or too short: kUndecodable.
Instruction DecodeAmd64(std::span<const std::byte> code, uint64_t address);
Instruction DecodeArm64(std::span<const std::byte> code, uint64_t address);
// `sp_delta` is how far SP lies below its value at entry in front of the instruction.
Effect EffectAmd64(std::span<const std::byte> code, int32_t sp_delta);
Effect EffectArm64(std::span<const std::byte> code, int32_t sp_delta);
// The static addresses that code which begins at `address` refers to, in its order: operands relative to the
// instruction; on arm64 a page with what a following instruction adds to it. Ends where something cannot be decoded.
std::vector<uint64_t> ReferencesAmd64(std::span<const std::byte> code, uint64_t address);
std::vector<uint64_t> ReferencesArm64(std::span<const std::byte> code, uint64_t address);
// "push rbp", "jbe", "b.ls": for people.
std::string NameAmd64(std::span<const std::byte> code);
std::string NameArm64(std::span<const std::byte> code);

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_INSTRUCTIONS_H_
