// Text of unknown origin, made fit for a message: in double quotes, on one line, of bounded length.
//
// Pure; safe from any thread.
//
//   Quote("1.2\n\x1b[31m")   // "1.2\n\x1b[31m" with the backslashes spelled out: no line break or escape reaches a
//   terminal
#ifndef GOOFFSETS_BASE_QUOTE_H_
#define GOOFFSETS_BASE_QUOTE_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace gooffsets {

// Control bytes, quotes, backslashes and bytes above 0x7e become escapes; what lies behind `max` bytes becomes "...".
std::string Quote(std::string_view text, size_t max = 120);

}  // namespace gooffsets

#endif  // GOOFFSETS_BASE_QUOTE_H_
