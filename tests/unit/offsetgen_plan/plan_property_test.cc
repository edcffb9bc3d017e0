// Random worlds, in which it is known which Go release gives which layout and which one compiles: whatever they are,
// the run ends, repeats nothing, and leaves one build for every layout that can be had.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "plan.h"

namespace offsetgen {
namespace {

using gooffsets::BuildStatus;
using gooffsets::GoArch;
using gooffsets::Version;
using gooffsets::VersionScheme;

constexpr uint64_t kFirstMinor = 17, kLastMinor = 27;

// How one module version really behaves.
struct Truth {
  std::vector<std::vector<int>> selection;           // [package][minor - kFirstMinor]: which files
  std::map<std::string, std::vector<int>> types_of;  // selection of all packages -> types held by value
  std::set<uint64_t> broken_minors;                  // do not compile
  std::string directive;
};

class World {
 public:
  // `orderly`: failures are as they are in practice, whole minor releases, and below the go directive everything up to
  // one release. Only then the rules that save hopeless builds cost nothing.
  explicit World(uint32_t seed, bool orderly = false) : orderly_(orderly), random_(seed) {
    for (uint64_t minor = kFirstMinor; minor <= kLastMinor; ++minor) {
      const int patches = Number(1, 4);
      for (int patch = 0; patch < patches; ++patch)
        AddGo("1." + std::to_string(minor) + (minor >= 21 || patch > 0 ? "." + std::to_string(patch) : ""));
    }
    for (const GoArch arch : kArches) {
      for (const Version& go : go_) {
        if (Number(0, 9) != 0) stored_.insert({arch, go.text()});
      }
      for (int type = 0; type < kTypes; ++type) {
        int size = 8;
        const size_t first =
            !orderly && Number(0, 2) == 0 ? static_cast<size_t>(Number(0, static_cast<int>(go_.size()) - 1)) : 0;
        for (size_t i = 0; i < go_.size(); ++i) {
          if (Number(0, 9) == 0) size = 8 * Number(1, 4);
          sizes_[{arch, type, go_[i].text()}] = i < first ? 0 : size;  // 0: absent
        }
      }
    }
    PlannedModule module;
    module.module = "m.x/a";
    module.arches = {kArches[0], kArches[1]};
    const int versions = Number(1, 4);
    for (int i = 0; i < versions; ++i)
      module.versions.push_back(*Version::Parse(VersionScheme::kModule, "1." + std::to_string(i) + ".0"));
    for (const Version& version : module.versions) {
      for (const GoArch arch : kArches) truths_[{version.text(), arch}] = MakeTruth();
    }
    input.modules = {module};
    input.go_releases = go_;
    for (const auto& [arch, go] : stored_) {
      input.std_sizes.AddRelease(arch, go);
      for (int type = 0; type < kTypes; ++type) {
        const int size = sizes_.at({arch, type, go});
        if (size != 0) input.std_sizes.Add(arch, go, TypeName(type), static_cast<uint64_t>(size), 8);
      }
    }
  }

  // What a build would show.
  StoredBuild Do(const Job& job) const {
    StoredBuild build;
    build.module = job.module;
    build.version = job.version;
    build.go = job.go;
    build.goarch = job.goarch;
    build.this_run = true;
    const Truth& truth = truths_.at({job.version, job.goarch});
    const uint64_t minor = Version::Parse(VersionScheme::kGo, job.go)->minor();
    build.max_go_directive = truth.directive;
    if (!Compiles(job.version, job.goarch, job.go)) {
      build.status = BuildStatus::kCompileFailed;
      return build;
    }
    for (size_t package = 0; package < truth.selection.size(); ++package) {
      PackageFacts facts{"m.x/a/p" + std::to_string(package), {}};
      for (uint64_t at = kFirstMinor; at <= kLastMinor; ++at) {
        const std::string name = "1." + std::to_string(at);
        facts.selections.push_back({name, name, std::to_string(truth.selection[package][at - kFirstMinor])});
      }
      build.packages.push_back(std::move(facts));
    }
    for (const int type : truth.types_of.at(Selection(truth, minor))) build.std_by_value.push_back(TypeName(type));
    return build;
  }

  bool Compiles(const std::string& version, GoArch arch, const std::string& go) const {
    const Truth& truth = truths_.at({version, arch});
    const uint64_t minor = Version::Parse(VersionScheme::kGo, go)->minor();
    if (truth.broken_minors.contains(minor) || Refuses(truth, go)) return false;
    for (const int type : truth.types_of.at(Selection(truth, minor))) {
      if (sizes_.at({arch, type, go}) == 0) return false;
    }
    return true;
  }

  static bool Refuses(const Truth& truth, const std::string& go) {
    if (truth.directive.empty()) return false;
    const Version release = *Version::Parse(VersionScheme::kGo, go);
    return release.minor() >= 21 && release < *Version::Parse(VersionScheme::kGo, truth.directive);
  }

  static std::string Selection(const Truth& truth, uint64_t minor) {
    std::string text;
    for (const std::vector<int>& package : truth.selection) text += std::to_string(package[minor - kFirstMinor]) + ",";
    return text;
  }

  // The layout that a Go release gives: equal text, equal layout.
  std::string Layout(const std::string& version, GoArch arch, const std::string& go) const {
    const Truth& truth = truths_.at({version, arch});
    std::string text = Selection(truth, Version::Parse(VersionScheme::kGo, go)->minor());
    const std::string selection = text;
    for (const int type : truth.types_of.at(selection)) text += " " + std::to_string(sizes_.at({arch, type, go}));
    return text;
  }

  bool IsStored(GoArch arch, const std::string& go) const { return stored_.contains({arch, go}); }
  const std::vector<Version>& go() const { return go_; }
  const Truth& truth(const std::string& version, GoArch arch) const { return truths_.at({version, arch}); }
  std::mt19937& random() { return random_; }

  static constexpr GoArch kArches[] = {GoArch::kAmd64, GoArch::kArm64};
  PlanInput input;

 private:
  static constexpr int kTypes = 5;

  int Number(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  static std::string TypeName(int type) { return "pkg.T" + std::to_string(type); }
  void AddGo(const std::string& text) { go_.push_back(*Version::Parse(VersionScheme::kGo, text)); }

  Truth MakeTruth() {
    Truth truth;
    const int packages = Number(1, 3);
    for (int i = 0; i < packages; ++i) {
      std::vector<int> selection;
      int value = 0;
      for (uint64_t minor = kFirstMinor; minor <= kLastMinor; ++minor) {
        if (Number(0, 7) == 0) value = Number(0, 2);
        selection.push_back(value);
      }
      truth.selection.push_back(std::move(selection));
    }
    for (uint64_t minor = kFirstMinor; minor <= kLastMinor; ++minor) {
      std::vector<int> types;
      for (int type = 0; type < kTypes; ++type) {
        if (Number(0, 2) == 0) types.push_back(type);
      }
      truth.types_of.try_emplace(Selection(truth, minor), types);
      if (Number(0, 5) == 0) truth.broken_minors.insert(minor);
    }
    if (Number(0, 2) == 0)
      truth.directive = go_[static_cast<size_t>(Number(0, static_cast<int>(go_.size()) - 1))].text();
    if (orderly_ && !truth.directive.empty()) {
      const uint64_t directive = Version::Parse(VersionScheme::kGo, truth.directive)->minor();
      bool broken = false;
      for (uint64_t minor = directive; minor >= kFirstMinor; --minor) {
        broken = broken || truth.broken_minors.contains(minor);
        if (broken) truth.broken_minors.insert(minor);
      }
    }
    return truth;
  }

  bool orderly_;
  std::mt19937 random_;
  std::vector<Version> go_;
  std::set<std::pair<GoArch, std::string>> stored_;
  std::map<std::tuple<GoArch, int, std::string>, int> sizes_;
  std::map<std::pair<std::string, GoArch>, Truth> truths_;
};

constexpr uint32_t kSeeds = 100;

void CheckRun(uint32_t seed) {
  World world(seed);
  std::set<std::tuple<std::string, GoArch, std::string>> done;
  int rounds = 0;
  for (;;) {
    const Plan plan = MakePlan(world.input);
    if (plan.jobs.empty()) break;
    ASSERT_LT(++rounds, 200);
    for (const Job& job : plan.jobs) {
      ASSERT_TRUE(done.insert({job.version, job.goarch, job.go}).second)
          << "planned twice: " << job.version << " go" << job.go;
      world.input.builds.push_back(world.Do(job));
    }
  }
  for (const Version& version : world.input.modules[0].versions) {
    for (const GoArch arch : World::kArches) {
      const Truth& truth = world.truth(version.text(), arch);
      std::map<std::string, int> layouts_built, known_layouts_built;
      std::set<std::string> comparable_selections;
      std::set<uint64_t> failed_minors;
      for (const StoredBuild& build : world.input.builds) {
        if (build.version != version.text() || build.goarch != arch) continue;
        const uint64_t minor = Version::Parse(VersionScheme::kGo, build.go)->minor();
        if (build.status != BuildStatus::kOk) {
          failed_minors.insert(minor);
          continue;
        }
        ++layouts_built[world.Layout(version.text(), arch, build.go)];
        if (world.IsStored(arch, build.go)) {
          ++known_layouts_built[world.Layout(version.text(), arch, build.go)];
          comparable_selections.insert(World::Selection(truth, minor));
        }
      }
      // No build that shows nothing new.
      for (const auto& [layout, count] : known_layouts_built) EXPECT_EQ(count, 1) << version.text() << " " << layout;
      bool could_compile = false;
      for (const Version& go : world.go()) {
        if (!world.Compiles(version.text(), arch, go.text()) || failed_minors.contains(go.minor())) continue;
        // Below the directive, one failure speaks for all older releases.
        if (!truth.directive.empty() && go < *Version::Parse(VersionScheme::kGo, truth.directive)) continue;
        could_compile = true;
        const bool can_be_told =
            world.IsStored(arch, go.text()) && comparable_selections.contains(World::Selection(truth, go.minor()));
        if (!can_be_told) continue;
        EXPECT_TRUE(layouts_built.contains(world.Layout(version.text(), arch, go.text())))
            << version.text() << " go" << go.text();
      }
      EXPECT_TRUE(!could_compile || !layouts_built.empty()) << version.text();
    }
  }
}

TEST(PlanProperty, RunsEndRepeatNothingAndCoverEveryLayout) {
  for (uint32_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    CheckRun(seed);
    if (testing::Test::HasFailure()) return;
  }
}

void CheckOrder(uint32_t seed) {
  World world(seed);
  for (int round = 0; round < 3; ++round) {
    const Plan plan = MakePlan(world.input);
    PlanInput shuffled = world.input;
    std::shuffle(shuffled.builds.begin(), shuffled.builds.end(), world.random());
    std::shuffle(shuffled.go_releases.begin(), shuffled.go_releases.end(), world.random());
    std::shuffle(shuffled.modules[0].versions.begin(), shuffled.modules[0].versions.end(), world.random());
    EXPECT_EQ(MakePlan(shuffled), plan);
    EXPECT_EQ(PrintPlan(MakePlan(shuffled), PlanFormat::kJson), PrintPlan(plan, PlanFormat::kJson));
    for (const Job& job : plan.jobs) world.input.builds.push_back(world.Do(job));
  }
}

TEST(PlanProperty, OrderOfTheInputDoesNotMatter) {
  for (uint32_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    CheckOrder(seed);
    if (testing::Test::HasFailure()) return;
  }
}

// Does every job, or some of each plan, until none comes; what succeeded.
std::set<std::tuple<std::string, GoArch, std::string>> RunToTheEnd(uint32_t seed, bool interrupted) {
  World world(seed, true);
  std::mt19937 random(seed);
  std::set<std::tuple<std::string, GoArch, std::string>> done;
  for (;;) {
    const Plan plan = MakePlan(world.input);
    if (plan.jobs.empty()) return done;
    // A run does the first jobs of a plan, but two at a time may end in any order.
    std::vector<Job> jobs = plan.jobs;
    if (interrupted) {
      std::shuffle(jobs.begin(), jobs.end(), random);
      jobs.resize(1 + random() % jobs.size());
    }
    for (const Job& job : jobs) {
      world.input.builds.push_back(world.Do(job));
      if (world.input.builds.back().status == BuildStatus::kOk) done.insert({job.version, job.goarch, job.go});
      world.input.builds.back().this_run = !interrupted;
    }
  }
}

// A run that is stopped anywhere and started again ends with the same builds.
TEST(PlanProperty, InterruptedRunsEndWithTheSameBuilds) {
  for (uint32_t seed = 1; seed <= kSeeds; ++seed)
    ASSERT_EQ(RunToTheEnd(seed, true), RunToTheEnd(seed, false)) << "seed " << seed;
}

}  // namespace
}  // namespace offsetgen
