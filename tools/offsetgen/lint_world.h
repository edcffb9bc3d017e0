// What lint knows of a database before it looks at packages: builds, the versions of each module, package lists.
//
// Read once and then only read; holds no layouts. Plain values, one thread at a time while loading.
//
//   GOOFFSETS_TRY(LintWorld world, LoadLintWorld(store->connection()));
//   const ModuleWorld& std_versions = world.modules.at("std");
#ifndef OFFSETGEN_LINT_WORLD_H_
#define OFFSETGEN_LINT_WORLD_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "gooffsets/result.h"
#include "lint_series.h"
#include "store/sqlite.h"

namespace offsetgen {

// A successful build.
struct LintBuild {
  int64_t id = 0;
  std::string uid;  // 32 hex digits; builds are sorted by it, so that row numbers never decide anything
  std::string module, version, go, goarch;
  std::string variant;  // "GOEXPERIMENT=x ABI0 -tags a,b", or empty
  size_t go_rank = 0;   // position of `go` among all Go releases of the database
  uint64_t structs = 0, structs_not_compared = 0, params_compared = 0, params_not_compared = 0;
};

// The package list of one module version, as a build saw it.
struct SeenList {
  size_t build = 0;  // index into LintWorld::builds
  int64_t list = 0;
};

struct ModuleWorld {
  VersionAxis axis;                               // of the versions that successful builds saw
  std::unordered_map<int64_t, size_t> positions;  // version row -> position on the axis
  std::vector<std::vector<SeenList>> lists;       // by position; in the order of builds
};

struct LintWorld {
  std::vector<LintBuild> builds;
  std::unordered_map<int64_t, size_t> build_by_row;
  std::vector<std::string> go_releases;  // ascending
  std::map<std::string, ModuleWorld> modules;
  std::unordered_map<int64_t, std::string> module_of_version;
  // Package lists: path -> whether it was measured.
  std::unordered_map<int64_t, std::unordered_map<std::string, bool>> lists;
};

gooffsets::Result<LintWorld> LoadLintWorld(gooffsets::Connection* db);

}  // namespace offsetgen

#endif  // OFFSETGEN_LINT_WORLD_H_
