#include "git_export.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "base/file.h"
#include "git_handles.h"
#include "process.h"

namespace offsetgen {
namespace {

using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::Result;

class Exporter {
 public:
  Exporter(git_repository* repository, const ExportLimits& limits) : repository_(repository), limits_(limits) {}

  Result<void> Export(const git_tree* tree, const std::string& directory, int depth) {
    if (depth > limits_.depth) return TooLarge();
    const size_t count = git_tree_entrycount(tree);
    for (size_t i = 0; i < count; ++i) {
      if (g_interrupted.load()) return Fail(ErrorCode::kInterrupted, "interrupted");
      const git_tree_entry* entry = git_tree_entry_byindex(tree, i);
      const std::string name = git_tree_entry_name(entry);
      // A tree is a file made by anyone: git's own checkout refuses these names as well.
      if (name.empty() || name == "." || name == ".." || name == ".git" || name.find('/') != std::string::npos) {
        return Fail(ErrorCode::kBadInput, "the git tree holds a file named \"" + Printable(name) + "\"");
      }
      const std::string path = directory + "/" + name;
      switch (git_tree_entry_filemode(entry)) {
        case GIT_FILEMODE_TREE: {
          git_tree* raw = nullptr;
          if (git_tree_lookup(&raw, repository_, git_tree_entry_id(entry)) != 0) return Unreadable(name);
          const GitTree sub(raw);
          if (mkdir(path.c_str(), 0755) != 0) return gooffsets::ErrnoError(errno, "cannot create " + path);
          GOOFFSETS_CHECK_OK(Export(sub.get(), path, depth + 1));
          break;
        }
        case GIT_FILEMODE_BLOB:
        case GIT_FILEMODE_BLOB_EXECUTABLE:
          GOOFFSETS_CHECK_OK(WriteBlob(git_tree_entry_id(entry), name, path));
          break;
        default:
          break;
      }
    }
    return {};
  }

 private:
  Result<void> WriteBlob(const git_oid* id, const std::string& name, const std::string& path) {
    git_blob* raw = nullptr;
    if (git_blob_lookup(&raw, repository_, id) != 0) return Unreadable(name);
    const GitBlob blob(raw);
    const uint64_t size = git_blob_rawsize(blob.get());
    bytes_ += size;
    if (++files_ > limits_.files || bytes_ > limits_.bytes) return TooLarge();
    const gooffsets::UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!fd.valid()) return gooffsets::ErrnoError(errno, "cannot create " + path);
    std::string_view rest(static_cast<const char*>(git_blob_rawcontent(blob.get())), size);
    while (!rest.empty()) {
      const ssize_t written = write(fd.get(), rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return gooffsets::ErrnoError(errno, "cannot write " + path);
      rest.remove_prefix(static_cast<size_t>(written));
    }
    return {};
  }
  Result<void> TooLarge() const {
    return Fail(ErrorCode::kBadInput, fmt::format("the git tree is too large: more than {} files, {} MB or {} levels",
                                                  limits_.files, limits_.bytes >> 20, limits_.depth));
  }
  static Result<void> Unreadable(const std::string& name) {
    return GitError(ErrorCode::kBadInput, "the repository does not hold " + Printable(name), "git fsck");
  }

  git_repository* repository_;
  ExportLimits limits_;
  size_t files_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace

Result<void> ExportTree(git_repository* repository, const git_tree* tree, const std::string& directory,
                        const ExportLimits& limits) {
  return Exporter(repository, limits).Export(tree, directory, 0);
}

}  // namespace offsetgen
