#include "git_tags.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
#include <utility>

#include "bounded_call.h"
#include "git_handles.h"
#include "text.h"

namespace offsetgen {
namespace {

using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::Result;
using gooffsets::Version;
using gooffsets::VersionScheme;

constexpr size_t kMostTags = 1'000'000;  // a hostile remote must not fill the memory
constexpr size_t kLongestTag = 512;
constexpr std::string_view kTagRefs = "refs/tags/";

// The module path without its major version suffix, and the major versions that its tags may have.
struct PathMajor {
  std::string prefix;
  uint64_t major = 0;  // 0: v0 and v1, and +incompatible ones
};

bool ParseNumber(std::string_view text, uint64_t* out) {
  if (text.empty() || text.size() > 9 || (text.size() > 1 && text[0] == '0')) return false;
  uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  *out = value;
  return true;
}

PathMajor SplitPathMajor(std::string_view module) {
  // src: golang.org/x/mod/module.SplitPathVersion
  const bool gopkg = module.starts_with("gopkg.in/");
  const size_t at = module.rfind(gopkg ? ".v" : "/v");
  uint64_t major = 0;
  if (at != std::string_view::npos && ParseNumber(module.substr(at + 2), &major) && (gopkg || major >= 2)) {
    return {std::string(module.substr(0, at)), gopkg && major < 2 ? 0 : major};
  }
  return {std::string(module), 0};
}

// "https://github.com/a/b.git" and "git@github.com:a/b" are both "github.com/a/b"; "" for paths of this machine.
std::string RepositoryPath(std::string_view location) {
  if (const size_t scheme = location.find("://"); scheme != std::string_view::npos) {
    if (location.starts_with("file:")) return {};
    location.remove_prefix(scheme + 3);
    if (const size_t user = location.find('@'); user < location.find('/')) location.remove_prefix(user + 1);
  } else {
    const size_t colon = location.find(':');
    if (colon == std::string_view::npos || location.find('/') < colon) return {};
    if (const size_t user = location.find('@'); user < colon) location.remove_prefix(user + 1);
  }
  std::string path(location);
  if (const size_t colon = path.find(':'); colon < path.find('/')) {
    // "host:path" of scp, or "host:port/path" of a URL.
    const size_t slash = path.find('/', colon);
    uint64_t port = 0;
    const std::string after = path.substr(colon + 1, slash == std::string::npos ? slash : slash - colon - 1);
    if (ParseNumber(after, &port)) {
      path.erase(colon, 1 + after.size());
    } else {
      path[colon] = '/';
    }
  }
  while (path.ends_with('/')) path.pop_back();
  if (path.ends_with(".git")) path.resize(path.size() - 4);
  return path;
}

// The prefix of a module's tags. From the repository's address if the module path begins with it; otherwise (vanity
// import paths) the longest end of the module path which tags do begin with.
std::string FindTagPrefix(const std::vector<std::string>& tags, const std::string& module_prefix,
                          const GitSource& source) {
  if (source.tag_prefix) return *source.tag_prefix;
  const std::string repository = RepositoryPath(source.location);
  if (!repository.empty()) {
    if (module_prefix == repository) return {};
    if (module_prefix.starts_with(repository + "/")) return module_prefix.substr(repository.size() + 1);
  }
  std::set<std::string, std::less<>> used;
  for (const std::string& tag : tags) {
    const size_t slash = tag.rfind('/');
    if (slash != std::string::npos && Version::Parse(VersionScheme::kModule, std::string_view(tag).substr(slash + 1))) {
      used.insert(tag.substr(0, slash));
    }
  }
  for (size_t slash = module_prefix.find('/'); slash != std::string::npos; slash = module_prefix.find('/', slash + 1)) {
    if (used.contains(module_prefix.substr(slash + 1))) return module_prefix.substr(slash + 1);
  }
  return {};
}

// What `tag` is for this module: a version, a version of another major, or something else (nullopt).
struct TagMeaning {
  std::optional<Version> version;
  bool other_major = false;
};

TagMeaning ModuleTag(const std::string& tag, std::string_view text, const PathMajor& path,
                     const TagHasGoMod& has_go_mod) {
  // Tags have a "v" and all three numbers (src: golang.org/x/mod/semver.Canonical); Version::Parse takes less.
  if (!text.starts_with('v') ||
      std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(std::min(text.find('-'), text.size())), '.') < 2)
    return {};
  if (text.find('+') != std::string_view::npos) return {};  // the go command refuses build metadata in tags
  Result<Version> version = Version::Parse(VersionScheme::kModule, text);
  if (!version || version->is_pseudo()) return {};
  if (path.major != 0) {
    if (version->major() != path.major) return {std::nullopt, true};
    return {*std::move(version), false};
  }
  if (version->major() < 2) return {*std::move(version), false};
  const std::optional<bool> has = has_go_mod ? has_go_mod(tag) : std::nullopt;
  if (has != false) return {std::nullopt, true};
  Result<Version> incompatible = Version::Parse(VersionScheme::kModule, std::string(text) + "+incompatible");
  if (!incompatible) return {std::nullopt, true};
  return {*std::move(incompatible), false};
}

// Tags of a remote repository, a zero byte after each.
Result<std::string> ListRemote(const std::string& url) {
  const GitLibrary library;
  git_remote* raw = nullptr;
  if (git_remote_create_detached(&raw, url.c_str()) != 0) {
    return GitError(ErrorCode::kUsage, "cannot use \"" + Printable(url) + "\" as a git repository", "a URL or a path");
  }
  const GitRemote remote(raw);
  // The user's SSH agent is asked once: libgit2 calls again for as long as the server refuses.
  struct Asked {
    bool agent = false;
  } asked;
  git_remote_callbacks callbacks = GIT_REMOTE_CALLBACKS_INIT;
  callbacks.payload = &asked;
  callbacks.credentials = [](git_credential** out, const char*, const char* user, unsigned int allowed,
                             void* payload) -> int {
    Asked* const state = static_cast<Asked*>(payload);
    if ((allowed & GIT_CREDENTIAL_SSH_KEY) == 0 || state->agent) return GIT_EAUTH;
    state->agent = true;
    return git_credential_ssh_key_from_agent(out, user != nullptr ? user : "git");
  };
  if (git_remote_connect(remote.get(), GIT_DIRECTION_FETCH, &callbacks, nullptr, nullptr) != 0) {
    return GitError(ErrorCode::kNetwork, "cannot list the tags of " + Printable(url),
                    "check the address, the network and your access; a local clone works too");
  }
  const git_remote_head** heads = nullptr;
  size_t count = 0;
  if (git_remote_ls(&heads, &count, remote.get()) != 0) {
    return GitError(ErrorCode::kNetwork, "cannot list the tags of " + Printable(url),
                    "try again, or use a local clone");
  }
  if (count > kMostTags) return Fail(ErrorCode::kUnsupported, Printable(url) + " has more than a million references");
  std::string tags;
  for (size_t i = 0; i < count; ++i) {
    const std::string_view name = heads[i]->name;
    // "refs/tags/v1^{}" is what the annotated tag v1 points to.
    if (name.starts_with(kTagRefs) && name.size() <= kLongestTag && !name.ends_with("^{}"))
      tags.append(name.substr(kTagRefs.size())) += '\0';
  }
  git_remote_disconnect(remote.get());
  return tags;
}

Result<std::vector<std::string>> RemoteTags(const std::string& url, std::chrono::milliseconds quiet) {
  GOOFFSETS_TRY(const std::string listed, CallBounded("cannot list the tags of " + Printable(url), quiet,
                                                      [&](const Alive&) { return ListRemote(url); }));
  std::vector<std::string> tags;
  for (const std::string_view tag : Split(listed, '\0')) {
    if (!tag.empty()) tags.emplace_back(tag);
  }
  return tags;
}

Result<std::vector<std::string>> LocalTags(git_repository* repository, const std::string& path) {
  git_strarray names = {nullptr, 0};
  if (git_tag_list(&names, repository) != 0)
    return GitError(ErrorCode::kIo, "cannot list the tags of " + Printable(path), "git fsck");
  std::vector<std::string> tags;
  for (size_t i = 0; i < names.count && i < kMostTags; ++i) {
    const std::string_view name = names.strings[i];
    if (name.size() <= kLongestTag) tags.emplace_back(name);
  }
  git_strarray_dispose(&names);
  return tags;
}

// Whether the tree of a tag has `go.mod` in `directory`.
std::optional<bool> TreeHasGoMod(git_repository* repository, const std::string& tag, const std::string& directory) {
  git_object* raw_object = nullptr;
  if (git_revparse_single(&raw_object, repository, (std::string(kTagRefs) + tag + "^{tree}").c_str()) != 0)
    return std::nullopt;
  const GitObject object(raw_object);
  git_tree_entry* raw_entry = nullptr;
  const std::string path = directory.empty() ? "go.mod" : directory + "/go.mod";
  const int found = git_tree_entry_bypath(&raw_entry, reinterpret_cast<const git_tree*>(object.get()), path.c_str());
  const GitTreeEntry entry(raw_entry);
  if (found == 0) return true;
  if (found == GIT_ENOTFOUND) return false;
  return std::nullopt;
}

bool IsLocal(const std::string& location) {
  if (location.starts_with("file://")) return true;
  if (location.find("://") != std::string::npos) return false;
  struct stat status = {};
  if (stat(location.c_str(), &status) == 0) return true;
  // "host:path", as scp and git spell remote repositories, has a colon before any slash.
  return location.find(':') >= location.find('/');
}

}  // namespace

Result<GitSource> ParseGitSource(std::string_view text) {
  const size_t hash = text.rfind('#');
  GitSource source{std::string(text.substr(0, hash)), std::nullopt};
  if (hash != std::string_view::npos) source.tag_prefix = std::string(text.substr(hash + 1));
  while (source.tag_prefix && source.tag_prefix->ends_with('/')) source.tag_prefix->pop_back();
  // A location that begins with '-' could be taken for an option by the ssh command.
  if (Trim(source.location).empty() || source.location.front() == '-' ||
      source.location.find('\0') != std::string::npos) {
    return Fail(ErrorCode::kUsage, "\"" + Printable(text) + "\" is not a git repository",
                "--git https://github.com/grpc/grpc-go, or a path");
  }
  return source;
}

GitVersions VersionsFromTags(const std::vector<std::string>& tags, std::string_view module, const GitSource& source,
                             const TagHasGoMod& has_go_mod) {
  GitVersions found;
  const bool is_std = module == gooffsets::kStdModule;
  const PathMajor path = SplitPathMajor(module);
  if (!is_std) found.tag_prefix = FindTagPrefix(tags, path.prefix, source);
  const std::string before = found.tag_prefix.empty() ? "" : found.tag_prefix + "/";
  for (const std::string& tag : tags) {
    TagMeaning meaning;
    if (is_std) {
      if (tag.starts_with("go")) {
        if (Result<Version> version = Version::Parse(VersionScheme::kGo, tag)) meaning.version = *std::move(version);
      }
    } else if (tag.starts_with(before)) {
      meaning = ModuleTag(tag, std::string_view(tag).substr(before.size()), path, has_go_mod);
    }
    if (meaning.version) {
      found.versions.push_back(*std::move(meaning.version));
    } else if (meaning.other_major) {
      ++found.other_major;
    } else {
      ++found.other_tags;
    }
  }
  std::sort(found.versions.begin(), found.versions.end());
  found.versions.erase(std::unique(found.versions.begin(), found.versions.end()), found.versions.end());
  return found;
}

Result<GitVersions> ReadGitTags(const GitSource& source, std::string_view module, std::chrono::milliseconds quiet) {
  if (!IsLocal(source.location)) {
    GOOFFSETS_TRY(const std::vector<std::string> tags, RemoteTags(source.location, quiet));
    return VersionsFromTags(tags, module, source, nullptr);
  }
  const GitLibrary library;
  const std::string path = source.location.starts_with("file://") ? source.location.substr(7) : source.location;
  git_repository* raw = nullptr;
  // Not searched upwards: the tags of a repository around the named directory would be another module's.
  if (git_repository_open_ext(&raw, path.c_str(), GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr) != 0) {
    return GitError(ErrorCode::kNotFound, "cannot open the git repository " + Printable(path),
                    "the directory that holds .git, or a bare repository");
  }
  const GitRepository repository(raw);
  GOOFFSETS_TRY(const std::vector<std::string> tags, LocalTags(repository.get(), path));
  const PathMajor major = SplitPathMajor(module);
  const std::string prefix = FindTagPrefix(tags, major.prefix, source);
  return VersionsFromTags(tags, module, source,
                          [&](const std::string& tag) { return TreeHasGoMod(repository.get(), tag, prefix); });
}

}  // namespace offsetgen
