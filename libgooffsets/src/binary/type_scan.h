// Descriptors of named types by one look at every word of the types, without following what refers to what.
//
// A descriptor says the hash of its type's name, so that a wanted name is found by four bytes; and where a named struct
// may begin is told by the bytes of its header. What is found is a place to look at: whoever takes it makes the name
// out of the descriptor, which must be the one that was wanted. In programs of every release and kind of build the
// structs are those that TypeWalk reaches (tests/unit/binary_types/type_scan_test.cc), at a tenth of the price. Reads
// forwards in large pieces; addresses are not looked at, so that no relocation is needed. Pure; safe from any thread.
//
//   GOOFFSETS_TRY(TypeScan scan, ScanTypes(image, module.types, module.etypes, hashes));
//   for (const TypeScan::Hit& hit : scan.hits) Look(module.types + hit.type);
#ifndef GOOFFSETS_BINARY_TYPE_SCAN_H_
#define GOOFFSETS_BINARY_TYPE_SCAN_H_

#include <cstdint>
#include <span>
#include <vector>

#include "binary/image.h"
#include "binary/type_walk.h"
#include "gooffsets/result.h"

namespace gooffsets {

struct TypeScan {
  struct Hit {
    uint32_t hash = 0;
    uint32_t type = 0;  // offset from the beginning of the types
  };
  std::vector<Hit> hits;                       // named types of the wanted hashes, ascending
  std::vector<TypeWalk::NamedStruct> structs;  // ascending
};

// kBadInput: more of them than descriptors have room, or the bytes cannot be read.
Result<TypeScan> ScanTypes(const Image& image, uint64_t types, uint64_t etypes, std::span<const uint32_t> hashes);

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_TYPE_SCAN_H_
