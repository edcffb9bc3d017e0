// runtime.moduledata of Go 1.16 to 1.27: where text, types, itabs and type links lie.
//
// Found by .go.module, by words that equal the pclntab's address, or by its own structure; a layout is accepted only if
// the binary's own description of runtime.moduledata (its type descriptor) agrees with the offsets used, where there is
// one. For a release with an unknown layout the offsets are searched for and then read from that descriptor.
// Pure reading; safe from any thread.
//
//   GOOFFSETS_TRY(Moduledata module, FindModuledata(image, pclntab));
#ifndef GOOFFSETS_BINARY_MODULEDATA_H_
#define GOOFFSETS_BINARY_MODULEDATA_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "binary/image.h"
#include "binary/pclntab.h"
#include "gooffsets/result.h"
#include "gooffsets/version.h"

namespace gooffsets {

struct AddressRange {
  uint64_t address = 0, count = 0;  // count of elements
};

struct Moduledata {
  uint64_t address = 0;
  std::string layout;         // "1.20-1.25", or "searched" for a release that is not known
  bool self_checked = false;  // runtime.moduledata's own descriptor says the same; false: the binary has none
  std::string found_by;       // ".go.module", "pointer to the pclntab", "structure"
  uint64_t minpc = 0, maxpc = 0, text = 0, etext = 0;
  uint64_t types = 0, etypes = 0;    // type descriptors and their names; offsets in descriptors count from `types`
  uint64_t rodata = 0, gofunc = 0;   // from Go 1.18 on; else 0
  AddressRange typelinks;            // int32 offsets from `types`; up to Go 1.26
  AddressRange itablinks;            // pointers; up to Go 1.26
  uint64_t typedesc_len = 0, itab_offset = 0, itab_size = 0;  // from Go 1.27 on: bytes from `types`
  TextMap text_map;
};

// Whether a release writes the Moduledata::layout of this name. The newest that is known may be that of releases to
// come.
bool MayHaveLayout(const Version& go, std::string_view layout);

// kBadInput says which layouts were tried and why each was refused; kNotFound when there is no moduledata at all.
Result<Moduledata> FindModuledata(const Image& image, const Pclntab& pclntab);

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_MODULEDATA_H_
