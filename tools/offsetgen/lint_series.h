// One item over ordered versions: where one release contradicts its neighbours, and where the item is missing in
// between.
//
// A *spike* is one observed release whose answer differs from the ones before and after it, which agree. A *hole* is a
// range of observed releases without the item between releases that have it. Releases of several minor lines are
// maintained side by side, so in version order a change that was backported looks like both: 1.25.11 has it, 1.26.0 not
// yet, 1.26.4 has it. Such a pattern is told from a contradiction and only counted. Pure functions, safe from any
// thread.
//
//   VersionAxis axis = MakeAxis(VersionScheme::kModule, {"1.0.0", "1.1.0", "1.2.0"});
//   SeriesResult r = FindAnomalies(axis, {{0, 0, 1, 16}, {1, 1, 1, 24}, {2, 2, 1, 16}});   // a spike at position 1
#ifndef OFFSETGEN_LINT_SERIES_H_
#define OFFSETGEN_LINT_SERIES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gooffsets/version.h"

namespace offsetgen {

struct VersionAxis {
  std::vector<std::string> versions;  // ascending; texts that are no versions come last
  std::vector<size_t> line;           // of each: the number of its minor line, ascending
};
// `versions` in any order, duplicates allowed.
VersionAxis MakeAxis(gooffsets::VersionScheme scheme, std::vector<std::string> versions);

inline constexpr int64_t kMissing = 0;  // the answer "it is not there"

// Consecutive observed versions with one answer. Versions without an observation are in no segment, even if they lie
// between its ends.
struct Segment {
  size_t first = 0, last = 0;  // positions on the axis
  size_t count = 0;            // observed versions
  int64_t answer = kMissing;
};

struct Anomaly {
  enum class Kind { kSpike, kHole } kind = Kind::kSpike;
  size_t first = 0, last = 0;     // positions on the axis
  size_t before = 0, after = 0;   // of the nearest observed versions around it
  size_t count = 0;               // observed versions in it
  int64_t answer = kMissing;      // of kSpike: what differs
  int64_t neighbours = kMissing;  // answer before it
  bool operator==(const Anomaly&) const = default;
};

struct SeriesResult {
  std::vector<Anomaly> anomalies;  // ascending
  size_t backports = 0;            // patterns that a backport explains
};
// `segments` ascending; neighbours with equal answers are taken as one.
SeriesResult FindAnomalies(const VersionAxis& axis, std::vector<Segment> segments);

}  // namespace offsetgen

#endif  // OFFSETGEN_LINT_SERIES_H_
