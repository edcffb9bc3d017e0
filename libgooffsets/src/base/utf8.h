// UTF-8: whether text is it, and text of programs and files made into it.
//
// Bytes that are no UTF-8 become U+FFFD, one for each maximal part that cannot go on (Unicode 15, section 3.9): JSON and
// protobuf promise UTF-8, and a reader may refuse a whole document for one bad byte. Pure functions, any thread.
//
//   std::string scratch;
//   std::string_view text = AsUtf8("caf\xe9", &scratch);   // "caf\uFFFD"
#ifndef GOOFFSETS_BASE_UTF8_H_
#define GOOFFSETS_BASE_UTF8_H_

#include <string>
#include <string_view>

namespace gooffsets {

// The control characters of ASCII.
inline bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// No surrogates, no overlong forms (RFC 3629).
bool IsUtf8(std::string_view text);
// `text` itself if it is UTF-8, else what was made of it in `scratch`.
std::string_view AsUtf8(std::string_view text, std::string* scratch);

}  // namespace gooffsets

#endif  // GOOFFSETS_BASE_UTF8_H_
