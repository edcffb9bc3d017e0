// `offsetgen status`: what a database covers, what failed, what is missing.
//
// Per module and architecture: every known version is in exactly one of five states, so that the numbers add up. Known
// are the versions that the target's constraint selects among those the store lists, or that the caller gives, and
// every version that was built. Borrows the store for the call; deterministic: equal content gives equal reports.
//
//   GOOFFSETS_TRY(StatusReport report, Status(&store, {.targets = &targets}));
//   std::cout << PrintStatus(report, ReportFormat::kText);
#ifndef OFFSETGEN_STATUS_H_
#define OFFSETGEN_STATUS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gooffsets/layout.h"
#include "gooffsets/result.h"
#include "report_format.h"
#include "store/store.h"
#include "targets.h"

namespace offsetgen {

enum class VersionState {
  kBuilt,        // at least one build succeeded
  kFailed,       // it does not compile
  kTransient,    // every build failed for a reason that may pass
  kUnavailable,  // it, or the Go release it needs, cannot be had
  kMissing,      // never tried
};
std::string_view ToString(VersionState state);  // "built", "failed", "to be retried", "unavailable", "missing"

// Versions in one state for one reason.
struct StatusReason {
  VersionState state = VersionState::kFailed;
  std::string reason;                 // one line; empty for kMissing
  std::vector<std::string> versions;  // ascending
  bool operator==(const StatusReason&) const = default;
};

struct StatusArch {
  gooffsets::GoArch goarch = gooffsets::GoArch::kAmd64;
  size_t known = 0, built = 0, failed = 0, transient = 0, unavailable = 0,
         missing = 0;                 // versions; the last five add up
  size_t builds = 0;                  // that succeeded: a version may need several Go releases
  std::map<std::string, size_t> go;   // Go release -> builds that succeeded with it
  std::vector<StatusReason> reasons;  // of all states but kBuilt; most versions first
  // Of this module's own packages, over all versions.
  size_t packages = 0, structs = 0, functions = 0;  // distinct names
  // Of the newest built version.
  std::string newest;
  size_t newest_packages = 0, newest_structs = 0, newest_functions = 0;
  // Sums over builds.
  uint64_t fields_compared = 0, structs_not_compared = 0, params_compared = 0, params_not_compared = 0;
  size_t disagreements = 0, explained_disagreements = 0;  // the first are those that nothing explains
};

// A minor line of versions: a row of data/COVERAGE.md.
struct StatusLine {
  std::string line;  // "1.60"
  size_t known = 0;
  std::map<gooffsets::GoArch, size_t> built;
  std::vector<std::string> go;  // Go releases of its builds, ascending
};

struct StatusModule {
  std::string module;
  bool is_target = false;
  bool later = false;  // the target's data is a later matter: nothing is missing yet
  std::string why, notes, constraint;
  std::vector<std::string> roots, excludes;  // of the target, where it narrows
  std::vector<std::string> known;  // versions, ascending: what the counts are of
  std::vector<StatusArch> arches;
  std::vector<StatusLine> lines;  // ascending
  // Packages of the newest built version that were not measured, by reason.
  std::map<std::string, std::vector<std::string>> not_measured;
};

// A module that was measured only because others link it.
struct StatusHarvested {
  std::string module;
  size_t versions = 0, packages = 0;
  std::string oldest, newest;
};

struct StatusReport {
  std::vector<StatusModule> modules;       // targets in their order, then others by path
  std::vector<StatusHarvested> harvested;  // by path
  size_t builds = 0, failed_builds = 0;
  uint64_t layouts = 0, package_layouts = 0;  // distinct
};

struct StatusInput {
  const Targets* targets = nullptr;  // may be null
  // Versions that should be covered, by module, where the caller asked the version sources; else the store's own lists.
  std::map<std::string, std::vector<std::string>> wanted;
  std::vector<std::string> modules;  // empty: all
};

// StatusInput::wanted of targets for which the store lists no version, as after an import: what `lists_dir`
// (data/versions) lists and the target selects. Modules without a list are left out.
gooffsets::Result<std::map<std::string, std::vector<std::string>>> WantedFromLists(gooffsets::Store* store,
                                                                                   const Targets& targets,
                                                                                   const std::string& lists_dir);

gooffsets::Result<StatusReport> Status(gooffsets::Store* store, const StatusInput& input);
// Ends with a line break; equal reports give equal bytes.
std::string PrintStatus(const StatusReport& report, ReportFormat format);

}  // namespace offsetgen

#endif  // OFFSETGEN_STATUS_H_
