// ReadRawBuildInfo of build_info.h: where the build info lies, and its two formats.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "base/byte_reader.h"
#include "base/quote.h"
#include "base/utf8.h"
#include "binary/build_info.h"

namespace gooffsets {
namespace {

// src: debug/buildinfo/buildinfo.go, readRawBuildInfo.
constexpr std::string_view kMagic = "\xff Go buildinf:";
constexpr uint64_t kAlign = 16, kHeaderSize = 32;
constexpr uint64_t kPointerSizeAt = 14, kFlagsAt = 15, kPointersAt = 16;
constexpr uint8_t kBigEndian = 1, kInline = 2;
constexpr size_t kScanBytes = size_t{1} << 20;
// How much of each segment is searched where no section says where it is: no program's data is larger, sparse files are.
constexpr uint64_t kMostScanned = uint64_t{256} << 20;
constexpr uint64_t kMostVersionBytes = 4096;
// A program of 5,000 modules has 1 MB.
constexpr uint64_t kMostTextBytes = uint64_t{8} << 20;
// Programs that read build info themselves hold the magic as a constant; they hold it a few times.
constexpr size_t kMostCandidates = 64;

Result<std::string> ReadText(const Image& image, uint64_t address, uint64_t size, uint64_t most, const char* what) {
  if (size > most) {
    return Fail(ErrorCode::kBadInput,
                fmt::format("{}: the {} of its build info would have {} bytes", image.name(), what, size));
  }
  std::string text(static_cast<size_t>(size), '\0');
  if (size > 0) GOOFFSETS_CHECK_OK(image.Read(address, std::as_writable_bytes(std::span(text))));
  return text;
}

// A text behind its length as a varint; moves `address` behind it.
Result<std::string> ReadInline(const Image& image, uint64_t* address, uint64_t most, const char* what) {
  constexpr uint64_t kVarintBytes = 10;
  const Segment* segment = image.SegmentAt(*address);
  if (segment == nullptr) {
    return Fail(ErrorCode::kBadInput, fmt::format("{}: its build info ends before its {}", image.name(), what));
  }
  std::vector<std::byte> bytes(
      static_cast<size_t>(std::min(kVarintBytes, segment->memory_size - (*address - segment->address))));
  GOOFFSETS_CHECK_OK(image.Read(*address, bytes));
  CheckedReader reader(bytes);
  const std::optional<uint64_t> size = reader.Uvarint();
  if (!size) {
    return Fail(ErrorCode::kBadInput, fmt::format("{}: the {} of its build info has no length", image.name(), what));
  }
  GOOFFSETS_TRY(std::string text, ReadText(image, *address + reader.position(), *size, most, what));
  *address += reader.position() + *size;
  return text;
}

// A Go string behind two pointers (before Go 1.18).
Result<std::string> ReadPointed(const Image& image, uint64_t pointer_at, uint64_t most, const char* what) {
  GOOFFSETS_TRY(const uint64_t header, image.U64(pointer_at));
  if (header == 0) return std::string();
  GOOFFSETS_TRY(const uint64_t data, image.U64(header));
  GOOFFSETS_TRY(const uint64_t size, image.U64(header + sizeof(uint64_t)));
  return ReadText(image, data, size, most, what);
}

Result<RawBuildInfo> ReadAt(const Image& image, uint64_t address) {
  std::vector<std::byte> header(kHeaderSize);
  GOOFFSETS_CHECK_OK(image.Read(address, header));
  const auto flags = std::to_integer<uint8_t>(header[kFlagsAt]);
  const auto pointer_size = std::to_integer<uint8_t>(header[kPointerSizeAt]);
  RawBuildInfo info;
  if ((flags & kInline) != 0) {
    uint64_t at = address + kHeaderSize;
    GOOFFSETS_TRY(info.go_version, ReadInline(image, &at, kMostVersionBytes, "Go version"));
    GOOFFSETS_TRY(info.text, ReadInline(image, &at, kMostTextBytes, "module list"));
  } else {
    if ((flags & kBigEndian) != 0 || pointer_size != sizeof(uint64_t)) {
      return Fail(ErrorCode::kBadInput, image.name() + ": its build info is one of another architecture");
    }
    GOOFFSETS_TRY(info.go_version, ReadPointed(image, address + kPointersAt, kMostVersionBytes, "Go version"));
    GOOFFSETS_TRY(info.text, ReadPointed(image, address + kPointersAt + pointer_size, kMostTextBytes, "module list"));
  }
  if (info.go_version.empty()) return Fail(ErrorCode::kBadInput, image.name() + ": its build info names no Go version");
  // A program that looks for build info holds the magic itself, and other bytes behind it.
  if (!IsUtf8(info.go_version) || std::any_of(info.go_version.begin(), info.go_version.end(), IsControl)) {
    return Fail(ErrorCode::kNotFound, image.name() + ": what looks like build info names no Go version");
  }
  info.text = WithoutMarks(info.text);
  return info;
}

// Aligned places of the magic, up to the limit; stops when `found` says so.
Result<void> ForEachMagic(const Image& image, uint64_t address, uint64_t size, size_t* candidates,
                          const std::function<bool(uint64_t)>& found) {
  const uint64_t begin = (address + kAlign - 1) / kAlign * kAlign;
  if (begin < address || begin - address >= size) return {};
  return image.ScanStored(begin, std::min(size - (begin - address), kMostScanned), kScanBytes, 0,
                          [&](uint64_t at, std::span<const std::byte> bytes) {
                            // `at` is aligned, and so the magic never crosses the border of two pieces.
                            for (size_t i = 0; i + kMagic.size() <= bytes.size(); i += kAlign) {
                              // The first byte alone settles nearly every place, for a tenth of the price.
                              if (bytes[i] != std::byte{0xff}) continue;
                              if (std::memcmp(bytes.data() + i, kMagic.data(), kMagic.size()) != 0) continue;
                              if (++*candidates > kMostCandidates || !found(at + i)) return false;
                            }
                            return true;
                          });
}

}  // namespace

std::string WithoutMarks(const std::string& marked) {
  constexpr size_t kMarkSize = 16;
  // A list has at least the marks and one line, and its last line has an end.
  if (marked.size() <= 2 * kMarkSize || marked[marked.size() - kMarkSize - 1] != '\n') return {};
  return marked.substr(kMarkSize, marked.size() - 2 * kMarkSize);
}

Result<RawBuildInfo> ReadRawBuildInfo(const Image& image) {
  Result<RawBuildInfo> answer = Fail(
      ErrorCode::kNotFound, image.name() + " has no Go build info: it is no Go program, packed, or a tool removed it");
  size_t candidates = 0;
  const auto search = [&](uint64_t address, uint64_t size, const char* how) -> bool {
    const auto scanned = ForEachMagic(image, address, size, &candidates, [&](uint64_t at) {
      Result<RawBuildInfo> read = ReadAt(image, at);
      if (read) read->found_by = how;
      // The first one that is broken tells most, unless a whole one follows.
      if (read || answer.error().code == ErrorCode::kNotFound) answer = std::move(read);
      return !answer;
    });
    if (!scanned && !answer && answer.error().code == ErrorCode::kNotFound) {
      answer = tl::unexpected(scanned.error());
    }
    return answer.has_value();
  };

  const Section* section = image.FindSection(".go.buildinfo");
  if (section != nullptr && search(section->address, section->size, "section .go.buildinfo")) return answer;
  // The linker puts it at the beginning of the data (src: cmd/link/internal/ld/data.go); tools that merge segments move
  // it elsewhere.
  for (const bool writable : {true, false}) {
    for (const Segment& segment : image.segments()) {
      if (segment.writable == writable && search(segment.address, segment.memory_size, "content")) return answer;
    }
  }
  return answer;
}

}  // namespace gooffsets
