// The database file that the tracer reads, opened again when another one lies in its place.
//
// An update renames a new file over the old one, or installs one where there was none; a file that cannot be opened
// changes nothing and is told once. Reads the environment (where databases lie); belongs to one thread.
//
//   LocalDatabase local(options.database, options.no_database);
//   GOOFFSETS_CHECK_OK(local.Open());
//   if (local.Renewed(&messages)) executables.DataChanged(local.get());
#ifndef GOOFFSETS_TOOLS_GOTRACE_LOCAL_DATABASE_H_
#define GOOFFSETS_TOOLS_GOTRACE_LOCAL_DATABASE_H_

#include <optional>
#include <string>
#include <vector>

#include "gooffsets/database.h"
#include "gotrace/processes.h"

namespace gooffsets::trace {

class LocalDatabase {
 public:
  // `named`: the file a user named; empty: the first that is found.
  LocalDatabase(std::string named, bool none) : named_(std::move(named)), none_(none) {}

  // Only a named file that cannot be opened is an error; without any the programs' own word must do (`why_none`).
  Result<void> Open();
  // Whether another file was opened. The old Database is gone then.
  bool Renewed(std::vector<std::string>* messages);

  const Database* get() const { return database_ ? &*database_ : nullptr; }
  const std::string& why_none() const { return why_none_; }

 private:
  const std::string named_;
  const bool none_;
  std::string why_none_;
  std::optional<Database> database_;
  std::optional<FileId> seen_;  // the file that was looked at last, good or not
};

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_LOCAL_DATABASE_H_
