#include "version_sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "targets.h"
#include "temp_dir.h"

namespace offsetgen {
namespace {

using gooffsets::Constraint;
using gooffsets::ErrorCode;
using gooffsets::Result;
using gooffsets::SchemeOf;
using gooffsets::Version;
using gooffsets::VersionScheme;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Constraint Want(const std::string& text, VersionScheme scheme = VersionScheme::kModule) {
  Result<Constraint> constraint = Constraint::Parse(scheme, text);
  EXPECT_TRUE(constraint) << text;
  return constraint ? *constraint : Constraint();
}

std::vector<std::string> Texts(const std::vector<Version>& versions) {
  std::vector<std::string> out;
  for (const Version& version : versions) out.push_back(version.text());
  return out;
}

std::vector<std::string> Texts(const KnownVersions& known) {
  std::vector<std::string> out;
  for (const KnownVersion& entry : known.versions) {
    std::string text = entry.version.text() + ":";
    for (const std::string& source : entry.sources) text += " " + source;
    out.push_back(text);
  }
  return out;
}

// A go command with recorded answers, by its joined arguments; anything else is an error of the test.
class FakeGo {
 public:
  void Answer(const std::string& args, GoOutput output) { answers_[args] = std::move(output); }
  RunGo Runner() {
    return [this](const std::vector<std::string>& args) -> Result<GoOutput> {
      std::string joined;
      for (const std::string& arg : args) joined += (joined.empty() ? "" : " ") + arg;
      calls.push_back(joined);
      const auto found = answers_.find(joined);
      if (found == answers_.end()) return gooffsets::Fail(ErrorCode::kToolchain, "no go command");
      return found->second;
    };
  }
  std::vector<std::string> calls;

 private:
  std::map<std::string, GoOutput> answers_;
};

// What go1.26.8 printed.
constexpr const char* kListNet = R"({
	"Path": "golang.org/x/net",
	"Versions": [
		"v0.1.0",
		"v0.10.0",
		"v0.9.0"
	]
})";
constexpr const char* kListWithout = R"({
	"Path": "google.golang.org/genproto/googleapis/rpc"
}
)";
constexpr const char* kLatestRpc = R"({
	"Path": "google.golang.org/genproto/googleapis/rpc",
	"Version": "v0.0.0-20261019180522-ce908d29299b",
	"Query": "latest",
	"Time": "2026-10-19T18:05:22Z",
	"GoVersion": "1.26.0"
})";
constexpr const char* kRefused =
    "go: module google.golang.org/nosuch: reading https://proxy.example/google.golang.org/nosuch/@v/list: 403 "
    "Forbidden\n"
    "\tserver response: This module version is not available.\n";
constexpr const char* kNotThere =
    "go: module example.com/a: reading https://proxy.example/example.com/a/@v/list: 404 Not Found\n";
constexpr const char* kNoHost =
    "go: module golang.org/x/net: Get \"https://proxy.example/golang.org/x/net/@v/list\": dial tcp: lookup "
    "proxy.example: no such host\n";
const std::string kListArgs = "list -m -versions -retracted -json ";

TEST(VersionList, NotesAndExcludedVersions) {
  auto list = ParseVersionList(
      "# all of them\nv1.2.0\n\n  v1.3.0   # retracted: wrong sum\r\nexclude v1.4.0 # never built\nexclude\tv1.5.0\n",
      VersionScheme::kModule, "l");
  ASSERT_TRUE(list) << list.error().message;
  ASSERT_EQ(list->size(), 4u);
  EXPECT_EQ((*list)[0].version.text(), "1.2.0");
  EXPECT_EQ((*list)[0].note, "");
  EXPECT_EQ((*list)[1].note, "retracted: wrong sum");
  EXPECT_FALSE((*list)[1].excluded);
  EXPECT_TRUE((*list)[2].excluded);
  EXPECT_EQ((*list)[2].note, "never built");
  EXPECT_TRUE((*list)[3].excluded);
}

TEST(VersionList, MalformedLinesNameTheirNumber) {
  for (const char* bad : {"v1.2.0\nlatest\n", "v1.2.0\nv1.2.0 v1.3.0\n", "v1.2.0\nexcludev1.3.0\n",
                          "v1.2.0\n\x1b[31m\n", "v1.2.0\nexclude\n"}) {
    auto list = ParseVersionList(bad, VersionScheme::kModule, "data/l.txt");
    ASSERT_FALSE(list) << bad;
    EXPECT_THAT(list.error().message, HasSubstr("data/l.txt:2: "));
    EXPECT_EQ(list.error().code, ErrorCode::kBadInput);
  }
}

// The lists were written by the go command and by sorting with its rules: our order must be theirs.
TEST(VersionList, EveryReleasedListIsReadAndInOrder) {
  const std::string data = GOOFFSETS_SOURCE_DIR "/data";
  auto targets = LoadTargets(data + "/targets.toml");
  ASSERT_TRUE(targets) << targets.error().message;
  for (const Target& target : targets->targets) {
    const std::string path = data + "/versions/" + VersionListName(target.module);
    std::ifstream file(path);
    ASSERT_TRUE(file) << path;
    std::ostringstream text;
    text << file.rdbuf();
    auto list = ParseVersionList(text.str(), SchemeOf(target.module), path);
    ASSERT_TRUE(list) << list.error().message;
    EXPECT_TRUE(std::is_sorted(list->begin(), list->end(), [](const KnownVersion& a, const KnownVersion& b) {
      return a.version < b.version;
    })) << path;

    auto known = GatherVersions(
        {.module = target.module, .lists_dir = data + "/versions", .run_go = {}, .git = {}, .known_modules = {}},
        target.versions);
    ASSERT_TRUE(known) << known.error().message;
    auto chosen = SelectVersions(*known, target.versions,
                                 {.include_prereleases = false, .include_pseudo = target.pseudo_versions});
    ASSERT_TRUE(chosen) << chosen.error().message;
  }
}

TEST(ProxyList, AnswersOfTheGoCommand) {
  auto net = ParseProxyList(kListNet, "golang.org/x/net");
  ASSERT_TRUE(net);
  EXPECT_THAT(Texts(*net), ElementsAre("0.1.0", "0.10.0", "0.9.0"));
  auto none = ParseProxyList(kListWithout, "google.golang.org/genproto/googleapis/rpc");
  ASSERT_TRUE(none);
  EXPECT_THAT(*none, IsEmpty());
}

TEST(ProxyList, ToolchainsForThisHostAreGoReleases) {
  auto std_list = ParseProxyList(
      R"({"Path": "golang.org/toolchain", "Versions": ["v0.0.1-go1.9.linux-amd64", "v0.0.1-go1.21rc2.linux-amd64",
      "v0.0.1-go1.26.8.linux-amd64", "v0.0.1-go1.26.8.linux-arm64", "v0.0.1-go1.26.8.windows-amd64", "v0.0.1-go.linux-amd64",
      "v0.0.1-go1.22.linux-amd64.linux-amd64", "v0.0.1-go1.2.2-foo.linux-amd64x", "v0.0.1", 7, ""]})",
      "std");
  ASSERT_TRUE(std_list);
  EXPECT_THAT(Texts(*std_list), ElementsAre("1.9", "1.21rc2", "1.26.8"));
}

TEST(ProxyList, HostileAnswers) {
  for (const char* bad : {"", "null", "[]", "{", "{\"Versions\": 3}", "{\"Versions\": {}}", "\xff"}) {
    auto list = ParseProxyList(bad, "m.x/a");
    ASSERT_FALSE(list) << bad;
    EXPECT_EQ(list.error().code, ErrorCode::kBadInput);
  }
  auto odd = ParseProxyList("{\"Versions\": [null, \"v1.0.0\", \"../../etc\", \"\\u0000\", [\"v2.0.0\"]]}", "m.x/a");
  ASSERT_TRUE(odd);
  EXPECT_THAT(Texts(*odd), ElementsAre("1.0.0"));
  EXPECT_FALSE(ParseProxyList(std::string(100000, '['), "m.x/a"));
}

TEST(GatherVersions, UnionNamesTheSources) {
  TempDir lists;
  lists.Write("golang.org_x_net.txt", "v0.9.0 # old\nv0.11.0\n");
  FakeGo go;
  go.Answer(kListArgs + "golang.org/x/net", {0, kListNet, ""});
  auto known = GatherVersions(
      {.module = "golang.org/x/net", .lists_dir = lists.path(), .run_go = go.Runner(), .git = {}, .known_modules = {}},
      Want("0.12.0"));
  ASSERT_TRUE(known) << known.error().message;
  EXPECT_THAT(Texts(*known),
              ElementsAre("0.1.0: proxy", "0.9.0: list proxy", "0.10.0: proxy", "0.11.0: list", "0.12.0: named"));
  EXPECT_EQ(known->versions[1].note, "old");
  EXPECT_THAT(known->warnings, IsEmpty());
  EXPECT_EQ(go.calls.size(), 1u);
}

TEST(GatherVersions, WithoutNetworkTheListsAnswerWithAWarning) {
  TempDir lists;
  lists.Write("golang.org_x_net.txt", "v0.9.0\n");
  FakeGo go;
  go.Answer(kListArgs + "golang.org/x/net", {1, "", kNoHost});
  auto known = GatherVersions(
      {.module = "golang.org/x/net", .lists_dir = lists.path(), .run_go = go.Runner(), .git = {}, .known_modules = {}},
      Want("*"));
  ASSERT_TRUE(known);
  EXPECT_THAT(Texts(*known), ElementsAre("0.9.0: list"));
  ASSERT_EQ(known->warnings.size(), 1u);
  EXPECT_EQ(known->warnings[0].code, ErrorCode::kNetwork);
  EXPECT_THAT(known->warnings[0].message, HasSubstr("no such host"));
}

TEST(GatherVersions, WithoutAnySourceTheFailureIsTheAnswer) {
  FakeGo go;
  go.Answer(kListArgs + "golang.org/x/net", {1, "", kNoHost});
  go.Answer(kListArgs + "example.com/a", {1, "", kNotThere});
  const auto code = [&](const std::string& module) {
    auto known = GatherVersions(
        {.module = module, .lists_dir = "", .run_go = go.Runner(), .git = {}, .known_modules = {}}, Want("*"));
    EXPECT_FALSE(known);
    return known.error().code;
  };
  EXPECT_EQ(code("golang.org/x/net"), ErrorCode::kNetwork);
  EXPECT_EQ(code("example.com/a"), ErrorCode::kNotFound);
  EXPECT_EQ(code("example.com/b"), ErrorCode::kToolchain);
}

TEST(GatherVersions, MisspeltModulesAreToldTheTrackedOne) {
  FakeGo go;
  go.Answer(kListArgs + "google.golang.org/grcp", {1, "", kRefused});
  for (const char* constraint : {"*", "latest", "1.60.1"}) {
    auto known = GatherVersions({.module = "google.golang.org/grcp",
                                 .lists_dir = "",
                                 .run_go = go.Runner(),
                                 .git = {},
                                 .known_modules = {"std", "google.golang.org/grpc"}},
                                Want(constraint));
    ASSERT_FALSE(known) << constraint;
    EXPECT_EQ(known.error().code, ErrorCode::kNotFound);
    EXPECT_EQ(known.error().hint, "did you mean google.golang.org/grpc?");
    EXPECT_THAT(known.error().message, HasSubstr("google.golang.org/grcp"));
  }
}

TEST(GatherVersions, ModulePathsThatAreNoneNeverReachACommandOrAFile) {
  FakeGo go;
  for (const char* bad : {"", "-modfile=x", "../../etc/passwd", "m.x/a@latest", "m.x/a b", "m.x/\n"}) {
    auto known = GatherVersions(
        {.module = bad, .lists_dir = "/", .run_go = go.Runner(), .git = {}, .known_modules = {}}, Want("*"));
    ASSERT_FALSE(known) << bad;
    EXPECT_EQ(known.error().code, ErrorCode::kUsage);
  }
  EXPECT_THAT(go.calls, IsEmpty());
}

TEST(GatherVersions, ExactNamesNeedNoList) {
  auto known =
      GatherVersions({.module = "example.com/private", .lists_dir = "", .run_go = {}, .git = {}, .known_modules = {}},
                     Want("0.0.0-20240318140521-94a12d6c2237"));
  ASSERT_TRUE(known) << known.error().message;
  EXPECT_THAT(Texts(*known), ElementsAre("0.0.0-20240318140521-94a12d6c2237: named"));
  auto chosen = SelectVersions(*known, Want("0.0.0-20240318140521-94a12d6c2237"), {});
  ASSERT_TRUE(chosen);
  EXPECT_EQ(chosen->size(), 1u);
}

TEST(GatherVersions, LatestOfAModuleWithoutReleases) {
  const std::string module = "google.golang.org/genproto/googleapis/rpc";
  TempDir lists;
  lists.Write(VersionListName(module), "v0.0.0-20230525234030-28d5490b6b19\n");
  FakeGo go;
  go.Answer(kListArgs + module, {0, kListWithout, ""});
  go.Answer("list -m -json " + module + "@latest", {0, kLatestRpc, ""});
  const VersionQuery query = {
      .module = module, .lists_dir = lists.path(), .run_go = go.Runner(), .git = {}, .known_modules = {}};
  auto known = GatherVersions(query, Want("latest"));
  ASSERT_TRUE(known) << known.error().message;
  auto chosen = SelectVersions(*known, Want("latest"), {});
  ASSERT_TRUE(chosen);
  EXPECT_THAT(Texts(*chosen), ElementsAre("0.0.0-20261019180522-ce908d29299b"));
  // Nobody asked for the latest: the lists say what is tracked, and the network does not move it.
  auto listed = GatherVersions(query, Want("*"));
  ASSERT_TRUE(listed);
  EXPECT_THAT(Texts(*listed), ElementsAre("0.0.0-20230525234030-28d5490b6b19: list"));
}

TEST(GatherVersions, MalformedListIsAnErrorAndNotAShorterList) {
  TempDir lists;
  lists.Write("golang.org_x_net.txt", "v0.9.0\nv0.1O.0\n");
  auto known = GatherVersions(
      {.module = "golang.org/x/net", .lists_dir = lists.path(), .run_go = {}, .git = {}, .known_modules = {}},
      Want("*"));
  ASSERT_FALSE(known);
  EXPECT_THAT(known.error().message, HasSubstr("golang.org_x_net.txt:2: "));
}

TEST(GatherVersions, ARepositoryThatWasNamedMustAnswer) {
  TempDir lists;
  lists.Write("golang.org_x_net.txt", "v0.9.0\n");
  auto known = GatherVersions({.module = "golang.org/x/net",
                               .lists_dir = lists.path(),
                               .run_go = {},
                               .git = GitSource{"/nonexistent", {}},
                               .known_modules = {}},
                              Want("*"));
  ASSERT_FALSE(known);
  EXPECT_THAT(known.error().message, HasSubstr("/nonexistent"));
}

KnownVersions Known(const std::vector<std::string>& texts, const std::string& module = "m.x/a") {
  KnownVersions known;
  known.module = module;
  for (const std::string& text : texts) {
    KnownVersion entry;
    entry.excluded = text.starts_with("!");
    Result<Version> version = Version::Parse(SchemeOf(module), entry.excluded ? text.substr(1) : text);
    EXPECT_TRUE(version) << text;
    if (version) entry.version = *version;
    known.versions.push_back(entry);
  }
  return known;
}

TEST(SelectVersions, ExcludedOnesOnlyByName) {
  const KnownVersions known = Known({"1.0.0", "!1.1.0", "1.2.0"});
  EXPECT_THAT(Texts(*SelectVersions(known, Want("*"), {})), ElementsAre("1.0.0", "1.2.0"));
  EXPECT_THAT(Texts(*SelectVersions(known, Want(">=1.1"), {})), ElementsAre("1.2.0"));
  EXPECT_THAT(Texts(*SelectVersions(known, Want("1.1.0"), {})), ElementsAre("1.1.0"));
}

TEST(SelectVersions, PseudoVersionsCountWhereThereAreNoOthers) {
  const KnownVersions known =
      Known({"0.0.0-20230525234030-28d5490b6b19", "0.0.0-20240318140521-94a12d6c2237", "0.1.0-rc.1"});
  EXPECT_FALSE(SelectVersions(known, Want("*"), {}));
  auto chosen = SelectVersions(known, Want("*"), {.include_prereleases = false, .include_pseudo = true});
  ASSERT_TRUE(chosen);
  EXPECT_THAT(Texts(*chosen), ElementsAre("0.0.0-20230525234030-28d5490b6b19", "0.0.0-20240318140521-94a12d6c2237"));
}

TEST(SelectVersions, NothingMatchesSaysWhatIsNear) {
  const KnownVersions known = Known({"1.58.0", "1.60.0", "1.60.1", "1.62.0"});
  const struct {
    const char* constraint;
    const char* below;
    const char* above;
  } cases[] = {{"~1.61", "1.60.1", "1.62.0"},
               {"~1.99", "1.62.0", "none"},
               {"<1.50", "none", "1.58.0"},
               {">=1.63,<2", "1.62.0", "none"}};
  for (const auto& c : cases) {
    auto chosen = SelectVersions(known, Want(c.constraint), {});
    ASSERT_FALSE(chosen) << c.constraint;
    EXPECT_EQ(chosen.error().code, ErrorCode::kNotFound);
    EXPECT_THAT(chosen.error().message, HasSubstr("4 are known")) << c.constraint;
    EXPECT_THAT(chosen.error().message,
                HasSubstr(std::string("nearest below: ") + c.below + ", nearest above: " + c.above))
        << c.constraint;
  }
}

TEST(SelectVersions, NothingMatchesPointsAtPreReleases) {
  auto chosen = SelectVersions(Known({"1.85.0", "1.86.0-dev"}), Want(">1.85.0"), {});
  ASSERT_FALSE(chosen);
  EXPECT_THAT(chosen.error().hint, HasSubstr("--include-prereleases: 1 pre-release matches"));
  EXPECT_THAT(Texts(*SelectVersions(Known({"1.85.0", "1.86.0-dev"}), Want(">1.85.0"),
                                    {.include_prereleases = true, .include_pseudo = false})),
              ElementsAre("1.86.0-dev"));
}

TEST(SelectVersions, GoReleases) {
  const KnownVersions known = Known({"1.16.15", "1.17", "1.17.1", "1.21rc2", "1.21.0", "1.27.4"}, "std");
  EXPECT_THAT(Texts(*SelectVersions(known, Want(">=1.17", VersionScheme::kGo), {})),
              ElementsAre("1.17", "1.17.1", "1.21.0", "1.27.4"));
  auto none = SelectVersions(known, Want("~1.20", VersionScheme::kGo), {});
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("nearest below: 1.17.1, nearest above: 1.21.0"));
}

}  // namespace
}  // namespace offsetgen
