// `gooffsets inspect`: what a Go program is, which tables were found in it, and, asked for, every struct it describes.
//
// Writes to standard output and errors to standard error; one thread.
#ifndef GOOFFSETS_TOOLS_GOOFFSETS_INSPECT_H_
#define GOOFFSETS_TOOLS_GOOFFSETS_INSPECT_H_

#include <CLI/CLI.hpp>
#include <string>

#include "binary_options.h"

namespace gooffsets {

struct InspectOptions {
  BinaryOptions binary;
  bool types = false;
  std::string format = "text";
};

CLI::App* AddInspect(CLI::App* app, InspectOptions* options);
int RunInspect(const InspectOptions& options);  // the exit code

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_GOOFFSETS_INSPECT_H_
