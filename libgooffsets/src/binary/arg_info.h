// Traceback argument info: which words the arguments of a function consist of, as the compiler wrote it for tracebacks.
//
// Format, from Go 1.17 on: src internal/abi/type.go (TraceArgs...), cmd/compile/internal/ssagen (EmitArgInfo), read by
// runtime/traceback.go (printArgs). An argument that is no aggregate is one word; strings, slices, interfaces, complex
// numbers, arrays and structs are groups of words. Offsets count from the first byte of the caller's argument area; of
// what arrives in registers they say where it is spilled to, behind arguments and results on the stack. At most ten
// words are listed, in groups at most five deep. Pure; safe from any thread.
//
//   GOOFFSETS_TRY(ArgumentInfo info, DecodeArgumentInfo(bytes));
//   info.arguments[1].words[0].offset;
#ifndef GOOFFSETS_BINARY_ARG_INFO_H_
#define GOOFFSETS_BINARY_ARG_INFO_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gooffsets/result.h"

namespace gooffsets {

struct ArgumentInfo {
  struct ArgumentWord {
    uint8_t offset = 0, size = 0;
    bool far = false;  // its offset does not fit a byte: neither offset nor size is said
    bool operator==(const ArgumentWord&) const = default;
  };
  struct Argument {
    bool aggregate = false;
    bool whole = true;  // false: there are more words than are listed
    std::vector<ArgumentWord> words;
  };
  std::vector<Argument> arguments;  // a method's receiver is the first; not the dictionary of a generic function
  bool whole = true;                // false: there are more arguments than are listed
};

// Enough bytes for every info that the compiler writes (src: internal/abi/type.go, TraceArgsMaxLen).
inline constexpr size_t kMostArgumentInfoBytes = (5 * 3 + 2) * 10 + 1;

// `bytes` may go on behind the info. kBadInput: what the compiler never writes.
Result<ArgumentInfo> DecodeArgumentInfo(std::span<const std::byte> bytes);

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_ARG_INFO_H_
