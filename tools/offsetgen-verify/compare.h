// Compares every stored number of a build with what another reader found in the binary.
//
// Compared are, for each struct: size, number of fields, each field's name, offset, size and type; for each function:
// each parameter's and result's name (when it has one), type and size, and where parameters lie at entry, as far as DWARF
// says so. A stored symbol that the binary does not have, under its own name or one of `links`, differs. What the build's own record already lists as a
// disagreement between its sources is counted apart. Pure function; thread-safe.
//
//   Comparison comparison = Compare(record, facts, links);   // comparison.differing() == 0
#ifndef GOOFFSETS_TOOLS_OFFSETGEN_VERIFY_COMPARE_H_
#define GOOFFSETS_TOOLS_OFFSETGEN_VERIFY_COMPARE_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "linknames.h"
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
  uint64_t renamed = 0;        // functions that the binary has under a symbol of //go:linkname; among the compared
  std::map<std::string, uint64_t> without_layout;  // stored symbols that have no numbers to compare, by reason
  std::vector<Difference> differences;  // the first kMaxDifferences
  static constexpr size_t kMaxDifferences = 1000;

  uint64_t differing() const { return numbers.differing + locations.differing; }
};

// The full names under which a stored symbol may be found in DWARF: "net/http.Request"; a type that belongs to no package
// of its own under its own name.
std::vector<std::string> FullNames(std::string_view package, std::string_view symbol);
// The same for a function, and the symbols that //go:linkname may give it.
std::vector<std::string> FunctionNames(std::string_view package, std::string_view symbol, const LinkNames& links);

Comparison Compare(const BuildRecord& record, const BinaryFacts& facts, const LinkNames& links = {});

}  // namespace gooffsets::verify

#endif  // GOOFFSETS_TOOLS_OFFSETGEN_VERIFY_COMPARE_H_
