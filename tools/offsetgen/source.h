// `--source`: a local checkout, or one revision of a git repository, in the place of a release.
//
//   DIR                              the module in DIR, which is only read
//   git+file:///repo@REV#sub/dir     revision REV (commit, tag, branch; HEAD if left out) of a local repository, and
//                                    the module in that directory of it
//   git+https://host/repo@REV        of a remote one; ssh and http as well
//
// A revision is exported into the cache (sources/, by the hash of its tree, so once); a remote repository is kept there
// bare (git/) and brought up to date, but not asked for a full commit hash that is there already. Thread-safe.
//
//   GOOFFSETS_TRY(Source source, OpenSource("git+file:///src/grpc-go@v1.60.1", cache));
//   request.root = {source.module, source.version};   // {"google.golang.org/grpc", "1.60.1"}
//   request.source_dir = source.dir;
#ifndef OFFSETGEN_SOURCE_H_
#define OFFSETGEN_SOURCE_H_

#include <string>
#include <string_view>

#include "cache.h"
#include "gooffsets/result.h"

namespace offsetgen {

struct Source {
  std::string dir;     // absolute; holds go.mod
  std::string module;  // as its go.mod says
  // Canonical, without "v": what the go command calls this commit ("1.60.1", "1.60.2-0.20240318140121-94a12d6c2237").
  // "0.0.0-local" (for .../v2: "2.0.0-local") for a directory that differs from its commit or belongs to none.
  std::string version;
  std::string revision;  // 40 hex digits; empty for local ones
};

// The value of --source, taken apart.
struct SourceText {
  std::string url;       // "" for a plain directory; "file:///repo", "https://host/repo"
  std::string path;      // of a directory or local repository
  std::string revision;  // "HEAD" unless named
  std::string subdir;    // "sub/dir"
};
// kUsage: another scheme, no path, a subdirectory that leaves the repository.
gooffsets::Result<SourceText> ParseSource(std::string_view text);

// kNotFound: no such directory, repository, revision, or no go.mod there; kNetwork: the remote does not answer;
// kUnsupported: the standard library, or history that is missing (a shallow clone).
gooffsets::Result<Source> OpenSource(std::string_view text, Cache& cache);

}  // namespace offsetgen

#endif  // OFFSETGEN_SOURCE_H_
