// Remote git repositories, kept bare below cache/git and brought up to date when asked for.
//
// Whole history, because a commit's version depends on the tags before it. Any number of processes may ask for one
// repository: a lock file beside it lets one fetch at a time. Thread-safe.
//
//   GOOFFSETS_TRY(std::string dir, BareClone("https://github.com/grpc/grpc-go", "v1.60.1", cache));
#ifndef OFFSETGEN_GIT_CLONE_H_
#define OFFSETGEN_GIT_CLONE_H_

#include <chrono>
#include <string>

#include "cache.h"
#include "git_tags.h"
#include "gooffsets/result.h"

namespace offsetgen {

// The directory of a bare repository in which `revision` means what it means at `url`. The network is not asked if
// `revision` is a full commit hash that is there already. kNetwork, kNotFound, kPermission: the remote's answer.
// kTimeout: it said nothing for `quiet`.
gooffsets::Result<std::string> BareClone(const std::string& url, const std::string& revision, Cache& cache,
                                         std::chrono::milliseconds quiet = kGitQuiet);

}  // namespace offsetgen

#endif  // OFFSETGEN_GIT_CLONE_H_
