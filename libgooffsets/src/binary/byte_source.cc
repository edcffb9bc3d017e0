#include "binary/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/file.h"

namespace gooffsets {
namespace {

tl::unexpected<Error> BeyondTheEnd(const std::string& name, uint64_t offset, uint64_t count, uint64_t size) {
  return Fail(ErrorCode::kBadInput,
              name + " is cut off: " + std::to_string(count) + " bytes at " + std::to_string(offset) +
                  " are needed, and it ends at " + std::to_string(size),
              "copy the program again, whole");
}

class FileSource : public ByteSource {
 public:
  FileSource(std::string path, UniqueFd fd, uint64_t size) : path_(std::move(path)), fd_(std::move(fd)), size_(size) {}
  const std::string& name() const override { return path_; }
  uint64_t size() const override { return size_; }
  Result<void> Read(uint64_t offset, std::span<std::byte> out) const override {
    if (offset > size_ || out.size() > size_ - offset) return BeyondTheEnd(path_, offset, out.size(), size_);
    return ReadAt(fd_, offset, reinterpret_cast<char*>(out.data()), out.size(), path_);
  }

 private:
  std::string path_;
  UniqueFd fd_;
  uint64_t size_;
};

class BytesSource : public ByteSource {
 public:
  BytesSource(std::string name, std::string bytes) : name_(std::move(name)), bytes_(std::move(bytes)) {}
  const std::string& name() const override { return name_; }
  uint64_t size() const override { return bytes_.size(); }
  Result<void> Read(uint64_t offset, std::span<std::byte> out) const override {
    if (offset > bytes_.size() || out.size() > bytes_.size() - offset) {
      return BeyondTheEnd(name_, offset, out.size(), bytes_.size());
    }
    if (!out.empty()) std::memcpy(out.data(), bytes_.data() + offset, out.size());
    return {};
  }

 private:
  std::string name_;
  std::string bytes_;
};

Result<void> MustBeFile(const struct stat& status, const std::string& path) {
  if (S_ISREG(status.st_mode)) return {};
  return Fail(ErrorCode::kBadInput, path + (S_ISDIR(status.st_mode) ? " is a directory" : " is not a regular file"),
              "name the program itself");
}

}  // namespace

Result<std::shared_ptr<const ByteSource>> OpenFileSource(const std::string& path) {
  if (path.find('\0') != std::string::npos) return Fail(ErrorCode::kUsage, "a file name holds a NUL byte");
  // Asked before it is opened, because opening alone may act on a device, and again afterwards, because the name may
  // stand for something else by then; O_NONBLOCK keeps a FIFO from waiting for a writer.
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return ErrnoError(errno, "cannot open " + path);
  GOOFFSETS_CHECK_OK(MustBeFile(status, path));
  UniqueFd fd;
  do {
    fd.Reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  } while (!fd.valid() && errno == EINTR);
  if (!fd.valid()) return ErrnoError(errno, "cannot open " + path);
  if (::fstat(fd.get(), &status) != 0) return ErrnoError(errno, "cannot read " + path);
  GOOFFSETS_CHECK_OK(MustBeFile(status, path));
  const uint64_t size = status.st_size < 0 ? 0 : static_cast<uint64_t>(status.st_size);
  return std::make_shared<FileSource>(path, std::move(fd), size);
}

std::shared_ptr<const ByteSource> MemorySource(std::string name, std::string bytes) {
  return std::make_shared<BytesSource>(std::move(name), std::move(bytes));
}

}  // namespace gooffsets
