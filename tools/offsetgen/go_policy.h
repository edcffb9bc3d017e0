// Which Go releases a module is built with: the value of `--go` and of `go` in data/targets.toml.
//
// Plain values and pure functions, safe from any thread. What each policy means for the jobs is in plan.h.
//
//   Result<GoPolicy> policy = ParseGoPolicy("1.26.8,1.21.13");   // kind kList, two releases, ascending
#ifndef OFFSETGEN_GO_POLICY_H_
#define OFFSETGEN_GO_POLICY_H_

#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/result.h"
#include "gooffsets/version.h"

namespace offsetgen {

struct GoPolicy {
  enum class Kind {
    kAuto,    // the newest stable release that compiles, and one more for each distinct layout
    kNewest,  // only the newest stable release that compiles
    kOldest,  // only the oldest stable release that compiles
    kList,    // exactly these releases, whatever comes of it
  };
  Kind kind = Kind::kAuto;
  std::vector<gooffsets::Version> releases;  // kList only; ascending, without duplicates

  bool operator==(const GoPolicy&) const = default;
};

// "auto", "newest", "oldest", or releases separated by commas ("go" before a release is accepted).
gooffsets::Result<GoPolicy> ParseGoPolicy(std::string_view text);
// Whether this Go release refuses to compile modules whose go.mod files ask for Go `directive`, as releases from 1.21 on
// do with newer ones (https://go.dev/doc/toolchain).
bool RefusesDirective(const gooffsets::Version& go, const gooffsets::Version& directive);
// The text that ParseGoPolicy reads back to the same value.
std::string ToString(const GoPolicy& policy);

}  // namespace offsetgen

#endif  // OFFSETGEN_GO_POLICY_H_
