// Opening an offsets database file: makes it, brings it to the current level, or refuses it without touching it.
//
// What a file is, is read from its first 100 bytes before SQLite sees it (https://www.sqlite.org/fileformat.html §1.3):
// a file of another program and a database of a newer gooffsets are refused and stay byte for byte what they were.
// Working databases use WAL; published snapshots (journal mode DELETE) are opened immutable for reading.
// Safe from any thread; each connection belongs to one.
//
//   Result<Connection> db = OpenDatabaseFile("offsets.db", OpenMode::kReadOnly);
#ifndef GOOFFSETS_STORE_DATABASE_FILE_H_
#define GOOFFSETS_STORE_DATABASE_FILE_H_

#include <cstdint>
#include <string>

#include "gooffsets/result.h"
#include "store/sqlite.h"

namespace gooffsets {

inline constexpr int64_t kApplicationId = 0x676f6f66;  // "goof": PRAGMA application_id

enum class OpenMode {
  kReadOnly,   // must exist
  kReadWrite,  // must exist
  kCreate,     // made if missing
};

// The level this program reads and writes.
int64_t SchemaLevel();

Result<Connection> OpenDatabaseFile(const std::string& path, OpenMode mode);

}  // namespace gooffsets

#endif  // GOOFFSETS_STORE_DATABASE_FILE_H_
