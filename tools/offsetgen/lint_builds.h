// Lint of builds as a whole: disagreements that nothing explains, and jumps in the share of what was not compared.
//
// Borrows everything for the call; one thread at a time.
#ifndef OFFSETGEN_LINT_BUILDS_H_
#define OFFSETGEN_LINT_BUILDS_H_

#include <cstddef>

#include "gooffsets/result.h"
#include "lint.h"
#include "lint_package.h"
#include "lint_world.h"
#include "store/sqlite.h"

namespace offsetgen {

// Returns how many disagreements are explained (IsExplained).
gooffsets::Result<size_t> LintDisagreements(gooffsets::Connection* db, const LintOptions& options,
                                            FindingSet* findings);
// The builds with the newest Go release of each version, compared where it is of one minor line.
void LintNotCompared(const LintWorld& world, const LintOptions& options, FindingSet* findings);

// Whether `module` was asked for.
bool IsAskedFor(const LintOptions& options, const std::string& module);

}  // namespace offsetgen

#endif  // OFFSETGEN_LINT_BUILDS_H_
