// Go releases under which one module version has equal layouts: the heart of the plan's `auto` policy.
//
// A package's layouts depend on the Go release in two ways only: build constraints may select other source files, and a
// std type held by value may have another size. Releases that agree in both form a group, and one build stands for all
// of it. Pure functions over the facts of stored builds; safe from any thread.
#ifndef OFFSETGEN_PLAN_GROUPS_H_
#define OFFSETGEN_PLAN_GROUPS_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gooffsets/layout.h"
#include "gooffsets/version.h"
#include "plan.h"

namespace offsetgen {

// A stored build with its Go release parsed.
struct UnitBuild {
  const StoredBuild* build = nullptr;
  gooffsets::Version go;
};

// A set of releases with equal layouts for which there is no build yet.
struct MissingGroup {
  std::vector<gooffsets::Version> releases;  // ascending
  std::string reason;                        // of the job that will stand for it
};

struct Groups {
  std::vector<MissingGroup> missing;      // by their newest release, newest first
  std::map<std::string, size_t> unknown;  // notes: what could not be told, and for how many releases or types
};

// `finished`: builds of one module version, architecture and tags that succeeded; not empty.
// `releases`: the Go releases that come into question, ascending. `compare_sizes`: false under a GOEXPERIMENT, for
// which std sizes are not kept.
Groups FindMissingGroups(const std::vector<UnitBuild>& finished, const std::vector<gooffsets::Version>& releases,
                         const StdSizes& sizes, gooffsets::GoArch arch, bool compare_sizes);

}  // namespace offsetgen

#endif  // OFFSETGEN_PLAN_GROUPS_H_
