// One probe build, from a job to a BuildRecord: toolchain, closure, keep-files, go build, DWARF, join.
//
// A build that fails for a reason of its own (the release does not compile) is a record with that status; a Result error
// is something that stopped the work (network, disk, interrupt). Thread-safe: jobs share only the caches.
#ifndef OFFSETGEN_PROBE_H_
#define OFFSETGEN_PROBE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "closure.h"
#include "go_command.h"
#include "store/record.h"

namespace offsetgen {

struct ProbeJob {
  ModuleRequest request;  // module "std": the version is the Go release
  std::string go;         // "1.26.8"
  std::string goexperiment;
  std::string raw_suffix;  // tells records apart that were made from other package patterns
  bool fresh = false;      // build even if the record is cached
  std::string keep_probe;  // not empty: build even if the record is cached, and leave the probe binary here
};

struct ProbeTimes {
  double prepare = 0, build = 0, read = 0, total = 0;  // seconds
  double build_cpu = 0;
  uint64_t probe_size = 0;
};

// Where the sources of one module lay that were built: below its directory; "std" below GOROOT/src.
struct SourceDir {
  std::string module, dir;  // by its import path
};

struct ProbeResult {
  gooffsets::BuildRecord record;
  ProbeTimes times;
  std::string max_go;  // highest go directive of the closure
  std::string log;     // what the failed build printed
  bool reused = false;  // nothing was built: the record was in cache/raw
  std::vector<SourceDir> sources;      // empty if nothing was built
  std::shared_ptr<void> hold_sources;  // as long as it lives, the toolchain is not pruned
};

// `stage` is told what happens: "toolchain", "resolve", "prepare", "build", "read".
using StageCallback = std::function<void(const std::string& stage)>;

class Prober {
 public:
  Prober(GoCommand* go, Toolchain newest, std::string keepgen, std::vector<int> minors)
      : go_(go), newest_(std::move(newest)), keepgen_(std::move(keepgen)), minors_(std::move(minors)) {}

  gooffsets::Result<ProbeResult> Run(const ProbeJob& job, const StageCallback& stage) const;

 private:
  GoCommand* go_;
  Toolchain newest_;
  std::string keepgen_;
  std::vector<int> minors_;
};

}  // namespace offsetgen

#endif  // OFFSETGEN_PROBE_H_
