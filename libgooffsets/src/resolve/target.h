// What a program is, in the database's terms: Go release, module versions, and how it was built.
//
// Honours replacements (the code of a replaced module is filed under the replacement's name and version, with the
// import paths of the replaced one), development versions, vendor suffixes, experiments, tags and race-like modes. What
// is not known stays empty with a reason. Pure values.
//
//   Target target = TargetOf(binary.info());
//   target.Owner("google.golang.org/grpc/internal/transport")->version;   // "1.60.1"
#ifndef GOOFFSETS_RESOLVE_TARGET_H_
#define GOOFFSETS_RESOLVE_TARGET_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/binary.h"
#include "gooffsets/layout.h"

namespace gooffsets {

struct Target {
  struct Module {
    std::string code_path;  // whose code it is; "std" for the standard library
    std::string version;    // canonical; empty: not known, `why` says why
    std::string why;
  };

  std::string file;
  GoArch goarch = GoArch::kAmd64;
  std::string go;  // release; empty: not known, `go_why` says why
  std::string go_why;
  std::string language;                        // "1.22"; may be empty
  std::string go_suffix;                       // a vendor's Go: the standard library may be another
  std::vector<std::string> experiments, tags;  // sorted; `tags` with race, msan and asan
  std::optional<bool> cgo;
  bool fips = false;
  bool newer_processor = false;  // GOAMD64 or GOARM64 asks for more than the oldest
  bool has_modules = false;
  std::map<std::string, Module> modules;  // by import path

  // The module that provides a package by the program's own list; nullptr: none of them.
  const Module* Owner(std::string_view package) const;
};

Target TargetOf(const BinaryInfo& info);

// Why the files that a stored build without cgo compiled of this package may be others in the program; empty: they are
// the same. `depends`: the build tags on which the package's files depend, "cgo" among them; null: not recorded, then
// a table tells it of the standard library's (`std_package`), and of others any difference counts.
std::string ConfigDoubt(const Target& target, std::string_view package, bool std_package,
                        const std::vector<std::string>* depends, const std::vector<std::string>& build_tags,
                        const std::string& build_experiment);

}  // namespace gooffsets

#endif  // GOOFFSETS_RESOLVE_TARGET_H_
