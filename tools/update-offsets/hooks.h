// Commands that the user wants run after an update or an error.
//
// Run by /bin/sh, with what happened in the environment; waited for. For main() only.
//
//   Result<void> ran = RunHook("systemctl reload app", {{"GOOFFSETS_VERSION", "12"}});
#ifndef GOOFFSETS_TOOLS_UPDATE_OFFSETS_HOOKS_H_
#define GOOFFSETS_TOOLS_UPDATE_OFFSETS_HOOKS_H_

#include <string>
#include <utility>
#include <vector>

#include "gooffsets/result.h"

namespace gooffsets {

// kPartial: it failed. An empty command is none.
Result<void> RunHook(const std::string& command, const std::vector<std::pair<std::string, std::string>>& environment);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_UPDATE_OFFSETS_HOOKS_H_
