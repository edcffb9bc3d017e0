// What PT_DYNAMIC says: the libraries a program needs, and where its relocations are.
//
// Format: gabi, chapter 5, "Dynamic Section". Addresses are as linked. Pure; safe from any thread.
//
//   DynamicInfo dynamic = ParseDynamic(bytes_of_pt_dynamic);
#ifndef GOOFFSETS_BINARY_DYNAMIC_H_
#define GOOFFSETS_BINARY_DYNAMIC_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gooffsets {

struct DynamicInfo {
  uint64_t rela = 0, rela_size = 0, rela_entry_size = 0;
  uint64_t strings = 0, strings_size = 0;
  std::vector<uint64_t> needed;  // offsets in `strings`
  bool text_relocations = false;  // read-only segments are relocated too
};

DynamicInfo ParseDynamic(std::span<const std::byte> bytes);

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_DYNAMIC_H_
