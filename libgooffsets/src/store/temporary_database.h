// The path of a database that is being made: the file, and what SQLite puts beside it, are gone at the end of the scope.
//
// Belongs to one scope; the file itself is made by others.
//
//   TemporaryDatabase working(out + ".working");
//   GOOFFSETS_TRY(Store store, Store::Open(working.path(), OpenMode::kCreate));
#ifndef GOOFFSETS_STORE_TEMPORARY_DATABASE_H_
#define GOOFFSETS_STORE_TEMPORARY_DATABASE_H_

#include <unistd.h>

#include <string>
#include <utility>

namespace gooffsets {

class TemporaryDatabase {
 public:
  explicit TemporaryDatabase(std::string path) : path_(std::move(path)) {}
  ~TemporaryDatabase() {
    for (const char* suffix : {"", "-journal", "-wal", "-shm"}) ::unlink((path_ + suffix).c_str());
  }
  TemporaryDatabase(const TemporaryDatabase&) = delete;
  TemporaryDatabase& operator=(const TemporaryDatabase&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_STORE_TEMPORARY_DATABASE_H_
