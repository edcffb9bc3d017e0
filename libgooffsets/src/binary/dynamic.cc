#include "binary/dynamic.h"

#include <elf.h>

#include <optional>

#include "base/byte_reader.h"

namespace gooffsets {
namespace {

// Programs need some dozens of libraries at most.
constexpr size_t kMostNeeded = 1000;

}  // namespace

DynamicInfo ParseDynamic(std::span<const std::byte> bytes) {
  DynamicInfo info;
  CheckedReader reader(bytes);
  while (true) {
    const std::optional<uint64_t> tag = reader.U64(), value = reader.U64();
    if (!tag || !value || *tag == DT_NULL) return info;
    switch (*tag) {
      case DT_RELA:
        info.rela = *value;
        break;
      case DT_RELASZ:
        info.rela_size = *value;
        break;
      case DT_RELAENT:
        info.rela_entry_size = *value;
        break;
      case DT_STRTAB:
        info.strings = *value;
        break;
      case DT_STRSZ:
        info.strings_size = *value;
        break;
      case DT_NEEDED:
        if (info.needed.size() < kMostNeeded) info.needed.push_back(*value);
        break;
      case DT_TEXTREL:
        info.text_relocations = true;
        break;
      case DT_FLAGS:
        info.text_relocations = info.text_relocations || (*value & DF_TEXTREL) != 0;
        break;
      default:
        break;
    }
  }
}

}  // namespace gooffsets
