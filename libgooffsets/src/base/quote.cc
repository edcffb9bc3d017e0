#include "base/quote.h"

namespace gooffsets {

std::string Quote(std::string_view text, size_t max) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string quoted = "\"";
  for (char c : text.substr(0, max)) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      quoted += "\\n";
    } else if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte > 0x7e) {
      quoted += "\\x";
      quoted += kDigits[byte >> 4];
      quoted += kDigits[byte & 15];
    } else {
      quoted += c;
    }
  }
  if (text.size() > max) quoted += "...";
  return quoted + "\"";
}

}  // namespace gooffsets
