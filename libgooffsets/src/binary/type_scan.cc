#include "binary/type_scan.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

#include "binary/runtime_types_reader.h"

namespace gooffsets {
namespace {

constexpr size_t kPiece = size_t{128} << 10;
// A struct's descriptor has 80 bytes, and behind them where its package is.
constexpr uint64_t kStructSize = 80;
constexpr size_t kSeen = kStructSize + 8;
// Smallest descriptor of a named type: a header and an UncommonType.
constexpr uint64_t kSmallest = TypeReader::kHeaderSize + TypeReader::kUncommonSize;

// Bytes 16 to 23 of a header in one word: hash, tflag, alignment, alignment of fields, kind.
constexpr size_t kWordAt = 16;
constexpr uint64_t kNamed = uint64_t{4} << 32, kUncommon = uint64_t{1} << 32;
// Alignments are 1 to 8: their upper halves are 0, which text is never.
constexpr uint64_t kAlignments = (uint64_t{0xf0} << 40) | (uint64_t{0xf0} << 48);

bool AlignmentsAgree(uint64_t word) {
  const auto align = static_cast<uint8_t>(word >> 40);
  return align == static_cast<uint8_t>(word >> 48) && std::has_single_bit(align);
}

TypeKind KindOf(uint64_t word) { return static_cast<TypeKind>(word >> 56 & 0x1f); }

// A set of hashes that is asked for every word: a bit for the low half.
class HashFilter {
 public:
  explicit HashFilter(std::span<const uint32_t> hashes) {
    for (const uint32_t hash : hashes) bits_[(hash & 0xffff) / 64] |= uint64_t{1} << (hash % 64);
  }
  bool May(uint32_t hash) const { return (bits_[(hash & 0xffff) / 64] >> (hash % 64) & 1) != 0; }

 private:
  std::array<uint64_t, 65536 / 64> bits_ = {};
};

}  // namespace

Result<TypeScan> ScanTypes(const Image& image, uint64_t types, uint64_t etypes, std::span<const uint32_t> hashes) {
  TypeScan scan;
  const HashFilter wanted(hashes);
  const uint64_t most = (etypes - types) / kSmallest + 64;
  const Segment* segment = image.SegmentAt(types);
  const uint64_t stored = segment == nullptr ? etypes : std::min(etypes, segment->address + segment->file_size);
  bool overlap = false;
  const auto look = [&](uint64_t at, std::span<const std::byte> bytes) {
    const std::byte* const data = bytes.data();
    // What cannot be seen whole is left to the next piece, which begins with it.
    const size_t seen = at + bytes.size() < stored ? kSeen : TypeReader::kHeaderSize;
    for (size_t i = (8 - at % 8) % 8; i + seen <= bytes.size(); i += 8) {
      uint64_t word = 0;
      std::memcpy(&word, data + i + kWordAt, sizeof word);
      if ((word & (kNamed | kAlignments)) != kNamed || !AlignmentsAgree(word)) continue;
      const auto type = static_cast<uint32_t>(at + i - types);
      if (wanted.May(static_cast<uint32_t>(word))) scan.hits.push_back({static_cast<uint32_t>(word), type});
      if (KindOf(word) == TypeKind::kStruct && (word & kUncommon) != 0 && i + kSeen <= bytes.size()) {
        uint64_t size = 0, pointers = 0;
        int32_t text = 0, package = 0;
        std::memcpy(&size, data + i, sizeof size);
        std::memcpy(&pointers, data + i + 8, sizeof pointers);
        std::memcpy(&text, data + i + 40, sizeof text);
        std::memcpy(&package, data + i + kStructSize, sizeof package);
        const auto within = [&](int32_t offset) {
          return offset > 0 && static_cast<uint64_t>(offset) < etypes - types;
        };
        if (pointers <= size && within(text) && within(package)) {
          scan.structs.push_back({type, static_cast<uint32_t>(package)});
        }
      }
      overlap = scan.hits.size() > most || scan.structs.size() > most;
      if (overlap) return false;
    }
    return true;
  };
  GOOFFSETS_CHECK_OK(image.ScanStored(types, etypes - types, kPiece, kSeen - 8, look));
  if (overlap) return Fail(ErrorCode::kBadInput, image.name() + ": type descriptors overlap each other");
  return scan;
}

}  // namespace gooffsets
