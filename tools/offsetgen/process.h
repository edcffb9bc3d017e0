// Child processes: runs one program with exactly the environment given, bounded in time, killable.
//
// The child leads a process group of its own, so that a time limit or Ctrl-C ends its children too, and dies with us if
// we are killed. Thread-safe: calls are independent.
//
//   Command c{.argv = {"/usr/bin/go", "version"}, .env = {"HOME=/tmp"}};
//   Result<ProcessOutput> out = RunProcess(c);
//   if (out && out->exit_code == 0) Use(out->stdout_text);
#ifndef OFFSETGEN_PROCESS_H_
#define OFFSETGEN_PROCESS_H_

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "gooffsets/result.h"

namespace offsetgen {

struct Command {
  std::vector<std::string> argv = {};  // argv[0] is the program's path, searched on PATH if it has no slash
  std::vector<std::string> env = {};   // "NAME=value"; nothing is inherited
  std::string cwd = {};               // empty: ours
  std::string stdin_text = {};
  std::chrono::seconds timeout{600};
  size_t output_limit = 64u << 20;  // bytes kept of each stream; the rest is read and dropped
};

struct ProcessOutput {
  int exit_code = 0;  // 128 + signal if it was killed by one
  std::string stdout_text;
  std::string stderr_text;
  bool timed_out = false;
  double user_seconds = 0;  // CPU time of the child and its children
  double wall_seconds = 0;
};

// Set by the signal handler: running children are ended and RunProcess returns kInterrupted.
extern std::atomic<bool> g_interrupted;

// Errors: kToolchain (the program cannot be started), kInterrupted. A non-zero exit code is no error here.
gooffsets::Result<ProcessOutput> RunProcess(const Command& command);

}  // namespace offsetgen

#endif  // OFFSETGEN_PROCESS_H_
