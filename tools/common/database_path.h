// Which database a tool reads when none is named, and which it writes.
//
// Reading: the one that update-offsets installed for this user ($XDG_DATA_HOME/gooffsets/current.db) or for the machine
// (/var/lib/gooffsets/current.db), else the released one: <prefix>/share/gooffsets/offsets.db beside the program, or the
// build tree's. Reads the environment and the file system; call from main().
//
//   Result<std::string> path = FindDatabase(options.db);
#ifndef GOOFFSETS_TOOLS_COMMON_DATABASE_PATH_H_
#define GOOFFSETS_TOOLS_COMMON_DATABASE_PATH_H_

#include <string>
#include <vector>

#include "gooffsets/result.h"

namespace gooffsets {

inline constexpr const char* kWrittenDatabase = "./offsets.db";

// The places looked at, in order.
std::vector<std::string> DatabasePlaces();
// `named` if it is not empty, else the first place that has a file; kNotFound lists the places.
Result<std::string> FindDatabase(const std::string& named);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_COMMON_DATABASE_PATH_H_
