// Versions of a module from the tags of a git repository: a remote one (only its list of references is asked for) or a
// local one, through libgit2.
//
// Rules are those of the go command (src: cmd/go/internal/modfetch/coderepo.go, https://go.dev/ref/mod#vcs-version):
// modules below the root of their repository have tags with a prefix ("trace/v1.2.3"); a path that ends in /v2 takes
// tags of major version 2 and no others; v2 tags of a path without that ending are "+incompatible" if the tree has no
// go.mod, which only a local repository can tell. Tags of the Go repository ("go1.26.8") are the versions of module
// std. Nothing is fetched, checked out or run. A remote that does not answer in time is given up: libgit2 has no time limits
// before 1.7, so that remotes are asked from a child process. Thread-safe: every call opens and closes its own
// repository.
//
//   Result<GitVersions> found = ReadGitTags({"https://github.com/grpc/grpc-go", std::nullopt},
//   "google.golang.org/grpc");
#ifndef OFFSETGEN_GIT_TAGS_H_
#define OFFSETGEN_GIT_TAGS_H_

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/result.h"
#include "gooffsets/version.h"

namespace offsetgen {

struct GitSource {
  std::string location;                   // URL, or path of a repository
  std::optional<std::string> tag_prefix;  // "trace" for tags "trace/v1.2.3"; "" for none; absent: found out
};

// The value of `--git`: URL or path, and optionally the prefix of the tags after '#': "../otel#trace".
gooffsets::Result<GitSource> ParseGitSource(std::string_view text);

struct GitVersions {
  std::string tag_prefix;                    // the one that was used
  std::vector<gooffsets::Version> versions;  // ascending, without duplicates
  size_t other_tags = 0;                     // tags that are no version of this module
  size_t other_major = 0;                    // version tags of a major version that this module path cannot have
};

// What the tree of a tag says of one directory in it: nullopt if that is not known (remote repositories).
using TagHasGoMod = std::function<std::optional<bool>(const std::string& tag)>;

// The pure part: `tags` without "refs/tags/".
GitVersions VersionsFromTags(const std::vector<std::string>& tags, std::string_view module, const GitSource& source,
                             const TagHasGoMod& has_go_mod);

// How long a remote repository may say nothing.
inline constexpr std::chrono::seconds kGitQuiet{60};

gooffsets::Result<GitVersions> ReadGitTags(const GitSource& source, std::string_view module,
                                           std::chrono::milliseconds quiet = kGitQuiet);

}  // namespace offsetgen

#endif  // OFFSETGEN_GIT_TAGS_H_
