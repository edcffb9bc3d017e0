#include "gotrace/pipeline/text.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "base/utf8.h"
#include "store/json_text.h"

namespace gooffsets::trace {

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
  gooffsets::AppendJsonString(out, AsUtf8(text, &scratch));
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
