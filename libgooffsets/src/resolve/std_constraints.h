// On which build tags the file selection of a package of the standard library depends.
//
// The database's builds have no tags, no cgo and default experiments; for the standard library it is known which
// packages mention which words in their build constraints, so that all others are the same code in a program built
// otherwise. A fixed table of Go 1.17 to 1.27, for releases whose stored package lists do not tell it; pure, safe from any
// thread.
//
//   StdSelectionMentions("net", "cgo")        // true
//   StdSelectionMentions("net/http", "cgo")   // false
#ifndef GOOFFSETS_RESOLVE_STD_CONSTRAINTS_H_
#define GOOFFSETS_RESOLVE_STD_CONSTRAINTS_H_

#include <string_view>

namespace gooffsets {

// The newest minor release of Go that the table knows: 1.27.
inline constexpr int kStdConstraintsNewestMinor = 27;

// `tag`: "cgo", "netgo", "race", "goexperiment.synctest".
bool StdSelectionMentions(std::string_view package, std::string_view tag);

}  // namespace gooffsets

#endif  // GOOFFSETS_RESOLVE_STD_CONSTRAINTS_H_
