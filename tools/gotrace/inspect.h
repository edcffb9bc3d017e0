// `gotrace inspect`: which probes would attach to a program, which attributes there would be, which not and why.
//
// Loads nothing and needs no rights but to read the file. Writes to standard output: for main() only.
#ifndef GOOFFSETS_TOOLS_GOTRACE_INSPECT_H_
#define GOOFFSETS_TOOLS_GOTRACE_INSPECT_H_

#include <CLI/CLI.hpp>
#include <string>

namespace gooffsets::trace {

struct InspectOptions {
  std::string file, database, format = "text";
  int pid = 0;
  bool no_database = false;
};

CLI::App* AddInspect(CLI::App* app, InspectOptions* options);
int RunInspect(const InspectOptions& options);  // an exit code

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_INSPECT_H_
