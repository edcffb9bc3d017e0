// data/COVERAGE.md: what the released data covers, as a document that is made from a status report and nothing else.
//
// Deterministic and without times, so that it changes exactly when the coverage does. Pure; safe from any thread.
//
//   GOOFFSETS_TRY(StatusReport report, Status(&store, {.targets = &targets}));
//   GOOFFSETS_CHECK_OK(WriteFileAtomic("data/COVERAGE.md", CoverageMarkdown(report)));
#ifndef OFFSETGEN_COVERAGE_H_
#define OFFSETGEN_COVERAGE_H_

#include <string>
#include <vector>

#include "status.h"

namespace offsetgen {

std::string CoverageMarkdown(const StatusReport& report);

// Three versions or more that follow each other among the known ones, as one range: {"1.0.0", "1.1.0", "1.1.1",
// "1.2.0", "1.4.0"} of which 1.3.0 is known too -> {"1.0.0 .. 1.2.0 (4 versions)", "1.4.0"}. Both lists ascend; a
// version that is not known stands alone.
std::vector<std::string> VersionRanges(const std::vector<std::string>& versions, const std::vector<std::string>& known);

}  // namespace offsetgen

#endif  // OFFSETGEN_COVERAGE_H_
