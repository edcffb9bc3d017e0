// The parts of a probe build that need no toolchain: child processes, the cache's limit, what broke a build, and what the
// go command's messages mean. Messages are those of Go 1.27.4 and of module proxies, as printed.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "cache.h"
#include "go_command.h"
#include "installed_go.h"
#include "process.h"
#include "unbuildable.h"

namespace offsetgen {
namespace {

namespace fs = std::filesystem;
using gooffsets::ErrorCode;

class Dir {
 public:
  Dir() {
    std::string pattern = (fs::temp_directory_path() / "gooffsets-build-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Dir() { RemoveTree(path_); }
  std::string operator/(const std::string& rest) const { return path_ + "/" + rest; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void Write(const std::string& path, const std::string& text) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path) << text;
}

TEST(RunProcess, GivesOutputAndExitCode) {
  auto out = RunProcess({.argv = {"/bin/sh", "-c", "cat; echo err >&2; exit 3"}, .stdin_text = "hello"});
  ASSERT_TRUE(out);
  EXPECT_EQ(out->exit_code, 3);
  EXPECT_EQ(out->stdout_text, "hello");
  EXPECT_EQ(out->stderr_text, "err\n");
}

TEST(RunProcess, InheritsNothing) {
  setenv("GOOFFSETS_TEST_SECRET", "1", 1);
  auto out = RunProcess({.argv = {"/usr/bin/env"}, .env = {"A=b"}});
  ASSERT_TRUE(out);
  EXPECT_EQ(out->stdout_text, "A=b\n");
}

TEST(RunProcess, EndsTheWholeGroupAtTheTimeLimit) {
  auto start = std::chrono::steady_clock::now();
  auto out = RunProcess({.argv = {"/bin/sh", "-c", "sleep 600 & sleep 600"}, .env = {"PATH=/bin:/usr/bin"}, .timeout = std::chrono::seconds(1)});
  ASSERT_TRUE(out);
  EXPECT_TRUE(out->timed_out);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
}

TEST(RunProcess, SaysThatAProgramIsMissing) {
  auto out = RunProcess({.argv = {"gooffsets-no-such-program"}});
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, ErrorCode::kToolchain);
}

TEST(RunProcess, LargeOutputIsCutNotKept) {
  auto out = RunProcess({.argv = {"/bin/sh", "-c", "head -c 3000000 /dev/zero"}, .env = {"PATH=/bin:/usr/bin"}, .output_limit = 1000});
  ASSERT_TRUE(out);
  EXPECT_EQ(out->exit_code, 0);
  EXPECT_LE(out->stdout_text.size(), 1000u);
}

TEST(Cache, RemovesTheLeastRecentlyUsedFirstAndNothingInUse) {
  Dir dir;
  auto cache = Cache::Open(dir.path(), 3 << 20);
  ASSERT_TRUE(cache);
  for (const char* unit : {"toolchains/go1.1", "toolchains/go1.2", "toolchains/go1.3"}) {
    Write(cache->Path(std::string(unit) + "/file"), std::string(2 << 20, 'x'));
    cache->Use(unit);
    fs::last_write_time(cache->Path(std::string(unit) + ".used"),
                        fs::file_time_type::clock::now() - std::chrono::hours(unit[15] == '1' ? 3 : unit[15] == '2' ? 2 : 1));
  }
  cache->Release("toolchains/go1.2");
  cache->Release("toolchains/go1.3");
  cache->Evict();
  EXPECT_TRUE(fs::exists(cache->Path("toolchains/go1.1")));   // oldest, but in use
  EXPECT_FALSE(fs::exists(cache->Path("toolchains/go1.2")));
  EXPECT_FALSE(fs::exists(cache->Path("toolchains/go1.3")));  // still above the limit
}

TEST(Cache, TheBuildCacheInUseLosesWhatBuildsNoLongerAskFor) {
  Dir dir;
  auto cache = Cache::Open(dir.path(), 5 << 20);
  ASSERT_TRUE(cache);
  cache->Use("gocache/go1.2");
  auto entry = [&](const char* name, int hours) {
    const std::string path = cache->Path("gocache/go1.2/" + std::string(name));
    Write(path, std::string(2 << 20, 'x'));
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(hours));
    return path;
  };
  const std::string newest = entry("00/newest-d", 0), old = entry("01/old-d", 3), older = entry("02/older-d", 4),
                    oldest = entry("02/oldest-d", 9), readme = entry("README", 9);
  cache->Evict();  // 10 MB of 5: three of the entries would have to go
  EXPECT_FALSE(fs::exists(oldest));
  EXPECT_FALSE(fs::exists(older));
  EXPECT_FALSE(fs::exists(old));
  EXPECT_TRUE(fs::exists(newest));
  EXPECT_TRUE(fs::exists(readme));  // no entry

  entry("01/old-d", 3), entry("02/older-d", 4);
  fs::remove(readme);
  cache->Evict();  // 6 MB of 5: the oldest one is enough
  EXPECT_TRUE(fs::exists(old));
  EXPECT_FALSE(fs::exists(older));
}

TEST(InstalledGo, IsCopiedWithWhatItsLinksPointAtIntoDirectoriesThatCanBeWritten) {
  Dir dir;
  Write(dir / "go/VERSION", "go1.19.8\n");
  Write(dir / "go/bin/go", "x");
  Write(dir / "go/pkg/tool/linux_amd64/compile", "x");
  Write(dir / "share/src/fmt/print.go", "package fmt");
  fs::create_directory_symlink("../share/src", dir / "go/src");
  fs::create_directory_symlink("..", dir / "share/src/fmt/loop");
  fs::create_symlink("/nowhere/at/all", dir / "share/src/fmt/dangling");
  fs::permissions(dir / "share/src/fmt", fs::perms::owner_read | fs::perms::owner_exec);
  auto copied = CopyGoTree(dir / "go", dir / "copy");
  ASSERT_TRUE(copied) << copied.error().ToString();
  EXPECT_TRUE(fs::exists(dir / "copy/bin/go"));
  EXPECT_TRUE(fs::exists(dir / "copy/VERSION"));
  EXPECT_FALSE(fs::is_symlink(dir / "copy/src"));
  EXPECT_EQ(fs::file_size(dir / "copy/src/fmt/print.go"), 11u);
  EXPECT_FALSE(fs::exists(dir / "copy/src/fmt/loop"));
  EXPECT_FALSE(fs::is_symlink(dir / "copy/src/fmt/dangling"));
  EXPECT_NE(fs::status(dir / "copy/src/fmt").permissions() & fs::perms::owner_write, fs::perms::none);
  EXPECT_FALSE(CopyGoTree(dir / "nothing", dir / "empty"));
}

TEST(Cache, AnotherProcessKeepsItsUnits) {
  Dir dir;
  auto holder = Cache::Open(dir.path(), 0);
  auto cache = Cache::Open(dir.path(), 1);
  ASSERT_TRUE(holder && cache);
  Write(holder->Path("gocache/go1.2/file"), "x");
  holder->Use("gocache/go1.2");
  cache->Evict();
  EXPECT_TRUE(fs::exists(holder->Path("gocache/go1.2")));
  holder->Release("gocache/go1.2");
  cache->Evict();
  EXPECT_FALSE(fs::exists(holder->Path("gocache/go1.2")));
}

TEST(Cache, RemovesWorkOfProcessesThatAreGone) {
  Dir dir;
  pid_t child = fork();
  if (child == 0) _exit(0);
  int status = 0;
  waitpid(child, &status, 0);
  Write(dir / ("work/" + std::to_string(child) + "-0-probe/file"), "x");
  Write(dir / ("work/" + std::to_string(getpid()) + "-0-probe/file"), "x");
  ASSERT_TRUE(Cache::Open(dir.path(), 0));
  EXPECT_FALSE(fs::exists(dir / ("work/" + std::to_string(child) + "-0-probe")));
  EXPECT_TRUE(fs::exists(dir / ("work/" + std::to_string(getpid()) + "-0-probe")));
}

TEST(Unbuildable, FindsLinkerAndCompilerCulprits) {
  Dir dir;
  Write(dir / "keep/0003.go", "package p\n\nfunc init() {\n\tgooffsetsKeep(bad) // bad\n}\n");
  Write(dir / "keep/keep.tsv", "example.com/p\t" + (dir / "keep/0003.go") + "\n");
  std::string output =
      "# gooffsetsprobe\nruntime.raceread: relocation target runtime.racecall not defined\n"
      "gopkg.in/yaml%2ev3.(*T).f: relocation target x not defined\n"
      "# example.com/p\n/src/p/zz_gooffsets_keep.go:4:16: cannot use bad\n/src/p/a.go:4:1: not ours\n";
  EXPECT_EQ(UnbuildableSymbols(output, dir.path()),
            (std::set<std::string>{"runtime.raceread", "gopkg.in/yaml.v3.(*T).f", "example.com/p.bad"}));
}

TEST(ClassifyGoFailure, TellsKindsApart) {
  auto code = [](const char* text) { return ClassifyGoFailure("x", text).code; };
  EXPECT_EQ(code("reading .../@v/v0.0.1-go1.20.5.linux-amd64.info: 403 Forbidden\n\tserver response: This module version is not available."),
            ErrorCode::kNotFound);
  EXPECT_EQ(code("go: m@v1: reading https://p/m/@v/v1.info: 404 Not Found"), ErrorCode::kNotFound);
  EXPECT_EQ(code("go: m@v1: reading https://p/m/@v/v1.info: 403 Forbidden"), ErrorCode::kNetwork);
  EXPECT_EQ(code("go: m@v1: reading https://p/m/@v/v1.info: 500 Internal Server Error"), ErrorCode::kNetwork);
  EXPECT_EQ(code("dial tcp: lookup p on 127.0.0.1:53: no such host"), ErrorCode::kNetwork);
  EXPECT_EQ(code("module lookup disabled by GOPROXY=off"), ErrorCode::kNetwork);
  EXPECT_EQ(code("verifying m@v1: checksum mismatch\n\tdownloaded: h1:a\n\tgo.sum: h1:b\nSECURITY ERROR"), ErrorCode::kNetwork);
  EXPECT_EQ(code("write /tmp/x: no space left on device"), ErrorCode::kNoSpace);
}

}  // namespace
}  // namespace offsetgen
