// Completion scripts for shells, made from the options that a tool really has.
//
// Each tool prints its own with the hidden option --completion SHELL; the build writes them to files and installs them.
// Pure function, any thread.
//
//   std::cout << CompletionScript(app, Shell::kBash);
#ifndef GOOFFSETS_TOOLS_COMMON_COMPLETION_H_
#define GOOFFSETS_TOOLS_COMMON_COMPLETION_H_

#include <CLI/CLI.hpp>
#include <string>

namespace gooffsets {

enum class Shell { kBash, kZsh, kFish };

// Completes subcommands, options and their listed values ("text", "json"); where a value is free, file names.
std::string CompletionScript(const CLI::App& app, Shell shell);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_COMMON_COMPLETION_H_
