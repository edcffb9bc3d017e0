#include "source.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "base/file.h"
#include "git_clone.h"
#include "git_export.h"
#include "git_handles.h"
#include "go_mod_file.h"
#include "pseudo_version.h"
#include "text.h"

namespace offsetgen {

namespace fs = std::filesystem;
using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::Result;
using gooffsets::Version;

namespace {

constexpr uint64_t kLargestGoMod = 16 << 20;  // src: codehost.MaxGoMod
constexpr size_t kMostTags = 1'000'000;
constexpr std::string_view kTagRefs = "refs/tags/";
constexpr const char* kExample = "--source DIR, git+file:///repo@REV or git+https://host/repo@REV#sub/dir";

Result<GoModFile> ReadModule(std::string_view text, const std::string& name) {
  GOOFFSETS_TRY(GoModFile mod, ParseGoModFile(text, name));
  if (mod.module == "std" || mod.module == "cmd") {
    return Fail(ErrorCode::kUnsupported, name + " is the standard library's",
                "offsetgen --module std --versions RELEASE");
  }
  return mod;
}

bool IsDirectory(const std::string& path) {
  std::error_code ec;
  return fs::is_directory(path, ec);
}

// What can be asked of one commit of an open repository.
class Revision {
 public:
  static Result<Revision> Find(git_repository* repository, const std::string& name, const std::string& where) {
    git_object* raw = nullptr;
    if (git_revparse_single(&raw, repository, name.c_str()) != 0) {
      const std::string what = Printable(where) + " has no revision " + Printable(name);
      return GitError(ErrorCode::kNotFound, what, "a commit, tag or branch that `git log` knows there");
    }
    const GitObject object(raw);
    git_object* commit = nullptr;
    if (git_object_peel(&commit, object.get(), GIT_OBJECT_COMMIT) != 0) {
      return GitError(ErrorCode::kNotFound, Printable(name) + " in " + Printable(where) + " is no commit", "");
    }
    return Revision(repository, GitCommit(reinterpret_cast<git_commit*>(commit)));
  }

  std::string hash() const { return git_oid_tostr_s(git_commit_id(commit_.get())); }

  // The tree of a directory; null if there is none.
  Result<GitTree> TreeAt(const std::string& subdir) const {
    git_tree* raw = nullptr;
    if (git_commit_tree(&raw, commit_.get()) != 0) {
      return GitError(ErrorCode::kBadInput, "the tree of commit " + hash() + " cannot be read", "git fsck");
    }
    GitTree root(raw);
    if (subdir.empty()) return root;
    git_tree_entry* raw_entry = nullptr;
    if (git_tree_entry_bypath(&raw_entry, root.get(), subdir.c_str()) != 0) return GitTree();
    const GitTreeEntry entry(raw_entry);
    if (git_tree_entry_type(entry.get()) != GIT_OBJECT_TREE) return GitTree();
    if (git_tree_lookup(&raw, repository_, git_tree_entry_id(entry.get())) != 0) {
      return GitError(ErrorCode::kBadInput, "the tree of " + Printable(subdir) + " cannot be read", "git fsck");
    }
    return GitTree(raw);
  }

  std::optional<std::string> ReadBlob(const git_tree* tree, const std::string& path) const {
    git_tree_entry* raw_entry = nullptr;
    if (git_tree_entry_bypath(&raw_entry, tree, path.c_str()) != 0) return std::nullopt;
    const GitTreeEntry entry(raw_entry);
    git_blob* raw = nullptr;
    if (git_tree_entry_type(entry.get()) != GIT_OBJECT_BLOB ||
        git_blob_lookup(&raw, repository_, git_tree_entry_id(entry.get())) != 0) {
      return std::nullopt;
    }
    const GitBlob blob(raw);
    if (git_blob_rawsize(blob.get()) > kLargestGoMod) return std::nullopt;
    return std::string(static_cast<const char*>(git_blob_rawcontent(blob.get())), git_blob_rawsize(blob.get()));
  }

  // As the go command names this commit of the module in `subdir`.
  Result<Version> VersionOf(const std::string& module, const std::string& subdir, const std::string& asked) const {
    CommitFacts facts;
    facts.hash = hash();
    facts.time = git_commit_time(commit_.get());
    git_strarray names = {};
    if (git_tag_list(&names, repository_) != 0) {
      return GitError(ErrorCode::kBadInput, "the tags of the repository cannot be read", "");
    }
    for (size_t i = 0; i < std::min(names.count, kMostTags); ++i) facts.all_tags.emplace_back(names.strings[i]);
    git_strarray_dispose(&names);
    const std::string prefix = TagPrefix(module, subdir);
    for (const std::string& tag : facts.all_tags) {
      if (!ParseVersionTag(tag, prefix)) continue;
      const std::optional<git_oid> id = CommitOfTag(tag);
      if (id && git_oid_equal(&*id, git_commit_id(commit_.get())) != 0) facts.tags.push_back(tag);
    }
    facts.is_ancestor = [this](const std::string& tag) {
      const std::optional<git_oid> id = CommitOfTag(tag);
      return id && (git_oid_equal(&*id, git_commit_id(commit_.get())) != 0 ||
                    git_graph_descendant_of(repository_, git_commit_id(commit_.get()), &*id) == 1);
    };
    const GoModFile newest = NewestGoMod(module, prefix, subdir, facts.all_tags);
    const Version version =
        VersionOfCommit(module, prefix, facts, [&](const Version& v) { return newest.IsRetracted(v); }, asked);
    if (version.is_pseudo() && git_repository_is_shallow(repository_) == 1) {
      return Fail(
          ErrorCode::kUnsupported,
          "the repository is a shallow clone: which release comes before commit " + facts.hash + " is not known",
          "git fetch --unshallow --tags");
    }
    return version;
  }

 private:
  Revision(git_repository* repository, GitCommit commit) : repository_(repository), commit_(std::move(commit)) {}

  std::optional<git_oid> CommitOfTag(const std::string& tag) const {
    git_object* raw = nullptr;
    if (git_revparse_single(&raw, repository_, (std::string(kTagRefs) + tag + "^{commit}").c_str()) != 0) {
      return std::nullopt;
    }
    const GitObject object(raw);
    return *git_object_id(object.get());
  }

  // The go.mod of the module's newest version; an empty one if it has none, as the go command then takes nothing back.
  GoModFile NewestGoMod(const std::string& module, const std::string& prefix, const std::string& subdir,
                        const std::vector<std::string>& tags) const {
    const std::string tag = NewestTag(module, prefix, tags);
    if (tag.empty()) return {};
    const auto newest = Find(repository_, std::string(kTagRefs) + tag, "");
    if (!newest) return {};
    const auto tree = newest->TreeAt(subdir);
    if (!tree || *tree == nullptr) return {};
    const std::optional<std::string> text = ReadBlob(tree->get(), "go.mod");
    auto mod = text ? ParseGoModFile(*text, "go.mod") : tl::unexpected(gooffsets::Error{});
    return mod ? *std::move(mod) : GoModFile{};
  }

  git_repository* repository_;
  GitCommit commit_;
};

// Directories of a tree that hold a go.mod, for the message that there is none where the user looked.
std::string ModulesIn(const git_tree* tree) {
  struct Found {
    std::vector<std::string> dirs;
  } found;
  git_tree_walk(
      tree, GIT_TREEWALK_PRE,
      [](const char* root, const git_tree_entry* entry, void* payload) {
        auto* f = static_cast<Found*>(payload);
        if (std::string_view(git_tree_entry_name(entry)) == "go.mod") {
          std::string dir = root;
          while (dir.ends_with('/')) dir.pop_back();
          f->dirs.push_back(Printable(dir));
        }
        return f->dirs.size() < 3 ? 0 : -1;
      },
      &found);
  std::string text;
  for (const std::string& dir : found.dirs) text += (text.empty() ? "#" : ", #") + dir;
  return text;
}

Result<GitRepository> OpenRepository(const std::string& path) {
  git_repository* raw = nullptr;
  // Not searched upwards: the revision would be another repository's.
  if (git_repository_open_ext(&raw, path.c_str(), GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr) != 0) {
    return GitError(ErrorCode::kNotFound, "cannot open the git repository " + Printable(path),
                    "the directory that holds .git, or a bare repository");
  }
  return GitRepository(raw);
}

// The files of a tree below cache/sources, named by its hash: equal trees are exported once.
Result<std::string> Exported(git_repository* repository, const git_tree* tree, Cache& cache) {
  const std::string final_path = cache.Path("sources/" + std::string(git_oid_tostr_s(git_tree_id(tree))));
  if (IsDirectory(final_path)) return final_path;
  GOOFFSETS_TRY(const std::string work, cache.MakeWork("source"));
  auto exported = ExportTree(repository, tree, work);
  std::error_code ec;
  if (exported) {
    fs::create_directories(cache.Path("sources"), ec);
    // Renamed when it is whole, so that a kill leaves no half of it. Another process may have been first.
    if (!ec) fs::rename(work, final_path, ec);
  }
  cache.RemoveWork(work);
  if (!exported) return tl::unexpected(exported.error());
  if (ec && !IsDirectory(final_path))
    return gooffsets::ErrnoError(ec.value(), "cannot keep the source at " + final_path);
  return final_path;
}

Result<Source> OpenRevision(const SourceText& text, Cache& cache) {
  const std::string where = text.path.empty() ? text.url : text.path;
  GitRepository repository;
  if (text.path.empty()) {
    GOOFFSETS_TRY(const std::string clone, BareClone(text.url, text.revision, cache));
    GOOFFSETS_TRY(repository, OpenRepository(clone));
  } else {
    GOOFFSETS_TRY(repository, OpenRepository(text.path));
  }
  GOOFFSETS_TRY(const Revision revision, Revision::Find(repository.get(), text.revision, where));
  GOOFFSETS_TRY(const GitTree tree, revision.TreeAt(text.subdir));
  const std::string at = Printable(text.revision) + " of " + Printable(where);
  if (tree == nullptr) return Fail(ErrorCode::kNotFound, at + " has no directory " + Printable(text.subdir));
  const std::optional<std::string> go_mod = revision.ReadBlob(tree.get(), "go.mod");
  if (!go_mod) {
    GOOFFSETS_TRY(const GitTree root, revision.TreeAt(""));
    const std::string modules = ModulesIn(root.get());
    return Fail(ErrorCode::kNotFound,
                fmt::format("{} has no go.mod{}", at, text.subdir.empty() ? "" : " in " + text.subdir),
                modules.empty() ? "a revision that is a Go module" : "name the directory of the module: " + modules);
  }
  Source source;
  GOOFFSETS_TRY(const GoModFile mod,
                ReadModule(*go_mod, at + ": " + (text.subdir.empty() ? "" : text.subdir + "/") + "go.mod"));
  source.module = mod.module;
  source.revision = revision.hash();
  GOOFFSETS_TRY(const Version version, revision.VersionOf(mod.module, text.subdir, text.revision));
  source.version = version.text();
  GOOFFSETS_TRY(source.dir, Exported(repository.get(), tree.get(), cache));
  return source;
}

// Whether what a build of `subdir` would read is what HEAD has: no change, no new file, no ignored Go file.
bool IsClean(git_repository* repository, const std::string& subdir) {
  git_status_options options = GIT_STATUS_OPTIONS_INIT;
  options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
  options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED | GIT_STATUS_OPT_RECURSE_UNTRACKED_DIRS |
                  GIT_STATUS_OPT_INCLUDE_IGNORED | GIT_STATUS_OPT_RECURSE_IGNORED_DIRS |
                  GIT_STATUS_OPT_DISABLE_PATHSPEC_MATCH;
  std::string pathspec = subdir;
  char* paths[] = {pathspec.data()};
  if (!subdir.empty()) options.pathspec = {paths, 1};
  git_status_list* raw = nullptr;
  if (git_status_list_new(&raw, repository, &options) != 0) return false;
  const GitStatusList list(raw);
  for (size_t i = 0; i < git_status_list_entrycount(list.get()); ++i) {
    const git_status_entry* entry = git_status_byindex(list.get(), i);
    const git_diff_delta* delta = entry->index_to_workdir != nullptr ? entry->index_to_workdir : entry->head_to_index;
    if (entry->status == GIT_STATUS_CURRENT) continue;
    const bool is_go =
        delta != nullptr && delta->new_file.path != nullptr && std::string_view(delta->new_file.path).ends_with(".go");
    if (entry->status != GIT_STATUS_IGNORED || is_go) return false;
  }
  return true;
}

// The version of a plain directory: that of HEAD if it is a clean checkout; nullopt if it is not, or is none.
std::optional<std::pair<Version, std::string>> CheckoutVersion(const std::string& dir, const std::string& module) {
  git_repository* raw = nullptr;
  if (git_repository_open_ext(&raw, dir.c_str(), 0, nullptr) != 0) return std::nullopt;
  const GitRepository repository(raw);
  const char* workdir = git_repository_workdir(repository.get());
  if (workdir == nullptr) return std::nullopt;
  std::error_code ec;
  const fs::path root = fs::canonical(workdir, ec);
  std::string subdir = ec ? ".." : fs::path(dir).lexically_relative(root).string();
  if (subdir == ".") subdir.clear();
  if (subdir.starts_with("..") || !IsClean(repository.get(), subdir)) return std::nullopt;
  const auto head = Revision::Find(repository.get(), "HEAD", dir);
  if (!head) return std::nullopt;
  // A directory that git does not know (an ignored one inside another project) is clean, but not of that commit.
  const auto tree = head->TreeAt(subdir);
  if (!tree || *tree == nullptr || !head->ReadBlob(tree->get(), "go.mod")) return std::nullopt;
  auto version = head->VersionOf(module, subdir, "");
  if (!version) return std::nullopt;
  return std::pair(*std::move(version), head->hash());
}

Result<Source> OpenDirectory(const std::string& path) {
  std::error_code ec;
  Source source;
  source.dir = fs::canonical(path, ec).string();
  if (ec || !IsDirectory(source.dir)) {
    return Fail(ErrorCode::kNotFound, "there is no directory " + Printable(path, 400), kExample);
  }
  const auto text = gooffsets::ReadFile(source.dir + "/go.mod", kLargestGoMod);
  if (!text) {
    if (text.error().code != ErrorCode::kNotFound) return tl::unexpected(text.error());
    return Fail(ErrorCode::kNotFound, Printable(path, 400) + " has no go.mod",
                "name the directory of a module (the one that holds go.mod)");
  }
  GOOFFSETS_TRY(const GoModFile mod, ReadModule(*text, source.dir + "/go.mod"));
  source.module = mod.module;
  if (auto checkout = CheckoutVersion(source.dir, mod.module)) {
    source.version = checkout->first.text();
    source.revision = checkout->second;
  } else {
    source.version = LocalVersion(mod.module).text();
  }
  return source;
}

}  // namespace

Result<SourceText> ParseSource(std::string_view text) {
  auto refuse = [&](const std::string& why) {
    return Fail(ErrorCode::kUsage, "--source \"" + Printable(text, 400) + "\": " + why, kExample);
  };
  if (text.empty() || text.find('\0') != std::string_view::npos) return refuse("no directory is named");
  SourceText source;
  if (!text.starts_with("git+")) {
    if (text.find("://") != std::string_view::npos) return refuse("a repository is named with git+ before its address");
    source.path = std::string(text);
    return source;
  }
  std::string_view rest = text.substr(4);
  if (const size_t hash = rest.rfind('#'); hash != std::string_view::npos) {
    source.subdir = fs::path(rest.substr(hash + 1)).lexically_normal().generic_string();
    rest = rest.substr(0, hash);
    while (source.subdir.ends_with('/')) source.subdir.pop_back();
    if (source.subdir == ".") source.subdir.clear();
    if (source.subdir.starts_with('/') || source.subdir == ".." || source.subdir.starts_with("../")) {
      return refuse("the directory behind # lies outside of the repository");
    }
  }
  const size_t scheme_end = rest.find("://");
  const std::string_view scheme = rest.substr(0, scheme_end);
  if (scheme_end == std::string_view::npos ||
      (scheme != "file" && scheme != "https" && scheme != "http" && scheme != "ssh")) {
    return refuse("git+file, git+https, git+http and git+ssh are understood");
  }
  const size_t path_begin = rest.find('/', scheme_end + 3);
  if (path_begin == std::string_view::npos || (scheme == "file" && path_begin != scheme_end + 3)) {
    return refuse(scheme == "file" ? "file:// is followed by an absolute path" : "the address has no path");
  }
  source.revision = "HEAD";
  size_t at = rest.rfind('@');
  if (at != std::string_view::npos && at < path_begin) at = std::string_view::npos;  // user@host
  // A directory's own name may have an '@' in it.
  if (scheme == "file" && at != std::string_view::npos && IsDirectory(std::string(rest.substr(path_begin))) &&
      !IsDirectory(std::string(rest.substr(path_begin, at - path_begin)))) {
    at = std::string_view::npos;
  }
  if (at != std::string_view::npos) {
    source.revision = std::string(rest.substr(at + 1));
    if (source.revision.empty()) return refuse("there is no revision behind @");
  }
  source.url = std::string(rest.substr(0, at));
  if (scheme == "file")
    source.path = std::string(rest.substr(path_begin, at == std::string_view::npos ? at : at - path_begin));
  return source;
}

Result<Source> OpenSource(std::string_view text, Cache& cache) {
  GOOFFSETS_TRY(const SourceText source, ParseSource(text));
  const GitLibrary library;
  return source.url.empty() ? OpenDirectory(source.path) : OpenRevision(source, cache);
}

}  // namespace offsetgen
