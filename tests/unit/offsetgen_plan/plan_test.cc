#include "plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace offsetgen {
namespace {

using gooffsets::BuildStatus;
using gooffsets::GoArch;
using gooffsets::Version;
using gooffsets::VersionScheme;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kGrpc = "google.golang.org/grpc";

std::vector<Version> Versions(const std::vector<std::string>& texts, VersionScheme scheme) {
  std::vector<Version> out;
  for (const std::string& text : texts) {
    auto version = Version::Parse(scheme, text);
    EXPECT_TRUE(version) << text;
    if (version) out.push_back(*version);
  }
  return out;
}

std::vector<Version> Go(const std::vector<std::string>& texts) { return Versions(texts, VersionScheme::kGo); }

PlannedModule Module(const std::string& module, const std::vector<std::string>& versions,
                     const std::vector<GoArch>& arches = {GoArch::kAmd64}) {
  PlannedModule planned;
  planned.module = module;
  planned.versions = Versions(versions, gooffsets::SchemeOf(module));
  planned.arches = arches;
  planned.inputs = "inputs";
  return planned;
}

StoredBuild Build(const std::string& version, const std::string& go, BuildStatus status = BuildStatus::kOk,
                  GoArch arch = GoArch::kAmd64) {
  StoredBuild build;
  build.module = kGrpc;
  build.version = version;
  build.go = go;
  build.goarch = arch;
  build.status = status;
  build.inputs = "inputs";
  return build;
}

// A finished build whose one package selects the same files everywhere, and which holds `types` by value.
StoredBuild Finished(const std::string& version, const std::string& go, const std::vector<std::string>& types = {}) {
  StoredBuild build = Build(version, go);
  build.packages = {{"google.golang.org/grpc", {{"1.17", "1.27", "same"}}}};
  build.std_by_value = types;
  return build;
}

// "1.60.1 amd64 go1.27.4: primary"
std::vector<std::string> Jobs(const Plan& plan) {
  std::vector<std::string> out;
  for (const Job& job : plan.jobs)
    out.push_back(job.version + " " + std::string(gooffsets::ToString(job.goarch)) + " go" + job.go + ": " +
                  job.reason);
  return out;
}

std::vector<std::string> Skips(const Plan& plan) {
  std::vector<std::string> out;
  for (const Skipped& skipped : plan.skipped)
    out.push_back(skipped.version + " " + std::to_string(static_cast<int>(skipped.kind)) + " " + skipped.why);
  return out;
}

size_t NoteCount(const Plan& plan, const std::string& part) {
  size_t count = 0;
  for (const PlanNote& note : plan.notes) count += note.what.find(part) != std::string::npos ? note.count : 0;
  return count;
}

PlanInput Input() {
  PlanInput input;
  input.go_releases = Go({"1.16.15", "1.17", "1.17.13", "1.20.14", "1.21.0", "1.21.13", "1.26.8", "1.26.11", "1.27.3",
                          "1.27.4", "1.28rc1"});
  return input;
}

// The std of every release of Input() is stored, with one type whose size is told.
void StoreStd(PlanInput* input, const std::string& type, const std::map<std::string, uint64_t>& sizes) {
  for (const Version& go : input->go_releases) input->std_sizes.AddRelease(GoArch::kAmd64, go.text());
  for (const auto& [go, size] : sizes) input->std_sizes.Add(GoArch::kAmd64, go, type, size, 8);
}

TEST(PlanStd, VersionIsTheGoRelease) {
  PlanInput input = Input();
  input.modules = {Module("std", {"1.17", "1.26.8", "1.20.14"}, {GoArch::kAmd64, GoArch::kArm64})};
  StoredBuild done = Build("1.20.14", "1.20.14", BuildStatus::kOk, GoArch::kArm64);
  done.module = "std";
  input.builds = {done};
  const Plan plan = MakePlan(input);
  EXPECT_THAT(Jobs(plan), ElementsAre("1.26.8 amd64 go1.26.8: primary", "1.26.8 arm64 go1.26.8: primary",
                                      "1.20.14 amd64 go1.20.14: primary", "1.17 amd64 go1.17: primary",
                                      "1.17 arm64 go1.17: primary"));
  EXPECT_THAT(Skips(plan), ElementsAre("1.20.14 0 built with go1.20.14"));
}

TEST(PlanAuto, PrimaryIsTheNewestStableRelease) {
  PlanInput input = Input();
  input.modules = {Module(kGrpc, {"1.9.0", "1.60.1", "1.10.0"}, {GoArch::kArm64, GoArch::kAmd64})};
  EXPECT_THAT(Jobs(MakePlan(input)), ElementsAre("1.60.1 arm64 go1.27.4: primary", "1.60.1 amd64 go1.27.4: primary",
                                                 "1.10.0 arm64 go1.27.4: primary", "1.10.0 amd64 go1.27.4: primary",
                                                 "1.9.0 arm64 go1.27.4: primary", "1.9.0 amd64 go1.27.4: primary"));
}

TEST(PlanAuto, CompileFailureStepsDownOneMinorAtATime) {
  PlanInput input = Input();
  input.modules = {Module(kGrpc, {"1.14.0"})};
  const char* expected[][2] = {{"1.27.4", "go1.26.11: fallback after go1.27.4 failed"},
                               {"1.26.11", "go1.21.13: fallback after go1.26.11 failed"},
                               {"1.21.13", "go1.20.14: fallback after go1.21.13 failed"},
                               {"1.20.14", "go1.17.13: fallback after go1.20.14 failed"}};
  for (const auto& [failed, next] : expected) {
    input.builds.push_back(Build("1.14.0", failed, BuildStatus::kCompileFailed));
    EXPECT_THAT(Jobs(MakePlan(input)), ElementsAre(std::string("1.14.0 amd64 ") + next));
  }
  input.builds.push_back(Build("1.14.0", "1.17.13", BuildStatus::kCompileFailed));
  const Plan plan = MakePlan(input);
  EXPECT_THAT(plan.jobs, IsEmpty());
  EXPECT_THAT(Skips(plan),
              ElementsAre("1.14.0 1 does not compile with go1.27.4, go1.26.11, go1.21.13, go1.20.14, go1.17.13"));
}

// A new patch release does not make thousands of old failures new again.
TEST(PlanAuto, FailedMinorIsNotTriedAgainWithItsNextPatchRelease) {
  PlanInput input = Input();
  input.modules = {Module(kGrpc, {"1.14.0"})};
  input.builds = {Build("1.14.0", "1.27.3", BuildStatus::kCompileFailed)};
  EXPECT_THAT(Jobs(MakePlan(input)), ElementsAre("1.14.0 amd64 go1.26.11: fallback after go1.27.4 failed"));
}

TEST(PlanAuto, CompileFailureIsTriedAgainOnRequestOrWithOtherInputs) {
  PlanInput input = Input();
  input.modules = {Module(kGrpc, {"1.14.0"})};
  input.builds = {Build("1.14.0", "1.27.4", BuildStatus::kCompileFailed)};
  input.builds[0].inputs = "older inputs";
  EXPECT_THAT(Jobs(MakePlan(input)), ElementsAre("1.14.0 amd64 go1.27.4: primary"));
  input.builds[0].inputs = "inputs";
  input.retry_failed = true;
  EXPECT_THAT(Jobs(MakePlan(input)), ElementsAre("1.14.0 amd64 go1.27.4: primary"));
  input.builds[0].this_run = true;  // and not a third time
  EXPECT_THAT(Jobs(MakePlan(input)), ElementsAre("1.14.0 amd64 go1.26.11: fallback after go1.27.4 failed"));
}

TEST(PlanAuto, PassingFailureIsTriedAgainByTheNextRunAndNeverStepsDown) {
  PlanInput input = Input();
  input.modules = {Module(kGrpc, {"1.60.1"})};
  input.builds = {Build("1.60.1", "1.27.4", BuildStatus::kTransientFailed)};
  EXPECT_THAT(Jobs(MakePlan(input)), ElementsAre("1.60.1 amd64 go1.27.4: primary"));
  input.builds[0].this_run = true;
  const Plan plan = MakePlan(input);
  EXPECT_THAT(plan.jobs, IsEmpty());
  EXPECT_THAT(Skips(plan), ElementsAre("1.60.1 3 failed in this run with go1.27.4, for a reason that may pass"));
}

TEST(PlanAuto, MissingModuleVersionIsNotTriedOnTheOtherArchitecture) {
  PlanInput input = Input();
  input.modules = {Module(kGrpc, {"1.60.1"}, {GoArch::kAmd64, GoArch::kArm64})};
  input.builds = {Build("1.60.1", "1.27.4", BuildStatus::kUnavailable)};
  const Plan plan = MakePlan(input);
  EXPECT_THAT(plan.jobs, IsEmpty());
  EXPECT_THAT(Skips(plan),
              ElementsAre("1.60.1 2 this version is not available", "1.60.1 2 this version is not available"));
  input.retry_failed = true;
  EXPECT_EQ(MakePlan(input).jobs.size(), 2u);
}

TEST(PlanAuto, MissingToolchainIsReplacedByTheReleaseBeforeIt) {
  PlanInput input = Input();
  input.modules = {Module(kGrpc, {"1.60.1", "1.59.0"}), Module("std", {"1.27.4"})};
  input.builds = {Build("1.60.1", "1.27.4", BuildStatus::kUnavailable)};
  input.builds[0].toolchain_missing = true;
  const Plan plan = MakePlan(input);
  EXPECT_THAT(Jobs(plan), ElementsAre("1.60.1 amd64 go1.27.3: primary", "1.59.0 amd64 go1.27.3: primary",
                                      "1.27.4 amd64 go1.27.4: primary"));
  input.builds.push_back(input.builds[0]);
  input.builds[1].module = "std";
  input.builds[1].version = "1.27.4";
  EXPECT_THAT(Skips(MakePlan(input)), ElementsAre("1.27.4 2 go1.27.4 is not available"));
}

TEST(PlanAuto, FinishedBuildWithNothingThatDiffersIsAll) {
  PlanInput input = Input();
  StoreStd(&input, "sync.Mutex",
           {{"1.17", 8},
            {"1.17.13", 8},
            {"1.20.14", 8},
            {"1.21.0", 8},
            {"1.21.13", 8},
            {"1.26.8", 8},
            {"1.26.11", 8},
            {"1.27.3", 8},
            {"1.27.4", 8}});
  input.modules = {Module(kGrpc, {"1.60.1"})};
  input.builds = {Finished("1.60.1", "1.27.4", {"sync.Mutex"})};
  const Plan plan = MakePlan(input);
  EXPECT_THAT(plan.jobs, IsEmpty());
  EXPECT_THAT(Skips(plan), ElementsAre("1.60.1 0 built with go1.27.4"));
  EXPECT_THAT(plan.notes, IsEmpty());
}

// go-facts: x/net 0.55.0 http2 is other code from Go 1.27 on.
TEST(PlanAuto, OneMoreBuildForAnotherFileSelection) {
  PlanInput input = Input();
  PlannedModule net = Module("golang.org/x/net", {"0.55.0"});
  input.modules = {net};
  StoredBuild build = Build("0.55.0", "1.27.4");
  build.module = "golang.org/x/net";
  build.packages = {{"golang.org/x/net/http2", {{"1.17", "1.26", "old"}, {"1.27", "1.27", "new"}}},
                    {"golang.org/x/net/html", {{"1.17", "1.27", "h"}}}};
  input.builds = {build};
  EXPECT_THAT(Jobs(MakePlan(input)), ElementsAre("0.55.0 amd64 go1.26.11: selection differs below go1.27"));

  StoredBuild failed = Build("0.55.0", "1.26.11", BuildStatus::kCompileFailed);
  failed.module = "golang.org/x/net";
  input.builds.push_back(failed);
  EXPECT_THAT(Jobs(MakePlan(input)),
              ElementsAre("0.55.0 amd64 go1.21.13: selection differs below go1.27; fallback after go1.26.11 failed"));

  build.go = "1.21.13";
  input.builds.push_back(build);
  EXPECT_THAT(MakePlan(input).jobs, IsEmpty());
}

TEST(PlanAuto, SelectionThatExistsOnlyForOldReleases) {
  PlanInput input = Input();
  input.modules = {Module(kGrpc, {"1.60.1"})};
  StoredBuild build = Build("1.60.1", "1.26.11");
  // Three selections; the build is of the middle one, and 1.27 is not the newest any more.
  build.packages = {{"google.golang.org/grpc", {{"1.17", "1.20", "a"}, {"1.21", "1.26", "b"}, {"1.27", "1.27", "c"}}}};
  input.builds = {build};
  EXPECT_THAT(Jobs(MakePlan(input)), ElementsAre("1.60.1 amd64 go1.27.4: selection differs after go1.26",
                                                 "1.60.1 amd64 go1.20.14: selection differs below go1.21"));
}

// go-facts: grpc 1.60.1 credentials.TLSInfo holds tls.ConnectionState, 176 with Go 1.21 and 192 with Go 1.26.
TEST(PlanAuto, OneMoreBuildForOtherSizes) {
  PlanInput input = Input();
  const std::string type = "crypto/tls.ConnectionState";
  StoreStd(&input, type,
           {{"1.17", 168},
            {"1.17.13", 168},
            {"1.20.14", 176},
            {"1.21.0", 176},
            {"1.21.13", 176},
            {"1.26.8", 192},
            {"1.26.11", 192},
            {"1.27.3", 192},
            {"1.27.4", 192}});
  input.modules = {Module(kGrpc, {"1.60.1"})};
  input.builds = {Finished("1.60.1", "1.27.4", {type})};
  EXPECT_THAT(Jobs(MakePlan(input)),
              ElementsAre("1.60.1 amd64 go1.21.13: sizes differ: crypto/tls.ConnectionState 176->192",
                          "1.60.1 amd64 go1.17.13: sizes differ: crypto/tls.ConnectionState 168->192"));
  input.builds.push_back(Build("1.60.1", "1.21.13", BuildStatus::kCompileFailed));
  // Not 1.21.0, which is of the same minor, but the newest of the minor before.
  EXPECT_THAT(
      Jobs(MakePlan(input)),
      ElementsAre(
          "1.60.1 amd64 go1.20.14: sizes differ: crypto/tls.ConnectionState 176->192; fallback after go1.21.13 failed",
          "1.60.1 amd64 go1.17.13: sizes differ: crypto/tls.ConnectionState 168->192"));
  input.builds.push_back(Build("1.60.1", "1.20.14", BuildStatus::kCompileFailed));
  input.builds.push_back(Finished("1.60.1", "1.17.13", {type}));
  const Plan plan = MakePlan(input);
  EXPECT_THAT(plan.jobs, IsEmpty());
  EXPECT_THAT(
      Skips(plan),
      ElementsAre("1.60.1 1 sizes differ: crypto/tls.ConnectionState 176->192: does not compile with go1.20.14"));
}

// A patch release may change a size: the newest release of each group is built, within one minor too.
TEST(PlanAuto, SizesMayDifferWithinAMinor) {
  PlanInput input = Input();
  StoreStd(&input, "net.Dialer",
           {{"1.17", 8},
            {"1.17.13", 8},
            {"1.20.14", 8},
            {"1.21.0", 8},
            {"1.21.13", 8},
            {"1.26.8", 8},
            {"1.26.11", 16},
            {"1.27.3", 16},
            {"1.27.4", 16}});
  input.modules = {Module(kGrpc, {"1.60.1"})};
  input.builds = {Finished("1.60.1", "1.27.4", {"net.Dialer"})};
  EXPECT_THAT(Jobs(MakePlan(input)), ElementsAre("1.60.1 amd64 go1.26.8: sizes differ: net.Dialer 8->16"));
}

TEST(PlanAuto, AlignmentCountsToo) {
  PlanInput input = Input();
  input.go_releases = Go({"1.26.8", "1.27.4"});
  input.std_sizes.Add(GoArch::kAmd64, "1.26.8", "sync.T", 16, 4);
  input.std_sizes.Add(GoArch::kAmd64, "1.27.4", "sync.T", 16, 8);
  input.modules = {Module(kGrpc, {"1.60.1"})};
  input.builds = {Finished("1.60.1", "1.27.4", {"sync.T"})};
  EXPECT_THAT(Jobs(MakePlan(input)), ElementsAre("1.60.1 amd64 go1.26.8: sizes differ: alignment of sync.T 4->8"));
}

TEST(PlanAuto, AbsentTypesExcludeReleasesAndUnknownOnesAreCounted) {
  PlanInput input = Input();
  // Std of 1.26.8 is not stored; 1.17 and 1.17.13 do not have the type; 1.20.14 was seen only in part.
  for (const char* go : {"1.17", "1.17.13", "1.20.14", "1.21.0", "1.21.13", "1.26.11", "1.27.3", "1.27.4"})
    input.std_sizes.AddRelease(GoArch::kAmd64, go);
  for (const char* go : {"1.21.0", "1.21.13", "1.26.11", "1.27.3", "1.27.4"})
    input.std_sizes.Add(GoArch::kAmd64, go, "log/slog.Record", 288, 8);
  input.std_sizes.AddUnknown(GoArch::kAmd64, "1.20.14", "log/slog.Record");
  input.modules = {Module(kGrpc, {"1.60.1"})};
  input.builds = {Finished("1.60.1", "1.27.4", {"log/slog.Record"})};
  const Plan plan = MakePlan(input);
  EXPECT_THAT(plan.jobs, IsEmpty());
  EXPECT_EQ(NoteCount(plan, "lack a std type"), 2u);
  EXPECT_EQ(NoteCount(plan, "is not stored"), 2u);
}

TEST(PlanAuto, NothingIsGuessedWhileTheBuiltReleasesOwnStdIsNotStored) {
  PlanInput input = Input();
  input.std_sizes.Add(GoArch::kAmd64, "1.21.13", "net.Dialer", 8, 8);
  input.modules = {Module(kGrpc, {"1.60.1"})};
  input.builds = {Finished("1.60.1", "1.27.4", {"net.Dialer"})};
  const Plan plan = MakePlan(input);
  EXPECT_THAT(plan.jobs, IsEmpty());
  EXPECT_EQ(NoteCount(plan, "sizes are not compared"), 9u);
}

TEST(PlanAuto, TypesThatCannotBeComparedAreLeftOutOfTheComparison) {
  PlanInput input = Input();
  StoreStd(&input, "net.Dialer",
           {{"1.17", 8},
            {"1.17.13", 8},
            {"1.20.14", 8},
            {"1.21.0", 8},
            {"1.21.13", 8},
            {"1.26.8", 8},
            {"1.26.11", 8},
            {"1.27.3", 8},
            {"1.27.4", 16}});
  input.modules = {Module(kGrpc, {"1.60.1"})};
  input.builds = {
      Finished("1.60.1", "1.27.4", {"net.Dialer", "sync/atomic.Pointer[google.golang.org/grpc.T]", "os.notStored"})};
  const Plan plan = MakePlan(input);
  EXPECT_THAT(Jobs(plan), ElementsAre("1.60.1 amd64 go1.27.3: sizes differ: net.Dialer 8->16"));
  EXPECT_EQ(NoteCount(plan, "generic std types"), 1u);
  EXPECT_EQ(NoteCount(plan, "os.notStored"), 1u);
}

// https://go.dev/doc/toolchain: from 1.21 on a toolchain refuses a module that asks for a newer one; before, it tries.
TEST(PlanAuto, ToolchainsThatRefuseTheModuleAreNotTried) {
  PlanInput input = Input();
  StoreStd(&input, "net.Dialer",
           {{"1.17", 1},
            {"1.17.13", 2},
            {"1.20.14", 3},
            {"1.21.0", 4},
            {"1.21.13", 5},
            {"1.26.8", 6},
            {"1.26.11", 7},
            {"1.27.3", 8},
            {"1.27.4", 9}});
  input.modules = {Module(kGrpc, {"1.80.0"})};
  input.builds = {Finished("1.80.0", "1.27.4", {"net.Dialer"})};
  input.builds[0].max_go_directive = "1.26.9";
  const Plan plan = MakePlan(input);
  EXPECT_THAT(Jobs(plan), ElementsAre("1.80.0 amd64 go1.27.3: sizes differ: net.Dialer 8->9",
                                      "1.80.0 amd64 go1.26.11: sizes differ: net.Dialer 7->9",
                                      "1.80.0 amd64 go1.20.14: sizes differ: net.Dialer 3->9"));
  EXPECT_EQ(NoteCount(plan, "refuse the module"), 3u);
  // Older releases wait for what comes of 1.20.14.
  for (const char* go : {"1.27.3", "1.26.11", "1.20.14"})
    input.builds.push_back(Finished("1.80.0", go, {"net.Dialer"}));
  EXPECT_THAT(Jobs(MakePlan(input)), ElementsAre("1.80.0 amd64 go1.17.13: sizes differ: net.Dialer 2->9"));
  input.builds.push_back(Finished("1.80.0", "1.17.13", {"net.Dialer"}));
  EXPECT_THAT(Jobs(MakePlan(input)), ElementsAre("1.80.0 amd64 go1.17: sizes differ: net.Dialer 1->9"));
}

TEST(PlanAuto, BelowTheGoDirectiveOneFailureSpeaksForAllOlderReleases) {
  PlanInput input = Input();
  input.modules = {Module(kGrpc, {"1.80.0"})};
  input.builds = {Finished("1.80.0", "1.27.4")};
  input.builds[0].packages[0].selections = {{"1.17", "1.20", "old"}, {"1.21", "1.27", "new"}};
  input.builds[0].max_go_directive = "1.24.0";
  EXPECT_THAT(Jobs(MakePlan(input)), ElementsAre("1.80.0 amd64 go1.20.14: selection differs below go1.21"));
  input.builds.push_back(Build("1.80.0", "1.20.14", BuildStatus::kCompileFailed));
  const Plan plan = MakePlan(input);
  EXPECT_THAT(plan.jobs, IsEmpty());
  EXPECT_THAT(Skips(plan), ElementsAre("1.80.0 1 selection differs below go1.21: does not compile with go1.20.14"));
}

TEST(PlanAuto, NewMinorReleaseOfGoGetsABuild) {
  PlanInput input = Input();
  input.go_releases = Go({"1.27.4", "1.28.0", "1.28.1"});
  input.modules = {Module(kGrpc, {"1.60.1"})};
  input.builds = {Finished("1.60.1", "1.27.4")};
  EXPECT_THAT(Jobs(MakePlan(input)), ElementsAre("1.60.1 amd64 go1.28.1: go1.28 is newer than what is stored"));
  input.builds.push_back(Build("1.60.1", "1.28.1", BuildStatus::kCompileFailed));
  EXPECT_THAT(MakePlan(input).jobs, IsEmpty());
}

TEST(PlanAuto, TagsAndExperimentsAreOtherBuilds) {
  PlanInput input = Input();
  input.modules = {Module(kGrpc, {"1.60.1"})};
  input.modules[0].goexperiment = "jsonv2";
  input.modules[0].tags = {"a", "b"};
  input.builds = {Finished("1.60.1", "1.27.4")};
  ASSERT_EQ(MakePlan(input).jobs.size(), 1u);
  EXPECT_EQ(MakePlan(input).jobs[0].goexperiment, "jsonv2");
  EXPECT_THAT(MakePlan(input).jobs[0].tags, ElementsAre("a", "b"));
  input.builds[0].tags = {"a", "b"};
  input.builds[0].goexperiment = "jsonv2";
  EXPECT_THAT(MakePlan(input).jobs, IsEmpty());
}

// A target's roots changed: what is stored is made again, once, and its new facts decide about further builds.
TEST(PlanRebuild, StoredBuildsAreMadeAgainOnceWithTheirGoReleases) {
  PlanInput input = Input();
  input.modules = {Module(kGrpc, {"1.60.1", "1.61.0"})};
  input.builds = {Finished("1.60.1", "1.27.4"), Finished("1.60.1", "1.21.13"), Finished("1.59.0", "1.27.4")};
  EXPECT_THAT(Jobs(MakePlan(input)), ElementsAre("1.61.0 amd64 go1.27.4: primary"));
  input.rebuild = true;
  EXPECT_THAT(Jobs(MakePlan(input)),
              ElementsAre("1.61.0 amd64 go1.27.4: primary", "1.60.1 amd64 go1.27.4: built again",
                          "1.60.1 amd64 go1.21.13: built again"));
  // Half of it done, whatever came of it: a build that now fails leaves the success that was stored.
  input.builds[0].this_run = true;
  input.builds.push_back(Finished("1.61.0", "1.27.4"));
  input.builds.back().this_run = true;
  EXPECT_THAT(Jobs(MakePlan(input)), ElementsAre("1.60.1 amd64 go1.21.13: built again"));
  // All of it: now the selections that the new builds show call for one more.
  input.builds[1].this_run = true;
  EXPECT_THAT(MakePlan(input).jobs, IsEmpty());
  for (StoredBuild& build : input.builds)
    build.packages = {{"google.golang.org/grpc", {{"1.17", "1.20", "old"}, {"1.21", "1.27", "new"}}}};
  EXPECT_THAT(Jobs(MakePlan(input)), ElementsAre("1.61.0 amd64 go1.20.14: selection differs below go1.21",
                                                 "1.60.1 amd64 go1.20.14: selection differs below go1.21"));
}

TEST(PlanRebuild, StdListsAndFailures) {
  PlanInput input = Input();
  input.rebuild = true;
  input.modules = {Module("std", {"1.26.8"})};
  StoredBuild done = Build("1.26.8", "1.26.8");
  done.module = "std";
  input.builds = {done};
  EXPECT_THAT(Jobs(MakePlan(input)), ElementsAre("1.26.8 amd64 go1.26.8: primary"));
  input.builds[0].this_run = true;
  EXPECT_THAT(MakePlan(input).jobs, IsEmpty());
  // A list of releases asks for those alone.
  PlannedModule listed = Module(kGrpc, {"1.60.1"});
  listed.go = {GoPolicy::Kind::kList, Go({"1.26.8"})};
  input.modules = {listed};
  input.builds = {Finished("1.60.1", "1.27.4"), Finished("1.60.1", "1.26.8")};
  EXPECT_THAT(Jobs(MakePlan(input)), ElementsAre("1.60.1 amd64 go1.26.8: asked for"));
  // What failed to compile is --retry-failed's.
  input.modules = {Module(kGrpc, {"1.14.0"})};
  input.builds = {Build("1.14.0", "1.27.4", BuildStatus::kCompileFailed), Finished("1.14.0", "1.26.11")};
  EXPECT_THAT(Jobs(MakePlan(input)), ElementsAre("1.14.0 amd64 go1.26.11: built again"));
}

TEST(PlanPolicies, NewestOldestAndLists) {
  PlanInput input = Input();
  input.modules = {Module(kGrpc, {"1.60.1"})};
  input.modules[0].go = *ParseGoPolicy("oldest");
  EXPECT_THAT(Jobs(MakePlan(input)), ElementsAre("1.60.1 amd64 go1.17: primary"));
  input.builds = {Build("1.60.1", "1.17", BuildStatus::kCompileFailed)};
  EXPECT_THAT(Jobs(MakePlan(input)), ElementsAre("1.60.1 amd64 go1.20.14: fallback after go1.17 failed"));

  input.modules[0].go = *ParseGoPolicy("newest");
  EXPECT_THAT(Jobs(MakePlan(input)), ElementsAre("1.60.1 amd64 go1.27.4: primary"));

  input.modules[0].go = *ParseGoPolicy("1.28rc1,go1.21.13,1.16.15,1.17");
  input.builds.push_back(Finished("1.60.1", "1.21.13"));
  const Plan plan = MakePlan(input);
  EXPECT_THAT(Jobs(plan), ElementsAre("1.60.1 amd64 go1.28rc1: asked for", "1.60.1 amd64 go1.16.15: asked for"));
  EXPECT_THAT(Skips(plan), ElementsAre("1.60.1 1 does not compile with go1.17", "1.60.1 0 built with go1.21.13"));
}

TEST(Plan, EmptyAndOddInputs) {
  EXPECT_THAT(MakePlan(PlanInput{}), Plan{});
  PlanInput no_go;
  no_go.modules = {Module(kGrpc, {"1.60.1"})};
  EXPECT_THAT(Skips(MakePlan(no_go)), ElementsAre("1.60.1 2 no Go release that could build it is available"));

  PlanInput odd = Input();
  odd.modules = {Module(kGrpc, {"1.60.1", "1.60.1"}), Module(kGrpc, {"1.60.1"})};
  odd.builds = {Build("1.60.1", "not a release"), Build("not a version", "1.27.4")};
  const Plan plan = MakePlan(odd);
  EXPECT_EQ(plan.jobs.size(), 1u);  // listed three times, built once
  EXPECT_EQ(NoteCount(plan, "malformed Go release"), 1u);

  odd.builds = {Finished("1.60.1", "1.27.4", {"", "[", "\xff"})};
  odd.builds[0].packages = {
      {"p", {{"1.27", "1.17", "s"}, {"", "", ""}, {"1.17", "1.99999999", "s"}, {"2.1", "2.2", "s"}}},
      {"p", {{"1.17", "1.27", "x"}}}};
  odd.builds[0].max_go_directive = "999";
  MakePlan(odd);
}

}  // namespace
}  // namespace offsetgen
