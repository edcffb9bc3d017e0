// Answers as text for people: the offset first, structs as tables with their padding, functions with their registers.
//
// Pure functions, safe from any thread. Every result ends in a newline.
//
//   std::cout << RenderAnswer(answer);
#ifndef GOOFFSETS_TOOLS_GOOFFSETS_RENDER_H_
#define GOOFFSETS_TOOLS_GOOFFSETS_RENDER_H_

#include <string>

#include "gooffsets/database.h"

namespace gooffsets {

std::string RenderAnswer(const Answer& answer);
std::string RenderTimeline(const Timeline& timeline);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_GOOFFSETS_RENDER_H_
