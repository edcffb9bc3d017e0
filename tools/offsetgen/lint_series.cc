#include "lint_series.h"

#include <algorithm>
#include <utility>

#include "store/version_order.h"

namespace offsetgen {
namespace {

using gooffsets::Result;
using gooffsets::Version;

std::vector<Segment> Merge(std::vector<Segment> segments) {
  std::vector<Segment> merged;
  for (const Segment& segment : segments) {
    if (!merged.empty() && merged.back().answer == segment.answer) {
      merged.back().last = segment.last;
      merged.back().count += segment.count;
    } else {
      merged.push_back(segment);
    }
  }
  return merged;
}

// Whether segments[i] looks odd only because minor lines that are maintained side by side stand one behind the other.
bool IsBackport(const VersionAxis& axis, const std::vector<Segment>& segments, size_t i) {
  const size_t before = axis.line[segments[i - 1].last], first = axis.line[segments[i].first],
               last = axis.line[segments[i].last], after = axis.line[segments[i + 1].first];
  const auto same_answer = [&](const Segment& segment) { return segment.answer == segments[i].answer; };
  // The end of an older line already has what the next line gets later.
  if (before == first && last < after) {
    return std::any_of(segments.begin() + static_cast<ptrdiff_t>(i) + 2, segments.end(), same_answer);
  }
  // The beginning of a line does not have yet what the end of an older line got, and what came later in this one.
  if (before < first && last == after) {
    return std::any_of(segments.begin(), segments.begin() + static_cast<ptrdiff_t>(i) - 1, same_answer);
  }
  return false;
}

}  // namespace

VersionAxis MakeAxis(gooffsets::VersionScheme scheme, std::vector<std::string> versions) {
  std::sort(versions.begin(), versions.end(), gooffsets::VersionLess(scheme));
  versions.erase(std::unique(versions.begin(), versions.end()), versions.end());
  VersionAxis axis;
  std::string last_line;
  for (const std::string& text : versions) {
    const Result<Version> version = Version::Parse(scheme, text);
    const std::string line = version ? version->minor_line() : text;
    size_t number = axis.line.empty() ? 0 : axis.line.back();
    if (!axis.line.empty() && line != last_line) ++number;
    axis.line.push_back(number);
    last_line = line;
  }
  axis.versions = std::move(versions);
  return axis;
}

SeriesResult FindAnomalies(const VersionAxis& axis, std::vector<Segment> segments) {
  const std::vector<Segment> merged = Merge(std::move(segments));
  SeriesResult result;
  for (size_t i = 1; i + 1 < merged.size(); ++i) {
    const Segment &here = merged[i], &left = merged[i - 1], &right = merged[i + 1];
    const bool hole = here.answer == kMissing;  // neighbours differ from it, so both have an answer
    if (!hole && (here.count != 1 || left.answer != right.answer)) continue;
    if (IsBackport(axis, merged, i)) {
      ++result.backports;
      continue;
    }
    Anomaly anomaly;
    anomaly.kind = hole ? Anomaly::Kind::kHole : Anomaly::Kind::kSpike;
    anomaly.first = here.first;
    anomaly.last = here.last;
    anomaly.before = left.last;
    anomaly.after = right.first;
    anomaly.count = here.count;
    anomaly.answer = here.answer;
    anomaly.neighbours = left.answer;
    result.anomalies.push_back(anomaly);
  }
  return result;
}

}  // namespace offsetgen
