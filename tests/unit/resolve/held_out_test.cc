// Held out: with one Go release and one grpc release removed from the database, answers are still right, or refused.
// The truth is the database with them, whose numbers a Go compiler made.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "../store/temp_dir.h"
#include "ask_all.h"
#include "program.h"
#include "released.h"

namespace gooffsets {
namespace {

using testing::AskAll;
using testing::Chain;
using testing::Counts;
using testing::Program;

constexpr char kGrpc[] = "google.golang.org/grpc";

// What is removed: of the releases of grpc that were built with a Go release, one, and that Go release.
struct Pair {
  std::string go, grpc;
  bool HeldOut(const BuildInfo& build) const {
    if (build.go == go) return true;
    for (const ModuleVersion& module : build.closure) {
      if (module == ModuleVersion{kGrpc, grpc}) return true;
    }
    return build.root == ModuleVersion{kGrpc, grpc};
  }
};

// The middle of the range first; with GOOFFSETS_TEST_ALL others: the oldest and the newest Go that grpc was built with,
// grpc releases far from their neighbours, and the newest of both, of which nothing is left above.
std::vector<Pair> Pairs() {
  std::vector<Pair> pairs = {{"1.26.11", "1.60.1"}};
  if (std::getenv("GOOFFSETS_TEST_ALL") == nullptr) return pairs;
  for (const Pair& more : std::vector<Pair>{{"1.22.12", "1.60.1"},
                                            {"1.20.14", "1.62.1"},
                                            {"1.20.14", "1.64.1"},
                                            {"1.27.4", "1.14.0"},
                                            {"1.27.4", "1.37.0"},
                                            {"1.27.4", "1.69.0"},
                                            {"1.26.11", "1.85.0"}}) {
    pairs.push_back(more);
  }
  return pairs;
}

void CheckWithout(const Pair& pair) {
  const auto& [go, version] = pair;
  const std::string released = testing::ReleasedDatabase();
  testing::TempDir dir;
  const std::string held_out = dir / "held_out.db";
  ASSERT_TRUE(testing::CopyWithout(held_out, [&](const BuildInfo& build) { return pair.HeldOut(build); }));

  // The program: this grpc with the modules it was built with.
  Chain all(released, Program(go));
  std::map<std::string, std::string> modules;
  for (const SeenPackage& seen : **all.reader().Seen(kGrpc, version, kGrpc, GoArch::kAmd64)) {
    const SeenBuild& build = **all.reader().Build(seen.build);
    if (build.evidence.go == go && build.root.module == kGrpc) modules = **all.reader().ClosureOf(seen.build);
  }
  ASSERT_TRUE(modules.contains(kGrpc)) << "the released data has no build of grpc " << version << " with Go " << go;

  std::printf("without Go %s and grpc %s\n", go.c_str(), version.c_str());
  Counts standard, grpc, other;
  Chain truth(released, Program(go, modules));
  Chain without(held_out, Program(go, modules));
  AskAll("std of the missing Go release", &truth, &without, go, "std", go, 5, &standard);
  AskAll("the missing grpc release", &truth, &without, go, kGrpc, version, 1, &grpc);
  // Only the build of that module with that Go release is missing: the others' shapes with this release's sizes.
  const std::string without_build = dir / "without_build.db";
  ASSERT_TRUE(testing::CopyWithout(
      without_build, [&](const BuildInfo& build) { return build.go == pair.go && build.root.module == kGrpc; }));
  Chain composed(without_build, Program(go, modules));
  AskAll("grpc without a build of that Go release", &truth, &composed, go, kGrpc, version, 1, &other);
  EXPECT_EQ(standard.wrong + grpc.wrong + other.wrong, 0U);
  if (go != "1.26.11" || version != "1.60.1") return;
  EXPECT_LT(other.refused, 10U);
  EXPECT_EQ(other.right[Source::kBracketed], 0U);
  EXPECT_GT(other.right[Source::kComposed], 0U);
  EXPECT_GT(standard.Right(), 1000U);
  EXPECT_GT(grpc.Right(), 1000U);
}

TEST(HeldOut, AnswersAreRightOrRefusedNeverWrong) {
  for (const Pair& pair : Pairs()) {
    SCOPED_TRACE("without Go " + pair.go + " and grpc " + pair.grpc);
    CheckWithout(pair);
  }
}

// One release missing at a time, all others there: what its neighbours agree on. Every 40th release, all with
// GOOFFSETS_TEST_ALL; of each every `stride`th layout. `package` is one that every release has.
void CheckEachByItself(const std::string& module, const std::string& package, size_t stride) {
  const size_t step = std::getenv("GOOFFSETS_TEST_ALL") == nullptr ? 40 : 1;
  const std::string released = testing::ReleasedDatabase();
  Chain all(released, Program("1.27.4"));
  const std::vector<std::string> versions = **all.reader().Versions(module);
  Counts counts;
  for (size_t i = step - 1; i < versions.size(); i += step) {
    const std::string& version = versions[i];
    const Pair only = module == kStdModule ? Pair{version, ""} : Pair{"", version};
    testing::TempDir dir;
    const std::string held_out = dir / "held_out.db";
    ASSERT_TRUE(testing::CopyWithout(held_out, [&](const BuildInfo& build) { return only.HeldOut(build); }));
    std::map<std::string, std::string> modules;
    std::string go;
    for (const SeenPackage& seen : **all.reader().Seen(module, version, package, GoArch::kAmd64)) {
      const SeenBuild& build = **all.reader().Build(seen.build);
      if (build.root == ModuleVersion{module, version}) {
        modules = **all.reader().ClosureOf(seen.build);
        go = build.evidence.go;
      }
    }
    Chain truth(released, Program(go, modules));
    Chain chain(held_out, Program(go, modules));
    AskAll("up to " + module + " " + version, &truth, &chain, go, module, version, stride, &counts);
  }
  EXPECT_EQ(counts.wrong, 0U);
  EXPECT_GT(counts.right[Source::kBracketed], 1000U);
}

TEST(HeldOut, EachReleaseOfGrpcByItself) { CheckEachByItself(kGrpc, kGrpc, 7); }
TEST(HeldOut, EachGoReleaseByItself) { CheckEachByItself(std::string(kStdModule), "net/http", 19); }

}  // namespace
}  // namespace gooffsets
