// Where the pclntab lies: its section, or what looks like one among the bytes of the program.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "binary/pclntab_state.h"

namespace gooffsets {
namespace {

// More candidates than these are somebody's trap, not a program.
constexpr size_t kMostCandidates = 256;
constexpr size_t kScanChunk = size_t{256} << 10;

constexpr std::array<Pclntab::Format, 2> kShapes = {Pclntab::Format::kGo120, Pclntab::Format::kGo116};

tl::unexpected<Error> TooOld(const Image& image) {
  return Fail(ErrorCode::kUnsupported,
              fmt::format("{}: the pclntab is of Go 1.15 or older, which is too old", image.name()),
              "rebuild the program with Go 1.16 or later");
}

tl::unexpected<Error> UnknownMagic(const Image& image, uint32_t magic, uint64_t address) {
  return Fail(ErrorCode::kUnsupported,
              fmt::format("{}: the pclntab at {:#x} has the magic number {:#010x}, which no known Go release writes "
                          "(garble or an unknown Go release)",
                          image.name(), address, magic),
              "functions can be found in a build without garble only");
}

uint32_t MagicAt(BlockReader* reader, uint64_t address) { return reader->U32(address).value_or(0); }

// A table of another magic number that is a table all the same: garble writes a random one and scrambles the records.
bool IsTableOfUnknownMagic(BlockReader* reader, uint64_t address) {
  PclntabHeader header;
  for (Pclntab::Format shape : kShapes) {
    if (ReadPclntabHeader(reader, address, shape, false, &header).empty()) return true;
  }
  return false;
}

struct Candidates {
  std::vector<uint64_t> known, old, other;  // by magic number
};

enum class Part { kReadOnly, kWritable, kExecutable };

Part PartOf(const Segment& segment) {
  return segment.executable ? Part::kExecutable : segment.writable ? Part::kWritable : Part::kReadOnly;
}

// Every address in these segments whose eight bytes can begin a header: magic, 0, 0, minLC, 8. The linker aligns it.
Result<void> ScanForHeaders(const Image& image, Part part, Candidates* found) {
  const uint32_t tail = (image.goarch() == GoArch::kArm64 ? 4u : 1u) << 16 | 8u << 24;
  for (const Segment& segment : image.segments()) {
    if (PartOf(segment) != part) continue;
    const uint64_t size = image.is_memory() ? segment.memory_size : std::min(segment.file_size, segment.memory_size);
    if (size < 8) continue;
    auto look = [&](uint64_t at, std::span<const std::byte> bytes) {
      for (size_t i = (8 - at % 8) % 8; i + 8 <= bytes.size(); i += 8) {
        uint32_t words[2];
        std::memcpy(words, bytes.data() + i, sizeof words);
        if (words[1] != tail) continue;
        auto& list = FormatOfMagic(words[0])    ? found->known
                     : words[0] == kMagicGo12 ? found->old
                                              : found->other;
        if (list.size() < kMostCandidates) list.push_back(at + i);
      }
      return true;
    };
    GOOFFSETS_CHECK_OK(image.ScanStored(segment.address, size, kScanChunk, 8, look));
  }
  return {};
}

// Of several tables the one that the runtime uses: moduledata begins with a pointer to it (src runtime/symtab.go,
// moduledata.pcHeader). A program that embeds another Go program holds two.
Result<size_t> PointedTo(const Image& image, const std::vector<PclntabHeader>& tables) {
  std::vector<bool> pointed(tables.size(), false);
  for (const Segment& segment : image.segments()) {
    if (!segment.writable) continue;
    const uint64_t size = image.is_memory() ? segment.memory_size : std::min(segment.file_size, segment.memory_size);
    if (size < 8) continue;
    auto look = [&](uint64_t at, std::span<const std::byte> bytes) {
      for (size_t i = (8 - at % 8) % 8; i + 8 <= bytes.size(); i += 8) {
        uint64_t word = 0;
        std::memcpy(&word, bytes.data() + i, sizeof word);
        for (size_t table = 0; table < tables.size(); ++table) {
          if (tables[table].address == word) pointed[table] = true;
        }
      }
      return true;
    };
    GOOFFSETS_CHECK_OK(image.Scan(segment.address, size, kScanChunk, 8, look));
  }
  for (size_t table = 0; table < tables.size(); ++table) {
    if (pointed[table]) return table;
  }
  return size_t{0};
}

Result<PclntabHeader> FindByContent(const Image& image, BlockReader* reader) {
  // Where the linker puts it: with what is only read, or, in PIE, with what is only written by the loader. The first
  // part that holds a table is the last one that is read.
  std::array<Part, 3> parts = {Part::kReadOnly, Part::kWritable, Part::kExecutable};
  if (image.is_pie()) std::swap(parts[0], parts[1]);
  Candidates found;
  std::string why;
  for (Part part : parts) {
    found.known.clear();
    GOOFFSETS_CHECK_OK(ScanForHeaders(image, part, &found));
    std::vector<PclntabHeader> tables;
    for (uint64_t address : found.known) {
      const auto format = FormatOfMagic(MagicAt(reader, address));
      if (!format) continue;  // the file has changed since
      PclntabHeader header;
      const std::string refused = ReadPclntabHeader(reader, address, *format, true, &header);
      if (refused.empty()) {
        tables.push_back(header);
      } else {
        why = fmt::format(" (not the one at {:#x}: {})", address, refused);
      }
    }
    if (tables.size() == 1) return tables[0];
    if (!tables.empty()) {
      GOOFFSETS_TRY(size_t table, PointedTo(image, tables));
      return tables[table];
    }
  }
  for (uint64_t address : found.old) {
    if (LooksLikeGo12Table(reader, address)) return TooOld(image);
  }
  for (uint64_t address : found.other) {
    if (IsTableOfUnknownMagic(reader, address)) return UnknownMagic(image, MagicAt(reader, address), address);
  }
  return Fail(ErrorCode::kNotFound, fmt::format("{}: there is no pclntab{}", image.name(), why),
              "is it a Go program? A packed one has its table in memory only");
}

}  // namespace

Result<PclntabHeader> FindPclntabHeader(const Image& image, std::string* found_by) {
  BlockReader reader(&image, size_t{16} << 10, 32);
  // src cmd/link/internal/ld/data.go: the second is the home in PIE up to Go 1.25.
  for (const char* name : {".gopclntab", ".data.rel.ro.gopclntab"}) {
    const Section* section = image.FindSection(name);
    if (section == nullptr) continue;
    const uint32_t magic = MagicAt(&reader, section->address);
    if (magic == kMagicGo12 && LooksLikeGo12Table(&reader, section->address)) return TooOld(image);
    PclntabHeader header;
    if (auto format = FormatOfMagic(magic)) {
      if (ReadPclntabHeader(&reader, section->address, *format, true, &header).empty()) {
        *found_by = name;
        return header;
      }
    } else if (IsTableOfUnknownMagic(&reader, section->address)) {
      return UnknownMagic(image, magic, section->address);
    }
    // The section's name or address lies: the content decides.
  }
  *found_by = "content";
  return FindByContent(image, &reader);
}

}  // namespace gooffsets
