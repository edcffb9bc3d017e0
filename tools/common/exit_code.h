// From errors and command lines to exit codes, the same in every tool (docs/exit-codes.md).
//
// These functions write to standard error and are for main() only; call them from one thread.
//
//   CLI::App app("...");
//   if (std::optional<int> exit = ParseArguments(&app, argc, argv)) return *exit;
//   Result<Database> db = Database::Open(path);
//   if (!db) return ReportError("gooffsets", db.error());
#ifndef GOOFFSETS_TOOLS_COMMON_EXIT_CODE_H_
#define GOOFFSETS_TOOLS_COMMON_EXIT_CODE_H_

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "gooffsets/result.h"

namespace gooffsets {

inline constexpr int kExitUsage = 2;

// Parses the command line. A value says that the program is to end with it: 0 after --help or --version, 2 after a
// mistake, whatever CLI11's own code is.
std::optional<int> ParseArguments(CLI::App* app, int argc, char** argv);

// "gooffsets: error: cannot read x" and, on a line of its own, what to try. Returns the exit code.
int ReportError(std::string_view tool, const Error& error);

// Text of a file or database for a terminal: control characters become '?', so that no escape sequence gets through.
std::string Printable(std::string_view text);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_COMMON_EXIT_CODE_H_
