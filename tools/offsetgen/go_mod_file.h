// What we need to know from a go.mod file: the module's path, and the versions it takes back.
//
// Reads as leniently as the go command reads the go.mod files of others: directives it does not know are skipped (src:
// golang.org/x/mod/modfile.ParseLax). Pure; safe from any thread.
//
//   Result<GoModFile> mod = ParseGoModFile("module example.com/m // a comment\n\ngo 1.21\n", "m/go.mod");
//   mod->module;   // "example.com/m"
#ifndef OFFSETGEN_GO_MOD_FILE_H_
#define OFFSETGEN_GO_MOD_FILE_H_

#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/result.h"
#include "gooffsets/version.h"

namespace offsetgen {

struct GoModFile {
  struct Interval {
    gooffsets::Version low, high;  // both included
  };
  std::string module;
  std::vector<Interval> retracted;

  bool IsRetracted(const gooffsets::Version& version) const;
};

// `name` is how messages call the file. kBadInput: no module directive, or one that names no module path.
gooffsets::Result<GoModFile> ParseGoModFile(std::string_view text, const std::string& name);

}  // namespace offsetgen

#endif  // OFFSETGEN_GO_MOD_FILE_H_
