// The separate debug file of a stripped program: found by what the program says, checked before it is believed.
//
// Programs name theirs in .gnu_debuglink (with a CRC-32 of the file) and by build id (.build-id/ab/cdef....debug).
// A candidate counts only if its GNU build id is the program's, or, where the program has none, its CRC is the one named.
// Reads files; fetches nothing (tools may, and give the library a path). Safe from any thread.
//
//   Result<DebugFile> debug = FindDebugFile(binary, {"/usr/lib/debug"});
//   if (debug && !debug->path.empty()) options.debug_file = debug->path;
#ifndef GOOFFSETS_DEBUG_FILE_H_
#define GOOFFSETS_DEBUG_FILE_H_

#include <string>
#include <vector>

#include "gooffsets/binary.h"
#include "gooffsets/result.h"

namespace gooffsets {

struct DebugFile {
  std::string path;  // empty: none was found
  std::string how;   // "build id", "debuglink and CRC"; or what was looked for, and where
};

// Where Debian and others install debug files.
inline constexpr const char* kDebugDirectory = "/usr/lib/debug";

// Looks beside the program, in its .debug directory and below each of `directories` (as gdb does: GDB manual, "Separate
// Debug Files"). A file that is there but belongs to another build is named in `how`. Fails only where the program itself
// cannot be read.
Result<DebugFile> FindDebugFile(const GoBinary& binary, const std::vector<std::string>& directories);
// Whether `path` is the debug file of this program; the error says what differs.
Result<void> CheckDebugFile(const GoBinary& binary, const std::string& path);

}  // namespace gooffsets

#endif  // GOOFFSETS_DEBUG_FILE_H_
