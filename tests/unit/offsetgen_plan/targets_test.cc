#include "targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "package_pattern.h"
#include "version_sources.h"

namespace offsetgen {
namespace {

using gooffsets::ErrorCode;
using gooffsets::GoArch;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kDataDir = GOOFFSETS_SOURCE_DIR "/data";

Targets Parse(const std::string& text) {
  auto targets = ParseTargets(text, "t.toml");
  EXPECT_TRUE(targets) << (targets ? "" : targets.error().message);
  return targets ? *targets : Targets{};
}

gooffsets::Error ParseError(const std::string& text) {
  auto targets = ParseTargets(text, "t.toml");
  EXPECT_FALSE(targets) << text;
  return targets ? gooffsets::Error{} : targets.error();
}

// A file with one module and the given lines from line 5 on.
std::string WithLines(const std::string& lines) {
  return "format = 1\n[[module]]\npath = \"m.x/a\"\nwhy = \"w\"\n" + lines;
}

TEST(Targets, ReadsEveryKey) {
  const Targets targets = Parse(R"(
format = 1
[[module]]
path = "m.x/b"
versions = "*"
why = "w"
[[module]]
path = "m.x/a"
versions = ">=1.2,<2"
pseudo_versions = true
why = "because"
roots = [".", "./x/..."]
excludes = ["./x/y"]
arches = ["arm64"]
go = "1.21.13,1.20"
tags = ["b", "a"]
goexperiment = "jsonv2"
raises = ["m.x/b"]
data = "later"
notes = "n"
)");
  ASSERT_EQ(targets.targets.size(), 2u);
  const Target& plain = targets.targets[0];
  EXPECT_EQ(plain.go.kind, GoPolicy::Kind::kAuto);
  EXPECT_THAT(plain.arches, ElementsAre(GoArch::kAmd64, GoArch::kArm64));
  EXPECT_EQ(plain.data, Target::Data::kReleased);
  EXPECT_FALSE(plain.pseudo_versions);

  const Target* target = FindTarget(targets, "m.x/a");
  ASSERT_NE(target, nullptr);
  EXPECT_EQ(target->line, 7u);
  EXPECT_EQ(target->why, "because");
  EXPECT_EQ(target->versions.text(), ">=1.2,<2");
  EXPECT_TRUE(target->pseudo_versions);
  EXPECT_THAT(target->roots, ElementsAre(".", "./x/..."));
  EXPECT_THAT(target->excludes, ElementsAre("./x/y"));
  EXPECT_THAT(target->arches, ElementsAre(GoArch::kArm64));
  EXPECT_EQ(ToString(target->go), "1.20,1.21.13");
  EXPECT_THAT(target->tags, ElementsAre("a", "b"));
  EXPECT_EQ(target->goexperiment, "jsonv2");
  EXPECT_THAT(target->raises, ElementsAre("m.x/b"));
  EXPECT_EQ(target->data, Target::Data::kLater);
  EXPECT_EQ(target->notes, "n");
  EXPECT_EQ(FindTarget(targets, "m.x/c"), nullptr);
  ASSERT_EQ(ReleasedTargets(targets).size(), 1u);
  EXPECT_EQ(ReleasedTargets(targets)[0]->module, "m.x/b");
}

TEST(Targets, ErrorsNameTheLine) {
  const struct {
    const char* lines;
    const char* message;
  } cases[] = {
      {"versions = \"*\"\nrots = [\".\"]", "t.toml:6: unknown key \"rots\""},
      {"versions = 1", "t.toml:5: \"versions\" is not a string"},
      {"versions = \"\"", "t.toml:5: \"versions\" is empty"},
      {"versions = \">=x\"", "t.toml:5: "},
      {"roots = [\".\"]", "t.toml:2: module m.x/a has no \"versions\""},
      {"versions = \"*\"\nroots = \".\"", "t.toml:6: \"roots\" is not a list"},
      {"versions = \"*\"\nroots = []", "t.toml:6: \"roots\" is an empty list"},
      {"versions = \"*\"\nroots = [\n1]", "t.toml:7: \"roots\" is not a list of strings"},
      {"versions = \"*\"\nroots = [\"m.x/other/...\"]",
       "t.toml:6: \"m.x/other/...\" is not a package pattern inside m.x/a"},
      {"versions = \"*\"\nroots = [\".\", \".\"]", "t.toml:6: \".\" is listed a second time"},
      {"versions = \"*\"\narches = [\"386\"]", "t.toml:6: \"386\" is not a GOARCH"},
      {"versions = \"*\"\narches = [\"amd64\", \"x86_64\"]", "t.toml:6: "},
      {"versions = \"*\"\ngo = \"sometimes\"", "t.toml:6: \"sometimes\" is no choice of Go releases"},
      {"versions = \"*\"\ntags = [\"a b\"]", "t.toml:6: \"a b\" is not a build tag"},
      {"versions = \"*\"\npseudo_versions = 1", "t.toml:6: \"pseudo_versions\" is neither"},
      {"versions = \"*\"\ndata = \"soon\"", "t.toml:6: \"data\" is \"soon\""},
      {"versions = \"*\"\nraises = [\"m.x/b\"]", "t.toml:2: module m.x/a raises m.x/b"},
      {"versions = \"*\"\n[[module]]\npath = \"m.x/a\"\nversions = \"*\"\nwhy = \"w\"",
       "t.toml:6: module m.x/a is listed a second time"},
      {"versions = \"*\"\n[[module]]\nwhy = \"w\"", "t.toml:6: a module without \"path\""},
      {"versions = \"*\"\n[[module]]\npath = \"-m/a\"", "t.toml:7: \"-m/a\" is not a module path"},
      {"versions = \"*\"\n[[module]]\npath = \"m.x/b\"\nversions = \"*\"",
       "t.toml:6: module m.x/b does not say \"why\""},
      {"versions = \"*\"\nversions = \"*\"", "t.toml:6: "},
      {"versions = [", "t.toml:5: "},
  };
  for (const auto& c : cases) {
    const gooffsets::Error error = ParseError(WithLines(c.lines));
    EXPECT_THAT(error.message, HasSubstr(c.message)) << c.lines;
    EXPECT_EQ(error.code, ErrorCode::kBadInput);
  }
}

TEST(Targets, MisspeltKeysHaveAHint) {
  EXPECT_EQ(ParseError(WithLines("versions = \"*\"\nexclude = [\"./x\"]")).hint, "excludes");
}

TEST(Targets, OtherFormatsAreRefused) {
  EXPECT_THAT(ParseError("").message, HasSubstr("no \"format\""));
  EXPECT_THAT(ParseError("format = 2").message, HasSubstr("t.toml:1: \"format\" is not 1"));
  EXPECT_THAT(ParseError("format = \"1\"").message, HasSubstr("\"format\" is not 1"));
  EXPECT_THAT(ParseError("format = 1\nmodule = 3").message, HasSubstr("t.toml:2: "));
  EXPECT_THAT(ParseError("format = 1\n[other]").message, HasSubstr("t.toml:2: unknown key"));
}

TEST(Targets, HostileTextIsAnErrorAndNoCrash) {
  std::string deep = "format = ";
  for (int i = 0; i < 100000; ++i) deep += '[';
  for (const std::string& text : {std::string("\xff\xfe\x00", 3), std::string(2000, '['), deep,
                                  std::string("a = \"\\uD800\""), std::string(2 << 20, '#')}) {
    EXPECT_EQ(ParseError(text).code, ErrorCode::kBadInput);
  }
}

TEST(Targets, MissingFileIsNotFound) {
  auto targets = LoadTargets("/nonexistent/targets.toml");
  ASSERT_FALSE(targets);
  EXPECT_EQ(targets.error().code, ErrorCode::kNotFound);
}

TEST(Targets, ReleasedFileCoversEveryVersionListAndNothingElse) {
  auto targets = LoadTargets(std::string(kDataDir) + "/targets.toml");
  ASSERT_TRUE(targets) << targets.error().message;
  std::vector<std::string> wanted, there;
  for (const Target& target : targets->targets) wanted.push_back(VersionListName(target.module));
  for (const auto& entry : std::filesystem::directory_iterator(std::string(kDataDir) + "/versions"))
    there.push_back(entry.path().filename());
  EXPECT_THAT(wanted, testing::UnorderedElementsAreArray(there));
  EXPECT_EQ(targets->targets.front().module, "std");  // its sizes are asked for by all others

  std::vector<std::string> released;
  for (const Target* target : ReleasedTargets(*targets)) released.push_back(target->module);
  EXPECT_THAT(released, ElementsAre("std", "google.golang.org/grpc", "golang.org/x/net", "google.golang.org/protobuf",
                                    "google.golang.org/genproto/googleapis/rpc"));
}

TEST(Targets, GrpcRootsAreWhatAServerAClientAndATracerLink) {
  auto targets = LoadTargets(std::string(kDataDir) + "/targets.toml");
  ASSERT_TRUE(targets);
  const Target* grpc = FindTarget(*targets, "google.golang.org/grpc");
  ASSERT_NE(grpc, nullptr);
  const PackageSelection selection = {grpc->module, grpc->roots, grpc->excludes};
  for (const char* package : {"",
                              "/internal/transport",
                              "/credentials",
                              "/metadata",
                              "/peer",
                              "/stats",
                              "/status",
                              "/codes",
                              "/encoding",
                              "/encoding/gzip",
                              "/keepalive",
                              "/balancer/roundrobin",
                              "/resolver",
                              "/resolver/dns",
                              "/internal/resolver/dns",
                              "/health",
                              "/health/grpc_health_v1",
                              "/reflection",
                              "/reflection/grpc_reflection_v1alpha",
                              "/mem",
                              "/internal/binarylog",
                              "/internal/channelz"}) {
    EXPECT_TRUE(IsSelected(selection, grpc->module + package)) << package;
  }
  for (const char* package : {"/xds", "/xds/internal/xdsclient", "/internal/xds/matcher", "/examples/helloworld",
                              "/interop", "/reflection/grpc_testing", "/stats/grpc_testing", "/internal/leakcheck",
                              "/benchmark/stats", "/cmd/protoc-gen-go-grpc", "/internal/credentials/xds"}) {
    EXPECT_FALSE(IsSelected(selection, grpc->module + package)) << package;
  }
}

}  // namespace
}  // namespace offsetgen
