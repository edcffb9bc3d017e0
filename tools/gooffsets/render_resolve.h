// Answers for one program as text for people: a line an item, its source behind it, what is missing with its reason.
//
// Pure functions, safe from any thread. Every result ends in a newline.
#ifndef GOOFFSETS_TOOLS_GOOFFSETS_RENDER_RESOLVE_H_
#define GOOFFSETS_TOOLS_GOOFFSETS_RENDER_RESOLVE_H_

#include <string>

#include "gooffsets/resolve.h"

namespace gooffsets {

std::string RenderResolution(const Resolution& resolution);
std::string RenderExplanation(const Explanation& explanation);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_GOOFFSETS_RENDER_RESOLVE_H_
