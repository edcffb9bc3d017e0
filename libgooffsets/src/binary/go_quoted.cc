#include "binary/go_quoted.h"

#include <charconv>
#include <cstdint>

namespace gooffsets {
namespace {

void AppendUtf8(std::string* out, uint32_t rune) {
  const auto put = [&](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (rune < 0x80) {
    put(rune);
  } else if (rune < 0x800) {
    put(0xc0 | rune >> 6);
    put(0x80 | (rune & 0x3f));
  } else if (rune < 0x10000) {
    put(0xe0 | rune >> 12);
    put(0x80 | (rune >> 6 & 0x3f));
    put(0x80 | (rune & 0x3f));
  } else {
    put(0xf0 | rune >> 18);
    put(0x80 | (rune >> 12 & 0x3f));
    put(0x80 | (rune >> 6 & 0x3f));
    put(0x80 | (rune & 0x3f));
  }
}

// Exactly `digits` digits of the base, moved past.
std::optional<uint32_t> Number(std::string_view* text, size_t digits, int base) {
  if (text->size() < digits) return std::nullopt;
  uint32_t value = 0;
  const char* end = text->data() + digits;
  const auto parsed = std::from_chars(text->data(), end, value, base);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  text->remove_prefix(digits);
  return value;
}

// One escape behind its backslash.
bool Escape(std::string_view* text, std::string* out) {
  if (text->empty()) return false;
  const char c = text->front();
  constexpr std::string_view kLetters = "abfnrtv\\\"", kMeanings = "\a\b\f\n\r\t\v\\\"";
  if (const size_t i = kLetters.find(c); i != std::string_view::npos) {
    out->push_back(kMeanings[i]);
    text->remove_prefix(1);
    return true;
  }
  if (c >= '0' && c <= '7') {
    const std::optional<uint32_t> byte = Number(text, 3, 8);
    if (!byte || *byte > 0xff) return false;
    out->push_back(static_cast<char>(*byte));
    return true;
  }
  if (c != 'x' && c != 'u' && c != 'U') return false;
  text->remove_prefix(1);
  const std::optional<uint32_t> value = Number(text, c == 'x' ? 2 : c == 'u' ? 4 : 8, 16);
  if (!value) return false;
  if (c == 'x') {
    out->push_back(static_cast<char>(*value));
    return true;
  }
  if (*value > 0x10ffff || (*value >= 0xd800 && *value < 0xe000)) return false;
  AppendUtf8(out, *value);
  return true;
}

}  // namespace

std::optional<std::string> UnquoteGo(std::string_view text, size_t* length) {
  const size_t whole = text.size();
  if (text.starts_with('`')) {
    const size_t end = text.find('`', 1);
    if (end == std::string_view::npos) return std::nullopt;
    *length = end + 1;
    std::string out;
    // Go drops carriage returns from raw literals (Go specification, "String literals").
    for (char c : text.substr(1, end - 1)) {
      if (c != '\r') out.push_back(c);
    }
    return out;
  }
  if (!text.starts_with('"')) return std::nullopt;
  text.remove_prefix(1);
  std::string out;
  while (!text.empty() && text.front() != '\n') {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '"') {
      *length = whole - text.size();
      return out;
    }
    if (c != '\\') {
      out.push_back(c);
    } else if (!Escape(&text, &out)) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace gooffsets
