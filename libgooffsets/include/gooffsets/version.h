// Versions of modules (semantic versions as Go modules use them) and of Go itself, ordered.
//
// A version is kept as text in canonical form: modules "1.60.1", "1.20.0-rc.1", "2.0.0+incompatible",
// "0.0.0-20240318140521-94a12d6c2237" (the leading "v" is accepted and dropped); Go releases "1.26.8", "1.20",
// "1.27rc1" ("go" is accepted and dropped). Pure values, safe from any thread; odd strings are errors, never crashes.
//
//   Version a = *Version::Parse(VersionScheme::kModule, "v1.9.0");
//   Version b = *Version::Parse(VersionScheme::kModule, "1.10.0");
//   assert(a < b);
#ifndef GOOFFSETS_VERSION_H_
#define GOOFFSETS_VERSION_H_

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/result.h"

namespace gooffsets {

enum class VersionScheme {
  kModule,  // semver 2.0 as in golang.org/x/mod/semver, with pseudo-versions and +incompatible
  kGo,      // Go releases as in go/version: 1.20 < 1.20.1; 1.21rc2 < 1.21.0
};

// The standard library is module "std"; its versions are Go releases.
inline constexpr std::string_view kStdModule = "std";
inline VersionScheme SchemeOf(std::string_view module) {
  return module == kStdModule ? VersionScheme::kGo : VersionScheme::kModule;
}

class Version {
 public:
  static Result<Version> Parse(VersionScheme scheme, std::string_view text);

  const std::string& text() const { return text_; }  // canonical, without "v" or "go"
  VersionScheme scheme() const { return scheme_; }
  uint64_t major() const { return major_; }
  uint64_t minor() const { return minor_; }
  uint64_t patch() const { return patch_; }
  bool is_prerelease() const;      // semver pre-release, Go rc/beta, or pseudo-version
  bool is_pseudo() const;          // v0.0.0-yyyymmddhhmmss-abcdefabcdef and its two other forms
  std::string minor_line() const;  // "1.60": names a shard

  std::strong_ordering operator<=>(const Version& other) const;  // precedence; ties broken by text
  bool operator==(const Version& other) const { return text_ == other.text_ && scheme_ == other.scheme_; }

 private:
  std::string text_;
  VersionScheme scheme_ = VersionScheme::kModule;
  uint64_t major_ = 0, minor_ = 0, patch_ = 0;
  std::string prerelease_;  // without "-"
};

// A constraint: comma-separated terms, all of which must hold: ">=1.14,<1.20", "~1.60" (1.60.x), "^1.2", "=1.60.1",
// "1.60.1", "!=1.3.0", "latest", "*". "v"/"go" optional. Pre-releases match only with include_prereleases or when the
// constraint names one exactly.
class Constraint {
 public:
  static Result<Constraint> Parse(VersionScheme scheme, std::string_view text);
  // The versions that match, ascending, without duplicates. "latest" is the newest stable one of `versions`.
  std::vector<Version> Select(const std::vector<Version>& versions, bool include_prereleases) const;
  const std::string& text() const { return text_; }
  // Versions named exactly ("1.60.1"): these may exist although no list names them. Go terms of two numbers ("1.20")
  // name the release 1.20 (below 1.21) or the line 1.x (from 1.21 on).
  const std::vector<Version>& named() const { return named_; }

  struct Term {
    enum class Op { kAny, kLatest, kEq, kNe, kLt, kLe, kGt, kGe, kTilde, kCaret } op = Op::kAny;
    Version version;
    int parts = 3;  // how many numbers the user wrote: "~1" 1, "~1.60" 2, "~1.60.1" 3
  };

 private:
  std::string text_;
  VersionScheme scheme_ = VersionScheme::kModule;
  std::vector<Term> terms_;
  std::vector<Version> named_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_VERSION_H_
