// Who traces a program already: the program itself, or another tracer with probes in it.
//
// Without a word about it, every request would be told twice. Own tracing shows in the program's functions: the linker
// leaves out exporters that nobody uses. Probes of others show in a running process, whose code then differs from its
// file; of a program that nobody runs they cannot be seen. Reads files and /proc; may be called from any thread.
//
//   if (const std::string library = OwnTracing(plan); !library.empty()) ...
//   for (const std::string& function : ForeignProbes(pid, plan.places)) ...
#ifndef GOOFFSETS_TOOLS_GOTRACE_INSTRUMENTED_H_
#define GOOFFSETS_TOOLS_GOTRACE_INSTRUMENTED_H_

#include <string>
#include <vector>

#include "gotrace/table.h"

namespace gooffsets::trace {

// The library that exports spans ("go.opentelemetry.io/otel/sdk"); empty: none that is known.
std::string OwnTracing(const Plan& plan);

// The functions among those of `places` that are probed in this process. Call before attaching: own probes look the
// same.
std::vector<std::string> ForeignProbes(int pid, const std::vector<Place>& places);

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_INSTRUMENTED_H_
