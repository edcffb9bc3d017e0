// Notes of an ELF file: names and contents, the Go and GNU build ids among them.
//
// Format: gabi, chapter 5, "Note Section"; the Go build id is name "Go", type 4 (src: cmd/link/internal/ld/elf.go), the
// GNU one name "GNU", type 3. Pure; safe from any thread.
//
//   std::optional<std::string_view> id = FindNote(bytes, 4, "Go", 4);
#ifndef GOOFFSETS_BINARY_ELF_NOTES_H_
#define GOOFFSETS_BINARY_ELF_NOTES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace gooffsets {

inline constexpr uint32_t kGoBuildIdNote = 4, kGnuBuildIdNote = 3;

// The content of the first note of that name and type, a view into `bytes`; nullopt if there is none before the first
// damaged one. `align` is the segment's or section's: contents are padded to 8 only if it is 8, else to 4.
std::optional<std::string_view> FindNote(std::span<const std::byte> bytes, uint64_t align, std::string_view name,
                                         uint32_t type);

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_ELF_NOTES_H_
