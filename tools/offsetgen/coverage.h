// data/COVERAGE.md: what the released data covers, as a document that is made from a status report and nothing else.
//
// Deterministic and without times, so that it changes exactly when the coverage does. Pure; safe from any thread.
//
//   GOOFFSETS_TRY(StatusReport report, Status(&store, {.targets = &targets}));
//   GOOFFSETS_CHECK_OK(WriteFileAtomic("data/COVERAGE.md", CoverageMarkdown(report)));
#ifndef OFFSETGEN_COVERAGE_H_
#define OFFSETGEN_COVERAGE_H_

#include <string>

#include "status.h"

namespace offsetgen {

std::string CoverageMarkdown(const StatusReport& report);

}  // namespace offsetgen

#endif  // OFFSETGEN_COVERAGE_H_
