// The closure of a module version: every module that provides a package to it, with its source directory.
//
// Resolved once per module version and architecture by `go list -deps` of the newest Go, through the user's own proxy
// settings, and kept in cache/closures, so that a rerun needs no network. Thread-safe.
#ifndef OFFSETGEN_CLOSURE_H_
#define OFFSETGEN_CLOSURE_H_

#include <string>
#include <vector>

#include "go_command.h"
#include "store/record.h"

namespace offsetgen {

struct ClosureModule {
  std::string path;
  std::string version;  // "v1.60.1", as the go command says it
  std::string dir;
  std::string go;  // its go directive, "1.19" or "1.21.0"; may be empty
};

struct Closure {
  std::vector<ClosureModule> modules;  // sorted by path; the root among them
  std::string max_go;                  // the highest go directive
};

struct ModuleRequest {
  gooffsets::ModuleVersion root;
  gooffsets::GoArch goarch = gooffsets::GoArch::kAmd64;
  std::vector<std::string> tags;
  std::vector<std::string> roots, excludes;  // package patterns; empty roots: every importable package
  std::string source_dir;                    // not empty: a local checkout takes the place of the download
};

gooffsets::Result<Closure> ResolveClosure(GoCommand& go, const std::string& keepgen, const Toolchain& newest,
                                          const ModuleRequest& request);

}  // namespace offsetgen

#endif  // OFFSETGEN_CLOSURE_H_
