// The next snapshot as a continuation of the previous one, so that the difference between their files is small.
//
// Rows keep the numbers they have in `previous`; what `database` has beyond it is added behind, what it no longer has
// is taken out, and afterwards both say the same of every build (checked by fingerprints). A database that was made
// anew has the same content under other numbers, and nearly every page of its file differs.
//
//   GOOFFSETS_TRY(ExtendedSnapshot made, ExtendSnapshot("previous.db", "offsets.db", "new.db"));
#ifndef GOOFFSETS_FEED_EXTEND_SNAPSHOT_H_
#define GOOFFSETS_FEED_EXTEND_SNAPSHOT_H_

#include <cstddef>
#include <functional>
#include <string>

#include "gooffsets/result.h"

namespace gooffsets {

struct ExtendedSnapshot {
  size_t added = 0, replaced = 0, removed = 0, kept = 0;  // builds
  bool changed = false;  // anything at all, known versions included; else no file was written
};

// `previous` is a published snapshot, or empty: then the new one is made of `database` alone. Works beside `out`.
// `progress` (may be empty) is told how many of the builds that are to be added were.
Result<ExtendedSnapshot> ExtendSnapshot(const std::string& previous, const std::string& database,
                                        const std::string& out,
                                        const std::function<void(size_t done, size_t total)>& progress = {});

}  // namespace gooffsets

#endif  // GOOFFSETS_FEED_EXTEND_SNAPSHOT_H_
