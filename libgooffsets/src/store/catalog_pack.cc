// Packed lists: what one column holds for many small values.
#include <algorithm>
#include <limits>

#include "base/byte_reader.h"
#include "store/catalog.h"
#include "store/layout_json.h"
#include "store/varint.h"

namespace gooffsets {

namespace {

constexpr uint64_t kMaxEntries = 1 << 22;

}  // namespace

std::string PackEntries(std::vector<PackageEntry> entries) {
  std::sort(entries.begin(), entries.end(),
            [](const PackageEntry& a, const PackageEntry& b) { return a.symbol < b.symbol; });
  std::string out;
  AppendVarint(&out, entries.size());
  int64_t symbol = 0;
  int64_t layout = 0;
  for (const PackageEntry& entry : entries) {
    AppendVarint(&out, static_cast<uint64_t>(entry.symbol - symbol));
    symbol = entry.symbol;
    if (entry.layout == 0) {
      AppendVarint(&out, static_cast<uint64_t>(entry.reason) << 1 | 1);
    } else {
      AppendVarint(&out, ZigZag(entry.layout - layout) << 1);
      layout = entry.layout;
    }
  }
  return out;
}

Result<std::vector<PackageEntry>> UnpackEntries(std::string_view packed) {
  auto damaged = [] { return Fail(ErrorCode::kBadInput, "the database is damaged: a package layout cannot be read"); };
  CheckedReader reader(packed);
  std::optional<uint64_t> count = reader.Uvarint();
  if (!count || *count > kMaxEntries || *count > packed.size()) return damaged();
  std::vector<PackageEntry> entries;
  entries.reserve(*count);
  uint64_t symbol = 0;
  uint64_t layout = 0;
  for (uint64_t i = 0; i < *count; ++i) {
    std::optional<uint64_t> step = reader.Uvarint();
    std::optional<uint64_t> code = reader.Uvarint();
    if (!step || !code) return damaged();
    symbol += *step;
    PackageEntry entry;
    entry.symbol = static_cast<int64_t>(symbol);
    if (*code & 1) {
      entry.reason = static_cast<SkipReason>(std::min<uint64_t>(*code >> 1, std::numeric_limits<int>::max()));
      if (ToString(entry.reason).empty()) return damaged();
    } else {
      layout += static_cast<uint64_t>(UnZigZag(*code >> 1));
      entry.layout = static_cast<int64_t>(layout);
      if (entry.layout <= 0) return damaged();
    }
    entries.push_back(entry);
  }
  if (!reader.at_end()) return damaged();
  return entries;
}

const PackageEntry* FindEntry(const std::vector<PackageEntry>& entries, int64_t symbol) {
  auto entry = std::lower_bound(entries.begin(), entries.end(), symbol,
                                [](const PackageEntry& a, int64_t wanted) { return a.symbol < wanted; });
  return entry == entries.end() || entry->symbol != symbol ? nullptr : &*entry;
}

std::string JoinLines(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) {
    out += line;
    out.push_back('\n');
  }
  return out;
}

std::vector<std::string> SplitLines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::string SelectionsText(const std::vector<PackageRecord::SelectionRange>& selections) {
  std::string out;
  for (const PackageRecord::SelectionRange& range : selections) {
    out += range.first_minor + ' ' + range.last_minor + ' ' + range.selection + '\n';
  }
  return out;
}

Result<std::vector<PackageRecord::SelectionRange>> ParseSelections(std::string_view text) {
  std::vector<PackageRecord::SelectionRange> selections;
  for (const std::string& line : SplitLines(text)) {
    size_t first = line.find(' ');
    size_t second = first == std::string::npos ? first : line.find(' ', first + 1);
    if (second == std::string::npos) {
      return Fail(ErrorCode::kBadInput, "the database is damaged: a list of file selections cannot be read");
    }
    selections.push_back({line.substr(0, first), line.substr(first + 1, second - first - 1), line.substr(second + 1)});
  }
  return selections;
}

}  // namespace gooffsets
