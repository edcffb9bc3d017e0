// What LLVM's DWARF library says about the structs and functions of a Go binary.
//
// A second, independent reader of the same bytes: nothing is shared with libgooffsets' src/dwarf, which uses libdw.
// Numbers are reported as DWARF has them; judging them is compare.h's part. Only this pair of files knows LLVM.
// Thread-safe: no shared state.
//
//   Result<BinaryFacts> facts = ReadWithLlvm("probe", [](std::string_view name) { return name == "net/http.Request"; });
#ifndef GOOFFSETS_TOOLS_OFFSETGEN_VERIFY_LLVM_READER_H_
#define GOOFFSETS_TOOLS_OFFSETGEN_VERIFY_LLVM_READER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/layout.h"
#include "gooffsets/result.h"

namespace gooffsets::verify {

struct FieldFact {
  std::string name, type;
  uint64_t offset = 0, size = 0;
};

struct StructFact {
  uint64_t size = 0;
  std::vector<FieldFact> fields;
};

// One DW_OP_piece, or the whole value.
struct PlaceFact {
  enum class In { kNowhere, kRegister, kFrame } in = In::kNowhere;
  int64_t number = 0;  // DWARF register, or offset from the canonical frame address
  uint64_t size = 0;
};

struct ParameterFact {
  std::string name, type;
  uint64_t size = 0;
  bool is_result = false;
  std::vector<PlaceFact> places;  // at the function's first instruction; empty: DWARF says nothing
};

struct FunctionFact {
  std::vector<ParameterFact> parameters;  // results among them
};

struct BinaryFacts {
  GoArch goarch = GoArch::kAmd64;
  // Every DIE of a name: they may contradict each other, and ABI0 and ABIInternal copies of a function share one.
  std::map<std::string, std::vector<StructFact>, std::less<>> structs;
  std::map<std::string, std::vector<FunctionFact>, std::less<>> functions;
};

// Reads what `wanted` names (unescaped).
Result<BinaryFacts> ReadWithLlvm(const std::string& path, const std::function<bool(std::string_view)>& wanted);

}  // namespace gooffsets::verify

#endif  // GOOFFSETS_TOOLS_OFFSETGEN_VERIFY_LLVM_READER_H_
