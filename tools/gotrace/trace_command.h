// `gotrace`: traces until it is interrupted.
//
// Reads the environment (OTEL_*), writes to standard output and error, handles SIGINT and SIGTERM: for main() only.
#ifndef GOOFFSETS_TOOLS_GOTRACE_TRACE_COMMAND_H_
#define GOOFFSETS_TOOLS_GOTRACE_TRACE_COMMAND_H_

#include "gotrace/options.h"

namespace gooffsets::trace {

int RunTrace(const Options& options);  // an exit code

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_TRACE_COMMAND_H_
