// Owners of libgit2's handles, and its errors as ours: the one place for both.
//
// A GitLibrary lives as long as any handle made under it; nesting is free. Thread-safe: libgit2 counts its users, and
// its last error is kept per thread.
//
//   const GitLibrary library;
//   git_repository* raw = nullptr;
//   if (git_repository_open(&raw, path) != 0) return GitError(ErrorCode::kNotFound, "cannot open " + path, "");
//   const GitRepository repository(raw);
#ifndef OFFSETGEN_GIT_HANDLES_H_
#define OFFSETGEN_GIT_HANDLES_H_

#include <git2.h>

#include <memory>
#include <string>

#include "gooffsets/result.h"
#include "text.h"

namespace offsetgen {

class GitLibrary {
 public:
  GitLibrary() { git_libgit2_init(); }
  ~GitLibrary() { git_libgit2_shutdown(); }
  GitLibrary(const GitLibrary&) = delete;
  GitLibrary& operator=(const GitLibrary&) = delete;
};

template <auto kFree>
struct GitFreer {
  template <typename T>
  void operator()(T* handle) const {
    kFree(handle);
  }
};
using GitRepository = std::unique_ptr<git_repository, GitFreer<git_repository_free>>;
using GitRemote = std::unique_ptr<git_remote, GitFreer<git_remote_free>>;
using GitObject = std::unique_ptr<git_object, GitFreer<git_object_free>>;
using GitCommit = std::unique_ptr<git_commit, GitFreer<git_commit_free>>;
using GitTree = std::unique_ptr<git_tree, GitFreer<git_tree_free>>;
using GitTreeEntry = std::unique_ptr<git_tree_entry, GitFreer<git_tree_entry_free>>;
using GitBlob = std::unique_ptr<git_blob, GitFreer<git_blob_free>>;
using GitStatusList = std::unique_ptr<git_status_list, GitFreer<git_status_list_free>>;

inline tl::unexpected<gooffsets::Error> GitError(gooffsets::ErrorCode code, const std::string& what,
                                                 const std::string& hint) {
  const git_error* error = git_error_last();
  const std::string why =
      error != nullptr && error->message != nullptr ? Printable(error->message, 400) : "unknown error";
  return gooffsets::Fail(code, what + ": " + why, hint);
}

}  // namespace offsetgen

#endif  // OFFSETGEN_GIT_HANDLES_H_
