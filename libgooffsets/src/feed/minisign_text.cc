#include "feed/minisign_text.h"

#include <sodium.h>

#include "base/quote.h"

namespace gooffsets {

Result<std::vector<std::string_view>> CommentedLines(std::string_view text, size_t limit, std::string_view what) {
  constexpr size_t kMaxSize = 8192;
  if (text.size() > kMaxSize) {
    return Fail(ErrorCode::kBadInput, "the " + std::string(what) + " is longer than any that minisign writes");
  }
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  if (lines.empty() || lines.size() > limit) {
    return Fail(ErrorCode::kBadInput, "the " + std::string(what) + " has " + std::to_string(lines.size()) + " lines");
  }
  return lines;
}

std::string ToBase64(std::string_view bytes) {
  std::string out(sodium_base64_ENCODED_LEN(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  out.pop_back();  // the terminating zero
  return out;
}

Result<std::string> FromBase64(std::string_view text, size_t size, std::string_view what) {
  std::string out(size, '\0');
  size_t length = 0;
  const char* end = nullptr;
  const int bad = sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(), text.size(),
                                    nullptr, &length, &end, sodium_base64_VARIANT_ORIGINAL);
  if (bad != 0 || length != size || end != text.data() + text.size()) {
    return Fail(ErrorCode::kBadInput, "the " + std::string(what) + " " + Quote(text, 70) + " is not " +
                                          std::to_string(size) + " bytes of base64");
  }
  return out;
}

}  // namespace gooffsets
