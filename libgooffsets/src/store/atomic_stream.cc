#include "store/atomic_stream.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/file.h"
#include "base/quote.h"

namespace gooffsets {

Result<void> RenameIntoPlace(const std::string& temporary, const std::string& path) {
  {
    UniqueFd fd(::open(temporary.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid() || ::fsync(fd.get()) != 0) return ErrnoError(errno, "cannot write " + Quote(path));
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) return ErrnoError(errno, "cannot write " + Quote(path));
  return SyncDirectoryOf(path);
}

Result<AtomicStream> AtomicStream::Create(const std::string& path) {
  AtomicStream file;
  file.path_ = path;
  std::string pattern = path + ".XXXXXX";
  UniqueFd fd(::mkstemp(pattern.data()));
  if (!fd.valid()) return ErrnoError(errno, "cannot write " + Quote(path));
  file.temporary_ = pattern;
  // mkstemp makes private files; an export is for everyone whom the directory lets in.
  if (::fchmod(fd.get(), 0644) != 0) return ErrnoError(errno, "cannot write " + Quote(path));
  errno = 0;
  file.stream_.open(pattern, std::ios::binary | std::ios::trunc);
  if (!file.stream_) return ErrnoError(errno == 0 ? EIO : errno, "cannot write " + Quote(path));
  return file;
}

AtomicStream::AtomicStream(AtomicStream&& other) noexcept
    : stream_(std::move(other.stream_)),
      path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, std::string())) {}

AtomicStream::~AtomicStream() {
  if (temporary_.empty()) return;
  stream_.close();
  ::unlink(temporary_.c_str());
}

Result<void> AtomicStream::Commit() {
  errno = 0;
  stream_.flush();
  bool good = static_cast<bool>(stream_);
  int error = errno;
  stream_.close();
  // A stream loses the reason of an earlier failed write: a full disk is by far the likeliest.
  if (!good || !stream_) return ErrnoError(error == 0 ? ENOSPC : error, "cannot write " + Quote(path_));
  GOOFFSETS_CHECK_OK(RenameIntoPlace(temporary_, path_));
  temporary_.clear();
  return {};
}

}  // namespace gooffsets
