#include "gotrace/preparation.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gotrace/table.h"

namespace gooffsets::trace {

Result<Preparation> Prepare(const Selection& selection, LocalDatabase database) {
  GOOFFSETS_TRY(WantList wants, TracerWants());
  GOOFFSETS_CHECK_OK(database.Open());
  Preparation preparation{std::move(wants), std::move(database), {}};
  std::vector<std::string> paths = selection.exes;
  for (const int pid : selection.pids) paths.push_back(ExePath(pid));
  for (const std::string& path : paths) {
    const std::optional<FileId> file = FileOf(path);
    if (!file || preparation.executables.count(*file)) continue;
    auto executable = Executable::Open(path, path, preparation.database.get(), preparation.wants);
    if (executable) preparation.executables[*file] = std::move(*executable);
  }
  return preparation;
}

}  // namespace gooffsets::trace
