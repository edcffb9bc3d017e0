// Which processes a user wants traced: by id, by file, by port, or all Go programs.
//
// Pure but for looking at /proc and the file system when asked. Belongs to one thread.
//
//   Selection selection{.exes = {"./server"}};
//   if (selection.Wants(pid)) ...
#ifndef GOOFFSETS_TOOLS_GOTRACE_SELECTION_H_
#define GOOFFSETS_TOOLS_GOTRACE_SELECTION_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace gooffsets::trace {

struct Selection {
  std::vector<int> pids;
  std::vector<std::string> exes;  // files, as given; each also when it is replaced by another file
  std::vector<uint16_t> ports;
  bool all = false;

  // Makes paths absolute and follows links, once.
  void Normalize();
  // `listeners`: the processes that listen on `ports`, as of now.
  bool Wants(int pid, const std::set<int>& listeners) const;
  std::set<int> Listeners() const;
};

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_SELECTION_H_
