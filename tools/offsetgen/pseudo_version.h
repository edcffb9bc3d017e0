// The version that the go command gives to one commit of a repository: a tag, or a pseudo-version made from the highest
// tag before it, the commit's time and its hash.
//
// src: cmd/go/internal/modfetch/coderepo.go (convert), golang.org/x/mod/module/pseudo.go, https://go.dev/ref/mod
// "Mapping versions to commits". Pure: what the repository says comes in as values and functions. Only modules with a
// go.mod file are meant, so that "+incompatible" never applies.
//
//   CommitFacts commit{.hash = "94a12d6c2237...", .time = 1710770481, .tags = {}, .all_tags = {"v1.60.1"},
//                      .is_ancestor = [](const std::string&) { return true; }};
//   VersionOfCommit("google.golang.org/grpc", TagPrefix("google.golang.org/grpc", ""), commit, not_retracted);
//   // "1.60.2-0.20240318140121-94a12d6c2237"
#ifndef OFFSETGEN_PSEUDO_VERSION_H_
#define OFFSETGEN_PSEUDO_VERSION_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/version.h"

namespace offsetgen {

// "/v2" of "example.com/m/v2", ".v3" of "gopkg.in/yaml.v3", "" (src: golang.org/x/mod/module.SplitPathVersion).
std::string_view PathMajorSuffix(std::string_view module);
// Whether this module path can have versions of that major (src: module.MatchPathMajor).
bool MajorMatches(std::string_view path_major, const gooffsets::Version& version);

// What stands before the versions of this module's tags: "trace/" for the module in directory "trace"; "" for one in
// the root, and for .../v2 in a directory "v2", which marks the major version and not a module below.
std::string TagPrefix(std::string_view module, std::string_view directory);

// The version that a tag names: "trace/v1.2.3" is 1.2.3 for the prefix "trace/". `canonical`: without build metadata.
struct TagVersion {
  gooffsets::Version version;
  bool canonical = false;
};
std::optional<TagVersion> ParseVersionTag(std::string_view tag, std::string_view prefix);

struct CommitFacts {
  std::string hash;                                         // 40 hex digits
  int64_t time = 0;                                         // of the committer, seconds since 1970
  std::vector<std::string> tags;                            // on this commit, without "refs/tags/"
  std::vector<std::string> all_tags;                        // of the repository
  std::function<bool(const std::string& tag)> is_ancestor;  // whether the tag's commit is this one or before it
};

// Canonical, without "v". `asked`: the tag that the user named, if it is one.
gooffsets::Version VersionOfCommit(std::string_view module, std::string_view tag_prefix, const CommitFacts& commit,
                                   const std::function<bool(const gooffsets::Version&)>& is_retracted,
                                   std::string_view asked = {});

// The tag whose go.mod says which versions are retracted: the highest release, else the highest version; "" if none.
std::string NewestTag(std::string_view module, std::string_view tag_prefix, const std::vector<std::string>& tags);

// A version for sources that no commit describes: "0.0.0-local", or "2.0.0-local" where the path demands it.
gooffsets::Version LocalVersion(std::string_view module);

}  // namespace offsetgen

#endif  // OFFSETGEN_PSEUDO_VERSION_H_
