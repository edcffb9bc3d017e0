// Text of traced programs, made fit for the formats that spans are written in: UTF-8, JSON strings, hexadecimal ids.
//
// Bytes that are no UTF-8 become U+FFFD, one for each maximal part that cannot go on (Unicode 15, section 3.9): both
// protobuf strings and JSON promise UTF-8, and a collector refuses a whole batch for one bad byte. Pure functions.
//
//   std::string scratch;
//   std::string_view text = AsUtf8("caf\xe9", &scratch);   // "caf\uFFFD"
//   AppendJsonString("a\"b", &out);                        // "\"a\\\"b\""
#ifndef GOOFFSETS_TOOLS_GOTRACE_PIPELINE_TEXT_H_
#define GOOFFSETS_TOOLS_GOTRACE_PIPELINE_TEXT_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace gooffsets::trace {

// `text` itself if it is UTF-8, else what was made of it in `scratch`.
std::string_view AsUtf8(std::string_view text, std::string* scratch);
// The longest prefix of at most `limit` bytes that does not cut a UTF-8 sequence.
std::string_view CutUtf8(std::string_view text, size_t limit);
// In quotes, with RFC 8259's escapes; always UTF-8.
void AppendJsonString(std::string_view text, std::string* out);
// A finite number in its shortest form that reads back equal; the others as protobuf's JSON mapping has them: "NaN".
void AppendJsonNumber(double number, std::string* out);
void AppendHex(std::span<const uint8_t> bytes, std::string* out);

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_PIPELINE_TEXT_H_
