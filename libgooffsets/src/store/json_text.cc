#include "store/json_text.h"

#include <charconv>

#include "base/utf8.h"

namespace gooffsets {

namespace {

template <typename T>
void AppendInteger(std::string* out, T value) {
  char digits[24];
  auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out->append(digits, end);
}

}  // namespace

bool IsPlainText(std::string_view text) { return text.find('\0') == std::string_view::npos && IsUtf8(text); }

void AppendJsonString(std::string* out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
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
