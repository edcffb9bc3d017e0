// The RELATIVE relocations of a PIE: which words of its data are addresses, and which ones.
//
// Addresses are as linked (load bias 0), so a RELATIVE relocation stores its addend (psABI: R_X86_64_RELATIVE 8,
// R_AARCH64_RELATIVE 1027: B + A). DT_RELR packs places only, and its addends lie in the words themselves: with bias 0
// there is nothing to do for it. Go's linker writes its table in no order (the first disorder of a small program is at
// the 65th of 15,349 entries) and GNU ld sorts it; both are sorted here into pages by counting, in two sequential
// passes over the table, and kept at six bytes an entry. Immutable once made; safe from any thread.
//
//   GOOFFSETS_TRY(RelativeRelocations relocations, RelativeRelocations::Load(table_size, lowest_address, segments, goarch,
//                                                                                   read));
//   relocations.Apply(address, bytes);     // bytes as in the file, now as the loader leaves them
#ifndef GOOFFSETS_BINARY_RELOCATIONS_H_
#define GOOFFSETS_BINARY_RELOCATIONS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "binary/image.h"
#include "gooffsets/layout.h"
#include "gooffsets/result.h"

namespace gooffsets {

class RelativeRelocations {
 public:
  // Reads `out.size()` bytes of the table at `offset` from its beginning.
  using ReadTable = std::function<Result<void>(uint64_t offset, std::span<std::byte> out)>;

  RelativeRelocations() = default;
  // `table_size` in bytes; `lowest` is the image's first address; `segments` are those that may be relocated.
  // kBadInput: a table larger than any program's. Entries outside of the segments' file part are left out, as are
  // addends that no image of 3 GiB from `lowest` on could mean.
  static Result<RelativeRelocations> Load(uint64_t table_size, uint64_t lowest, const std::vector<Segment>& segments,
                                          GoArch goarch, const ReadTable& read);

  void Apply(uint64_t address, std::span<std::byte> bytes) const;
  size_t size() const { return places_.size(); }

 private:
  static constexpr uint64_t kPage = 4096;
  struct Range {  // the pages of one segment
    uint64_t address = 0, size = 0;  // the file part
    uint64_t first_page = 0;         // address of the first page
    size_t first_bucket = 0;
  };
  template <typename Each>
  static Result<void> ForEach(uint64_t table_size, uint32_t type, const ReadTable& read, const Each& each);
  // The bucket of a place; nullopt if it cannot be relocated.
  std::optional<size_t> BucketOf(uint64_t place, size_t* hint) const;

  std::vector<Range> ranges_;
  std::vector<uint32_t> begin_;   // of each bucket in the two below, and one more
  std::vector<uint16_t> places_;  // offset in the page
  std::vector<uint32_t> values_;  // addend - base_
  uint64_t base_ = 0;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_RELOCATIONS_H_
