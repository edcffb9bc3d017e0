// Section headers (gabi, chapter 4, "Sections"): believed all together or not at all.
#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/byte_reader.h"
#include "base/quote.h"
#include "binary/elf_headers.h"

namespace gooffsets {
namespace {

// Programs have some dozens; kernels and debug builds with a section a function are no Go programs.
constexpr uint64_t kMostSections = 20'000;
constexpr uint64_t kMostNameBytes = uint64_t{4} << 20;

bool Fits(uint64_t offset, uint64_t size, uint64_t limit) { return offset <= limit && size <= limit - offset; }

const Segment* SegmentOf(const std::vector<Segment>& segments, uint64_t address, uint64_t size) {
  auto after = std::upper_bound(segments.begin(), segments.end(), address,
                                [](uint64_t at, const Segment& segment) { return at < segment.address; });
  if (after == segments.begin()) return nullptr;
  const Segment& segment = *std::prev(after);
  return segment.Holds(address, size) ? &segment : nullptr;
}

// Why this header cannot be true; empty if it can.
std::string Lie(const Elf64_Shdr& raw, std::string_view name, uint64_t file_size, const std::vector<Segment>& segments,
                bool debug_file) {
  const bool in_file = raw.sh_type != SHT_NOBITS && raw.sh_type != SHT_NULL;
  if (in_file && !Fits(raw.sh_offset, raw.sh_size, file_size)) {
    return fmt::format("section {} would end behind the end of the file", Quote(name));
  }
  if ((raw.sh_flags & SHF_ALLOC) == 0 || raw.sh_size == 0 || raw.sh_type == SHT_NULL) return "";
  // .tbss takes no addresses: each thread gets its own.
  if (!in_file && (raw.sh_flags & SHF_TLS) != 0) return "";
  const Segment* segment = SegmentOf(segments, raw.sh_addr, raw.sh_size);
  if (segment == nullptr) {
    return fmt::format("section {} at {:#x} would lie outside of what is loaded", Quote(name), raw.sh_addr);
  }
  if (!in_file || debug_file) return "";
  const uint64_t at = raw.sh_addr - segment->address;
  if (!Fits(at, raw.sh_size, segment->file_size) || segment->file_offset + at != raw.sh_offset) {
    return fmt::format("section {} at {:#x} would lie elsewhere in the file than the segment that loads it",
                       Quote(name), raw.sh_addr);
  }
  return "";
}

// Sections that are loaded share no address.
std::string Overlap(const std::vector<Section>& sections) {
  std::vector<const Section*> loaded;
  for (const Section& section : sections) {
    if ((section.flags & SHF_ALLOC) == 0 || section.size == 0) continue;
    if (section.type == SHT_NOBITS && (section.flags & SHF_TLS) != 0) continue;
    loaded.push_back(&section);
  }
  std::sort(loaded.begin(), loaded.end(), [](const Section* a, const Section* b) { return a->address < b->address; });
  for (size_t i = 1; i < loaded.size(); ++i) {
    if (loaded[i]->address - loaded[i - 1]->address < loaded[i - 1]->size) {
      return fmt::format("sections {} and {} overlap", Quote(loaded[i - 1]->name), Quote(loaded[i]->name));
    }
  }
  return "";
}

SectionTable None(const std::string& why) { return {{}, "no section headers are used: " + why, false}; }

}  // namespace

SectionTable ReadSections(const ByteSource& source, const ElfHeader& header, const std::vector<Segment>& segments) {
  if (header.section_offset == 0) return None("the file has none");
  if (header.section_entry_size != sizeof(Elf64_Shdr)) {
    return None(fmt::format("they would be {} bytes each", header.section_entry_size));
  }
  const uint64_t file_size = source.size();
  if (!Fits(header.section_offset, sizeof(Elf64_Shdr), file_size)) {
    return None("they would begin behind the end of the file");
  }
  Elf64_Shdr first;
  if (auto read = source.Read(header.section_offset, std::as_writable_bytes(std::span(&first, 1))); !read) {
    return None(read.error().message);
  }
  // gabi: counts that do not fit the ELF header are in the null section.
  const uint64_t count = header.section_count != 0 ? header.section_count : first.sh_size;
  const uint64_t names_index = header.names_index != SHN_XINDEX ? header.names_index : first.sh_link;
  if (count == 0) return None("the file has none");
  if (count > kMostSections) return None(fmt::format("there would be {} of them", count));
  if (!Fits(header.section_offset, count * sizeof(Elf64_Shdr), file_size)) {
    return None("they would end behind the end of the file");
  }
  if (names_index >= count) return None("their names are in none of them");
  std::vector<Elf64_Shdr> raw(count);
  if (auto read = source.Read(header.section_offset, std::as_writable_bytes(std::span(raw))); !read) {
    return None(read.error().message);
  }
  const Elf64_Shdr& names = raw[names_index];
  if (names.sh_type != SHT_STRTAB || names.sh_size > kMostNameBytes ||
      !Fits(names.sh_offset, names.sh_size, file_size)) {
    return None("the table of their names is no table of names");
  }
  std::string name_bytes(static_cast<size_t>(names.sh_size), '\0');
  if (auto read = source.Read(names.sh_offset, std::as_writable_bytes(std::span(name_bytes))); !read) {
    return None(read.error().message);
  }
  SectionTable table;
  table.debug_file = std::any_of(raw.begin(), raw.end(), [](const Elf64_Shdr& section) {
    return section.sh_type == SHT_NOBITS && (section.sh_flags & SHF_EXECINSTR) != 0 && section.sh_size > 0;
  });
  uint64_t kept_name_bytes = 0;
  for (size_t i = 1; i < raw.size(); ++i) {
    CheckedReader reader(name_bytes);
    const std::optional<std::string_view> name =
        reader.Seek(raw[i].sh_name) ? reader.CString() : std::optional<std::string_view>();
    if (!name) return None(fmt::format("the name of the {}th has no end", i));
    // Headers may share one long name: what is kept of it is bounded too.
    kept_name_bytes += name->size();
    if (kept_name_bytes > kMostNameBytes) return None("their names are too long");
    const std::string lie = Lie(raw[i], *name, file_size, segments, table.debug_file);
    if (!lie.empty()) return None(lie);
    table.sections.push_back(
        {std::string(*name), raw[i].sh_addr, raw[i].sh_offset, raw[i].sh_size, raw[i].sh_flags, raw[i].sh_type});
  }
  const std::string overlap = Overlap(table.sections);
  if (!overlap.empty()) return None(overlap);
  return table;
}

}  // namespace gooffsets
