// The plan: which probe programs to build next, as a pure function of what is wanted and of what the store already has.
//
// The same input gives the same plan, on any machine. A run makes a plan, does its jobs, adds what they showed to
// `builds` and plans again, until no job comes: what a build shows (which files its packages select under other Go
// releases, which std types they hold by value) tells which further builds are needed. docs/plan.md has the rules with
// their reasons. Modules and versions do not influence each other, so a caller may plan them one by one to save memory.
// No I/O; safe from any thread.
//
//   PlanInput input;
//   input.modules = {{.module = "std", .versions = {*Version::Parse(VersionScheme::kGo, "1.26.8")}, .arches =
//   {GoArch::kAmd64}}}; Plan plan = MakePlan(input);   // one job: std 1.26.8 with go1.26.8 for amd64, "primary"
#ifndef OFFSETGEN_PLAN_H_
#define OFFSETGEN_PLAN_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "go_policy.h"
#include "gooffsets/layout.h"
#include "gooffsets/version.h"
#include "std_sizes.h"
#include "store/record.h"

namespace offsetgen {

// The oldest Go release that is ever planned for: the first with the register ABI.
inline constexpr std::string_view kOldestGo = "1.17";

// One module of a run.
struct PlannedModule {
  std::string module;
  std::vector<gooffsets::Version> versions;  // selected; any order
  std::vector<gooffsets::GoArch> arches;     // jobs of one version come in this order
  std::vector<std::string> tags;             // sorted
  std::string goexperiment;
  GoPolicy go;         // not used for std: its version is its Go release
  std::string inputs;  // digest of what a build is made from besides version and Go (roots, excludes, keep-file rules)
  // Not empty (`--for-binary`): a stored build with another version of one of these modules in its closure is another
  // build, and says nothing of this one.
  std::vector<gooffsets::ModuleVersion> pinned;
};

// What the store knows of one package of the built module itself; packages of other modules are those modules' own
// work.
struct PackageFacts {
  std::string path;
  std::vector<gooffsets::PackageRecord::SelectionRange> selections;
};

struct StoredBuild {
  std::string module, version, go;  // canonical, "1.60.1", "1.27.4"
  gooffsets::GoArch goarch = gooffsets::GoArch::kAmd64;
  std::vector<std::string> tags;  // sorted
  std::string goexperiment;
  gooffsets::BuildStatus status = gooffsets::BuildStatus::kOk;
  bool toolchain_missing = false;  // of kUnavailable: the Go release, not the module version, cannot be brought
  std::string inputs;              // PlannedModule::inputs at that time; "" if that is not known
  // Made by the run that is planning: not tried a second time, whatever became of it.
  bool this_run = false;
  // The largest `go` directive in the go.mod files of the closure: "1.23.0"; "" if that is not known. Also of failures.
  std::string max_go_directive;

  std::vector<gooffsets::ModuleVersion> closure;  // may be empty for failures

  // Of kOk only.
  std::vector<PackageFacts> packages;
  // Std types that structs and parameters of these packages hold by value, directly or inside other non-std types; what
  // those std types hold in turn is not listed, because their own size says it. "crypto/tls.ConnectionState".
  std::vector<std::string> std_by_value;
};

struct PlanInput {
  std::vector<PlannedModule> modules;           // in the order of work
  std::vector<gooffsets::Version> go_releases;  // every known one; pre-releases and those below kOldestGo are not used
  std::vector<StoredBuild> builds;
  StdSizes std_sizes;
  bool retry_failed = false;  // also what failed to compile and what was not available
  bool rebuild = false;       // also what was built, once a run: with the Go releases it was built with
};

struct Job {
  std::string module, version, go;
  gooffsets::GoArch goarch = gooffsets::GoArch::kAmd64;
  std::vector<std::string> tags;
  std::string goexperiment;
  // "primary", "fallback after go1.27.4 failed", "selection differs below go1.27",
  // "sizes differ: crypto/tls.ConnectionState 176->192", "asked for", "built again", "go1.28 is newer than what is stored".
  std::string reason;

  bool operator==(const Job&) const = default;
};

// A module version and architecture for which nothing (more) is planned, and why.
struct Skipped {
  enum class Kind {
    kDone,         // built
    kFailed,       // does not compile: --retry-failed tries again
    kUnavailable,  // the proxy does not have it: --retry-failed tries again
    kLater,        // failed in this run for a reason that may pass: the next run tries again
  } kind = Kind::kDone;
  std::string module, version;
  gooffsets::GoArch goarch = gooffsets::GoArch::kAmd64;
  std::string why;

  bool operator==(const Skipped&) const = default;
};

// What was left out because it is not known; counted, never guessed.
struct PlanNote {
  std::string module;
  std::string what;
  size_t count = 0;  // of (version, architecture, Go release or type)

  bool operator==(const PlanNote&) const = default;
};

struct Plan {
  std::vector<Job> jobs;         // in the order of work: newest versions first, architectures of one build side by side
  std::vector<Skipped> skipped;  // in the same order
  std::vector<PlanNote> notes;   // sorted

  bool operator==(const Plan&) const = default;
};

Plan MakePlan(const PlanInput& input);

// Names the shard of a version below data/<module>/: its minor line ("1.60", "0.55", Go "1.26"), and "0.0.0" for
// pseudo-versions of modules that never had a release.
std::string ShardName(const gooffsets::Version& version);

enum class PlanFormat { kText, kJson };
// For --dry-run. Ends with a line break; equal plans give equal bytes.
std::string PrintPlan(const Plan& plan, PlanFormat format);

}  // namespace offsetgen

#endif  // OFFSETGEN_PLAN_H_
