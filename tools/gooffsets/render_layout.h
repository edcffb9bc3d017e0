// Layouts as text for people: structs as tables with their padding, functions with their registers.
//
// Pure functions, safe from any thread. Tables end in a newline.
//
//   std::cout << RenderStruct(layout);
#ifndef GOOFFSETS_TOOLS_GOOFFSETS_RENDER_LAYOUT_H_
#define GOOFFSETS_TOOLS_GOOFFSETS_RENDER_LAYOUT_H_

#include <string>

#include "gooffsets/layout.h"

namespace gooffsets {

std::string RenderPiece(GoArch goarch, const Piece& piece);  // "RAX", "SP+8"
std::string RenderStruct(const StructLayout& layout);
std::string RenderFunction(const FunctionLayout& function, GoArch goarch);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_GOOFFSETS_RENDER_LAYOUT_H_
