// One run of offsetgen: versions, plan, builds, store; again until the plan is empty.
//
// The caller owns the terminal (Progress) and the exit status. What failed for a reason that may pass is planned again by
// the next run; what was stored stays stored whatever happens to this process.
#ifndef OFFSETGEN_RUN_H_
#define OFFSETGEN_RUN_H_

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "go_command.h"
#include "gooffsets/layout.h"
#include "gooffsets/result.h"
#include "plan.h"
#include "progress.h"
#include "store/store.h"
#include "targets.h"

namespace offsetgen {

struct RunOptions {
  std::vector<std::string> modules;
  std::optional<std::string> versions;       // constraint; default: the target's
  std::vector<gooffsets::GoArch> arches;     // default: the target's
  std::optional<std::string> go;             // policy
  std::optional<std::string> goexperiment;
  std::vector<std::string> tags;
  bool all = false;                          // everything that data/targets.toml lists as released
  bool include_prereleases = false;
  bool retry_failed = false;
  bool rebuild = false;
  std::string git;                           // --git
  std::string source;                        // --source
  std::string for_binary;                    // --for-binary
  std::string db = "./offsets.db";
  std::string json;                          // export after the run
  std::string cache_dir;
  std::string data_dir;                      // targets.toml and versions/
  uint64_t cache_limit = 0;                  // bytes
  int jobs = 0;                              // 0: as many as there are cores
  std::chrono::seconds timeout{900};         // of one build
  bool dry_run = false;
  PlanFormat plan_format = PlanFormat::kText;
};

struct RunSummary {
  size_t built = 0, reused = 0, compile_failed = 0, transient = 0, unavailable = 0;
  size_t disagreements = 0, explained = 0;   // of the builds of this run
  uint64_t structs = 0, functions = 0, fields_compared = 0, params_compared = 0, params_not_compared = 0;
  size_t planned_done = 0;                   // module versions that needed nothing
  std::vector<Skipped> not_tried;            // did not compile, or was not to be had, before
  double seconds = 0, build_seconds = 0, read_seconds = 0, prepare_seconds = 0;
  double max_read_seconds = 0;
  std::vector<gooffsets::Error> errors;      // of transient failures, each message once
  bool interrupted = false;
  Plan plan;                                 // with dry_run: what would be built first
};

gooffsets::Result<RunSummary> Run(const RunOptions& options, Progress* progress);
// The exit status of a run (DESIGN: 0, 4, 5, 130).
int ExitStatusOf(const RunSummary& summary);

}  // namespace offsetgen

#endif  // OFFSETGEN_RUN_H_
