#include "feed/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace gooffsets {

Result<OutputFile> OutputFile::Open(const std::string& path, Mode mode) {
  OutputFile out;
  out.path_ = path;
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (mode == Mode::kNew ? O_TRUNC : O_APPEND);
  out.fd_.Reset(::open(path.c_str(), flags, 0644));
  if (!out.fd_.valid()) return ErrnoError(errno, "cannot write " + path);
  GOOFFSETS_TRY(out.size_, FileSize(out.fd_, path));
  return out;
}

Result<void> OutputFile::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd_.get(), bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return ErrnoError(errno, "cannot write " + path_);
    bytes.remove_prefix(static_cast<size_t>(wrote));
    size_ += static_cast<uint64_t>(wrote);
  }
  return {};
}

Result<void> OutputFile::Empty() {
  if (::ftruncate(fd_.get(), 0) != 0 || ::lseek(fd_.get(), 0, SEEK_SET) != 0) {
    return ErrnoError(errno, "cannot write " + path_);
  }
  size_ = 0;
  return {};
}

Result<void> OutputFile::Sync() {
  while (::fsync(fd_.get()) != 0) {
    if (errno != EINTR) return ErrnoError(errno, "cannot write " + path_);
  }
  return {};
}

Result<void> MakeDirectories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return ErrnoError(error.value(), "cannot make the directory " + path);
  return {};
}

Result<void> RemoveFile(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return ErrnoError(errno, "cannot remove " + path);
  return {};
}

bool FileExists(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace gooffsets
