#include "binary/relocations.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace gooffsets {
namespace {

// Large programs have 500,000 entries.
constexpr uint64_t kMostEntries = 8'000'000;
constexpr uint64_t kMostPages = 4'000'000;
constexpr size_t kEntriesPerRead = 4096;
// Addends may point a little before the image (the address of an element before the first); what is farther away than
// this is no address of it.
constexpr uint64_t kBefore = uint64_t{1} << 30;

}  // namespace

template <typename Each>
Result<void> RelativeRelocations::ForEach(uint64_t table_size, uint32_t type, const ReadTable& read, const Each& each) {
  std::vector<Elf64_Rela> entries(std::min<size_t>(kEntriesPerRead, table_size / sizeof(Elf64_Rela)));
  for (uint64_t done = 0, count = table_size / sizeof(Elf64_Rela); done < count; done += entries.size()) {
    if (entries.size() > count - done) entries.resize(static_cast<size_t>(count - done));
    GOOFFSETS_CHECK_OK(read(done * sizeof(Elf64_Rela), std::as_writable_bytes(std::span(entries))));
    for (const Elf64_Rela& entry : entries) {
      if (ELF64_R_TYPE(entry.r_info) == type) each(entry.r_offset, static_cast<uint64_t>(entry.r_addend));
    }
  }
  return {};
}

std::optional<size_t> RelativeRelocations::BucketOf(uint64_t place, size_t* hint) const {
  for (size_t tried = 0; tried < ranges_.size(); ++tried) {
    const Range& range = ranges_[*hint];
    if (place >= range.address && place - range.address < range.size) {
      if (range.size - (place - range.address) < sizeof(uint64_t)) return std::nullopt;
      return range.first_bucket + static_cast<size_t>((place - range.first_page) / kPage);
    }
    *hint = *hint + 1 == ranges_.size() ? 0 : *hint + 1;
  }
  return std::nullopt;
}

Result<RelativeRelocations> RelativeRelocations::Load(uint64_t table_size, uint64_t lowest,
                                                      const std::vector<Segment>& segments, GoArch goarch,
                                                      const ReadTable& read) {
  if (table_size / sizeof(Elf64_Rela) > kMostEntries) {
    return Fail(ErrorCode::kBadInput, fmt::format("the relocation table would have {} entries",
                                                  table_size / sizeof(Elf64_Rela)));
  }
  RelativeRelocations relocations;
  uint64_t pages = 0;
  for (const Segment& segment : segments) {
    if (segment.file_size == 0) continue;
    const uint64_t first_page = segment.address / kPage * kPage;
    relocations.ranges_.push_back({segment.address, segment.file_size, first_page, static_cast<size_t>(pages)});
    pages += (segment.address + segment.file_size - first_page + kPage - 1) / kPage;
    // Programs have two or three such segments; a place is looked for in each.
    if (pages > kMostPages || relocations.ranges_.size() > 64) {
      return Fail(ErrorCode::kBadInput, "the segments to relocate are larger than any program's");
    }
  }
  if (relocations.ranges_.empty()) return relocations;
  relocations.base_ = lowest > kBefore ? lowest - kBefore : 0;
  const uint64_t base = relocations.base_;
  const uint32_t type = goarch == GoArch::kAmd64 ? uint32_t{R_X86_64_RELATIVE} : uint32_t{R_AARCH64_RELATIVE};

  std::vector<uint32_t>& begin = relocations.begin_;
  begin.assign(static_cast<size_t>(pages) + 2, 0);
  size_t hint = 0;
  // Counts stand two places behind their bucket, so that filling turns them into where each bucket begins.
  GOOFFSETS_CHECK_OK(ForEach(table_size, type, read, [&](uint64_t place, uint64_t addend) {
    if (addend - base > UINT32_MAX) return;
    if (const std::optional<size_t> bucket = relocations.BucketOf(place, &hint)) ++begin[*bucket + 2];
  }));
  for (size_t i = 1; i < begin.size(); ++i) begin[i] += begin[i - 1];
  relocations.places_.resize(begin.back());
  relocations.values_.resize(begin.back());
  hint = 0;
  GOOFFSETS_CHECK_OK(ForEach(table_size, type, read, [&](uint64_t place, uint64_t addend) {
    if (addend - base > UINT32_MAX) return;
    const std::optional<size_t> bucket = relocations.BucketOf(place, &hint);
    // The file may have changed since it was counted.
    if (!bucket || begin[*bucket + 1] >= relocations.places_.size()) return;
    const uint32_t at = begin[*bucket + 1]++;
    relocations.places_[at] = static_cast<uint16_t>(place % kPage);
    relocations.values_[at] = static_cast<uint32_t>(addend - base);
  }));
  begin.pop_back();
  return relocations;
}

void RelativeRelocations::Apply(uint64_t address, std::span<std::byte> bytes) const {
  if (bytes.empty()) return;
  constexpr uint64_t kWord = sizeof(uint64_t);
  const uint64_t end = address + bytes.size();
  for (const Range& range : ranges_) {
    // A word that begins up to seven bytes earlier reaches into the bytes.
    const uint64_t from = std::max(address < kWord ? 0 : address - (kWord - 1), range.address);
    const uint64_t to = std::min(end, range.address + range.size);
    if (from >= to) continue;
    const uint64_t first = (from - range.first_page) / kPage, last = (to - 1 - range.first_page) / kPage;
    for (uint64_t page = first; page <= last; ++page) {
      const size_t bucket = range.first_bucket + static_cast<size_t>(page);
      for (uint32_t i = begin_[bucket]; i < std::min<size_t>(begin_[bucket + 1], places_.size()); ++i) {
        const uint64_t place = range.first_page + page * kPage + places_[i];
        const uint64_t value = base_ + values_[i];
        if (place >= end || place + kWord <= address) continue;
        if (place >= address && place + kWord <= end) {
          std::memcpy(bytes.data() + (place - address), &value, kWord);
          continue;
        }
        for (uint64_t byte = 0; byte < kWord; ++byte) {
          if (place + byte < address || place + byte >= end) continue;
          bytes[static_cast<size_t>(place + byte - address)] = static_cast<std::byte>(value >> (8 * byte));
        }
      }
    }
  }
}

}  // namespace gooffsets
