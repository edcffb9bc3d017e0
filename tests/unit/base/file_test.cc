#include "base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace gooffsets {
namespace {

namespace fs = std::filesystem;

class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "file_test.XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override { fs::remove_all(dir_); }
  std::string Path(const std::string& name) const { return dir_ + "/" + name; }
  size_t FilesInDir() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(dir_), fs::directory_iterator()));
  }
  std::string dir_;
};

TEST_F(FileTest, WritesAndReadsBack) {
  std::string data("a\0b\n", 4);
  ASSERT_TRUE(WriteFileAtomic(Path("f"), data));
  EXPECT_EQ(*ReadFile(Path("f"), 4), data);
  ASSERT_TRUE(WriteFileAtomic(Path("f"), "new", 0600));
  EXPECT_EQ(*ReadFile(Path("f"), 100), "new");
  EXPECT_EQ(fs::status(Path("f")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  ASSERT_TRUE(WriteFileAtomic(Path("f"), ""));
  EXPECT_EQ(*ReadFile(Path("f"), 0), "");
  EXPECT_EQ(FilesInDir(), 1U) << "a temporary file was left";
}

TEST_F(FileTest, LimitIsExact) {
  std::string data(300'000, 'x');
  ASSERT_TRUE(WriteFileAtomic(Path("f"), data));
  EXPECT_EQ(ReadFile(Path("f"), data.size())->size(), data.size());
  auto refused = ReadFile(Path("f"), data.size() - 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kBadInput);
  EXPECT_EQ(ReadFile(Path("f"), UINT64_MAX)->size(), data.size());
}

TEST_F(FileTest, FilesWithoutASize) {
  auto maps = ReadFile("/proc/self/maps", 1 << 24);
  ASSERT_TRUE(maps);
  EXPECT_GT(maps->size(), 100U);
  auto refused = ReadFile("/proc/self/maps", 10);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kBadInput);
  EXPECT_FALSE(ReadFile("/dev/zero", 1000)) << "endless, must stop at the limit";
}

TEST_F(FileTest, ReadAtChecksTheEnd) {
  ASSERT_TRUE(WriteFileAtomic(Path("f"), "0123456789"));
  auto fd = OpenForReading(Path("f"));
  ASSERT_TRUE(fd);
  EXPECT_EQ(*FileSize(*fd, "f"), 10U);
  char buffer[4];
  ASSERT_TRUE(ReadAt(*fd, 6, buffer, 4, "f"));
  EXPECT_EQ(std::string_view(buffer, 4), "6789");
  EXPECT_FALSE(ReadAt(*fd, 7, buffer, 4, "f"));
  EXPECT_FALSE(ReadAt(*fd, UINT64_MAX - 1, buffer, 4, "f"));
  EXPECT_FALSE(ReadAt(*fd, INT64_MAX - 1, buffer, 4, "f"));
  EXPECT_TRUE(ReadAt(*fd, 10, buffer, 0, "f"));
}

TEST_F(FileTest, ErrorsAreMapped) {
  EXPECT_EQ(ErrnoError(ENOSPC, "x").value().code, ErrorCode::kNoSpace);
  EXPECT_EQ(ErrnoError(EDQUOT, "x").value().code, ErrorCode::kNoSpace);
  EXPECT_EQ(ErrnoError(EACCES, "x").value().code, ErrorCode::kPermission);
  EXPECT_EQ(ErrnoError(EROFS, "x").value().code, ErrorCode::kPermission);
  EXPECT_EQ(ErrnoError(ENOENT, "x").value().code, ErrorCode::kNotFound);
  EXPECT_EQ(ErrnoError(EIO, "cannot read x").value().code, ErrorCode::kIo);
  EXPECT_NE(ErrnoError(EIO, "cannot read x").value().message.find("cannot read x: "), std::string::npos);
  EXPECT_EQ(ReadFile(Path("none"), 10).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(ReadFile(dir_, 10).error().code, ErrorCode::kIo);
  EXPECT_EQ(ReadFile(std::string("a\0b", 3), 10).error().code, ErrorCode::kUsage);
  EXPECT_EQ(WriteFileAtomic(Path("no/such/dir"), "x").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(WriteFileAtomic(dir_, "x").error().code, ErrorCode::kIo) << "a directory is in the way";
  EXPECT_EQ(FilesInDir(), 0U);
}

// A real full disk: /dev/full answers every write with ENOSPC.
TEST_F(FileTest, FullDiskIsNoSpace) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full";
  UniqueFd full(::open("/dev/full", O_WRONLY));
  ASSERT_LT(::write(full.get(), "x", 1), 0);
  EXPECT_EQ(ErrnoError(errno, "cannot write").value().code, ErrorCode::kNoSpace);
}

// A write that fails half way (file size limit of the process, EFBIG) keeps the old file and leaves no temporary one.
TEST_F(FileTest, FailedWriteKeepsTheOldFile) {
  ASSERT_TRUE(WriteFileAtomic(Path("f"), "old"));
  pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{4096, 4096};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(1);
    auto done = WriteFileAtomic(Path("f"), std::string(100'000, 'n'));
    ::_exit(!done && done.error().code == ErrorCode::kIo ? 0 : 2);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(*ReadFile(Path("f"), 100), "old");
  EXPECT_EQ(FilesInDir(), 1U);
}

TEST_F(FileTest, UniqueFdCloses) {
  ASSERT_TRUE(WriteFileAtomic(Path("f"), "x"));
  int raw = -1;
  {
    auto fd = OpenForReading(Path("f"));
    ASSERT_TRUE(fd);
    raw = fd->get();
    UniqueFd moved = std::move(*fd);
    EXPECT_FALSE(fd->valid());
    EXPECT_EQ(moved.get(), raw);
  }
  EXPECT_EQ(::fcntl(raw, F_GETFD), -1);
}

}  // namespace
}  // namespace gooffsets
