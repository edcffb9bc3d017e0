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
  // Whose code it is, where a replacement by another module took its place: {"github.com/fork/grpc", "v1.60.2"}.
  std::string code_path, code_version;

  // The module that its layouts are filed under, canonical.
  gooffsets::ModuleVersion Owner() const;
};

struct Closure {
  std::vector<ClosureModule> modules;  // sorted by path; the root among them
  std::string max_go;                  // the highest go directive
  std::string root;                    // import path of the root: the request's, unless that replaces another module

  // Filed under: the owner of the module with this import path; `other` as it is if there is none (std).
  gooffsets::ModuleVersion OwnerOf(const gooffsets::ModuleVersion& other) const;
};

// One module of a build that is to be resolved again exactly as it was (a binary's build info).
struct PinnedModule {
  std::string path, version;      // as imported and required: "google.golang.org/grpc", "1.60.1"
  gooffsets::ModuleVersion code;  // what was compiled: the same, or what `replace` put in its place

  auto operator<=>(const PinnedModule&) const = default;
};

struct ModuleRequest {
  gooffsets::ModuleVersion root;
  gooffsets::GoArch goarch = gooffsets::GoArch::kAmd64;
  std::vector<std::string> tags;
  std::vector<std::string> roots, excludes;  // package patterns; empty roots: every importable package
  std::string source_dir;                    // not empty: a local checkout takes the place of the download
  // Not empty: dependencies are taken at exactly these versions, whatever they require of one another. The root is
  // then the `code` of one of them, or a module of its own.
  std::vector<PinnedModule> pinned;
};

// A path or version as a word of a go.mod file: quoted where it has to be (src: golang.org/x/mod/modfile.AutoQuote).
std::string GoModWord(const std::string& text);

gooffsets::Result<Closure> ResolveClosure(GoCommand& go, const std::string& keepgen, const Toolchain& newest,
                                          const ModuleRequest& request);

}  // namespace offsetgen

#endif  // OFFSETGEN_CLOSURE_H_
