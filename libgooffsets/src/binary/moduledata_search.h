// Where moduledata may lie, and what an unknown release's layout of it is.
//
// Both only propose: what is accepted is decided by the checks of moduledata.cc. Scans read each segment at most once
// for each of the two, in pieces. Safe from any thread.
//
//   ForEachModuledataCandidate(image, pclntab, [&](const ModuledataCandidate& c) { return !Accept(c.address); });
#ifndef GOOFFSETS_BINARY_MODULEDATA_SEARCH_H_
#define GOOFFSETS_BINARY_MODULEDATA_SEARCH_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "binary/image.h"
#include "binary/moduledata_layouts.h"
#include "binary/pclntab.h"
#include "gooffsets/result.h"

namespace gooffsets {

struct ModuledataCandidate {
  uint64_t address = 0;
  std::string found_by;
};

// Until `each` returns false: the section .go.module, words that equal the pclntab's address, data of its shape.
Result<void> ForEachModuledataCandidate(const Image& image, const Pclntab& pclntab,
                                        const std::function<bool(const ModuledataCandidate&)>& each);

// The layout of the moduledata at `address`, from the type descriptor of runtime.moduledata, found by its name.
// The word where the descriptor says that "types" is must be the base that makes the descriptor readable.
Result<std::optional<ModuledataLayout>> SearchModuledataLayout(const Image& image, uint64_t address);

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_MODULEDATA_SEARCH_H_
