#include "go_policy.h"

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "text.h"

namespace offsetgen {

using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::Result;
using gooffsets::Version;
using gooffsets::VersionScheme;

Result<GoPolicy> ParseGoPolicy(std::string_view text) {
  const std::string_view word = Trim(text);
  if (word == "auto") return GoPolicy{GoPolicy::Kind::kAuto, {}};
  if (word == "newest") return GoPolicy{GoPolicy::Kind::kNewest, {}};
  if (word == "oldest") return GoPolicy{GoPolicy::Kind::kOldest, {}};
  GoPolicy policy{GoPolicy::Kind::kList, {}};
  for (std::string_view part : Split(word, ',')) {
    Result<Version> release = Version::Parse(VersionScheme::kGo, Trim(part));
    if (!release) {
      return Fail(
          ErrorCode::kUsage,
          "\"" + Printable(text) + "\" is no choice of Go releases: \"" + Printable(part) + "\" is not a release",
          "auto, newest, oldest, or releases such as 1.26.8,1.21.13");
    }
    policy.releases.push_back(*std::move(release));
  }
  std::sort(policy.releases.begin(), policy.releases.end());
  policy.releases.erase(std::unique(policy.releases.begin(), policy.releases.end()), policy.releases.end());
  return policy;
}

std::string ToString(const GoPolicy& policy) {
  switch (policy.kind) {
    case GoPolicy::Kind::kAuto:
      return "auto";
    case GoPolicy::Kind::kNewest:
      return "newest";
    case GoPolicy::Kind::kOldest:
      return "oldest";
    case GoPolicy::Kind::kList:
      break;
  }
  std::string text;
  for (const Version& release : policy.releases) {
    if (!text.empty()) text += ',';
    text += release.text();
  }
  return text;
}

bool RefusesDirective(const gooffsets::Version& go, const gooffsets::Version& directive) {
  constexpr uint64_t kFirstStrictMinor = 21;
  return go.minor() >= kFirstStrictMinor && go < directive;
}

}  // namespace offsetgen
