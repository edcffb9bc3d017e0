// Which source files a Go release selects of a package, out of what was recorded of it.
//
//   if (SelectionFor(package, go) == package.selection) the release compiles what was measured
#ifndef GOOFFSETS_STORE_SELECTIONS_H_
#define GOOFFSETS_STORE_SELECTIONS_H_

#include <optional>
#include <string_view>

#include "gooffsets/version.h"
#include "store/record.h"

namespace gooffsets {

// The digest of the source files that the minor release of `go` selects, part of `package`; nullopt: not recorded.
std::optional<std::string_view> SelectionFor(const PackageRecord& package, const Version& go);

}  // namespace gooffsets

#endif  // GOOFFSETS_STORE_SELECTIONS_H_
