// Which versions of a module exist: the union of every source, each version with the sources that named it.
//
// Sources: the checked-in lists (data/versions/), the proxy's list through the go command, the tags of a git
// repository, and the versions that the user's constraint names exactly. One source is never enough: a proxy lists only
// what it has cached (https://go.dev/ref/mod#module-proxy), lists on disk grow old. A source that fails is a warning as
// long as another one answers. The go command is run by a function that the caller passes in. No state; safe from any
// thread if that function is.
//
//   VersionQuery query = {.module = "golang.org/x/net", .lists_dir = "data/versions", .run_go = RunGo};
//   GOOFFSETS_TRY(KnownVersions known, GatherVersions(query, constraint));
//   GOOFFSETS_TRY(std::vector<Version> chosen, SelectVersions(known, constraint, {}));
#ifndef OFFSETGEN_VERSION_SOURCES_H_
#define OFFSETGEN_VERSION_SOURCES_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "git_tags.h"
#include "gooffsets/result.h"
#include "gooffsets/version.h"

namespace offsetgen {

struct GoOutput {
  int exit_code = 0;
  std::string out, err;
};
// Runs `go ARGS...` with the environment that the caller chooses; an error means that it could not be run at all.
using RunGo = std::function<gooffsets::Result<GoOutput>(const std::vector<std::string>& args)>;

struct VersionQuery {
  std::string module;
  std::string lists_dir;  // data/versions; "" for none
  RunGo run_go;           // empty: the proxy is not asked
  std::optional<GitSource> git;
  std::vector<std::string> known_modules;  // for "did you mean"
};

struct KnownVersion {
  gooffsets::Version version;
  std::vector<std::string> sources;  // "list", "proxy", "git", "named", in this order
  std::string note;                  // what the list says of it after '#'
  bool excluded = false;             // the list says "exclude": planned only when named exactly

  bool operator==(const KnownVersion&) const = default;
};

struct KnownVersions {
  std::string module;
  std::vector<KnownVersion> versions;      // ascending, one entry a version
  std::vector<gooffsets::Error> warnings;  // sources that failed, lines that are no versions
};

// `constraint` decides what is worth asking for: versions it names exactly are known without a list, "latest" is asked
// of the go command if no source has a release. kNotFound: no source knows the module, with modules of a similar name;
// kNetwork, kToolchain: the only source failed.
gooffsets::Result<KnownVersions> GatherVersions(const VersionQuery& query, const gooffsets::Constraint& constraint);

struct SelectOptions {
  bool include_prereleases = false;
  bool include_pseudo = false;  // pseudo-versions count as releases: for modules that have no others
};
// Those that match, ascending. None is kNotFound, with the nearest versions below and above.
gooffsets::Result<std::vector<gooffsets::Version>> SelectVersions(const KnownVersions& known,
                                                                  const gooffsets::Constraint& constraint,
                                                                  const SelectOptions& options);

// The file of a module below lists_dir: "golang.org_x_net.txt".
std::string VersionListName(std::string_view module);

// One list: a version a line, "exclude VERSION" for one that must not be built; '#' begins a note.
// A malformed line is kBadInput with its number; `name` is how messages call the file.
gooffsets::Result<std::vector<KnownVersion>> ParseVersionList(std::string_view text, gooffsets::VersionScheme scheme,
                                                              const std::string& name);

// Answers of `go list -m -versions -json M`. Entries that are no versions are left out. For std, M is
// golang.org/toolchain and the entries for linux/amd64, the only host toolchains that are used, are taken:
// "v0.0.1-go1.26.8.linux-amd64".
gooffsets::Result<std::vector<gooffsets::Version>> ParseProxyList(std::string_view json, std::string_view module);

}  // namespace offsetgen

#endif  // OFFSETGEN_VERSION_SOURCES_H_
