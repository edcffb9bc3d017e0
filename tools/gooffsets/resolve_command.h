// `gooffsets resolve` and `explain`: answers for one program, all of a want list or one item from every source.
//
// Writes to standard output and errors to standard error; one thread.
#ifndef GOOFFSETS_TOOLS_GOOFFSETS_RESOLVE_COMMAND_H_
#define GOOFFSETS_TOOLS_GOOFFSETS_RESOLVE_COMMAND_H_

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "binary_options.h"

namespace gooffsets {

struct ResolveCommand {
  BinaryOptions binary;
  SourceOptions sources;
  std::string wants, format = "text";
};
CLI::App* AddResolve(CLI::App* app, ResolveCommand* options);
// 0: all found; 5: some not, or sources disagree; 6: nothing.
int RunResolve(const ResolveCommand& options);

struct ExplainCommand {
  BinaryOptions binary;
  SourceOptions sources;
  std::vector<std::string> operands;  // FILE ITEM, or ITEM with --pid
  std::string format = "text";
  bool promoted = false;
};
CLI::App* AddExplain(CLI::App* app, ExplainCommand* options);
// 0: found; 1: absent; 5: found, but sources disagree; 6: unknown.
int RunExplain(const ExplainCommand& options);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_GOOFFSETS_RESOLVE_COMMAND_H_
