// Processes as /proc shows them: which exist, what each runs, where that is loaded, who listens on a port.
//
// Every answer may be outdated at once, as processes end; that is an empty answer, never an error. Reads are bounded.
// Stateless: may be called from any thread.
#ifndef GOOFFSETS_TOOLS_GOTRACE_PROCESSES_H_
#define GOOFFSETS_TOOLS_GOTRACE_PROCESSES_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gooffsets/result.h"

namespace gooffsets::trace {

// A file as the kernel knows it; a new file in the place of an old one is another.
struct FileId {
  uint64_t device = 0, inode = 0, size = 0;
  int64_t changed_ns = 0;
  auto operator<=>(const FileId&) const = default;
};

std::vector<int> AllProcesses();
// The process that a number belongs to: itself, or of a thread its process. kNotFound: there is none.
Result<int> ProcessOf(int pid);
std::string ExePath(int pid);  // "/proc/PID/exe"
std::optional<FileId> FileOf(const std::string& path);
std::optional<std::string> ExeName(int pid);  // what the link says, without " (deleted)"
// The parts of a process's own file that are in its memory; empty: it has ended, or may not be looked at.
struct MappedPart {
  uint64_t address = 0, size = 0, offset = 0;  // offset: in the file
};
std::vector<MappedPart> MappedPartsOf(int pid);
// How far the image of a position-independent program lies from where it was linked; 0 for others.
std::optional<uint64_t> LoadBiasOf(int pid);
// Processes that listen on a TCP port, in this network namespace.
std::set<int> ListenersOn(uint16_t port);

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_PROCESSES_H_
