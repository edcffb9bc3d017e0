// `gooffsets lookup`: one symbol of one module version, or of all of them, from a database.
//
// Writes the answer to standard output and errors to standard error; one thread.
//
//   CLI::App app; LookupOptions options;
//   CLI::App* lookup = AddLookup(&app, &options);
//   ... if (lookup->parsed()) return RunLookup(options);
#ifndef GOOFFSETS_TOOLS_GOOFFSETS_LOOKUP_H_
#define GOOFFSETS_TOOLS_GOOFFSETS_LOOKUP_H_

#include <CLI/CLI.hpp>
#include <string>

namespace gooffsets {

struct LookupOptions {
  std::string db, module, version, go, arch, symbol, format = "text";
  bool all_versions = false, promoted = false;
};

CLI::App* AddLookup(CLI::App* app, LookupOptions* options);
int RunLookup(const LookupOptions& options);  // the exit code

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_GOOFFSETS_LOOKUP_H_
