#include "gotrace/pipeline/text.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <iterator>

namespace gooffsets::trace {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

// How many bytes the character at `at` has, and whether it is well-formed (Unicode 15, table 3-7); of one that is not,
// how many bytes one replacement stands for.
struct Character {
  size_t size;
  bool valid;
};

Character CharacterAt(std::string_view text, size_t at) {
  auto byte = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0}; };
  const uint8_t first = byte(at);
  if (first < 0x80) return {1, true};
  size_t size = 0;
  uint8_t low = 0x80, high = 0xbf;  // of the second byte
  if (first >= 0xc2 && first <= 0xdf) {
    size = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    size = 3;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    size = 4;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
  } else {
    return {1, false};
  }
  if (byte(at + 1) < low || byte(at + 1) > high) return {1, false};
  for (size_t i = 2; i < size; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return {i, false};
  }
  return {size, true};
}

// The first byte that is not ASCII, or the end.
size_t AsciiPrefix(std::string_view text) {
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    if ((word & 0x8080808080808080u) != 0) break;
  }
  while (at < text.size() && static_cast<uint8_t>(text[at]) < 0x80) ++at;
  return at;
}

}  // namespace

std::string_view AsUtf8(std::string_view text, std::string* scratch) {
  size_t at = AsciiPrefix(text);
  while (at < text.size()) {
    const Character character = CharacterAt(text, at);
    if (!character.valid) break;
    at += character.size;
  }
  if (at >= text.size()) return text;
  scratch->assign(text.substr(0, at));
  while (at < text.size()) {
    const Character character = CharacterAt(text, at);
    scratch->append(character.valid ? text.substr(at, character.size) : kReplacement);
    at += character.size;
  }
  return *scratch;
}

std::string_view CutUtf8(std::string_view text, size_t limit) {
  if (text.size() <= limit) return text;
  size_t end = limit;
  // A sequence has at most three continuation bytes; what has more is no UTF-8, and is cut where the limit is.
  for (size_t back = 0; back < 4 && end > 0; ++back, --end) {
    if ((static_cast<uint8_t>(text[end]) & 0xc0) != 0x80) return text.substr(0, end);
  }
  return text.substr(0, limit);
}

void AppendJsonString(std::string_view text, std::string* out) {
  std::string scratch;
  text = AsUtf8(text, &scratch);
  out->push_back('"');
  size_t plain = 0;  // where the part begins that needs no escape
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<uint8_t>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out->append(text.substr(plain, i - plain));
    plain = i + 1;
    switch (c) {
      case '"':
        out->append("\\\"");
        break;
      case '\\':
        out->append("\\\\");
        break;
      case '\n':
        out->append("\\n");
        break;
      case '\r':
        out->append("\\r");
        break;
      case '\t':
        out->append("\\t");
        break;
      default:
        fmt::format_to(std::back_inserter(*out), "\\u{:04x}", c);
    }
  }
  out->append(text.substr(plain));
  out->push_back('"');
}

void AppendJsonNumber(double number, std::string* out) {
  if (std::isnan(number)) {
    out->append("\"NaN\"");
  } else if (std::isinf(number)) {
    out->append(number > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  } else {
    fmt::format_to(std::back_inserter(*out), "{}", number);
  }
}

void AppendHex(std::span<const uint8_t> bytes, std::string* out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (const uint8_t byte : bytes) {
    out->push_back(kDigits[byte >> 4]);
    out->push_back(kDigits[byte & 0xf]);
  }
}

}  // namespace gooffsets::trace
