// Sources: expected versions are what `go list -m` says of the same commit of the same repository.
#include "source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "pseudo_version.h"
#include "world.h"

namespace offsetgen {
namespace {

namespace fs = std::filesystem;
using gooffsets::ErrorCode;
using gooffsets::Result;
using ::testing::HasSubstr;

std::string ReadText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// Every file below a directory, with contents and times of change: what "not touched" means.
std::map<std::string, std::string> Snapshot(const std::string& dir) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(dir)) {
    const auto time = std::to_string(entry.last_write_time().time_since_epoch().count());
    files[entry.path().string()] = time + (entry.is_regular_file() ? ReadText(entry.path().string()) : "");
  }
  return files;
}

class SourceTest : public ::testing::Test {
 protected:
  std::string Repository(const std::string& name) { return world_.Path("repos/" + name + ".git"); }

  // What the go command calls this revision, without "v".
  std::string GoSays(const std::string& module, const std::string& revision) {
    const std::string said =
        world_.Run("home", "GOFLAGS=-mod=mod go list -m -f '{{.Version}}' '" + module + "@" + revision + "'");
    return said.starts_with('v') ? said.substr(1) : said;
  }

  Source Open(const std::string& text) {
    Result<Source> source = OpenSource(text, world_.cache());
    EXPECT_TRUE(source) << text << ": " << source.error().ToString();
    return source ? *source : Source{};
  }

  void ExpectAsGo(const std::string& module, const std::string& repository, const std::string& revision,
                  const std::string& subdir = "") {
    const Source source =
        Open("git+file://" + Repository(repository) + "@" + revision + (subdir.empty() ? "" : "#" + subdir));
    EXPECT_EQ(source.module, module);
    EXPECT_EQ(source.version, GoSays(module, revision)) << revision;
    EXPECT_EQ(source.revision, world_.Run("repos/" + repository + ".git", "git rev-parse '" + revision + "^{commit}'"));
  }

  World world_;
};

TEST_F(SourceTest, VersionsOfCommitsAreTheGoCommandsOwn) {
  world_.InitRepository("m");
  world_.Write("repos/m.git/go.mod", "module example.test/m.git\n\ngo 1.18\n");
  world_.Write("repos/m.git/m.go", "package m\n");
  const std::string untagged = world_.Commit("m");
  ExpectAsGo("example.test/m.git", "m", untagged);  // v0.0.0-...
  const std::string first = world_.Commit("m");
  world_.Tag("m", "v1.2.3");
  const std::string after = world_.Commit("m");
  const std::string pre = world_.Commit("m");
  world_.Tag("m", "v1.3.0-rc.1", true);
  const std::string after_pre = world_.Commit("m");
  const std::string several = world_.Commit("m");
  world_.Tag("m", "v1.3.0");
  world_.Tag("m", "v1.3.1", true);
  world_.Tag("m", "v2.0.0");  // another module's
  world_.Tag("m", "v1.9");    // no version
  world_.Tag("m", "other");
  const std::string after_several = world_.Commit("m");
  const std::string meta = world_.Commit("m");
  world_.Tag("m", "v1.4.0+meta");
  const std::string after_meta = world_.Commit("m");
  // A higher version on a branch that this one does not have in its past.
  world_.Run("repos/m.git", "git checkout -q -b side " + first);
  world_.Write("repos/m.git/side.go", "package m\n");
  const std::string side = world_.Commit("m");
  world_.Tag("m", "v1.8.0");
  const std::string after_side = world_.Commit("m");
  world_.Run("repos/m.git", "git checkout -q main");
  const std::string last = world_.Commit("m");
  for (const std::string& revision : {untagged, first, after, pre, after_pre, several, after_several, meta, after_meta,
                                      side, after_side, last, std::string("v1.3.0"), std::string("v1.3.1"),
                                      std::string("main"), std::string("side"), std::string("v1.3.0-rc.1")}) {
    ExpectAsGo("example.test/m.git", "m", revision);
  }
  EXPECT_EQ(Open("git+file://" + Repository("m")).revision, last) << "HEAD, if none is named";
}

TEST_F(SourceTest, ModulesBelowTheRootAndOfHigherMajorVersions) {
  world_.InitRepository("big");
  const std::string base = "repos/big.git/";
  world_.Write(base + "go.mod", "module example.test/big.git\n");
  world_.Write(base + "sub/dir/go.mod", "module example.test/big.git/sub/dir\n");
  world_.Write(base + "sub/dir/d.go", "package dir\n");
  world_.Write(base + "v2/go.mod", "module example.test/big.git/v2\n");
  world_.Write(base + "sub/v3/go.mod", "module example.test/big.git/sub/v3\n");
  world_.Commit("big");
  for (const char* tag : {"v1.5.0", "sub/dir/v0.4.0", "v2.1.0", "sub/v3.7.0", "dir/v0.9.0"}) world_.Tag("big", tag);
  const std::string commit = world_.Commit("big");
  ExpectAsGo("example.test/big.git", "big", commit);
  ExpectAsGo("example.test/big.git/sub/dir", "big", commit, "sub/dir");
  ExpectAsGo("example.test/big.git/v2", "big", commit, "v2");
  ExpectAsGo("example.test/big.git/sub/v3", "big", commit, "sub/v3");
  const Source tagged = Open("git+file://" + Repository("big") + "@sub/dir/v0.4.0#sub/dir/");
  EXPECT_EQ(tagged.version, "0.4.0");
  EXPECT_EQ(ReadText(tagged.dir + "/d.go"), "package dir\n");
  EXPECT_FALSE(fs::exists(tagged.dir + "/sub"));

  world_.InitRepository("two");
  world_.Write("repos/two.git/go.mod", "module example.test/two.git/v2\n");
  world_.Commit("two");
  world_.Tag("two", "v1.9.0");
  const std::string none_of_two = world_.Commit("two");
  ExpectAsGo("example.test/two.git/v2", "two", none_of_two);
  world_.Tag("two", "v2.0.0-beta.1");
  ExpectAsGo("example.test/two.git/v2", "two", world_.Commit("two"));
}

TEST_F(SourceTest, RetractedVersionsAreNoBase) {
  world_.InitRepository("r");
  world_.Write("repos/r.git/go.mod", "module example.test/r.git\n");
  world_.Commit("r");
  world_.Tag("r", "v1.0.0");
  world_.Commit("r");
  world_.Tag("r", "v1.1.0");
  const std::string between = world_.Commit("r");
  world_.Write("repos/r.git/go.mod",
               "module example.test/r.git\n\nretract (\n\tv1.2.0 // alone\n\t[v1.1.0, v1.1.9]\n)\n");
  const std::string retracting = world_.Commit("r");
  world_.Tag("r", "v1.2.0");
  const std::string last = world_.Commit("r");
  for (const std::string& revision : {between, retracting, last}) ExpectAsGo("example.test/r.git", "r", revision);
}

TEST_F(SourceTest, ExportsPlainFilesOnceAndNothingElse) {
  world_.InitRepository("m");
  world_.Write("repos/m.git/go.mod", "module \"example.test/m.git\" // quoted\n");
  world_.Write("repos/m.git/pkg/a.go", "package pkg\n");
  world_.Write("repos/m.git/tool.sh", "#!/bin/sh\ntouch /tmp/x\n");
  world_.Run(
      "repos/m.git",
      "chmod +x tool.sh && ln -s /etc/passwd link.go && printf '*.go filter=evil export-ignore\\n' > .gitattributes");
  world_.Run("repos/m.git", "git config filter.evil.smudge 'touch ../../smudged; cat'");
  const std::string commit = world_.Commit("m");
  const auto before = Snapshot(Repository("m"));
  const Source source = Open("git+file://" + Repository("m") + "@" + commit.substr(0, 9));
  EXPECT_EQ(Snapshot(Repository("m")), before);
  EXPECT_EQ(source.module, "example.test/m.git");
  EXPECT_EQ(ReadText(source.dir + "/pkg/a.go"), "package pkg\n");
  EXPECT_FALSE(fs::exists(fs::symlink_status(source.dir + "/link.go")));
  EXPECT_FALSE(fs::exists(world_.Path("smudged")));
  EXPECT_FALSE(fs::exists(source.dir + "/.git"));
  const auto exported = Snapshot(source.dir);
  EXPECT_EQ(Open("git+file://" + Repository("m") + "@HEAD").dir, source.dir);
  EXPECT_EQ(Snapshot(source.dir), exported) << "an equal tree is not written again";
  EXPECT_TRUE(fs::is_empty(world_.cache().Path("work")));
}

TEST_F(SourceTest, ADirectoryIsItsCommitOnlyWhileItIsClean) {
  world_.InitRepository("m");
  world_.Write("repos/m.git/go.mod", "module example.test/m.git/v3\n");
  world_.Write("repos/m.git/m.go", "package m\n");
  world_.Write("repos/m.git/.gitignore", "generated*\nbuild/\n");
  world_.Commit("m");
  world_.Tag("m", "v3.1.0");
  const std::string dir = Repository("m");
  auto version = [&] {
    const auto before = Snapshot(dir);
    const Source source = Open(dir);
    EXPECT_EQ(Snapshot(dir), before) << "only read";
    EXPECT_EQ(source.dir, fs::canonical(dir).string());
    EXPECT_EQ(source.module, "example.test/m.git/v3");
    return source.version;
  };
  EXPECT_EQ(version(), GoSays("example.test/m.git/v3", "HEAD"));
  world_.Write("repos/m.git/generated.txt", "ignored, and no Go file");
  EXPECT_EQ(version(), "3.1.0");
  world_.Write("repos/m.git/build/generated.go", "package build\n");
  EXPECT_EQ(version(), "3.0.0-local") << "ignored, but it would be compiled";
  fs::remove_all(dir + "/build");
  EXPECT_EQ(version(), "3.1.0");
  world_.Write("repos/m.git/new.go", "package m\n");
  EXPECT_EQ(version(), "3.0.0-local");
  world_.Commit("m");
  EXPECT_EQ(version(), GoSays("example.test/m.git/v3", "HEAD"));
  world_.Write("repos/m.git/m.go", "package m // changed\n");
  EXPECT_EQ(version(), "3.0.0-local");
  world_.Run("repos/m.git", "git add -A");
  EXPECT_EQ(version(), "3.0.0-local") << "changed in the index only";
}

TEST_F(SourceTest, ADirectoryWithoutARepositoryOrUnknownToIt) {
  world_.Write("plain/go.mod", "module example.test/plain\n");
  EXPECT_EQ(Open(world_.Path("plain")).version, "0.0.0-local");
  EXPECT_EQ(Open(world_.Path("plain")).revision, "");
  world_.InitRepository("m");
  world_.Write("repos/m.git/.gitignore", "scratch/\n");
  world_.Write("repos/m.git/go.mod", "module example.test/m.git\n");
  world_.Write("repos/m.git/sub/go.mod", "module example.test/m.git/sub\n");
  world_.Commit("m");
  world_.Tag("m", "sub/v0.3.0");
  world_.Write("repos/m.git/scratch/go.mod", "module example.test/scratch\n");
  EXPECT_EQ(Open(Repository("m") + "/scratch").version, "0.0.0-local");
  world_.Write("repos/m.git/other.go", "package other\n");
  EXPECT_EQ(Open(Repository("m") + "/sub").version, "0.3.0") << "changes elsewhere in the repository do not matter";
}

TEST_F(SourceTest, ARemoteRepositoryIsKeptAndBroughtUpToDate) {
  world_.InitRepository("m");
  world_.Write("repos/m.git/go.mod", "module example.test/m.git\n");
  const std::string first = world_.Commit("m");
  world_.Tag("m", "v1.0.0");
  // insteadOf of the user's own git configuration makes this a clone over file://, as an https one otherwise.
  const std::string url = "git+https://example.test/m.git";
  EXPECT_EQ(Open(url + "@v1.0.0").version, "1.0.0");
  const std::string second = world_.Commit("m");
  EXPECT_EQ(Open(url).revision, second);
  EXPECT_EQ(Open(url + "@main").version, GoSays("example.test/m.git", second));
  fs::rename(Repository("m"), world_.Path("away"));
  EXPECT_EQ(Open(url + "@" + first).version, "1.0.0") << "a full hash that is there already needs no network";
  const auto gone = OpenSource(url + "@main", world_.cache());
  ASSERT_FALSE(gone);
  EXPECT_THAT(gone.error().message, HasSubstr("https://example.test/m.git"));
}

TEST_F(SourceTest, AShallowCloneCannotNameItsCommits) {
  world_.InitRepository("m");
  world_.Write("repos/m.git/go.mod", "module example.test/m.git\n");
  world_.Commit("m");
  world_.Tag("m", "v1.0.0");
  world_.Commit("m");
  world_.Run("", "git clone -q --depth 1 file://" + Repository("m") + " shallow");
  const auto refused = OpenSource("git+file://" + world_.Path("shallow"), world_.cache());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(refused.error().hint, HasSubstr("--unshallow"));
  EXPECT_EQ(Open(world_.Path("shallow")).version, "0.0.0-local");
}

TEST_F(SourceTest, ErrorsSayWhatIsMissing) {
  world_.InitRepository("m");
  world_.Write("repos/m.git/deep/er/go.mod", "module example.test/m.git/deep/er\n");
  world_.Write("repos/m.git/std/go.mod", "module std\n");
  world_.Write("repos/m.git/bad/go.mod", "module example.test/../x\n");
  world_.Write("repos/m.git/empty/go.mod", "go 1.18\n");
  world_.Commit("m");
  const std::string url = "git+file://" + Repository("m");
  struct Case {
    std::string text, says;
    ErrorCode code;
  };
  const std::vector<Case> cases = {
      {world_.Path("missing"), "missing", ErrorCode::kNotFound},
      {world_.Path("repos/m.git/deep"), "no go.mod", ErrorCode::kNotFound},
      {url + "@nowhere#deep/er", "nowhere", ErrorCode::kNotFound},
      {url + "@HEAD^{tree}#deep/er", "HEAD^{tree}", ErrorCode::kNotFound},
      {url, "#deep/er", ErrorCode::kNotFound},
      {url + "#no/such", "no/such", ErrorCode::kNotFound},
      {url + "#std", "standard library", ErrorCode::kUnsupported},
      {Repository("m") + "/std", "standard library", ErrorCode::kUnsupported},
      {url + "#bad", "not a module path", ErrorCode::kBadInput},
      {url + "#empty", "no module directive", ErrorCode::kBadInput},
      {"git+file://" + world_.Path("home"), "cannot open", ErrorCode::kNotFound},
      {"git+file://" + Repository("m") + "/deep", "cannot open", ErrorCode::kNotFound},
      {"git+https://example.test/none.git", "none.git", ErrorCode::kNetwork},
      {"git+ftp://example.test/m.git", "git+https", ErrorCode::kUsage},
      {"https://example.test/m.git", "git+", ErrorCode::kUsage},
      {url + "@", "no revision", ErrorCode::kUsage},
      {url + "#../x", "outside", ErrorCode::kUsage},
      {"git+file://relative/m", "absolute", ErrorCode::kUsage},
      {"", "no directory", ErrorCode::kUsage},
  };
  for (const Case& c : cases) {
    const auto source = OpenSource(c.text, world_.cache());
    ASSERT_FALSE(source) << c.text;
    EXPECT_THAT(source.error().ToString(), HasSubstr(c.says)) << c.text;
    EXPECT_EQ(source.error().code, c.code) << c.text << ": " << source.error().ToString();
  }
}

TEST(ParseSource, PartsOfTheAddress) {
  auto parts = [](std::string_view text) {
    const auto source = ParseSource(text);
    return source ? source->url + "|" + source->path + "|" + source->revision + "|" + source->subdir : "error";
  };
  EXPECT_EQ(parts("../checkout"), "|../checkout||");
  EXPECT_EQ(parts("a@b#c"), "|a@b#c||") << "a plain directory may be called anything";
  EXPECT_EQ(parts("git+file:///repo@v1.2.3"), "file:///repo|/repo|v1.2.3|");
  EXPECT_EQ(parts("git+file:///repo@trace/v1.2.3#trace"), "file:///repo|/repo|trace/v1.2.3|trace");
  EXPECT_EQ(parts("git+https://host/a/b.git#./x//y/"), "https://host/a/b.git||HEAD|x/y");
  EXPECT_EQ(parts("git+ssh://git@host/a/b"), "ssh://git@host/a/b||HEAD|");
  EXPECT_EQ(parts("git+ssh://git@host/a/b@feature/x"), "ssh://git@host/a/b||feature/x|");
  EXPECT_EQ(parts("git+https://host"), "error");
  EXPECT_EQ(parts(std::string_view("x\0y", 3)), "error");
}

// src: golang.org/x/mod/module/pseudo_test.go and module_test.go.
TEST(PseudoVersion, ModulePaths) {
  EXPECT_EQ(PathMajorSuffix("example.com/m"), "");
  EXPECT_EQ(PathMajorSuffix("example.com/m/v2"), "/v2");
  EXPECT_EQ(PathMajorSuffix("example.com/m/v1"), "");
  EXPECT_EQ(PathMajorSuffix("example.com/m/v02"), "");
  EXPECT_EQ(PathMajorSuffix("gopkg.in/yaml.v3"), ".v3");
  EXPECT_EQ(PathMajorSuffix("gopkg.in/yaml.v2-unstable"), ".v2-unstable");
  EXPECT_EQ(PathMajorSuffix("example.com/m/v99999999999999999999999"), "");
  EXPECT_EQ(LocalVersion("gopkg.in/yaml.v3").text(), "3.0.0-local");
  EXPECT_EQ(LocalVersion("example.com/m/v12").text(), "12.0.0-local");
}

TEST(PseudoVersion, OddTagsAndTimes) {
  CommitFacts commit;
  commit.hash = "94a12d6c22370000000000000000000000000000";
  commit.is_ancestor = [](const std::string&) { return true; };
  const auto keep = [](const gooffsets::Version&) { return false; };
  commit.time = 0;
  EXPECT_EQ(VersionOfCommit("m", "", commit, keep).text(), "0.0.0-19700101000000-94a12d6c2237");
  commit.time = INT64_MAX;
  EXPECT_EQ(VersionOfCommit("m", "", commit, keep).text(), "0.0.0-99991231235959-94a12d6c2237");
  commit.all_tags = {"v",
                     "v1",
                     "v1.2",
                     "v01.2.3",
                     "v1.2.3.4",
                     "1.2.3",
                     "V1.2.3",
                     "v1.2.3-",
                     "v1.2.3+",
                     "v1.2.3-0.20210101000000-abcdefabcdef",
                     "v1.2.3-" + std::string(300, 'a'),
                     std::string("v1.0.0\0", 7),
                     ""};
  EXPECT_EQ(VersionOfCommit("m", "", commit, keep).text(), "0.0.0-99991231235959-94a12d6c2237");
  commit.all_tags = {"v0.9.0", "v1.18446744073709551615.0"};
  commit.time = 1710770481;
  EXPECT_EQ(VersionOfCommit("m", "", commit, keep).text(), "1.18446744073709551615.1-0.20240318140121-94a12d6c2237");
}

}  // namespace
}  // namespace offsetgen
