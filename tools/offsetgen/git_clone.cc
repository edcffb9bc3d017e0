#include "git_clone.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "base/digest.h"
#include "base/file.h"
#include "bounded_call.h"
#include "git_handles.h"

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

// What libgit2's callbacks are given.
struct Session {
  const Alive& alive;
  bool tried_credentials = false;
};

int OnProgress(const git_indexer_progress* /*stats*/, void* session) {
  static_cast<Session*>(session)->alive();
  return 0;
}

int OnRemoteText(const char* /*text*/, int /*size*/, void* session) {
  static_cast<Session*>(session)->alive();
  return 0;
}

// Keys of the user's ssh agent. Passwords are never asked for: without an answer a run would hang.
int Credentials(git_credential** out, const char* /*url*/, const char* user, unsigned int allowed, void* payload) {
  Session* session = static_cast<Session*>(payload);
  if (session->tried_credentials) return GIT_EAUTH;
  session->tried_credentials = true;
  if ((allowed & GIT_CREDENTIAL_SSH_KEY) != 0)
    return git_credential_ssh_key_from_agent(out, user != nullptr ? user : "git");
  if ((allowed & GIT_CREDENTIAL_DEFAULT) != 0) return git_credential_default_new(out);
  return GIT_EAUTH;
}

Result<std::string> Fetch(git_repository* repository, const std::string& url, const Alive& alive) {
  git_remote* raw = nullptr;
  if (git_remote_create_anonymous(&raw, repository, url.c_str()) != 0) {
    return GitError(ErrorCode::kUsage, Printable(url) + " is no address of a git repository", "");
  }
  const GitRemote remote(raw);
  git_fetch_options options = GIT_FETCH_OPTIONS_INIT;
  Session session{alive};
  options.callbacks.transfer_progress = OnProgress;
  options.callbacks.sideband_progress = OnRemoteText;
  options.callbacks.credentials = Credentials;
  options.callbacks.payload = &session;
  options.prune = GIT_FETCH_PRUNE;
  options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;  // the refspec brings them all, moved ones too
  char heads[] = "+refs/heads/*:refs/heads/*", tags[] = "+refs/tags/*:refs/tags/*";
  char* specs[] = {heads, tags};
  const git_strarray refspecs = {specs, 2};
  const int status = git_remote_fetch(remote.get(), &refspecs, &options, nullptr);
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
  return std::string();
}

}  // namespace

Result<std::string> BareClone(const std::string& url, const std::string& revision, Cache& cache,
                              std::chrono::milliseconds quiet) {
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
    // In a child process: libgit2 has no time limits before 1.7.
    GOOFFSETS_CHECK_OK(CallBounded("cannot fetch " + Printable(url), quiet,
                                   [&](const Alive& alive) { return Fetch(repository.get(), url, alive); }));
  }
  return path;
}

}  // namespace offsetgen
