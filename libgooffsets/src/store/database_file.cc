#include "store/database_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/file.h"
#include "base/quote.h"
#include "store/migrations.h"

namespace gooffsets {

namespace {

constexpr const char* kNameADatabase =
    "name a database that offsetgen or update-offsets made; offsetgen import makes one from *.jsonl.zst";

constexpr std::string_view kMagic("SQLite format 3\0", 16);

struct Header {
  int64_t application_id = 0;
  int64_t level = 0;  // user_version
  bool wal = false;
};

int64_t BigEndian32(const char* bytes) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return static_cast<int32_t>(value);
}

// nullopt: the file is empty, as sqlite3_open makes it before the first write.
Result<std::optional<Header>> ReadHeader(const std::string& path) {
  GOOFFSETS_TRY(UniqueFd fd, OpenForReading(path));
  GOOFFSETS_TRY(uint64_t size, FileSize(fd, path));
  if (size == 0) return std::optional<Header>();
  std::array<char, 100> bytes{};
  Result<void> read = ReadAt(fd, 0, bytes.data(), bytes.size(), path);
  if (!read && read.error().code != ErrorCode::kBadInput) return tl::unexpected(read.error());
  if (!read || std::string_view(bytes.data(), kMagic.size()) != kMagic) {
    return Fail(ErrorCode::kBadInput, Quote(path) + " is no offsets database: it is not an SQLite file", kNameADatabase);
  }
  Header header;
  header.wal = bytes[18] == 2;
  header.level = BigEndian32(bytes.data() + 60);
  header.application_id = BigEndian32(bytes.data() + 68);
  return std::optional<Header>(header);
}

tl::unexpected<Error> TooNew(const std::string& path, int64_t level) {
  return Fail(ErrorCode::kTooNew,
              "database " + Quote(path) + " has level " + std::to_string(level) + ", this gooffsets reads up to level " +
                  std::to_string(SchemaLevel()),
              "install a newer gooffsets; the file was not changed");
}

Result<void> CheckHeader(const std::string& path, int64_t application_id, int64_t level) {
  if (application_id != kApplicationId) {
    return Fail(ErrorCode::kBadInput, Quote(path) + " is no offsets database: it belongs to another program",
                kNameADatabase);
  }
  if (level > SchemaLevel()) return TooNew(path, level);
  if (level < 1) return Fail(ErrorCode::kBadInput, "database " + Quote(path) + " has no level", kNameADatabase);
  return {};
}

bool Exists(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

// Runs the scripts that are missing, all or none. The rollback journal keeps a killed creation from leaving half a schema.
Result<void> Migrate(Connection* db, bool fresh) {
  GOOFFSETS_TRY(Transaction transaction, Transaction::Begin(db));
  GOOFFSETS_TRY(int64_t application_id, db->IntOf("PRAGMA application_id"));
  GOOFFSETS_TRY(int64_t level, db->IntOf("PRAGMA user_version"));
  if (fresh && application_id == 0) {
    // Another program may have filled the file since we looked.
    GOOFFSETS_TRY(int64_t objects, db->IntOf("SELECT count(*) FROM sqlite_schema"));
    if (objects != 0 || level != 0) return CheckHeader(db->path(), application_id, level);
    GOOFFSETS_CHECK_OK(db->Execute("PRAGMA application_id = " + std::to_string(kApplicationId)));
  } else {
    GOOFFSETS_CHECK_OK(CheckHeader(db->path(), application_id, level));
  }
  for (; level < SchemaLevel(); ++level) {
    GOOFFSETS_CHECK_OK(db->Execute(std::string(Migrations()[static_cast<size_t>(level)])));
  }
  GOOFFSETS_CHECK_OK(db->Execute("PRAGMA user_version = " + std::to_string(SchemaLevel())));
  return transaction.Commit();
}

// Makes a database of an older level look like one of the newest to a reader that may not write it.
Result<void> ShowAsNewest(Connection* db, int64_t level) {
  if (level < 2) {
    GOOFFSETS_CHECK_OK(db->Execute(
        "CREATE TEMP VIEW package_list AS SELECT id, digest, entries, NULL AS tags FROM main.package_list"));
  }
  return {};
}

}  // namespace

int64_t SchemaLevel() { return static_cast<int64_t>(Migrations().size()); }

Result<Connection> OpenDatabaseFile(const std::string& path, OpenMode mode) {
  bool fresh = false;
  bool wal = false;
  Result<std::optional<Header>> header = ReadHeader(path);
  if (!header) {
    if (header.error().code != ErrorCode::kNotFound) return tl::unexpected(header.error());
    if (mode != OpenMode::kCreate) {
      return Fail(ErrorCode::kNotFound, "there is no database " + Quote(path),
                  "offsetgen --module M --versions V --db " + path + " makes one");
    }
    fresh = true;
  } else if (!*header || (*header)->application_id == 0) {
    // Empty, or an SQLite file without an owner. The second may be a creation that was killed: Migrate() looks inside.
    if (mode != OpenMode::kCreate) {
      return Fail(ErrorCode::kBadInput, Quote(path) + " is no offsets database: it is empty or belongs to nobody",
                  kNameADatabase);
    }
    fresh = true;
  } else {
    GOOFFSETS_CHECK_OK(CheckHeader(path, (*header)->application_id, (*header)->level));
    wal = (*header)->wal;
  }
  if (mode == OpenMode::kReadOnly) {
    bool snapshot = !wal && !Exists(path + "-journal");
    GOOFFSETS_TRY(Connection db, Connection::Open(path, snapshot ? Connection::Mode::kImmutable : Connection::Mode::kReadOnly));
    GOOFFSETS_TRY(int64_t level, db.IntOf("PRAGMA user_version"));
    if (level > SchemaLevel()) return TooNew(path, level);
    GOOFFSETS_CHECK_OK(ShowAsNewest(&db, level));
    return db;
  }
  GOOFFSETS_TRY(Connection db, Connection::Open(path, fresh ? Connection::Mode::kCreate : Connection::Mode::kReadWrite));
  // Asked again through SQLite, which first undoes what a killed creation left behind.
  GOOFFSETS_TRY(int64_t application_id, db.IntOf("PRAGMA application_id"));
  GOOFFSETS_TRY(int64_t level, db.IntOf("PRAGMA user_version"));
  fresh = mode == OpenMode::kCreate && application_id == 0;
  if (!fresh) GOOFFSETS_CHECK_OK(CheckHeader(path, application_id, level));
  if (fresh || level < SchemaLevel()) GOOFFSETS_CHECK_OK(Migrate(&db, fresh));
  GOOFFSETS_CHECK_OK(db.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"));
  return db;
}

}  // namespace gooffsets
