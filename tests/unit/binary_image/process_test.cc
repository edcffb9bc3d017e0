// The memory of running programs, against their files.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "binary/recognise.h"
#include "programs.h"

namespace gooffsets {
namespace {

// Runs a program and waits for its first line; its input ends, and with it the program, when this goes.
class Running {
 public:
  explicit Running(const std::string& path) {
    std::array<int, 2> in = {}, out = {};
    if (pipe(in.data()) != 0 || pipe(out.data()) != 0) return;
    pid_ = fork();
    if (pid_ == 0) {
      dup2(in[0], 0);
      dup2(out[1], 1);
      for (int fd : {in[0], in[1], out[0], out[1]}) close(fd);
      execl(path.c_str(), path.c_str(), nullptr);
      _exit(127);
    }
    close(in[0]);
    close(out[1]);
    input_ = in[1];
    char c = 0;
    while (read(out[0], &c, 1) == 1 && c != '\n') line_ += c;
    close(out[0]);
  }
  ~Running() { End(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  void End() {
    if (pid_ <= 0) return;
    close(input_);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  pid_t pid() const { return pid_; }
  const std::string& line() const { return line_; }

 private:
  pid_t pid_ = -1;
  int input_ = -1;
  std::string line_;
};

class Process : public ::testing::TestWithParam<const char*> {};

TEST_P(Process, IsItsFileAsLoaded) {
  testing::TempDir dir;
  ASSERT_EQ(testing::BuildProgram("program", {"", "amd64", {GetParam(), "-ldflags=-s -w"}, ""}, dir / "program"), "");
  Running running(dir / "program");
  ASSERT_EQ(running.line(), "ready 2 9") << "this machine cannot run programs for amd64";
  auto source = OpenFileSource(dir / "program");
  ASSERT_TRUE(source);
  auto file = Image::Open(*source);
  ASSERT_TRUE(file);
  auto memory = Image::OpenProcessMemory(running.pid());
  ASSERT_TRUE(memory) << memory.error().message;
  EXPECT_TRUE(memory->is_memory());
  EXPECT_EQ(memory->is_pie(), file->is_pie());
  EXPECT_EQ(memory->goarch(), file->goarch());
  EXPECT_EQ(memory->has_interpreter(), file->has_interpreter());
  EXPECT_EQ(memory->GoBuildId(), file->GoBuildId());
  EXPECT_NE(memory->GoBuildId(), "");
  EXPECT_FALSE(memory->FileOffset(memory->entry()));

  const uint64_t bias = memory->entry() - file->entry();
  ASSERT_EQ(memory->segments().size(), file->segments().size());
  size_t equal = 0, moved = 0, other = 0;
  for (const Segment& segment : file->segments()) {
    std::vector<uint64_t> in_file(segment.file_size / 8), in_memory(in_file.size());
    ASSERT_TRUE(file->Read(segment.address, std::as_writable_bytes(std::span(in_file))));
    ASSERT_TRUE(memory->Read(segment.address + bias, std::as_writable_bytes(std::span(in_memory))));
    for (size_t i = 0; i < in_file.size(); ++i) {
      if (in_memory[i] == in_file[i]) {
        ++equal;
      } else if (in_memory[i] == in_file[i] + bias) {
        ++moved;
        EXPECT_TRUE(segment.writable) << fmt::format("{:#x}", segment.address + 8 * i);
      } else {
        ++other;
        EXPECT_TRUE(segment.writable) << fmt::format("{:#x}", segment.address + 8 * i);
      }
    }
  }
  RecordProperty("words_equal", static_cast<int>(equal));
  RecordProperty("words_moved", static_cast<int>(moved));
  EXPECT_GT(equal, 100'000U);
  EXPECT_EQ(moved > 1'000, file->is_pie()) << moved;
  // What the program has written to since it began.
  EXPECT_LT(other, (equal + moved) / 50);

  const Result<BinaryInfo> of_file = Recognise(*file), of_memory = Recognise(*memory);
  ASSERT_TRUE(of_file);
  ASSERT_TRUE(of_memory);
  EXPECT_EQ(of_memory->file, fmt::format("process {}", running.pid()));
  EXPECT_EQ(of_memory->go_version, of_file->go_version);
  EXPECT_EQ(of_memory->modules, of_file->modules);
  EXPECT_EQ(of_memory->settings, of_file->settings);
  EXPECT_NE(of_memory->main_package, "");

  // A process that ends takes its memory with it.
  const int pid = running.pid();
  running.End();
  const auto gone = memory->U64(memory->segments().front().address);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::kNotFound) << gone.error().message;
  const auto again = Image::OpenProcessMemory(pid);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kNotFound) << again.error().message;
}
INSTANTIATE_TEST_SUITE_P(, Process, ::testing::Values("-buildmode=exe", "-buildmode=pie"),
                         [](const auto& mode) { return mode.index == 0 ? "Fixed" : "Pie"; });

TEST(ProcessMemory, WhatIsNoProcessIsRefused) {
  for (int pid : {-1, 0, 0x7ffffffe}) {
    const auto image = Image::OpenProcessMemory(pid);
    ASSERT_FALSE(image) << pid;
    EXPECT_EQ(image.error().code, ErrorCode::kNotFound) << image.error().message;
  }
}

}  // namespace
}  // namespace gooffsets
