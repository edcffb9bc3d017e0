// What can be done before the kernel has checked its programs, which takes as long: the database is opened, and the
// programs that were named are read and resolved.
//
// Promises nothing: what cannot be opened is left out here and told when it is asked for again. Belongs to one thread,
// which need not be the one that loads the kernel programs.
//
//   auto loading = std::async(Kernel::Load, options);
//   GOOFFSETS_TRY(Preparation preparation, Prepare(selection, LocalDatabase(path, false)));
#ifndef GOOFFSETS_TOOLS_GOTRACE_PREPARATION_H_
#define GOOFFSETS_TOOLS_GOTRACE_PREPARATION_H_

#include <map>
#include <memory>

#include "gooffsets/resolve.h"
#include "gotrace/executable.h"
#include "gotrace/local_database.h"
#include "gotrace/processes.h"
#include "gotrace/selection.h"

namespace gooffsets::trace {

using PreparedExecutables = std::map<FileId, std::unique_ptr<Executable>>;

struct Preparation {
  WantList wants;
  LocalDatabase database;  // open, if there is one
  PreparedExecutables executables;
};

Result<Preparation> Prepare(const Selection& selection, LocalDatabase database);

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_PREPARATION_H_
