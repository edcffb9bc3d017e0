// Files: an owning descriptor, bounded reads, and writes that leave either the old content or the new one.
//
// Reads use pread into our own memory, never a mapping: a mapped file that is truncated kills its reader. Errors say
// the path and what the operating system said. Thread-safe: no state but the descriptor, which belongs to one object.
//
//   Result<std::string> text = ReadFile("targets.toml", 1 << 20);
//   Result<void> done = WriteFileAtomic("offsets.json", json);
#ifndef GOOFFSETS_BASE_FILE_H_
#define GOOFFSETS_BASE_FILE_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "gooffsets/result.h"

namespace gooffsets {

// Owns a file descriptor and closes it.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) Reset(other.Release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { Reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int Release() { return std::exchange(fd_, -1); }
  void Reset(int fd = -1);

 private:
  int fd_ = -1;
};

// An error for `err` (an errno value): ENOSPC and EDQUOT are kNoSpace, EACCES, EPERM and EROFS kPermission, ENOENT and
// ENOTDIR kNotFound, the rest kIo. `what` says what was tried: "cannot read FILE".
tl::unexpected<Error> ErrnoError(int err, std::string what);

Result<UniqueFd> OpenForReading(const std::string& path);
Result<uint64_t> FileSize(const UniqueFd& fd, const std::string& path);

// Reads exactly `size` bytes at `offset`; fewer are kBadInput ("is shorter than ..."). `path` is for messages only.
Result<void> ReadAt(const UniqueFd& fd, uint64_t offset, char* out, size_t size, const std::string& path);

// The whole file. One larger than `limit` is kBadInput, and never read further than that. Works for files that say they
// have no size (/proc).
Result<std::string> ReadFile(const std::string& path, uint64_t limit);

// Makes the names in a directory survive a power cut. File systems that cannot sync a directory are no error.
Result<void> SyncDirectory(const std::string& path);
// The same of the directory that holds `path`.
Result<void> SyncDirectoryOf(const std::string& path);

// Replaces `path` with `data`: a temporary file beside it, fsync, rename, fsync of the directory. A failure at any
// point leaves the old file as it was and no temporary file.
Result<void> WriteFileAtomic(const std::string& path, std::string_view data, mode_t mode = 0644);

}  // namespace gooffsets

#endif  // GOOFFSETS_BASE_FILE_H_
