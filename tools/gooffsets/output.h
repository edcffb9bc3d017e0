// Ending a subcommand: what was written may not have arrived (a full disk behind a redirection).
#ifndef GOOFFSETS_TOOLS_GOOFFSETS_OUTPUT_H_
#define GOOFFSETS_TOOLS_GOOFFSETS_OUTPUT_H_

#include <iostream>

#include "common/exit_code.h"

namespace gooffsets {

inline constexpr const char* kTool = "gooffsets";

inline int Finish(int exit_code) {
  std::cout.flush();
  if (std::cout) return exit_code;
  return ReportError(kTool, Error{ErrorCode::kIo, "cannot write to standard output", ""});
}

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_GOOFFSETS_OUTPUT_H_
