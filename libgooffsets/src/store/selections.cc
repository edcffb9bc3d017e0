#include "store/selections.h"

#include <charconv>
#include <cstdint>
#include <utility>

namespace gooffsets {
namespace {

// "1.21" as numbers, without what parsing any version costs: an inference asks thousands of times.
std::optional<std::pair<uint64_t, uint64_t>> ParseMinor(std::string_view text) {
  uint64_t major = 0, minor = 0;
  const char* const end = text.data() + text.size();
  auto read = std::from_chars(text.data(), end, major);
  if (read.ec != std::errc() || read.ptr == end || *read.ptr != '.') return std::nullopt;
  read = std::from_chars(read.ptr + 1, end, minor);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return std::pair(major, minor);
}

}  // namespace

std::optional<std::string_view> SelectionFor(const PackageRecord& package, const Version& go) {
  const std::pair<uint64_t, uint64_t> minor(go.major(), go.minor());
  for (const PackageRecord::SelectionRange& range : package.selections) {
    const auto first = ParseMinor(range.first_minor), last = ParseMinor(range.last_minor);
    if (first && last && *first <= minor && minor <= *last) return range.selection;
  }
  return std::nullopt;
}

}  // namespace gooffsets
