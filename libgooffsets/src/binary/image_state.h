// The inside of Image, shared by those who make one: from a file (image.cc), from a process (process_image.cc).
//
// Immutable but for the relocations, which are loaded by whoever reads relocated data first. Thread-safe like Image.
#ifndef GOOFFSETS_BINARY_IMAGE_STATE_H_
#define GOOFFSETS_BINARY_IMAGE_STATE_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "binary/elf_headers.h"
#include "binary/image.h"
#include "binary/relocations.h"

namespace gooffsets {

struct Image::State {
  std::shared_ptr<const ByteSource> source;
  ElfHeader header;
  std::vector<Segment> segments;
  std::vector<Section> sections;
  std::string sections_note, relocations_note;
  bool memory = false, debug_file = false, interpreter = false;

  struct NotePart {  // where notes lie in `source`
    uint64_t offset = 0, size = 0, align = 4;
  };
  std::vector<NotePart> notes;
  static constexpr uint64_t kMostNoteBytes = uint64_t{64} << 10;
  // Of a PT_NOTE that claims `size` bytes, how many to read: Go's linker (1.26.8) lays the GNU build id behind the Go one
  // and has PT_NOTE end between them.
  static uint64_t NoteBytes(uint64_t size) { return std::min(size, kMostNoteBytes) + 64; }
  uint64_t strings = 0, strings_size = 0;  // DT_STRTAB
  std::vector<uint64_t> needed;            // offsets in it

  uint64_t rela_offset = 0, rela_size = 0;  // in the file; size 0: nothing to apply
  bool relocate_all = false;                // DT_TEXTREL: read-only segments too
  mutable std::once_flag relocations_once;
  mutable Result<RelativeRelocations> relocations;

  const Segment* Find(uint64_t address) const;
  // The bytes as they are, without relocations; the range lies in the segment.
  Result<void> ReadRaw(const Segment& segment, uint64_t address, std::span<std::byte> out) const;
  Result<void> Relocate(const Segment& segment, uint64_t address, std::span<std::byte> out) const;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_IMAGE_STATE_H_
