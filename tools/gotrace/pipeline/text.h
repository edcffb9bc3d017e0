// Text of traced programs, made fit for the formats that spans are written in: JSON strings, numbers, hexadecimal ids.
//
// Pure functions.
//
//   AppendJsonString("a\"b", &out);                        // "\"a\\\"b\""
#ifndef GOOFFSETS_TOOLS_GOTRACE_PIPELINE_TEXT_H_
#define GOOFFSETS_TOOLS_GOTRACE_PIPELINE_TEXT_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace gooffsets::trace {

// The longest prefix of at most `limit` bytes that does not cut a UTF-8 sequence.
std::string_view CutUtf8(std::string_view text, size_t limit);
// In quotes, with RFC 8259's escapes; always UTF-8 (base/utf8.h).
void AppendJsonString(std::string_view text, std::string* out);
// A finite number in its shortest form that reads back equal; the others as protobuf's JSON mapping has them: "NaN".
void AppendJsonNumber(double number, std::string* out);
void AppendHex(std::span<const uint8_t> bytes, std::string* out);

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_PIPELINE_TEXT_H_
