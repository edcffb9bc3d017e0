// SQLite behind RAII and Result: a connection, and statements that are prepared once.
//
// A Connection owns its handle and its prepared statements; a Statement borrows one statement and gives it back, reset, when it
// goes out of scope (it must not outlive the connection). One connection belongs to one thread at a time. SQLite's codes
// become ours: full disk kNoSpace, lock kBusy, damage kBadInput, missing right kPermission.
//
//   GOOFFSETS_TRY(Connection db, Connection::Open("offsets.db", Connection::Mode::kCreate));
//   Statement query = db.Prepare("SELECT id FROM string WHERE text = ?");
//   query.BindText("net/http");
//   GOOFFSETS_TRY(bool found, query.Next());
//   if (found) Use(query.Int(0));
#ifndef GOOFFSETS_STORE_SQLITE_H_
#define GOOFFSETS_STORE_SQLITE_H_

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "gooffsets/result.h"

namespace gooffsets {

struct CloseStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using StatementHandle = std::unique_ptr<sqlite3_stmt, CloseStatement>;
struct CloseConnection {
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
};

class Statement;

class Connection {
 public:
  enum class Mode {
    kReadOnly,   // mode=ro
    kImmutable,  // for a published snapshot: no locks, no side files
    kReadWrite,  // must exist
    kCreate,     // made if missing
  };
  static Result<Connection> Open(const std::string& path, Mode mode);

  // Runs one or more statements without results.
  Result<void> Execute(const std::string& sql);
  // A query for `sql`, which must be a literal: its text is the key of the statement cache. An error in the SQL shows at
  // the query's first step.
  Statement Prepare(std::string_view sql);
  Result<int64_t> IntOf(std::string_view sql);  // first column of the first row; kInternal when there is none
  int64_t last_id() const { return sqlite3_last_insert_rowid(db_.get()); }
  int64_t total_changes() const { return sqlite3_total_changes64(db_.get()); }
  int64_t changes() const { return sqlite3_changes64(db_.get()); }
  const std::string& path() const { return path_; }

 private:
  friend class Statement;
  tl::unexpected<Error> LastError(int code) const;
  std::unique_ptr<sqlite3, CloseConnection> db_;
  std::unordered_map<std::string_view, StatementHandle> idle_;  // finalized before the connection closes
  std::string path_;
};

class Statement {
 public:
  Statement(Statement&& other) noexcept = default;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Bind the next parameter. Texts and blobs are copied.
  Statement& BindInt(int64_t value);
  Statement& BindUnsigned(uint64_t value) { return BindInt(static_cast<int64_t>(value)); }
  Statement& BindText(std::string_view value);
  Statement& BindBlob(std::span<const uint8_t> value);
  Statement& BindBlob(std::string_view value);
  Statement& BindNull();

  Result<bool> Next();  // a row is there
  Result<void> Run();   // to the end, for statements without rows
  Result<void> Again(); // reset, to bind and run once more

  int64_t Int(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  uint64_t Unsigned(int column) const { return static_cast<uint64_t>(Int(column)); }
  bool IsNull(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }
  std::string Text(int column) const;
  // Valid until the next step.
  std::string_view Bytes(int column) const;

 private:
  friend class Connection;
  Statement(Connection* owner, std::string_view sql, StatementHandle statement, int error)
      : owner_(owner), sql_(sql), statement_(std::move(statement)), error_(error) {}
  void Note(int code) {
    if (error_ == SQLITE_OK) error_ = code;
  }

  Connection* owner_;
  std::string_view sql_;
  StatementHandle statement_;
  int error_ = SQLITE_OK;
  int next_ = 1;
};

// BEGIN IMMEDIATE; rolls back unless Commit() succeeded.
class Transaction {
 public:
  static Result<Transaction> Begin(Connection* db);
  Transaction(Transaction&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<void> Commit();

 private:
  explicit Transaction(Connection* db) : db_(db) {}
  Connection* db_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_STORE_SQLITE_H_
