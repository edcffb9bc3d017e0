// Which program and which database a subcommand is about: options that inspect, resolve and explain share.
//
// Opens what they name. Reads the environment (debuginfod's own) only where the user asks for it. For main() only.
//
//   AddBinaryOptions(command, &options.binary);
//   GOOFFSETS_TRY(GoBinary binary, OpenBinary(options.binary));
#ifndef GOOFFSETS_TOOLS_GOOFFSETS_BINARY_OPTIONS_H_
#define GOOFFSETS_TOOLS_GOOFFSETS_BINARY_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "gooffsets/binary.h"
#include "gooffsets/database.h"
#include "gooffsets/resolve.h"

namespace gooffsets {

struct BinaryOptions {
  std::string file;
  int pid = 0;
};

struct SourceOptions {
  std::string db;
  bool no_db = false;
  std::string debug_file;
  std::vector<std::string> debug_directories;
  bool debuginfod = false;
  std::string min_source = "inferred";
  bool allow_bracketed = false;
};

void AddBinaryOptions(CLI::App* command, BinaryOptions* options);
void AddSourceOptions(CLI::App* command, SourceOptions* options);

Result<GoBinary> OpenBinary(const BinaryOptions& options);
// nullopt: --no-db.
Result<std::optional<Database>> OpenDatabase(const SourceOptions& options);
// Also finds, or fetches, the program's separate debug file.
Result<ResolveOptions> ResolveOptionsFor(const GoBinary& binary, const SourceOptions& options);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_GOOFFSETS_BINARY_OPTIONS_H_
