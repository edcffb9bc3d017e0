#include "plan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "plan_groups.h"

namespace offsetgen {
namespace {

using gooffsets::BuildStatus;
using gooffsets::GoArch;
using gooffsets::Result;
using gooffsets::Version;
using gooffsets::VersionScheme;

std::string GoName(const Version& version) { return "go" + version.text(); }

std::string UnitKey(std::string_view module, std::string_view version, GoArch arch,
                    const std::vector<std::string>& tags, std::string_view experiment) {
  std::string key(module);
  key += '\n';
  key += version;
  key += '\n';
  key += gooffsets::ToString(arch);
  key += '\n';
  key += experiment;
  for (const std::string& tag : tags) {
    key += '\n';
    key += tag;
  }
  return key;
}

// What the input says of all units together.
struct World {
  const PlanInput& input;
  std::vector<Version> releases;                                  // that can be brought; ascending
  std::map<std::string, std::vector<UnitBuild>> builds;           // by UnitKey
  std::set<std::pair<std::string, std::string>> missing_modules;  // (module, version)
};

// Whether a build's closure holds another version of a module that is pinned.
bool Contradicts(const std::vector<gooffsets::ModuleVersion>& closure,
                 const std::vector<gooffsets::ModuleVersion>& pinned) {
  return std::any_of(pinned.begin(), pinned.end(), [&](const gooffsets::ModuleVersion& wanted) {
    return std::any_of(closure.begin(), closure.end(), [&](const gooffsets::ModuleVersion& has) {
      return has.module == wanted.module && has.version != wanted.version;
    });
  });
}

bool TryAgain(const PlanInput& input, const StoredBuild& build) { return input.retry_failed && !build.this_run; }

World MakeWorld(const PlanInput& input, std::map<std::pair<std::string, std::string>, size_t>* notes) {
  World world{input, {}, {}, {}};
  std::set<std::string> missing_toolchains;
  for (const StoredBuild& build : input.builds) {
    Result<Version> go = Version::Parse(VersionScheme::kGo, build.go);
    if (!go) {
      ++(*notes)[{build.module, "stored builds with a malformed Go release: not looked at"}];
      continue;
    }
    if (build.status == BuildStatus::kUnavailable && !TryAgain(input, build)) {
      if (build.toolchain_missing) {
        missing_toolchains.insert(go->text());
      } else {
        world.missing_modules.insert({build.module, build.version});
      }
    }
    world.builds[UnitKey(build.module, build.version, build.goarch, build.tags, build.goexperiment)].push_back(
        {&build, *std::move(go)});
  }
  // A toolchain that was there for another build is not missing, whatever one build met.
  for (const StoredBuild& build : input.builds) {
    if (build.status == BuildStatus::kOk) missing_toolchains.erase(build.go);
  }
  const Version oldest = *Version::Parse(VersionScheme::kGo, kOldestGo);
  for (const Version& release : input.go_releases) {
    if (release.scheme() != VersionScheme::kGo || release.is_prerelease() || release < oldest) continue;
    if (!missing_toolchains.contains(release.text())) world.releases.push_back(release);
  }
  std::sort(world.releases.begin(), world.releases.end());
  world.releases.erase(std::unique(world.releases.begin(), world.releases.end()), world.releases.end());
  return world;
}

// One module version on one architecture.
class Unit {
 public:
  Unit(const World& world, const PlannedModule& module, const Version& version, GoArch arch)
      : world_(world), module_(module), version_(version), arch_(arch) {
    const auto found =
        world.builds.find(UnitKey(module.module, version.text(), arch, module.tags, module.goexperiment));
    if (found != world.builds.end()) builds_ = found->second;
    // What this run made counts whatever it became: it is not made twice.
    std::erase_if(builds_, [&](const UnitBuild& unit) {
      return !unit.build->this_run && Contradicts(unit.build->closure, module.pinned);
    });
    for (const UnitBuild& unit : builds_) {
      const Result<Version> directive = Version::Parse(VersionScheme::kGo, unit.build->max_go_directive);
      if (directive && (!directive_ || *directive_ < *directive)) directive_ = *directive;
      if (unit.build->status == BuildStatus::kOk) finished_.push_back(unit);
    }
    std::stable_sort(finished_.begin(), finished_.end(),
                     [](const UnitBuild& a, const UnitBuild& b) { return a.go < b.go; });
  }

  void Plan() {
    if (world_.missing_modules.contains({module_.module, version_.text()}) && finished_.empty()) {
      Skip(Skipped::Kind::kUnavailable, "this version is not available");
    } else if (module_.module == gooffsets::kStdModule) {
      PlanOne(version_, "primary");
    } else if (module_.go.kind == GoPolicy::Kind::kList) {
      for (const Version& release : module_.go.releases) PlanOne(release, "asked for");
    } else if (module_.go.kind == GoPolicy::Kind::kAuto && !finished_.empty()) {
      // What a build will show decides about the groups: first those that are there, again.
      if (!PlanAgain()) PlanGroups();
    } else {
      PlanFirst();
    }
  }

  std::vector<std::pair<Version, Job>> jobs;
  std::vector<Skipped> skipped;
  std::map<std::string, size_t> notes;

 private:
  enum class State { kOpen, kDone, kFailed, kToolchainMissing, kLater };

  // What came of this module version with this Go release. A success outweighs any failure.
  State StateOf(const Version& go) const {
    State state = State::kOpen;
    for (const UnitBuild& unit : builds_) {
      if (!(unit.go == go)) continue;
      const StoredBuild& build = *unit.build;
      switch (build.status) {
        case BuildStatus::kOk:
          return IsAgain(build) ? State::kOpen : State::kDone;
        case BuildStatus::kTransientFailed:
          if (build.this_run) state = State::kLater;
          break;
        case BuildStatus::kUnavailable:
          if (state != State::kLater && !TryAgain(world_.input, build)) state = State::kToolchainMissing;
          break;
        case BuildStatus::kCompileFailed:
          if (state != State::kLater && IsFinal(build)) state = State::kFailed;
          break;
      }
    }
    return state;
  }

  // Whether a success is to be made again: once in a run.
  bool IsAgain(const StoredBuild& build) const { return world_.input.rebuild && !build.this_run; }

  // Whether a compile failure still stands: nothing that went into the build has changed.
  bool IsFinal(const StoredBuild& build) const {
    if (build.this_run) return true;
    const bool same_inputs = build.inputs == module_.inputs || build.inputs.empty() || module_.inputs.empty();
    return same_inputs && !world_.input.retry_failed;
  }

  // Whether any release of this minor failed to compile: its patch releases would as well.
  bool MinorFailed(uint64_t minor) const {
    return std::any_of(builds_.begin(), builds_.end(), [&](const UnitBuild& unit) {
      return unit.go.minor() == minor && unit.build->status == BuildStatus::kCompileFailed && IsFinal(*unit.build);
    });
  }

  // Releases up to 1.20 ignore the go directive, and fail on whatever is newer than themselves; where one did, the
  // releases before it would too.
  bool NewerFailedBelowDirective(const Version& go) const {
    return directive_ && std::any_of(builds_.begin(), builds_.end(), [&](const UnitBuild& unit) {
             return go < unit.go && unit.go < *directive_ && unit.build->status == BuildStatus::kCompileFailed &&
                    IsFinal(*unit.build);
           });
  }

  bool MinorCompiles(uint64_t minor) const {
    return std::any_of(finished_.begin(), finished_.end(),
                       [&](const UnitBuild& unit) { return unit.go.minor() == minor; });
  }

  bool IsRefused(const Version& go) const { return directive_ && RefusesDirective(go, *directive_); }

  void AddJob(const Version& go, std::string reason) {
    jobs.emplace_back(go, Job{module_.module, version_.text(), go.text(), arch_, module_.tags, module_.goexperiment,
                              std::move(reason)});
  }
  void Skip(Skipped::Kind kind, std::string why) {
    skipped.push_back({kind, module_.module, version_.text(), arch_, std::move(why)});
  }

  // Exactly this release, without alternatives.
  void PlanOne(const Version& go, std::string reason) {
    switch (StateOf(go)) {
      case State::kOpen:
        if (IsRefused(go)) {
          Skip(Skipped::Kind::kFailed, GoName(go) + " refuses modules that need go" + directive_->text());
        } else {
          AddJob(go, std::move(reason));
        }
        break;
      case State::kDone:
        Skip(Skipped::Kind::kDone, "built with " + GoName(go));
        break;
      case State::kFailed:
        Skip(Skipped::Kind::kFailed, "does not compile with " + GoName(go));
        break;
      case State::kToolchainMissing:
        Skip(Skipped::Kind::kUnavailable, GoName(go) + " is not available");
        break;
      case State::kLater:
        Skip(Skipped::Kind::kLater, "failed in this run with " + GoName(go) + ", for a reason that may pass");
        break;
    }
  }

  // The builds that are there, with the releases they were made with. False: every one was made by this run.
  bool PlanAgain() {
    std::optional<Version> last;
    for (const UnitBuild& unit : finished_) {  // ascending
      if (!IsAgain(*unit.build) || last == unit.go) continue;
      AddJob(unit.go, "built again");
      last = unit.go;
    }
    return last.has_value();
  }

  // One release of each minor, in the order in which the policy tries them.
  std::vector<Version> Candidates() const {
    std::map<uint64_t, Version> by_minor;
    const bool oldest = module_.go.kind == GoPolicy::Kind::kOldest;
    for (const Version& release : world_.releases) {
      if (IsRefused(release)) continue;
      if (oldest) {
        by_minor.try_emplace(release.minor(), release);
      } else {
        by_minor.insert_or_assign(release.minor(), release);
      }
    }
    std::vector<Version> candidates;
    for (auto& [minor, release] : by_minor) candidates.push_back(std::move(release));
    if (!oldest) std::reverse(candidates.begin(), candidates.end());
    return candidates;
  }

  // The one build of `newest` and `oldest`, and the first one of `auto`: the first candidate that compiles.
  void PlanFirst() {
    std::optional<Version> failed;
    std::string all_failed;
    for (const Version& go : Candidates()) {
      if (NewerFailedBelowDirective(go)) continue;
      State state = StateOf(go);
      if (state == State::kOpen && MinorFailed(go.minor())) state = State::kFailed;
      if (state == State::kDone || state == State::kLater) return PlanOne(go, "");
      if (state == State::kOpen)
        return AddJob(go, failed ? "fallback after " + GoName(*failed) + " failed" : "primary");
      if (state == State::kToolchainMissing) continue;
      failed = go;
      all_failed += (all_failed.empty() ? "" : ", ") + GoName(go);
    }
    if (failed) {
      Skip(Skipped::Kind::kFailed, "does not compile with " + all_failed);
    } else {
      Skip(Skipped::Kind::kUnavailable, "no Go release that could build it is available");
    }
  }

  // `auto`, once there is a build: one more for each distinct layout.
  void PlanGroups() {
    std::vector<Version> releases;
    for (const Version& release : world_.releases) {
      if (!IsRefused(release)) {
        releases.push_back(release);
      } else {
        ++notes["Go releases that refuse the module, because a go.mod needs a newer one"];
      }
    }
    const bool compare_sizes = module_.goexperiment.empty();
    const Groups groups = FindMissingGroups(finished_, releases, world_.input.std_sizes, arch_, compare_sizes);
    for (const auto& [what, count] : groups.unknown) notes[what] += count;
    bool complete = true;
    for (const MissingGroup& group : groups.missing) complete = PlanGroup(group) && complete;
    if (complete) {
      std::string with;
      for (const UnitBuild& unit : finished_) with += (with.empty() ? "" : ", ") + GoName(unit.go);
      Skip(Skipped::Kind::kDone, "built with " + with);
    }
  }

  // The newest release of the group that can still be tried. False if something is left to say or to do.
  bool PlanGroup(const MissingGroup& group) {
    std::optional<Version> failed;
    for (auto go = group.releases.rbegin(); go != group.releases.rend(); ++go) {
      if (failed && failed->minor() == go->minor()) continue;
      if (NewerFailedBelowDirective(*go)) continue;
      State state = StateOf(*go);
      if (state == State::kOpen && MinorFailed(go->minor())) state = State::kFailed;
      if (state == State::kOpen) {
        if (!MustWait(*go))
          AddJob(*go, group.reason + (failed ? "; fallback after " + GoName(*failed) + " failed" : ""));
        return false;
      }
      if (state == State::kDone || state == State::kLater) {
        // Done: the build is there, but its facts do not put it into this group; a second one would not either.
        PlanOne(*go, "");
        return state == State::kDone;
      }
      if (state == State::kFailed) failed = *go;
    }
    const std::string newest = GoName(group.releases.back());
    Skip(failed ? Skipped::Kind::kFailed : Skipped::Kind::kUnavailable,
         group.reason + ": " +
             (failed ? "does not compile with " + GoName(*failed) : "no release up to " + newest + " can build it"));
    return false;
  }

  // Whether the outcome of a job of this plan may make this release pointless: then it waits for the next plan. So a
  // run that was stopped in between ends with the same builds as one that was not.
  bool MustWait(const Version& go) const {
    return std::any_of(jobs.begin(), jobs.end(), [&](const auto& job) {
      const bool same_minor = job.first.minor() == go.minor() && !MinorCompiles(go.minor());
      return same_minor || (directive_ && job.first < *directive_ && go < *directive_);
    });
  }

  const World& world_;
  const PlannedModule& module_;
  const Version& version_;
  GoArch arch_;
  std::vector<UnitBuild> builds_, finished_;
  std::optional<Version> directive_;
};

}  // namespace

Plan MakePlan(const PlanInput& input) {
  std::map<std::pair<std::string, std::string>, size_t> notes;
  const World world = MakeWorld(input, &notes);
  Plan plan;
  std::set<std::pair<std::string, std::string>> seen;  // (unit, go): a module that is listed twice is built once
  for (const PlannedModule& module : input.modules) {
    std::vector<Version> versions = module.versions;
    std::sort(versions.begin(), versions.end(), [](const Version& a, const Version& b) { return b < a; });
    versions.erase(std::unique(versions.begin(), versions.end()), versions.end());
    for (const Version& version : versions) {
      std::vector<std::pair<Version, Job>> jobs;
      for (const GoArch arch : module.arches) {
        Unit unit(world, module, version, arch);
        unit.Plan();
        const std::string key = UnitKey(module.module, version.text(), arch, module.tags, module.goexperiment);
        for (auto& job : unit.jobs) {
          if (seen.insert({key, job.second.go}).second) jobs.push_back(std::move(job));
        }
        if (!unit.skipped.empty() && !seen.insert({key, ""}).second) continue;
        for (Skipped& skipped : unit.skipped) plan.skipped.push_back(std::move(skipped));
        for (const auto& [what, count] : unit.notes) notes[{module.module, what}] += count;
      }
      // Builds of one Go release side by side: the second architecture finds prepared sources and a hot toolchain.
      std::stable_sort(jobs.begin(), jobs.end(), [](const auto& a, const auto& b) { return b.first < a.first; });
      for (auto& job : jobs) plan.jobs.push_back(std::move(job.second));
    }
  }
  for (const auto& [key, count] : notes) plan.notes.push_back({key.first, key.second, count});
  return plan;
}

std::string ShardName(const Version& version) {
  const bool never_released =
      version.is_pseudo() && version.major() == 0 && version.minor() == 0 && version.patch() == 0;
  return never_released ? "0.0.0" : version.minor_line();
}

}  // namespace offsetgen
