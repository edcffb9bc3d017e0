// One of the text files that travel inside an executable (cmake/embed_texts.cmake makes arrays of them).
#ifndef GOOFFSETS_TOOLS_COMMON_EMBEDDED_TEXT_H_
#define GOOFFSETS_TOOLS_COMMON_EMBEDDED_TEXT_H_

#include <string_view>

namespace gooffsets {

struct EmbeddedText {
  std::string_view name;  // of the file, without its folder
  std::string_view text;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_COMMON_EMBEDDED_TEXT_H_
