#include "base/utf8.h"

#include <cstdint>
#include <cstring>

namespace gooffsets {
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

// Where the first byte lies that belongs to no character, or the end.
size_t ValidPrefix(std::string_view text) {
  size_t at = AsciiPrefix(text);
  while (at < text.size()) {
    const Character character = CharacterAt(text, at);
    if (!character.valid) break;
    at += character.size;
  }
  return at;
}

}  // namespace

bool IsUtf8(std::string_view text) { return ValidPrefix(text) == text.size(); }

std::string_view AsUtf8(std::string_view text, std::string* scratch) {
  size_t at = ValidPrefix(text);
  if (at == text.size()) return text;
  scratch->assign(text.substr(0, at));
  while (at < text.size()) {
    const Character character = CharacterAt(text, at);
    scratch->append(character.valid ? text.substr(at, character.size) : kReplacement);
    at += character.size;
  }
  return *scratch;
}

}  // namespace gooffsets
