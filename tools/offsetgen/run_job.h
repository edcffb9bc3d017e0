// One job of a plan: from the raw cache or from a probe build, always ending in a BuildRecord.
//
// Every failure becomes a record with a status, so that one job never costs the others. Thread-safe.
#ifndef OFFSETGEN_RUN_JOB_H_
#define OFFSETGEN_RUN_JOB_H_

#include <memory>
#include <optional>
#include <vector>

#include "plan.h"
#include "probe.h"
#include "wanted.h"

namespace offsetgen {

struct JobResult {
  Job job;
  gooffsets::BuildRecord record;
  ProbeTimes times;
  std::string max_go;
  bool reused = false;              // read from cache/raw
  bool toolchain_missing = false;
  std::vector<SourceDir> sources;   // what was built, if anything was
  std::shared_ptr<void> hold_sources;
  std::optional<gooffsets::Error> error;  // behind a transient or unavailable status
  int slot = 0;
};

class Jobber {
 public:
  // Brings the newest Go and builds the helper with it.
  static gooffsets::Result<std::unique_ptr<Jobber>> Open(GoCommand* go, const std::vector<gooffsets::Version>& go_releases);
  // `fresh`: built even if its record is cached. With `keep_probe` the program is built even if its record is cached, and left there.
  JobResult Run(const Job& job, const WantedModule& wanted, const StageCallback& stage, const std::string& keep_probe = {},
                bool fresh = false) const;

 private:
  explicit Jobber(GoCommand* go) : go_(go) {}
  GoCommand* go_;
  std::unique_ptr<Prober> prober_;
};

}  // namespace offsetgen

#endif  // OFFSETGEN_RUN_JOB_H_
