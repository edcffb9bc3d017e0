#include "http_range.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace gooffsets {

namespace {

std::optional<uint64_t> ParseNumber(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

ByteRange ParseByteRange(std::string_view header, uint64_t total) {
  constexpr std::string_view kUnit = "bytes=";
  if (!header.starts_with(kUnit)) return {};
  header.remove_prefix(kUnit.size());
  const size_t dash = header.find('-');
  if (dash == std::string_view::npos) return {};
  const std::string_view first = header.substr(0, dash), last = header.substr(dash + 1);
  if (first.empty()) {  // the last N bytes
    const std::optional<uint64_t> count = ParseNumber(last);
    if (!count) return {};
    if (*count == 0 || total == 0) return {ByteRange::Kind::kUnsatisfiable};
    const uint64_t size = std::min(*count, total);
    return {ByteRange::Kind::kPart, total - size, size};
  }
  const std::optional<uint64_t> begin = ParseNumber(first);
  if (!begin) return {};
  std::optional<uint64_t> end;
  if (!last.empty()) {
    end = ParseNumber(last);
    if (!end || *end < *begin) return {};
  }
  if (*begin >= total) return {ByteRange::Kind::kUnsatisfiable};
  const uint64_t behind = end ? std::min(*end, total - 1) + 1 : total;
  return {ByteRange::Kind::kPart, *begin, behind - *begin};
}

}  // namespace gooffsets
