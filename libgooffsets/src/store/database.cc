#include "gooffsets/database.h"

#include <algorithm>

#include "store/database_file.h"
#include "store/database_impl.h"
#include "store/version_order.h"

namespace gooffsets {

std::string_view ToString(Status status) {
  switch (status) {
    case Status::kFound: return "found";
    case Status::kAmbiguous: return "ambiguous";
    case Status::kAbsent: return "absent";
    case Status::kUnknown: return "unknown";
  }
  return "unknown";
}

int ExitStatus(Status status) {
  switch (status) {
    case Status::kFound: return 0;
    case Status::kAmbiguous:
    case Status::kAbsent: return 1;
    case Status::kUnknown: return 6;
  }
  return 6;
}

std::string_view ToString(SymbolKind kind) {
  switch (kind) {
    case SymbolKind::kField: return "field";
    case SymbolKind::kStruct: return "struct";
    case SymbolKind::kFunction: return "function";
  }
  return "field";
}

bool Value::SameAs(const Value& other) const {
  return kind == other.kind && field == other.field && structure == other.structure && function == other.function &&
         absent_reason == other.absent_reason;
}

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Result<Database> Database::Open(const std::string& path) {
  GOOFFSETS_TRY(Connection db, OpenDatabaseFile(path, OpenMode::kReadOnly));
  return Database(std::make_unique<Impl>(std::move(db)));
}

Result<Answer> Database::Lookup(const Query& query) const { return impl_->Lookup(query); }
Result<Timeline> Database::AllVersions(const Query& query) const { return impl_->AllVersions(query); }
Result<std::vector<std::string>> Database::Modules() const { return impl_->Modules(); }
Result<std::vector<std::string>> Database::Versions(const std::string& module) const { return impl_->Versions(module); }

Result<std::vector<std::string>> Database::Impl::Modules() {
  Statement rows = db_.Prepare(
      "SELECT m.path FROM module m WHERE EXISTS (SELECT 1 FROM version v JOIN observation o ON o.version = v.id "
      "WHERE v.module = m.id) ORDER BY m.path");
  std::vector<std::string> modules;
  while (true) {
    GOOFFSETS_TRY(bool row, rows.Next());
    if (!row) return modules;
    modules.push_back(rows.Text(0));
  }
}

Result<std::vector<std::string>> Database::Impl::Versions(const std::string& module) {
  Statement rows = db_.Prepare(
      "SELECT v.text FROM version v JOIN module m ON m.id = v.module WHERE m.path = ? AND "
      "EXISTS (SELECT 1 FROM observation o WHERE o.version = v.id)");
  rows.BindText(module);
  std::vector<std::string> versions;
  while (true) {
    GOOFFSETS_TRY(bool row, rows.Next());
    if (!row) break;
    versions.push_back(rows.Text(0));
  }
  std::sort(versions.begin(), versions.end(), VersionLess(SchemeOf(module)));
  return versions;
}

}  // namespace gooffsets
