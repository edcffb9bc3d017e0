#include "git_clone.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "base/digest.h"
#include "base/file.h"
#include "git_handles.h"
#include "process.h"

namespace offsetgen {
namespace {

namespace fs = std::filesystem;
using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::Result;

bool IsFullHash(std::string_view text) {
  return text.size() == GIT_OID_HEXSZ && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

bool HasCommit(git_repository* repository, const std::string& hash) {
  git_oid id;
  git_commit* raw = nullptr;
  if (git_oid_fromstr(&id, hash.c_str()) != 0 || git_commit_lookup(&raw, repository, &id) != 0) return false;
  const GitCommit commit(raw);
  return true;
}

int StopWhenInterrupted(const git_indexer_progress* /*stats*/, void* /*payload*/) {
  return g_interrupted.load() ? GIT_EUSER : 0;
}

// Keys of the user's ssh agent. Passwords are never asked for: without an answer a run would hang.
int Credentials(git_credential** out, const char* /*url*/, const char* user, unsigned int allowed, void* tried) {
  bool* once = static_cast<bool*>(tried);
  if (*once) return GIT_EAUTH;
  *once = true;
  if ((allowed & GIT_CREDENTIAL_SSH_KEY) != 0)
    return git_credential_ssh_key_from_agent(out, user != nullptr ? user : "git");
  if ((allowed & GIT_CREDENTIAL_DEFAULT) != 0) return git_credential_default_new(out);
  return GIT_EAUTH;
}

Result<void> Fetch(git_repository* repository, const std::string& url) {
  git_remote* raw = nullptr;
  if (git_remote_create_anonymous(&raw, repository, url.c_str()) != 0) {
    return GitError(ErrorCode::kUsage, Printable(url) + " is no address of a git repository", "");
  }
  const GitRemote remote(raw);
  git_fetch_options options = GIT_FETCH_OPTIONS_INIT;
  bool tried_credentials = false;
  options.callbacks.transfer_progress = StopWhenInterrupted;
  options.callbacks.credentials = Credentials;
  options.callbacks.payload = &tried_credentials;
  options.prune = GIT_FETCH_PRUNE;
  options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;  // the refspec brings them all, moved ones too
  char heads[] = "+refs/heads/*:refs/heads/*", tags[] = "+refs/tags/*:refs/tags/*";
  char* specs[] = {heads, tags};
  const git_strarray refspecs = {specs, 2};
  const int status = git_remote_fetch(remote.get(), &refspecs, &options, nullptr);
  if (g_interrupted.load()) return Fail(ErrorCode::kInterrupted, "interrupted while fetching " + Printable(url));
  const std::string what = "cannot fetch " + Printable(url);
  if (status == GIT_EAUTH) {
    return GitError(ErrorCode::kPermission, what,
                    "check that the repository exists and that you may read it without a password");
  }
  if (status == GIT_ENOTFOUND) return GitError(ErrorCode::kNotFound, what, "check the address of the repository");
  if (status != 0) return GitError(ErrorCode::kNetwork, what, "check the address and the network, then run again");

  // HEAD of the remote: what `@REV` left out means.
  git_buf branch = GIT_BUF_INIT;
  if (git_remote_default_branch(&branch, remote.get()) == 0) {
    git_repository_set_head(repository, branch.ptr);
    git_buf_dispose(&branch);
  }
  return {};
}

}  // namespace

Result<std::string> BareClone(const std::string& url, const std::string& revision, Cache& cache) {
  const GitLibrary library;
  const std::string path = cache.Path("git/" + gooffsets::Blake2b128Hex(url));
  std::error_code ec;
  fs::create_directories(cache.Path("git"), ec);
  if (ec) return gooffsets::ErrnoError(ec.value(), "cannot create " + cache.Path("git"));
  const gooffsets::UniqueFd lock(open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!lock.valid()) return gooffsets::ErrnoError(errno, "cannot create " + path + ".lock");
  flock(lock.get(), LOCK_EX);
  git_repository* raw = nullptr;
  // Opens what is there, and completes what a kill left half made.
  if (git_repository_init(&raw, path.c_str(), 1) != 0) {
    return GitError(ErrorCode::kIo, "cannot make a git repository at " + path, "");
  }
  const GitRepository repository(raw);
  if (!IsFullHash(revision) || !HasCommit(repository.get(), revision)) {
    GOOFFSETS_CHECK_OK(Fetch(repository.get(), url));
  }
  return path;
}

}  // namespace offsetgen
