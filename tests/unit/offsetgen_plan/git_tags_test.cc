#include "git_tags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "git_clone.h"
#include "temp_dir.h"

namespace offsetgen {
namespace {

using gooffsets::ErrorCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> Texts(const GitVersions& found) {
  std::vector<std::string> out;
  for (const gooffsets::Version& version : found.versions) out.push_back(version.text());
  return out;
}

std::vector<std::string> FromTags(const std::vector<std::string>& tags, const std::string& module,
                                  const GitSource& source = {"dir", std::nullopt},
                                  const TagHasGoMod& has_go_mod = nullptr) {
  return Texts(VersionsFromTags(tags, module, source, has_go_mod));
}

TEST(GitSource, LocationAndPrefix) {
  auto plain = ParseGitSource("https://github.com/grpc/grpc-go");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->location, "https://github.com/grpc/grpc-go");
  EXPECT_EQ(plain->tag_prefix, std::nullopt);
  auto with_prefix = ParseGitSource("../otel#sdk/metric/");
  ASSERT_TRUE(with_prefix);
  EXPECT_EQ(with_prefix->location, "../otel");
  EXPECT_EQ(with_prefix->tag_prefix, "sdk/metric");
  EXPECT_EQ(ParseGitSource("../otel#")->tag_prefix, "");
  for (const char* bad : {"", " ", "#x", "-oProxyCommand=x", "--upload-pack=x"}) {
    auto source = ParseGitSource(bad);
    ASSERT_FALSE(source) << bad;
    EXPECT_EQ(source.error().code, ErrorCode::kUsage);
  }
}

// Tag rules: https://go.dev/ref/mod#vcs-version.
TEST(GitTags, OnlyCanonicalVersionTagsCount) {
  const std::vector<std::string> tags = {"v1.10.0",       "v1.9.0",      "v1.2",         "v1",      "1.3.0",
                                         "release-1.4.0", "v1.5.0-rc.1", "v1.6.0+build", "v01.2.3", "cmd/tool/v1.0.0",
                                         "vendor",        "v1.7.0.1",    "v1.9.0"};
  const GitVersions found = VersionsFromTags(tags, "m.x/a", {"dir", std::nullopt}, nullptr);
  EXPECT_THAT(Texts(found), ElementsAre("1.5.0-rc.1", "1.9.0", "1.10.0"));
  EXPECT_EQ(found.tag_prefix, "");
  EXPECT_EQ(found.other_tags, 9u);
}

// "pseudo-version tags are ignored" (src: cmd/go/internal/modfetch/coderepo.go, appendIncompatibleVersions and
// Versions).
TEST(GitTags, TagsThatLookLikePseudoVersionsAreIgnored) {
  EXPECT_THAT(FromTags({"v0.0.0-20240318140521-94a12d6c2237", "v0.1.0"}, "m.x/a"), ElementsAre("0.1.0"));
}

TEST(GitTags, SubModulesHaveAPrefix) {
  const std::vector<std::string> tags = {
      "v1.46.0", "v1.47.0", "trace/v1.47.0", "sdk/v1.47.0", "sdk/metric/v0.43.0", "metric/v1.47.0"};
  EXPECT_THAT(FromTags(tags, "go.opentelemetry.io/otel"), ElementsAre("1.46.0", "1.47.0"));
  EXPECT_THAT(FromTags(tags, "go.opentelemetry.io/otel/trace"), ElementsAre("1.47.0"));
  EXPECT_THAT(FromTags(tags, "go.opentelemetry.io/otel/sdk/metric"), ElementsAre("0.43.0"));
  EXPECT_EQ(VersionsFromTags(tags, "go.opentelemetry.io/otel/sdk/metric", {"dir", std::nullopt}, nullptr).tag_prefix,
            "sdk/metric");
  // The user knows better.
  EXPECT_THAT(FromTags(tags, "go.opentelemetry.io/otel/sdk/metric", {"dir", "metric"}), ElementsAre("1.47.0"));
  EXPECT_THAT(FromTags(tags, "example.com/trace", {"dir", ""}), ElementsAre("1.46.0", "1.47.0"));
}

// A repository whose address begins the module path tells the prefix, though a longer end of the path has tags as well.
TEST(GitTags, PrefixFromTheAddress) {
  const std::vector<std::string> tags = {"v1.0.0", "trace/v2.0.0", "trace/v0.5.0", "trace/trace/v0.7.0"};
  for (const char* url :
       {"https://github.com/o/trace", "https://github.com/o/trace.git", "https://u:p@github.com:443/o/trace/",
        "git@github.com:o/trace.git", "ssh://git@github.com/o/trace", "ssh://git@github.com:22/o/trace.git"}) {
    EXPECT_THAT(FromTags(tags, "github.com/o/trace", {url, std::nullopt}), ElementsAre("1.0.0")) << url;
    EXPECT_THAT(FromTags(tags, "github.com/o/trace/trace", {url, std::nullopt}), ElementsAre("0.5.0")) << url;
  }
}

TEST(GitTags, MajorVersionsBelongToTheirPaths) {
  const std::vector<std::string> tags = {"v1.17.0", "v2.0.0", "v2.1.0-beta1", "v3.0.0", "x/v2.5.0", "x/v1.5.0"};
  EXPECT_THAT(FromTags(tags, "go.mongodb.org/mongo-driver/v2"), ElementsAre("2.0.0", "2.1.0-beta1"));
  EXPECT_THAT(FromTags(tags, "go.mongodb.org/mongo-driver"), ElementsAre("1.17.0"));
  EXPECT_EQ(VersionsFromTags(tags, "go.mongodb.org/mongo-driver", {"dir", std::nullopt}, nullptr).other_major, 3u);
  EXPECT_THAT(FromTags(tags, "m.y/a/x/v2"), ElementsAre("2.5.0"));
  EXPECT_THAT(FromTags(tags, "gopkg.in/yaml.v3"), ElementsAre("3.0.0"));
  EXPECT_THAT(FromTags(tags, "gopkg.in/yaml.v1"), ElementsAre("1.17.0"));
}

// https://go.dev/ref/mod#incompatible-versions: only without a go.mod.
TEST(GitTags, IncompatibleVersions) {
  const TagHasGoMod has = [](const std::string& tag) -> std::optional<bool> {
    if (tag == "v3.0.0") return true;
    if (tag == "v4.0.0") return std::nullopt;
    return false;
  };
  EXPECT_THAT(FromTags({"v1.0.0", "v2.0.0", "v3.0.0", "v4.0.0"}, "m.x/a", {"dir", std::nullopt}, has),
              ElementsAre("1.0.0", "2.0.0+incompatible"));
}

TEST(GitTags, TagsOfTheGoRepository) {
  EXPECT_THAT(FromTags({"go1", "go1.20", "go1.20.1", "go1.21rc2", "go1.21.0", "weekly.2012-03-27", "release.r60",
                        "v1.0.0", "gopher"},
                       "std"),
              testing::IsSupersetOf({"1.20", "1.20.1", "1.21rc2", "1.21.0"}));
  EXPECT_THAT(FromTags({"weekly.2012-03-27", "release.r60", "v1.0.0", "gopher"}, "std"), IsEmpty());
}

TEST(GitTags, HostileTags) {
  std::vector<std::string> tags = {"",
                                   "/",
                                   "v",
                                   "v.",
                                   "v..",
                                   "v1.2.3/",
                                   "/v1.2.3",
                                   "\xff\xff",
                                   std::string(500, 'v'),
                                   "v99999999999999999999999.0.0",
                                   "v1.0.0-" + std::string(400, '0')};
  EXPECT_THAT(FromTags(tags, "m.x/a"), IsEmpty());
  EXPECT_THAT(FromTags(tags, "m.x/a/v18446744073709551617"), IsEmpty());
}

// A repository made with the git command: the versions are what `git tag` was told.
class GitRepository : public testing::Test {
 protected:
  void SetUp() override {
    if (Git("--version >/dev/null") != 0) GTEST_SKIP() << "no git command";
    ASSERT_EQ(Git("init -q"), 0);
    Commit("no go.mod yet");
    ASSERT_EQ(Git("tag v0.9.0"), 0);
    ASSERT_EQ(Git("tag v2.0.0"), 0);
    dir_.Write("go.mod", "module m.x/a\n");
    Commit("go.mod");
    ASSERT_EQ(Git("tag -a -m annotated v1.0.0"), 0);
    ASSERT_EQ(Git("tag v3.0.0"), 0);
    ASSERT_EQ(Git("tag sub/v0.1.0"), 0);
    ASSERT_EQ(Git("tag nightly"), 0);
  }

  int Git(const std::string& args) const {
    const std::string command = "GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null git -C '" + dir_.path() +
                                "' -c user.name=n -c user.email=e@x " + args;
    return std::system(command.c_str());
  }
  void Commit(const std::string& message) {
    ASSERT_EQ(Git("add -A"), 0);
    ASSERT_EQ(Git("commit -q --allow-empty -m '" + message + "'"), 0);
  }

  TempDir dir_;
};

TEST_F(GitRepository, LocalTags) {
  for (const std::string& location : {dir_.path(), "file://" + dir_.path(), dir_.path() + "/.git"}) {
    auto found = ReadGitTags({location, std::nullopt}, "m.x/a");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_THAT(Texts(*found), ElementsAre("0.9.0", "1.0.0", "2.0.0+incompatible")) << location;
    EXPECT_EQ(found->other_major, 1u);  // v3.0.0 has a go.mod without /v3
  }
  auto sub = ReadGitTags({dir_.path(), std::nullopt}, "m.x/a/sub");
  ASSERT_TRUE(sub);
  EXPECT_THAT(Texts(*sub), ElementsAre("0.1.0"));
}

// One connection of `git daemon` over a socket of this test: the remote protocol without a network.
TEST_F(GitRepository, RemoteTags) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(listener, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 4), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const int connection = accept(listener, nullptr, nullptr);
    dup2(connection, 0);
    dup2(connection, 1);
    const std::string base = "--base-path=" + dir_.path();
    execlp("git", "git", "daemon", "--inetd", "--export-all", base.c_str(), dir_.path().c_str(),
           static_cast<char*>(nullptr));
    _exit(127);
  }
  close(listener);
  const std::string url = "git://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/.git";
  auto found = ReadGitTags({url, std::nullopt}, "m.x/a");
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(found) << found.error().message;
  // Without the trees it can't be told whether v2.0.0 has a go.mod: it is left out, and counted.
  EXPECT_THAT(Texts(*found), ElementsAre("0.9.0", "1.0.0"));
  EXPECT_EQ(found->other_major, 2u);
  EXPECT_EQ(found->other_tags, 2u);
}

// The kernel takes the connection, and nobody ever answers.
TEST(GitRemote, SilenceIsATimeout) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(listener, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 8), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string host = "127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/x";
  TempDir dir;
  auto cache = Cache::Open(dir.path(), 0);
  ASSERT_TRUE(cache) << cache.error().message;
  for (const std::string scheme : {"git://", "http://", "https://"}) {
    const auto tags = ReadGitTags({scheme + host, std::nullopt}, "m.x/a", std::chrono::milliseconds(300));
    ASSERT_FALSE(tags) << scheme;
    EXPECT_EQ(tags.error().code, ErrorCode::kTimeout) << tags.error().message;
    EXPECT_THAT(tags.error().message, HasSubstr("cannot list the tags of " + scheme + host + ": no answer"));
    const auto clone = BareClone(scheme + host, "HEAD", *cache, std::chrono::milliseconds(300));
    ASSERT_FALSE(clone) << scheme;
    EXPECT_EQ(clone.error().code, ErrorCode::kTimeout) << clone.error().message;
    EXPECT_THAT(clone.error().message, HasSubstr("cannot fetch " + scheme + host + ": no answer"));
  }
  close(listener);
}

TEST_F(GitRepository, FailuresAreErrors) {
  auto missing = ReadGitTags({dir_.path() + "/nothing", std::nullopt}, "m.x/a");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  auto not_a_repository = ReadGitTags({"/usr/include", std::nullopt}, "m.x/a");
  ASSERT_FALSE(not_a_repository);
  EXPECT_EQ(not_a_repository.error().code, ErrorCode::kNotFound);
  // A port that nothing listens on.
  auto refused = ReadGitTags({"git://127.0.0.1:1/x", std::nullopt}, "m.x/a");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kNetwork);
  EXPECT_THAT(refused.error().message, HasSubstr("cannot list the tags of git://127.0.0.1:1/x"));
}

}  // namespace
}  // namespace offsetgen
