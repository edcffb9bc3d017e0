// From the command line and data/targets.toml to what the plan takes: modules, their selected versions, Go releases.
#ifndef OFFSETGEN_WANTED_H_
#define OFFSETGEN_WANTED_H_

#include <string>
#include <vector>

#include "closure.h"
#include "go_command.h"
#include "plan.h"
#include "progress.h"

namespace offsetgen {

struct RunOptions;

struct WantedModule {
  PlannedModule planned;
  std::vector<std::string> known_versions;   // all that any source names
  std::vector<std::string> roots, excludes;  // absolute package patterns
  std::string source_dir;                    // a local checkout instead of the download
  bool remeasure = false;                    // what is stored of it is replaced: a directory changes under one version
  std::vector<PinnedModule> pinned;          // the dependencies of a given binary
};

struct Wanted {
  std::vector<WantedModule> modules;             // in the order of work
  std::vector<gooffsets::Version> go_releases;   // ascending
};

// Asks the version sources; their warnings go to `progress`.
gooffsets::Result<Wanted> FindWanted(const RunOptions& options, GoCommand* go, Progress* progress);

}  // namespace offsetgen

#endif  // OFFSETGEN_WANTED_H_
