// `gooffsets diff`: layouts that differ between two builds of a program.
//
// Writes to standard output and errors to standard error; one thread.
#ifndef GOOFFSETS_TOOLS_GOOFFSETS_DIFF_H_
#define GOOFFSETS_TOOLS_GOOFFSETS_DIFF_H_

#include <CLI/CLI.hpp>
#include <string>

namespace gooffsets {

struct DiffCommand {
  std::string first, second, format = "text";
  size_t limit = 1000;  // differences that are printed; 0: all
};
CLI::App* AddDiff(CLI::App* app, DiffCommand* options);
int RunDiff(const DiffCommand& options);  // 0: equal, 1: differences

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_GOOFFSETS_DIFF_H_
