#include "snapshot.h"

#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <utility>

#include "base/digest.h"
#include "base/file.h"
#include "base/quote.h"
#include "store/database_file.h"

namespace gooffsets {

namespace {

int64_t Nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000LL + time.tv_nsec; }

// The write-ahead-log mark of the file's header: byte 18 is 2 (https://www.sqlite.org/fileformat.html §1.3.3).
Result<bool> IsWorkingDatabase(const std::string& path) {
  GOOFFSETS_TRY(UniqueFd fd, OpenForReading(path));
  std::array<char, 100> header{};
  GOOFFSETS_CHECK_OK(ReadAt(fd, 0, header.data(), header.size(), path));
  return header[18] == 2;
}

// A copy that nobody else knows of; the caller removes it.
Result<std::string> CopyWorkingDatabase(const std::string& path, const std::string& temporary) {
  std::string copy = temporary + "/offsetd.XXXXXX";
  UniqueFd fd(::mkstemp(copy.data()));
  if (!fd.valid()) return ErrnoError(errno, "cannot write a copy of the working database to " + Quote(temporary));
  auto made = [&]() -> Result<void> {
    {
      GOOFFSETS_TRY(Connection db, OpenDatabaseFile(path, OpenMode::kReadOnly));
      GOOFFSETS_CHECK_OK(db.Prepare("VACUUM INTO ?").BindText(copy).Run());
    }
    GOOFFSETS_TRY(Connection db, Connection::Open(copy, Connection::Mode::kReadWrite));
    return db.Execute("PRAGMA journal_mode = DELETE");
  }();
  if (made) return copy;
  ::unlink(copy.c_str());
  return tl::unexpected(made.error());
}

Result<void> CheckStructure(const std::string& path, Snapshot::Info* info) {
  GOOFFSETS_TRY(Connection db, OpenDatabaseFile(path, OpenMode::kReadOnly));
  GOOFFSETS_CHECK_OK(db.Execute("PRAGMA cache_size = -512"));
  {
    Statement check = db.Prepare("PRAGMA quick_check(1)");
    GOOFFSETS_TRY(bool row, check.Next());
    if (!row || check.Text(0) != "ok") {
      return Fail(ErrorCode::kBadInput,
                  "database " + Quote(path) + " is damaged: " + (row ? check.Text(0) : "no answer"),
                  "bring it again: update-offsets verify says which files are damaged");
    }
  }
  GOOFFSETS_TRY(info->schema_level, db.IntOf("PRAGMA user_version"));
  GOOFFSETS_TRY(int64_t versions, db.IntOf("SELECT count(*) FROM version"));
  GOOFFSETS_TRY(int64_t builds, db.IntOf("SELECT count(*) FROM build WHERE status = 0"));
  info->versions = static_cast<size_t>(versions);
  info->builds = static_cast<size_t>(builds);
  return {};
}

}  // namespace

Result<FileIdentity> IdentityOf(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return ErrnoError(errno, "cannot look at " + Quote(path));
  FileIdentity identity{status.st_dev, status.st_ino, static_cast<uint64_t>(status.st_size)};
  identity.modified = Nanoseconds(status.st_mtim);
  // Readers make an empty log as well; only what is written there is news.
  if (::stat((path + "-wal").c_str(), &status) == 0 && status.st_size > 0) {
    identity.log_size = static_cast<uint64_t>(status.st_size);
    identity.log_modified = Nanoseconds(status.st_mtim);
  }
  return identity;
}

Result<std::shared_ptr<const Snapshot>> Snapshot::Load(const Options& options) {
  std::shared_ptr<Snapshot> snapshot(new Snapshot());
  snapshot->options_ = options;
  Info& info = snapshot->info_;
  info.path = options.path;
  GOOFFSETS_TRY(info.identity, IdentityOf(options.path));
  // Refuses foreign and newer files by their header, before anything else is done with them.
  GOOFFSETS_CHECK_OK(OpenDatabaseFile(options.path, OpenMode::kReadOnly));
  GOOFFSETS_TRY(info.copied, IsWorkingDatabase(options.path));
  snapshot->file_ = options.path;
  if (info.copied) {
    GOOFFSETS_TRY(snapshot->file_, CopyWorkingDatabase(options.path, options.temporary));
  }
  GOOFFSETS_TRY(snapshot->served_, IdentityOf(snapshot->file_));
  info.size = snapshot->served_.size;
  GOOFFSETS_TRY(info.sha256, Sha256HexOfFile(snapshot->file_));
  GOOFFSETS_CHECK_OK(CheckStructure(snapshot->file_, &info));
  {
    GOOFFSETS_TRY(Database database, Database::Open(snapshot->file_));
    GOOFFSETS_TRY(snapshot->modules_, database.Modules());
    GOOFFSETS_TRY(snapshot->site_, SiteMount::Make(database));
  }
  info.modules = snapshot->modules_.size();
  for (unsigned i = 0; i < std::max(1U, options.workers); ++i) {
    GOOFFSETS_TRY(Database database, Database::Open(snapshot->file_));
    auto pooled = std::make_unique<Lease::Pooled>();
    pooled->database.emplace(std::move(database));
    snapshot->idle_.push_back(std::move(pooled));
  }
  // All of it came from one file: nothing took its place in between.
  GOOFFSETS_TRY(FileIdentity now, IdentityOf(snapshot->file_));
  if (now != snapshot->served_ || (!info.copied && now != info.identity)) {
    return Fail(ErrorCode::kBusy, "database " + Quote(options.path) + " was replaced while it was read",
                "it is read again");
  }
  info.loaded = std::time(nullptr);
  // Reading a whole database leaves holes that this process will not fill again.
  ::malloc_trim(0);
  return snapshot;
}

Snapshot::~Snapshot() {
  idle_.clear();
  if (info_.copied && !file_.empty()) ::unlink(file_.c_str());
}

Result<Database> Snapshot::OpenAgain() const {
  GOOFFSETS_TRY(FileIdentity before, IdentityOf(file_));
  GOOFFSETS_TRY(Database database, Database::Open(file_));
  GOOFFSETS_TRY(FileIdentity after, IdentityOf(file_));
  if (before != served_ || after != served_) {
    return Fail(ErrorCode::kNotFound, "another file has taken the database's place");
  }
  return database;
}

Snapshot::Lease Snapshot::Borrow() const {
  std::unique_lock lock(mutex_);
  returned_.wait(lock, [&] { return !idle_.empty(); });
  std::unique_ptr<Lease::Pooled> pooled = std::move(idle_.back());
  idle_.pop_back();
  lock.unlock();
  if (++pooled->answers > options_.answers_per_connection) {
    // Where the file is gone, a newer snapshot is about to be served, and the connection may go on until then.
    if (Result<Database> fresh = OpenAgain()) pooled->database.emplace(std::move(*fresh));
    pooled->answers = 1;
  }
  return {this, std::move(pooled)};
}

Snapshot::Lease::~Lease() {
  if (database_ == nullptr) return;  // moved from
  {
    std::lock_guard lock(owner_->mutex_);
    owner_->idle_.push_back(std::move(database_));
  }
  owner_->returned_.notify_one();
}

}  // namespace gooffsets
