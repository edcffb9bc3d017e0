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
#include "program.h"
#include "released.h"

namespace gooffsets {
namespace {

using testing::Chain;
using testing::Program;
using Kind = DatabaseAnswer::Kind;

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

struct Counts {
  std::map<Source, size_t> right;
  size_t refused = 0, wrong = 0, absent = 0;
  size_t Right() const {
    size_t all = 0;
    for (const auto& [source, count] : right) all += count;
    return all;
  }
};

void AskAll(const std::string& what, const std::string& released, const std::string& held_out, const std::string& go,
            const std::string& module, const std::string& version, const std::map<std::string, std::string>& program,
            size_t stride, Counts* counts) {
  Chain truth(released, Program(go, program));
  Chain chain(held_out, Program(go, program));
  size_t number = 0;
  for (const std::string& path : **truth.reader().PackagePaths(module, version)) {
    const auto& seen = **truth.reader().Seen(module, version, path, GoArch::kAmd64);
    if (seen.empty()) continue;
    const SeenPackage* with_go = nullptr;
    for (const SeenPackage& package : seen) {
      if ((*truth.reader().Build(package.build))->evidence.go == go) with_go = &package;
    }
    if (with_go == nullptr) continue;
    for (const PackageEntry& entry : **truth.reader().Entries(with_go->state)) {
      if (entry.layout == 0 || ++number % stride != 0) continue;
      const std::string symbol = *truth.reader().Text(entry.symbol);
      if (symbol.find_first_of("[{ ") != std::string::npos)
        continue;  // listed with their holder, under no symbol of its own
      const Layout& layout = **truth.reader().LayoutOf(entry.layout);
      auto judge = [&](const std::string& name, const DatabaseAnswer& answer, bool same) {
        if (answer.kind == Kind::kUnknown) {
          // A few of them, for whoever reads the log: what is refused has a reason.
          if (++counts->refused <= 5) std::printf("refused: %s: %s\n", name.c_str(), answer.missing.reason.c_str());
        } else if (answer.kind == Kind::kFound && same) {
          ++counts->right[answer.source];
        } else {
          ++counts->wrong;
          if (answer.kind == Kind::kAbsent) ++counts->absent;
          ADD_FAILURE() << name << ": " << ToString(answer.source) << " says " << answer.Says() << " (" << answer.how
                        << ")";
        }
      };
      if (const auto* structure = std::get_if<StructLayout>(&layout)) {
        for (const Field& field : structure->fields) {
          if (field.name == "_") continue;
          const std::string name = path + "." + symbol + "." + field.name;
          const DatabaseAnswer answer = chain.Ask(name);
          judge(name, answer, answer.field.offset == field.offset && answer.field.size == field.size);
          if (counts->wrong > 20) return;
        }
      } else {
        const auto& function = std::get<FunctionLayout>(layout);
        const std::string name = path + "." + symbol;
        const DatabaseAnswer answer = chain.Ask(name);
        auto places = [](const std::vector<Parameter>& a, const std::vector<Parameter>& b) {
          bool same = a.size() == b.size();
          for (size_t i = 0; same && i < a.size(); ++i) same = a[i].size == b[i].size && a[i].pieces == b[i].pieces;
          return same;
        };
        judge(name, answer,
              answer.item == ItemKind::kFunction && places(answer.function.params, function.params) &&
                  places(answer.function.results, function.results));
        if (counts->wrong > 20) return;
      }
    }
  }
  std::printf("%s: %zu right (", what.c_str(), counts->Right());
  for (const auto& [source, count] : counts->right)
    std::printf(" %s %zu", std::string(ToString(source)).c_str(), count);
  std::printf(" ), %zu refused, %zu wrong\n", counts->refused, counts->wrong);
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
  AskAll("std of the missing Go release", released, held_out, go, "std", go, modules, 5, &standard);
  AskAll("the missing grpc release", released, held_out, go, kGrpc, version, modules, 1, &grpc);
  // Only the build of that module with that Go release is missing: the others' shapes with this release's sizes.
  const std::string without_build = dir / "without_build.db";
  ASSERT_TRUE(testing::CopyWithout(
      without_build, [&](const BuildInfo& build) { return build.go == pair.go && build.root.module == kGrpc; }));
  AskAll("grpc without a build of that Go release", released, without_build, go, kGrpc, version, modules, 1, &other);
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
    AskAll("up to " + module + " " + version, released, held_out, go, module, version, modules, stride, &counts);
  }
  EXPECT_EQ(counts.wrong, 0U);
  EXPECT_GT(counts.right[Source::kBracketed], 1000U);
}

TEST(HeldOut, EachReleaseOfGrpcByItself) { CheckEachByItself(kGrpc, kGrpc, 7); }
TEST(HeldOut, EachGoReleaseByItself) { CheckEachByItself(std::string(kStdModule), "net/http", 19); }

}  // namespace
}  // namespace gooffsets
