// Databases made from the repository's own shards, once, and kept beside the other temporary files for the next test
// process.
#ifndef GOOFFSETS_TESTS_UNIT_RESOLVE_RELEASED_H_
#define GOOFFSETS_TESTS_UNIT_RESOLVE_RELEASED_H_

#include <functional>
#include <string>

#include "gooffsets/layout.h"
#include "store/record.h"

namespace gooffsets::testing {

// Path of a database with all shards of data/. Empty: it could not be made (the test fails with the reason).
std::string ReleasedDatabase();

// A copy of it at `path` without the builds that `drop` names.
bool CopyWithout(const std::string& path, const std::function<bool(const BuildInfo&)>& drop);

}  // namespace gooffsets::testing

#endif  // GOOFFSETS_TESTS_UNIT_RESOLVE_RELEASED_H_
