#include "binary/pclntab_header.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/byte_reader.h"

namespace gooffsets {
namespace {

// How many functions are looked at, spread over the table.
constexpr uint64_t kSamples = 64;
// A linked program has more than these few, and no section of text may be larger than 4 GiB (offsets are u32).
constexpr uint64_t kMostFunctions = uint64_t{1} << 28;

// Printable ASCII or UTF-8: Go names are UTF-8, the linker escapes the rest in paths.
bool IsNameByte(uint8_t byte) { return byte >= 0x20 && byte != 0x7f; }

struct TabEntry {
  uint64_t pc = 0, func = 0;
};

std::optional<TabEntry> ReadEntry(BlockReader* reader, const PclntabHeader& header, uint64_t index) {
  const uint64_t at = header.pcln + index * header.functab_entry_size();
  auto view = reader->View(at, header.functab_entry_size());
  if (!view) return std::nullopt;
  CheckedReader bytes(*view);
  TabEntry entry;
  if (header.format == Pclntab::Format::kGo116) {
    entry.pc = bytes.U64().value_or(0);
    entry.func = bytes.U64().value_or(0);
  } else {
    entry.pc = bytes.U32().value_or(0);
    entry.func = bytes.U32().value_or(0);
  }
  return entry;
}

// The pc behind the last function: only a pc, no func.
std::optional<uint64_t> ReadLastPc(BlockReader* reader, const PclntabHeader& header) {
  const uint64_t at = header.pcln + header.functions * header.functab_entry_size();
  if (header.format == Pclntab::Format::kGo116) {
    auto pc = reader->U64(at);
    return pc ? std::optional<uint64_t>(*pc) : std::nullopt;
  }
  auto pc = reader->U32(at);
  return pc ? std::optional<uint64_t>(*pc) : std::nullopt;
}

std::string CheckFunction(BlockReader* reader, const PclntabHeader& header, uint64_t index, const TabEntry& entry) {
  auto view = reader->View(header.pcln + entry.func, header.func_size());
  if (!view) return fmt::format("the record of function {} lies outside of its segment", index);
  CheckedReader bytes(*view);
  const uint64_t pc = header.format == Pclntab::Format::kGo116 ? bytes.U64().value_or(0) : bytes.U32().value_or(0);
  if (pc != entry.pc) return fmt::format("the record of function {} names another entry than the table", index);
  const uint64_t name = bytes.U32().value_or(0);
  if (name >= header.cu - header.funcname) return fmt::format("function {} has its name outside of the names", index);
  auto text = reader->ViewUpTo(header.funcname + name, 16);
  if (!text || text->empty()) return fmt::format("the name of function {} cannot be read", index);
  for (std::byte byte : *text) {
    if (byte == std::byte{0}) break;
    if (!IsNameByte(std::to_integer<uint8_t>(byte))) {
      return fmt::format("function {} has a name that is no text", index);
    }
  }
  return {};
}

}  // namespace

std::optional<Pclntab::Format> FormatOfMagic(uint32_t magic) {
  switch (magic) {
    case kMagicGo116:
      return Pclntab::Format::kGo116;
    case kMagicGo118:
      return Pclntab::Format::kGo118;
    case kMagicGo120:
      return Pclntab::Format::kGo120;
    default:
      return std::nullopt;
  }
}

std::string ReadPclntabHeader(BlockReader* reader, uint64_t address, Pclntab::Format format, bool names,
                              PclntabHeader* header) {
  const bool has_text = format != Pclntab::Format::kGo116;
  const uint64_t size = has_text ? 72 : 64;
  const Segment* segment = reader->image().SegmentAt(address);
  if (segment == nullptr || !segment->Holds(address, size)) return "the header does not fit its segment";
  auto view = reader->View(address, size);
  if (!view) return view.error().message;
  CheckedReader bytes(*view);
  const uint32_t magic = bytes.U32().value_or(0);
  const uint16_t pad = bytes.U16().value_or(1);
  const uint8_t quantum = bytes.U8().value_or(0), pointer = bytes.U8().value_or(0);
  if (pad != 0) return "its padding is not zero";
  if (quantum != (reader->image().goarch() == GoArch::kArm64 ? 4 : 1)) {
    return "its smallest instruction is another architecture's";
  }
  if (pointer != 8) return "its pointers are not 8 bytes";
  *header = {};
  header->format = format;
  header->magic = magic;
  header->quantum = quantum;
  header->address = address;
  header->segment_end = segment->address + segment->memory_size;
  const uint64_t room = header->segment_end - address;
  header->functions = bytes.U64().value_or(0);
  const uint64_t files = bytes.U64().value_or(0);
  if (has_text) header->text_start = bytes.U64().value_or(0);
  uint64_t before = size;
  for (uint64_t* part : {&header->funcname, &header->cu, &header->filetab, &header->pctab, &header->pcln}) {
    const uint64_t offset = bytes.U64().value_or(0);
    if (offset < before || offset >= room) return "its parts do not follow each other inside the segment";
    before = offset;
    *part = address + offset;
  }
  if (header->funcname - address > size + 64) return "its names do not follow the header";
  if (header->functions == 0 || header->functions > kMostFunctions) return "its number of functions cannot be";
  if (files > room) return "its number of files cannot be";
  const uint64_t entry_size = header->functab_entry_size();
  // One more than functions: the end of the text.
  if (header->functions >= (header->segment_end - header->pcln) / entry_size) {
    return "its functions do not fit the segment";
  }

  // A Go program that another one embeds holds a table too, of a text that is not here.
  if (header->text_start != 0) {
    const Segment* text = reader->image().SegmentAt(header->text_start);
    if (text == nullptr || !text->executable) return "its text is not in an executable segment";
  }
  const uint64_t table_size = header->functions * entry_size;
  const uint64_t step = std::max<uint64_t>(1, header->functions / kSamples);
  uint64_t last_pc = 0;
  for (uint64_t i = 0; i < header->functions; i += i < 8 ? 1 : step) {
    auto entry = ReadEntry(reader, *header, i);
    if (!entry) return "its functions cannot be read";
    if (i > 0 && entry->pc < last_pc) return fmt::format("function {} begins before the one in front of it", i);
    last_pc = entry->pc;
    if (entry->func < table_size || entry->func >= header->segment_end - header->pcln) {
      return fmt::format("the record of function {} lies outside of the table", i);
    }
    if (!names) continue;
    if (std::string why = CheckFunction(reader, *header, i, *entry); !why.empty()) return why;
  }
  auto end = ReadLastPc(reader, *header);
  if (!end || *end < last_pc) return "the text ends before the last function";
  return {};
}

bool LooksLikeGo12Table(BlockReader* reader, uint64_t address) {
  // src debug/gosym/pclntab.go, ver12: magic, 0, 0, minLC, ptrSize, nfunc, then (pc, offset) pairs of words.
  constexpr uint64_t kPairs = 4;
  auto view = reader->View(address, 16 + kPairs * 16);
  if (!view) return false;
  CheckedReader bytes(*view);
  if (bytes.U32() != kMagicGo12 || !bytes.Skip(4)) return false;
  const uint64_t functions = bytes.U64().value_or(0);
  if (functions < kPairs || functions > kMostFunctions) return false;
  uint64_t last = 0;
  for (uint64_t i = 0; i < kPairs; ++i) {
    const uint64_t pc = bytes.U64().value_or(0);
    const uint64_t func = bytes.U64().value_or(0);
    const Segment* text = reader->image().SegmentAt(pc);
    if (pc <= last || text == nullptr || !text->executable || func < functions * 16) return false;
    last = pc;
  }
  return true;
}

}  // namespace gooffsets
