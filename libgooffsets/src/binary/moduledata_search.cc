#include "binary/moduledata_search.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gooffsets {
namespace {

constexpr size_t kChunk = size_t{256} << 10;
constexpr size_t kShape = 24 * 8;  // the words that all releases have in common

uint64_t WordAt(const std::byte* at) {
  uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Whether the 24 words at `at` can be the head of a moduledata: minpc at 20, maxpc, text, etext; and the functab begins
// with the offset of minpc from text (src: runtime/symtab.go, moduledataverify1). Up to Go 1.17 it is minpc itself.
bool HasShape(const Image& image, const std::byte* at) {
  const uint64_t minpc = WordAt(at + 20 * 8), maxpc = WordAt(at + 21 * 8);
  const uint64_t text = WordAt(at + 22 * 8), etext = WordAt(at + 23 * 8);
  if (text == 0 || text > minpc || minpc >= maxpc || maxpc > etext) return false;
  const Segment* segment = image.SegmentAt(text);
  if (segment == nullptr || !segment->executable) return false;
  const Result<uint64_t> first = image.U64(WordAt(at + 16 * 8));
  return first && (static_cast<uint32_t>(*first) + text == minpc || *first == minpc);
}

uint64_t FileBytes(const Segment& segment) { return std::min(segment.file_size, segment.memory_size); }

struct Range {
  uint64_t address = 0, size = 0;
};

// Where data with relocations lies, the likeliest first.
std::vector<Range> DataRanges(const Image& image) {
  std::vector<Range> ranges;
  for (const std::string_view name : {".noptrdata", ".data", ".data.rel.ro"}) {
    const Section* section = image.FindSection(name);
    const Segment* segment = section == nullptr ? nullptr : image.SegmentAt(section->address);
    if (segment != nullptr && segment->Holds(section->address, section->size)) {
      ranges.push_back({section->address, section->size});
    }
  }
  for (const bool writable : {true, false}) {
    for (const Segment& segment : image.segments()) {
      if (segment.writable == writable && !segment.executable) {
        ranges.push_back({segment.address, FileBytes(segment)});
      }
    }
  }
  return ranges;
}

// The names "*runtime.moduledata" of a segment, as descriptors point to them: flags, a length in one byte, the text.
Result<std::vector<uint64_t>> FindNames(const Image& image, const Segment& segment) {
  constexpr std::string_view kName = "runtime.moduledata";
  constexpr size_t kMostNames = 16;
  std::vector<uint64_t> names;
  const auto look = [&](uint64_t at, std::span<const std::byte> piece) {
    const std::string_view text(reinterpret_cast<const char*>(piece.data()), piece.size());
    for (size_t i = text.find(kName); i != text.npos; i = text.find(kName, i + 1)) {
      const size_t star = i > 0 && text[i - 1] == '*' ? 1 : 0;
      if (i < star + 2 || text[i - star - 1] != static_cast<char>(kName.size() + star)) continue;
      const uint64_t name = at + i - star - 2;
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
    return names.size() < kMostNames;
  };
  GOOFFSETS_CHECK_OK(image.Scan(segment.address, FileBytes(segment), kChunk, kName.size() + 3, look));
  return names;
}

// For each offset that a descriptor may have to one of the names: the words it would then be counted from.
using Bases = std::unordered_map<uint32_t, std::vector<uint64_t>>;
Bases PossibleBases(const Segment& segment, const std::vector<uint64_t>& names, const std::vector<uint64_t>& words) {
  Bases bases;
  for (const uint64_t name : names) {
    for (const uint64_t word : words) {
      if (!segment.Holds(word, 1) || word >= name || name - word > INT32_MAX) continue;
      std::vector<uint64_t>& those = bases[static_cast<uint32_t>(name - word)];
      if (std::ranges::find(those, word) == those.end()) those.push_back(word);
    }
  }
  return bases;
}

// What the descriptor at `type` says, if the moduledata has `base` where it says that "types" is.
std::optional<ModuledataLayout> LayoutBy(const Image& image, const Segment& segment, uint64_t type, uint64_t base,
                                         const std::vector<uint64_t>& words) {
  TypeReader reader(&image, base, segment.address + segment.memory_size, TypeFormat{}, 4096, 16);
  Result<ModuledataLayout> layout = DescribedLayout(reader, type);
  if (!layout) return std::nullopt;
  const std::optional<uint32_t> types = layout->Word("types"), etypes = layout->Word("etypes");
  if (!types || !etypes || *types >= words.size() || *etypes >= words.size()) return std::nullopt;
  if (words[*types] != base || words[*etypes] <= base) return std::nullopt;
  layout->name = "searched";
  return std::move(*layout);
}

}  // namespace

Result<void> ForEachModuledataCandidate(const Image& image, const Pclntab& pclntab,
                                        const std::function<bool(const ModuledataCandidate&)>& each) {
  // From Go 1.26 on (src: cmd/link/internal/ld/data.go, SMODULEDATA).
  if (const Section* section = image.FindSection(".go.module")) {
    if (!each({section->address, ".go.module"})) return {};
  }
  for (const bool by_pointer : {true, false}) {
    for (const Range& range : DataRanges(image)) {
      bool go_on = true;
      GOOFFSETS_CHECK_OK(image.Scan(
          range.address, range.size, kChunk, kShape - 8, [&](uint64_t at, std::span<const std::byte> piece) {
            for (size_t i = (8 - at % 8) % 8; go_on && i + kShape <= piece.size(); i += 8) {
              const std::byte* here = piece.data() + i;
              if (by_pointer ? WordAt(here) != pclntab.address()
                             : WordAt(here + 22 * 8) == 0 || !HasShape(image, here)) {
                continue;
              }
              go_on = each({at + i, by_pointer ? "pointer to the pclntab" : "structure"});
            }
            return go_on;
          }));
      if (!go_on) return {};
    }
  }
  return {};
}

Result<std::optional<ModuledataLayout>> SearchModuledataLayout(const Image& image, uint64_t address) {
  constexpr uint64_t kMostWords = 96;
  std::optional<ModuledataLayout> found;
  const Segment* home = image.SegmentAt(address);
  if (home == nullptr) return found;
  const uint64_t left = home->memory_size - (address - home->address);
  std::vector<uint64_t> words(static_cast<size_t>(std::min(kMostWords, left / 8)));
  GOOFFSETS_CHECK_OK(image.Read(address, std::as_writable_bytes(std::span(words))));

  for (const Segment& segment : image.segments()) {
    if (segment.executable) continue;
    GOOFFSETS_TRY(const std::vector<uint64_t> names, FindNames(image, segment));
    const Bases bases = PossibleBases(segment, names, words);
    if (bases.empty()) continue;
    int tries = 0;
    const auto look = [&](uint64_t at, std::span<const std::byte> piece) {
      constexpr int kMostTries = 4096;
      for (size_t i = (8 - at % 8) % 8; i + TypeReader::kHeaderSize <= piece.size(); i += 8) {
        const std::byte* here = piece.data() + i;
        if ((std::to_integer<unsigned>(here[23]) & 0x1f) != static_cast<unsigned>(TypeKind::kStruct)) continue;
        uint32_t offset = 0;
        std::memcpy(&offset, here + 40, sizeof offset);
        const auto those = bases.find(offset);
        if (those == bases.end()) continue;
        for (const uint64_t base : those->second) {
          if (++tries > kMostTries) return false;
          if (at + i >= base) found = LayoutBy(image, segment, at + i, base, words);
          if (found) return false;
        }
      }
      return true;
    };
    GOOFFSETS_CHECK_OK(image.Scan(segment.address, FileBytes(segment), kChunk, TypeReader::kHeaderSize - 8, look));
    if (found) return found;
  }
  return found;
}

}  // namespace gooffsets
