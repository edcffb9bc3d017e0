// Where each release keeps what we need of runtime.moduledata, and what a binary's own description of it says.
//
// Offsets are in 64-bit words (src: runtime/symtab.go, type moduledata, of each release; cmd/link/internal/ld/symtab.go
// writes it). Pure; safe from any thread.
//
//   for (const ModuledataLayout& layout : KnownModuledataLayouts()) TryLayout(layout);
#ifndef GOOFFSETS_BINARY_MODULEDATA_LAYOUTS_H_
#define GOOFFSETS_BINARY_MODULEDATA_LAYOUTS_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "binary/moduledata.h"
#include "binary/runtime_types_reader.h"
#include "gooffsets/result.h"

namespace gooffsets {

struct ModuledataLayout {
  struct Item {
    std::string_view field;  // of KnownModuledataFields()
    uint32_t word = 0;
    bool operator==(const Item&) const = default;
  };
  std::string name;
  std::vector<Item> items;  // in the order of KnownModuledataFields()
  uint64_t first_minor = 0, last_minor = kNewest;  // the releases of Go 1 that write it

  static constexpr uint64_t kNewest = std::numeric_limits<uint64_t>::max();

  std::optional<uint32_t> Word(std::string_view field) const;
};

// The fields that are read, in the order that every release has them.
std::span<const std::string_view> KnownModuledataFields();
std::span<const ModuledataLayout> KnownModuledataLayouts();

// The known fields where the descriptor of struct runtime.moduledata at `address` has them.
Result<ModuledataLayout> DescribedLayout(TypeReader& reader, uint64_t address);

// FindModuledata with other layouts than the known ones: none of them shows what is made of an unknown release.
Result<Moduledata> FindModuledataBy(const Image& image, const Pclntab& pclntab,
                                    std::span<const ModuledataLayout> layouts);

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_MODULEDATA_LAYOUTS_H_
