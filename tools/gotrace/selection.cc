#include "gotrace/selection.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "gotrace/processes.h"

namespace gooffsets::trace {

void Selection::Normalize() {
  for (std::string& exe : exes) {
    std::error_code error;
    const std::filesystem::path path = std::filesystem::weakly_canonical(exe, error);
    if (!error) exe = path.string();
  }
}

std::set<int> Selection::Listeners() const {
  std::set<int> all_listeners;
  for (const uint16_t port : ports) all_listeners.merge(ListenersOn(port));
  return all_listeners;
}

bool Selection::Wants(int pid, const std::set<int>& listeners) const {
  if (pid == getpid()) return false;
  if (all || listeners.count(pid) || std::find(pids.begin(), pids.end(), pid) != pids.end()) return true;
  if (exes.empty()) return false;
  const std::optional<std::string> name = ExeName(pid);
  if (name && std::find(exes.begin(), exes.end(), *name) != exes.end()) return true;
  // The same file under another name: hard links, and paths as a container sees them.
  const std::optional<FileId> file = FileOf(ExePath(pid));
  return file && std::any_of(exes.begin(), exes.end(), [&](const std::string& exe) { return FileOf(exe) == file; });
}

}  // namespace gooffsets::trace
