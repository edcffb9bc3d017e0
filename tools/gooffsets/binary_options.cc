#include "binary_options.h"

#include <fmt/format.h>

#include "common/database_path.h"
#include "debuginfod.h"
#include "gooffsets/debug_file.h"

namespace gooffsets {

void AddBinaryOptions(CLI::App* command, BinaryOptions* options) {
  auto* file = command->add_option("FILE", options->file, "a Go program (an ELF file of linux/amd64 or linux/arm64)");
  auto* pid = command->add_option("--pid", options->pid, "a running process instead: also deleted, packed, or in a container");
  file->excludes(pid);
}

void AddSourceOptions(CLI::App* command, SourceOptions* options) {
  auto* db = command->add_option("--db", options->db, "Database (default: the installed one, else the released one)");
  command->add_flag("--no-db", options->no_db, "Only what the program says itself")->excludes(db);
  command->add_option("--min-source", options->min_source, "Weakest source that counts: self, exact, composed, inferred")
      ->check(CLI::IsMember({"self", "exact", "composed", "inferred", "bracketed"}));
  command->add_flag("--allow-bracketed", options->allow_bracketed,
                    "Also answers that only the nearest versions on both sides agree on");
  command->add_option("--debug-file", options->debug_file, "The program's separate debug file");
  command->add_option("--debug-dir", options->debug_directories,
                      fmt::format("Where to look for separate debug files (default: {})", kDebugDirectory));
  command->add_flag("--debuginfod", options->debuginfod, "Fetch the debug file from the servers that DEBUGINFOD_URLS names");
}

Result<GoBinary> OpenBinary(const BinaryOptions& options) {
  if (options.pid != 0) return GoBinary::OpenProcess(options.pid);
  if (options.file.empty()) return Fail(ErrorCode::kUsage, "no program is named", "FILE or --pid PID");
  return GoBinary::Open(options.file);
}

Result<std::optional<Database>> OpenDatabase(const SourceOptions& options) {
  if (options.no_db) return std::nullopt;
  GOOFFSETS_TRY(std::string path, FindDatabase(options.db));
  GOOFFSETS_TRY(Database database, Database::Open(path));
  return database;
}

Result<ResolveOptions> ResolveOptionsFor(const GoBinary& binary, const SourceOptions& options) {
  ResolveOptions resolve;
  GOOFFSETS_TRY(resolve.policy.min_source, ParseSource(options.min_source));
  resolve.policy.allow_bracketed = options.allow_bracketed || resolve.policy.min_source == Source::kBracketed;
  if (!options.debug_file.empty()) {
    GOOFFSETS_CHECK_OK(CheckDebugFile(binary, options.debug_file));
    resolve.debug_file = options.debug_file;
    return resolve;
  }
  if (binary.info().has_dwarf) return resolve;
  std::vector<std::string> directories = options.debug_directories;
  if (directories.empty()) directories.push_back(kDebugDirectory);
  GOOFFSETS_TRY(DebugFile found, FindDebugFile(binary, directories));
  resolve.debug_file = found.path;
  if (resolve.debug_file.empty() && options.debuginfod) {
    GOOFFSETS_TRY(std::string fetched, FetchDebugFile(binary.info()));
    GOOFFSETS_CHECK_OK(CheckDebugFile(binary, fetched));
    resolve.debug_file = fetched;
  }
  return resolve;
}

}  // namespace gooffsets
