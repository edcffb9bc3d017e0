// What a run ends with on the terminal, and the subcommands that work on a finished database.
#ifndef OFFSETGEN_SUMMARY_H_
#define OFFSETGEN_SUMMARY_H_

#include "progress.h"
#include "run.h"

namespace offsetgen {

void PrintSummary(const RunSummary& summary, const RunOptions& options, Progress* progress);

}  // namespace offsetgen

#endif  // OFFSETGEN_SUMMARY_H_
