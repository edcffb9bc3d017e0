// A snapshot: one database file, opened as often as there are workers, that never changes while it is served.
//
// A published file is opened where it lies. A working database (WAL) may change under its readers, so a private copy of
// it is served. Who holds the shared_ptr keeps the snapshot, whatever has taken its place: a request is answered from
// one database from beginning to end. Databases are borrowed, one thread each; everything else is immutable and safe
// from any thread.
//
//   Result<std::shared_ptr<const Snapshot>> snapshot = Snapshot::Load({.path = "offsets.db", .workers = 2});
//   Snapshot::Lease database = (*snapshot)->Borrow();
//   Result<Answer> answer = database->Lookup(query);
#ifndef GOOFFSETS_TOOLS_OFFSETD_SNAPSHOT_H_
#define GOOFFSETS_TOOLS_OFFSETD_SNAPSHOT_H_

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gooffsets/database.h"
#include "gooffsets/result.h"
#include "gooffsets/symbol_index.h"
#include "site_mount.h"

namespace gooffsets {

// What tells one file from the next at the same path, without reading it; of a working database also its log.
struct FileIdentity {
  uint64_t device = 0, inode = 0, size = 0, log_size = 0;
  int64_t modified = 0, log_modified = 0;  // nanoseconds
  bool operator==(const FileIdentity&) const = default;
};
Result<FileIdentity> IdentityOf(const std::string& path);

class Snapshot {
 public:
  struct Options {
    std::string path;
    unsigned workers = 1;
    std::string temporary = "/tmp";  // for the copy of a working database
    // After so many answers a connection is closed and opened again: what it remembers of the packages it was asked
    // about would else grow with the questions.
    unsigned answers_per_connection = 2000;
  };
  struct Info {
    std::string path;
    FileIdentity identity;  // of the file at `path`, also where a copy is served
    std::string sha256;     // of what is served
    uint64_t size = 0;
    int64_t schema_level = 0;
    int64_t loaded = 0;  // seconds since 1970
    size_t modules = 0, versions = 0, builds = 0;
    bool copied = false;  // of a working database
  };

  // Reads the whole file once: digest, and SQLite's own check of its structure. kBadInput, kTooNew, kNotFound.
  static Result<std::shared_ptr<const Snapshot>> Load(const Options& options);
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  const Info& info() const { return info_; }
  const std::vector<std::string>& modules() const { return modules_; }
  const SymbolIndex& symbols() const { return site_->symbols(); }
  const SiteMount& site() const { return *site_; }

  // A database for one thread, given back at the end of its scope. Waits while all are out.
  class Lease {
   public:
    Lease(Lease&& other) noexcept = default;
    ~Lease();
    const Database& operator*() const { return *database_->database; }
    const Database* operator->() const { return &*database_->database; }

   private:
    friend class Snapshot;
    struct Pooled {
      std::optional<Database> database;
      unsigned answers = 0;
    };
    Lease(const Snapshot* owner, std::unique_ptr<Pooled> database) : owner_(owner), database_(std::move(database)) {}
    const Snapshot* owner_;
    std::unique_ptr<Pooled> database_;
  };
  Lease Borrow() const;

 private:
  Snapshot() = default;
  Result<Database> OpenAgain() const;

  Options options_;
  Info info_;
  std::string file_;  // what is opened: the path, or the copy
  FileIdentity served_;
  std::vector<std::string> modules_;
  std::unique_ptr<const SiteMount> site_;
  mutable std::mutex mutex_;
  mutable std::condition_variable returned_;
  mutable std::vector<std::unique_ptr<Lease::Pooled>> idle_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_OFFSETD_SNAPSHOT_H_
