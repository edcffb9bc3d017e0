#include "store/sqlite.h"

#include <utility>

#include "base/quote.h"

namespace gooffsets {

namespace {

// Two writers take turns; a transaction (one build) lasts well below a second, a shard's import some seconds.
constexpr int kBusyMilliseconds = 60'000;

ErrorCode CodeOf(int sqlite_code) {
  switch (sqlite_code & 0xff) {
    case SQLITE_FULL: return ErrorCode::kNoSpace;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ErrorCode::kBusy;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH: return ErrorCode::kBadInput;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH: return ErrorCode::kPermission;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR: return ErrorCode::kIo;
    default: return ErrorCode::kInternal;
  }
}

// A file name in an SQLite URI (https://www.sqlite.org/uri.html): everything odd is percent-encoded.
std::string FileUri(const std::string& path) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string uri = "file:";
  for (char c : path) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '.' ||
                 c == '-' || c == '_';
    if (plain) {
      uri.push_back(c);
    } else {
      uri.push_back('%');
      uri.push_back(kHex[static_cast<unsigned char>(c) >> 4]);
      uri.push_back(kHex[static_cast<unsigned char>(c) & 15]);
    }
  }
  return uri;
}

}  // namespace

tl::unexpected<Error> Connection::LastError(int code) const {
  std::string why = db_ ? sqlite3_errmsg(db_.get()) : sqlite3_errstr(code);
  ErrorCode ours = CodeOf(db_ ? sqlite3_extended_errcode(db_.get()) : code);
  std::string message = "database " + Quote(path_) + ": " + why;
  const int primary = (db_ ? sqlite3_extended_errcode(db_.get()) : code) & 0xff;
  if (primary == SQLITE_CANTOPEN || primary == SQLITE_READONLY) {
    // Readers of a log (WAL) write an index beside it (https://www.sqlite.org/wal.html#read_only_databases).
    return Fail(ours, message,
                "a database that offsetgen works on needs a directory that can be written, also for reading; what "
                "publish, update-offsets and releases bring is read anywhere");
  }
  switch (ours) {
    case ErrorCode::kNoSpace: return Fail(ours, message, "free some disk space and run again: nothing stored is lost");
    case ErrorCode::kBusy: return Fail(ours, message, "wait for the other process that writes this database");
    case ErrorCode::kBadInput:
      return Fail(ours, message, "move the file away and make it again with offsetgen, or import the shards");
    default: return Fail(ours, message);
  }
}

Result<Connection> Connection::Open(const std::string& path, Mode mode) {
  Connection connection;
  connection.path_ = path;
  std::string uri = FileUri(path);
  int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  switch (mode) {
    case Mode::kReadOnly: flags |= SQLITE_OPEN_READONLY; break;
    case Mode::kImmutable:
      flags |= SQLITE_OPEN_READONLY;
      uri += "?immutable=1";
      break;
    case Mode::kReadWrite: flags |= SQLITE_OPEN_READWRITE; break;
    case Mode::kCreate: flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE; break;
  }
  sqlite3* db = nullptr;
  int code = sqlite3_open_v2(uri.c_str(), &db, flags, nullptr);
  connection.db_.reset(db);
  if (code != SQLITE_OK) return connection.LastError(code);
  sqlite3_busy_timeout(db, kBusyMilliseconds);
  // A hostile database may hold views and triggers that call functions: https://www.sqlite.org/security.html
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  GOOFFSETS_CHECK_OK(connection.Execute("PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON;"));
  // Readers live inside other programs and remember what they read: a quarter of SQLite's own 2 MB of pages will do.
  if (mode == Mode::kReadOnly || mode == Mode::kImmutable) {
    GOOFFSETS_CHECK_OK(connection.Execute("PRAGMA cache_size = -512;"));
  }
  return connection;
}

Result<void> Connection::Execute(const std::string& sql) {
  int code = sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return LastError(code);
  return {};
}

Statement Connection::Prepare(std::string_view sql) {
  if (auto node = idle_.extract(sql)) return Statement(this, sql, std::move(node.mapped()), SQLITE_OK);
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement,
                                nullptr);
  return Statement(this, sql, StatementHandle(statement), code);
}

Result<int64_t> Connection::IntOf(std::string_view sql) {
  Statement query = Prepare(sql);
  GOOFFSETS_TRY(bool row, query.Next());
  if (!row) return Fail(ErrorCode::kInternal, "database " + Quote(path_) + ": no answer to " + std::string(sql));
  return query.Int(0);
}

Statement::~Statement() {
  if (!statement_) return;
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  // Two queries of one text may run at once (a loop inside a loop): the second one's statement is dropped here.
  owner_->idle_.try_emplace(sql_, std::move(statement_));
}

Statement& Statement::BindInt(int64_t value) {
  Note(sqlite3_bind_int64(statement_.get(), next_++, value));
  return *this;
}

Statement& Statement::BindText(std::string_view value) {
  const char* data = value.data() == nullptr ? "" : value.data();
  Note(sqlite3_bind_text64(statement_.get(), next_++, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::BindBlob(std::string_view value) {
  const char* data = value.data() == nullptr ? "" : value.data();
  Note(sqlite3_bind_blob64(statement_.get(), next_++, data, value.size(), SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::BindBlob(std::span<const uint8_t> value) {
  return BindBlob(std::string_view(reinterpret_cast<const char*>(value.data()), value.size()));
}

Statement& Statement::BindNull() {
  Note(sqlite3_bind_null(statement_.get(), next_++));
  return *this;
}

Result<bool> Statement::Next() {
  if (error_ != SQLITE_OK) return owner_->LastError(error_);
  int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  error_ = code;
  return owner_->LastError(code);
}

Result<void> Statement::Run() {
  while (true) {
    GOOFFSETS_TRY(bool row, Next());
    if (!row) return {};
  }
}

Result<void> Statement::Again() {
  if (error_ != SQLITE_OK) return owner_->LastError(error_);
  sqlite3_reset(statement_.get());
  next_ = 1;
  return {};
}

std::string Statement::Text(int column) const { return std::string(Bytes(column)); }

std::string_view Statement::Bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  int size = sqlite3_column_bytes(statement_.get(), column);
  if (data == nullptr || size <= 0) return {};
  return {static_cast<const char*>(data), static_cast<size_t>(size)};
}

Result<Transaction> Transaction::Begin(Connection* db) {
  GOOFFSETS_CHECK_OK(db->Execute("BEGIN IMMEDIATE"));
  return Transaction(db);
}

Transaction::~Transaction() {
  if (db_ != nullptr) (void)db_->Execute("ROLLBACK");
}

Result<void> Transaction::Commit() {
  GOOFFSETS_CHECK_OK(db_->Execute("COMMIT"));
  db_ = nullptr;
  return {};
}

}  // namespace gooffsets
