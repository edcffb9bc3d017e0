// Which packages of a module are measured: the patterns of `roots` and `excludes` in data/targets.toml.
//
// A pattern is what the go command takes (src: `go help packages`): an import path, absolute or relative to the module
// ("./internal/transport", "." for the module's own package), where "..." stands for any text, and a final "/..." also
// for nothing: "./..." is every package. Pure functions, safe from any thread.
//
//   PackageSelection wanted = {"google.golang.org/grpc", {".", "./internal/..."}, {"./internal/leakcheck"}};
//   IsSelected(wanted, "google.golang.org/grpc/internal/transport");   // true
#ifndef OFFSETGEN_PACKAGE_PATTERN_H_
#define OFFSETGEN_PACKAGE_PATTERN_H_

#include <string>
#include <string_view>
#include <vector>

namespace offsetgen {

struct PackageSelection {
  std::string module;
  std::vector<std::string> roots;     // empty: every package
  std::vector<std::string> excludes;  // stronger than roots
};

// Whether `package` (an import path) matches `pattern`, relative patterns being meant inside `module`.
bool MatchesPattern(std::string_view pattern, std::string_view module, std::string_view package);
bool IsSelected(const PackageSelection& selection, std::string_view package);
// The absolute form: ("./a/...", "m") is "m/a/...". Patterns of module std have no prefix: ("./net/...", "std") is
// "net/...".
std::string AbsolutePattern(std::string_view pattern, std::string_view module);
// Whether `pattern` lies inside `module` and is written as Go allows.
bool IsPatternOf(std::string_view pattern, std::string_view module);

}  // namespace offsetgen

#endif  // OFFSETGEN_PACKAGE_PATTERN_H_
