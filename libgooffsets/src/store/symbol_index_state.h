// The inside of SymbolIndex: texts one behind the other, and where each symbol's begins.
//
// Symbols lie package by package (by module, path), within a package in byte order of their names. Each name is kept as
// spelled and in lower case, ended by '\n', at the same place of two texts, so that a search is one pass over a
// package's bytes. Immutable once made; safe from any thread.
//
//   std::string_view name = state.Name(state.packages[0].first);   // "Request.URL"
#ifndef GOOFFSETS_STORE_SYMBOL_INDEX_STATE_H_
#define GOOFFSETS_STORE_SYMBOL_INDEX_STATE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/symbol_index.h"

namespace gooffsets {

// ASCII only: Go's identifiers may hold other letters, which are then found as spelled.
std::string LowerAscii(std::string_view text);

struct SymbolIndex::State {
  struct Package {
    uint32_t first = 0, end = 0;  // symbols
    std::string lower;            // path in lower case
  };

  std::vector<IndexedPackage> names;  // beside `packages`
  std::vector<Package> packages;
  std::vector<uint32_t> starts;  // of each symbol in the texts, and one behind the last
  std::vector<SymbolKind> kinds;
  std::string text, lower;

  std::string_view Name(uint32_t symbol) const {
    return std::string_view(text).substr(starts[symbol], starts[symbol + 1] - starts[symbol] - 1);
  }
  // The first symbol of a package whose name does not come before `bound`.
  uint32_t FirstNotBelow(size_t package, std::string_view bound) const {
    uint32_t low = packages[package].first, high = packages[package].end;
    while (low < high) {
      const uint32_t middle = low + (high - low) / 2;
      if (Name(middle) < bound) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
  Symbol At(size_t package, uint32_t symbol) const {
    return {kinds[symbol], names[package].module, names[package].path, Name(symbol)};
  }
};

}  // namespace gooffsets

#endif  // GOOFFSETS_STORE_SYMBOL_INDEX_STATE_H_
