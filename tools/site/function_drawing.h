// A function's parameters and results: which registers and stack bytes hold them, on each architecture.
//
// Pure; safe from any thread.
//
//   Html html;
//   DrawFunction(&html, layout, {GoArch::kAmd64, GoArch::kArm64});
#ifndef GOOFFSETS_TOOLS_SITE_FUNCTION_DRAWING_H_
#define GOOFFSETS_TOOLS_SITE_FUNCTION_DRAWING_H_

#include <string>
#include <vector>

#include "gooffsets/layout.h"
#include "site/html.h"

namespace gooffsets {

void DrawFunction(Html* html, const FunctionLayout& layout, const std::vector<GoArch>& arches);

// "RAX, RBX", "SP+8 .. SP+39", "in RAX and on the stack at SP+8".
std::string PlaceText(GoArch arch, const Parameter& parameter);

std::vector<std::string> ChangesBetween(const FunctionLayout& before, const FunctionLayout& after);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_SITE_FUNCTION_DRAWING_H_
