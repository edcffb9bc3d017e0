#include "binary/elf_notes.h"

#include <algorithm>

#include "base/byte_reader.h"

namespace gooffsets {

std::optional<std::string_view> FindNote(std::span<const std::byte> bytes, uint64_t align, std::string_view name,
                                         uint32_t type) {
  CheckedReader reader(bytes);
  const size_t unit = align == 8 ? 8 : 4;
  // The last note's padding may be missing.
  const auto pad = [&] {
    return reader.Skip(std::min((unit - reader.position() % unit) % unit, reader.remaining()));
  };
  while (!reader.at_end()) {
    const std::optional<uint32_t> name_size = reader.U32(), content_size = reader.U32(), note_type = reader.U32();
    if (!note_type) return std::nullopt;
    std::optional<std::string_view> note_name = reader.TakeText(*name_size);
    if (!note_name || !pad()) return std::nullopt;
    const std::optional<std::string_view> content = reader.TakeText(*content_size);
    if (!content || !pad()) return std::nullopt;
    // Names end with a NUL, and Go pads its own with two.
    while (!note_name->empty() && note_name->back() == '\0') note_name->remove_suffix(1);
    if (*note_name == name && *note_type == type) return content;
  }
  return std::nullopt;
}

}  // namespace gooffsets
