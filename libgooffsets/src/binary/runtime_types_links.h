// The ways into the type descriptors: the sorted type links of Go up to 1.26, the contiguous descriptors of Go 1.27.
//
// Type links (src: cmd/link/internal/ld/typelink.go) are offsets of the descriptors of unnamed types, sorted by what
// the runtime prints for them: "*http.Request" is found by binary search, and from there http.Request.
// From Go 1.27 on these descriptors follow each other instead (src: runtime/type.go, moduleTypelinks).
// Not thread-safe.
//
//   TypeFormat format = DetectTypeFormat(image, module);
//   TypeLinks links(&reader, module.typelinks);
//   GOOFFSETS_TRY(std::vector<uint64_t> found, links.Find("*http.Request"));
#ifndef GOOFFSETS_BINARY_RUNTIME_TYPES_LINKS_H_
#define GOOFFSETS_BINARY_RUNTIME_TYPES_LINKS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "binary/image.h"
#include "binary/moduledata.h"
#include "binary/runtime_types_reader.h"
#include "gooffsets/result.h"

namespace gooffsets {

// Read off the descriptors themselves: releases that share a moduledata differ in them.
TypeFormat DetectTypeFormat(const Image& image, const Moduledata& module);

class TypeLinks {
 public:
  TypeLinks(TypeReader* reader, const AddressRange& links) : reader_(reader), links_(links) {}

  uint64_t count() const { return links_.count; }
  Result<uint64_t> At(uint64_t i);
  // The descriptors whose text is this, in the order of the links. At most 64: more is no program.
  Result<std::vector<uint64_t>> Find(std::string_view text);

 private:
  Result<std::string_view> TextAt(uint64_t i);

  TypeReader* reader_;
  AddressRange links_;
};

// The descriptors of [begin, end) that follow each other, until `each` returns false. Bytes that are no descriptor are
// skipped word by word.
Result<void> ForEachContiguous(TypeReader& reader, uint64_t begin, uint64_t end,
                               const std::function<bool(const TypeHeader&)>& each);

// The descriptor of the struct runtime.moduledata, which the linker itself needs (src: cmd/link/internal/ld/symtab.go,
// moduledatatype); nullopt if there is none.
Result<std::optional<uint64_t>> FindModuledataType(TypeReader& reader, const Moduledata& module);

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_RUNTIME_TYPES_LINKS_H_
