// Reads every named struct and every wanted function out of a Go binary's DWARF, with libdw.
//
// Reads DWARF 4 (Go <= 1.24) and 5 (Go >= 1.25), compressed sections (.zdebug_* and SHF_COMPRESSED), linux/amd64 and
// linux/arm64; refuses other machines and 32-bit files. One sequential pass; memory grows with what is wanted.
// Names are unescaped ("%2e" -> "."). Not thread-safe for one call; independent calls may run in parallel.
#ifndef GOOFFSETS_DWARF_READ_DWARF_H_
#define GOOFFSETS_DWARF_READ_DWARF_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/layout.h"
#include "gooffsets/result.h"

namespace gooffsets {

// One piece of a DWARF location, before it is judged by ABI rules.
struct DwarfPiece {
  enum class Where { kRegister, kStack, kMissing } where = Where::kMissing;
  int dwarf_register = 0;   // kRegister: DWARF number (amd64: 0 RAX, 1 RDX, ..., 17 XMM0; arm64: 0 X0, 64 V0)
  int64_t stack_offset = 0;  // kStack: byte offset from SP at function entry (amd64: CFA offset + 8, arm64: CFA offset)
  uint32_t size = 0;
  uint32_t at = 0;
};

struct DwarfParameter {
  std::string name;  // as DWARF says; Go's names for unnamed ones ("~p0", "~r1", "_") are kept as they are
  bool is_result = false;  // DW_AT_variable_parameter
  std::string type;
  TypeKind kind = TypeKind::kInvalid;
  uint64_t size = 0;
  uint32_t align = 1;
  bool register_assignable = true;
  std::vector<Word> words;  // flattened by Go's rule
  // Location at the function's entry pc. Empty: DWARF gives none.
  std::vector<DwarfPiece> location;
};

struct DwarfFunction {
  std::string name;  // "net/http.(*Server).Serve"
  uint64_t low_pc = 0;
  std::vector<DwarfParameter> params;  // DWARF order; results among them
  // Made by the compiler for a method promoted from an embedded field, a "go" or a "defer" statement
  // (DW_AT_trampoline, written by Go >= 1.19), and a few functions of reflect and runtime that adjust panics.
  bool trampoline = false;
};

struct DwarfStruct {
  std::string name;  // "net/http.Request", "sync/atomic.Pointer[net/http.response]", "struct { a int; b bool }"
  StructLayout layout;
  bool conflicting = false;  // several DIEs of this name differ (never resolved silently)
};

struct DwarfContents {
  GoArch goarch = GoArch::kAmd64;
  std::string producer;  // "Go cmd/compile go1.26.8; regabi"
  int dwarf_version = 0;  // of the Go compile units
  std::vector<DwarfStruct> structs;      // sorted by name, unique
  std::vector<DwarfFunction> functions;  // sorted by name, unique (out-of-line copies; abstract origins resolved).
                                         // Of an ABIInternal and an ABI0 copy with one name: the ABIInternal one.
};

struct DwarfWants {
  // Called with the unescaped name. Unset: everything.
  std::function<bool(std::string_view)> function;
  std::function<bool(std::string_view)> structure;
};

Result<DwarfContents> ReadDwarf(const std::string& path, const DwarfWants& wants = {});

}  // namespace gooffsets

#endif  // GOOFFSETS_DWARF_READ_DWARF_H_
