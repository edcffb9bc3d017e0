#include "store/json_text.h"

#include <charconv>
#include <cstring>

#include "base/utf8.h"

namespace gooffsets {

namespace {

template <typename T>
void AppendInteger(std::string* out, T value) {
  char digits[24];
  auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out->append(digits, end);
}

// Whether none of the bytes has to be escaped; eight at a time. That a byte of a word is below n, or is c, is told by
// the bits that a subtraction borrows (Warren, Hacker's Delight, "Find First 0-Byte").
bool NeedsNoEscape(std::string_view text) {
  constexpr uint64_t kOnes = 0x0101010101010101u, kHigh = 0x8080808080808080u;
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    const uint64_t quote = word ^ (kOnes * '"'), backslash = word ^ (kOnes * '\\');
    const uint64_t control = (word - kOnes * 0x20) & ~word;
    if (((control | ((quote - kOnes) & ~quote) | ((backslash - kOnes) & ~backslash)) & kHigh) != 0) return false;
  }
  for (; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c < 0x20 || c == '"' || c == '\\') return false;
  }
  return true;
}

}  // namespace

bool IsPlainText(std::string_view text) { return text.find('\0') == std::string_view::npos && IsUtf8(text); }

void AppendJsonString(std::string* out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  if (NeedsNoEscape(text)) {
    const size_t at = out->size();
    out->resize(at + text.size() + 2);
    char* to = out->data() + at;
    *to = '"';
    if (!text.empty()) std::memcpy(to + 1, text.data(), text.size());
    to[text.size() + 1] = '"';
    return;
  }
  out->push_back('"');
  size_t start = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned char c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out->append(text.substr(start, i - start));
    start = i + 1;
    switch (c) {
      case '"': out->append("\\\""); break;
      case '\\': out->append("\\\\"); break;
      case '\n': out->append("\\n"); break;
      case '\r': out->append("\\r"); break;
      case '\t': out->append("\\t"); break;
      default:
        out->append("\\u00");
        out->push_back(kHex[c >> 4]);
        out->push_back(kHex[c & 15]);
    }
  }
  out->append(text.substr(start));
  out->push_back('"');
}

void AppendNumber(std::string* out, uint64_t value) { AppendInteger(out, value); }
void AppendSigned(std::string* out, int64_t value) { AppendInteger(out, value); }

}  // namespace gooffsets
