#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <system_error>

namespace gooffsets {
namespace {

// Removes a temporary file unless it was renamed into place.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  const std::string& path() const { return path_; }
  void Keep() { path_.clear(); }

 private:
  std::string path_;
};

// Returns 0 or an errno value.
int WriteAll(int fd, std::string_view data) {
  while (!data.empty()) {
    // Linux writes at most 0x7ffff000 bytes in one call; smaller pieces keep the arithmetic clear of that.
    ssize_t wrote = ::write(fd, data.data(), std::min<size_t>(data.size(), size_t{1} << 30));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return errno;
    data.remove_prefix(static_cast<size_t>(wrote));
  }
  return 0;
}

int Fsync(int fd) {
  while (::fsync(fd) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

std::string DirectoryOf(const std::string& path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

void UniqueFd::Reset(int fd) {
  // close() is not repeated on EINTR: on Linux the descriptor is gone either way (src: close(2)).
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

tl::unexpected<Error> ErrnoError(int err, std::string what) {
  // std::generic_category is thread-safe where strerror need not be.
  std::string message = std::move(what) + ": " + std::generic_category().message(err);
  switch (err) {
    case ENOSPC:
    case EDQUOT:
      return Fail(ErrorCode::kNoSpace, std::move(message), "free some disk space and run it again");
    case EACCES:
    case EPERM:
    case EROFS:
      return Fail(ErrorCode::kPermission, std::move(message), "check its permissions, or run as a user who has them");
    case ENOENT:
    case ENOTDIR:
      return Fail(ErrorCode::kNotFound, std::move(message), "check the spelling of the path");
    case ELOOP:
      return Fail(ErrorCode::kIo, std::move(message), "name the file itself: the links of this path lead in a circle");
    default:
      return Fail(ErrorCode::kIo, std::move(message));
  }
}

Result<UniqueFd> OpenForReading(const std::string& path) {
  // A NUL would silently shorten the name the kernel sees.
  if (path.find('\0') != std::string::npos) return Fail(ErrorCode::kUsage, "a file name holds a NUL byte");
  while (true) {
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.valid()) return fd;
    if (errno != EINTR) return ErrnoError(errno, "cannot open " + path);
  }
}

Result<uint64_t> FileSize(const UniqueFd& fd, const std::string& path) {
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return ErrnoError(errno, "cannot read " + path);
  if (S_ISDIR(status.st_mode)) return ErrnoError(EISDIR, "cannot read " + path);
  return status.st_size < 0 ? 0 : static_cast<uint64_t>(status.st_size);
}

Result<void> ReadAt(const UniqueFd& fd, uint64_t offset, char* out, size_t size, const std::string& path) {
  constexpr uint64_t kMaxOffset = static_cast<uint64_t>(std::numeric_limits<off_t>::max());
  if (offset > kMaxOffset || size > kMaxOffset - offset) {
    return Fail(ErrorCode::kBadInput, path + " is shorter than it claims");
  }
  while (size > 0) {
    ssize_t got = ::pread(fd.get(), out, std::min<size_t>(size, size_t{1} << 30), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoError(errno, "cannot read " + path);
    if (got == 0) return Fail(ErrorCode::kBadInput, path + " is shorter than it claims");
    out += got;
    size -= static_cast<size_t>(got);
    offset += static_cast<uint64_t>(got);
  }
  return {};
}

Result<std::string> ReadFile(const std::string& path, uint64_t limit) {
  limit = std::min(limit, uint64_t{std::numeric_limits<off_t>::max()});  // so that limit + 1 is a number
  GOOFFSETS_TRY(UniqueFd fd, OpenForReading(path));
  GOOFFSETS_TRY(uint64_t size, FileSize(fd, path));
  auto too_large = [&] {
    return Fail(ErrorCode::kBadInput, path + " is larger than the " + std::to_string(limit) + " bytes it may have");
  };
  if (size > limit) return too_large();
  // The size is only a first guess: the file may grow, shrink or, under /proc, claim zero. One byte more than claimed
  // finds the end in a single call in the usual case.
  std::string content;
  size_t used = 0;
  while (true) {
    size_t want = static_cast<size_t>(used == 0 ? size + 1 : std::max<uint64_t>(size_t{64} * 1024, used));
    want = static_cast<size_t>(std::min<uint64_t>(want, limit + 1 - used));
    content.resize(used + want);
    ssize_t got =
        ::pread(fd.get(), content.data() + used, std::min<size_t>(want, size_t{1} << 30), static_cast<off_t>(used));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoError(errno, "cannot read " + path);
    used += static_cast<size_t>(got);
    if (got == 0) break;
    if (used > limit) return too_large();
  }
  content.resize(used);
  return content;
}

Result<void> SyncDirectory(const std::string& path) {
  UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // A directory that may be written and not read (mode 0300) cannot be opened: the files in it are safe all the same.
  if (!directory.valid() && errno == EACCES) return {};
  if (!directory.valid()) return ErrnoError(errno, "cannot open " + path);
  const int err = Fsync(directory.get());
  if (err != 0 && err != EINVAL && err != EROFS) return ErrnoError(err, "cannot sync " + path);
  return {};
}

Result<void> SyncDirectoryOf(const std::string& path) { return SyncDirectory(DirectoryOf(path)); }

Result<void> WriteFileAtomic(const std::string& path, std::string_view data, mode_t mode) {
  if (path.empty() || path.find('\0') != std::string::npos) return Fail(ErrorCode::kUsage, "not a usable file name");
  const std::string failed = "cannot write " + path;
  // Beside the target, since a rename works only within one file system.
  std::string pattern = path + ".tmp.XXXXXX";
  UniqueFd fd(::mkostemp(pattern.data(), O_CLOEXEC));
  if (!fd.valid()) return ErrnoError(errno, failed);
  TemporaryFile temporary(pattern);
  if (int err = WriteAll(fd.get(), data)) return ErrnoError(err, failed);
  if (::fchmod(fd.get(), mode) != 0) return ErrnoError(errno, failed);
  if (int err = Fsync(fd.get())) return ErrnoError(err, failed);
  // Network file systems report a lost write only here.
  if (::close(fd.Release()) != 0 && errno != EINTR) return ErrnoError(errno, failed);
  if (::rename(temporary.path().c_str(), path.c_str()) != 0) return ErrnoError(errno, failed);
  temporary.Keep();
  return SyncDirectoryOf(path);
}

}  // namespace gooffsets
