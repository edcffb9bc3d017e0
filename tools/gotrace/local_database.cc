#include "gotrace/local_database.h"

#include <utility>

#include "common/database_path.h"

namespace gooffsets::trace {

Result<void> LocalDatabase::Open() {
  if (none_) return {};
  const Result<std::string> path = FindDatabase(named_);
  if (!path) {
    why_none_ = path.error().message;
    return {};
  }
  seen_ = FileOf(*path);
  GOOFFSETS_TRY(database_, Database::Open(*path));
  return {};
}

bool LocalDatabase::Renewed(std::vector<std::string>* messages) {
  if (none_) return false;
  const Result<std::string> path = FindDatabase(named_);
  const std::optional<FileId> file = path ? FileOf(*path) : std::nullopt;
  // A file that is gone for a moment, or for good, leaves the open one in use.
  if (!file || file == seen_) return false;
  seen_ = file;
  Result<Database> fresh = Database::Open(*path);
  if (!fresh) {
    messages->push_back("the new database cannot be used, the one before stays: " + fresh.error().ToString());
    return false;
  }
  database_ = std::move(*fresh);
  messages->push_back("new data: " + *path);
  return true;
}

}  // namespace gooffsets::trace
