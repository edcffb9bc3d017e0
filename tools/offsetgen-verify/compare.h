// Compares every stored number of a build with what another reader found in the binary.
//
// Compared are, for each struct: size, number of fields, each field's name, offset, size and type; for each function:
// each parameter's and result's name (when it has one), type and size, and where parameters lie at entry, as far as DWARF
// says so. A stored symbol that the binary does not have differs. What the build's own record already lists as a
// disagreement between its sources is counted apart. Pure function; thread-safe.
//
//   Comparison comparison = Compare(record, facts);   // comparison.differing() == 0
#ifndef GOOFFSETS_TOOLS_OFFSETGEN_VERIFY_COMPARE_H_
#define GOOFFSETS_TOOLS_OFFSETGEN_VERIFY_COMPARE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "llvm_reader.h"
#include "store/record.h"

namespace gooffsets::verify {

struct Difference {
  std::string symbol, what, binary, stored;
};

struct Counts {
  uint64_t compared = 0, differing = 0, not_compared = 0;
};

struct Comparison {
  Counts structs, functions;   // symbols
  Counts numbers;              // sizes and offsets, names and types
  Counts locations;            // of parameters at entry
  uint64_t recorded = 0;       // differences that the record lists itself
  std::vector<Difference> differences;  // the first kMaxDifferences
  static constexpr size_t kMaxDifferences = 1000;

  uint64_t differing() const { return numbers.differing + locations.differing; }
};

// The full names under which a stored symbol may be found in DWARF: "net/http.Request"; a type that belongs to no package
// of its own under its own name.
std::vector<std::string> FullNames(std::string_view package, std::string_view symbol);

Comparison Compare(const BuildRecord& record, const BinaryFacts& facts);

}  // namespace gooffsets::verify

#endif  // GOOFFSETS_TOOLS_OFFSETGEN_VERIFY_COMPARE_H_
