// Every type descriptor that can be reached from some: through elements, fields, parameters, methods and pointers.
//
// Descriptors are visited in ascending order of addresses, sweep after sweep until nothing new turns up, so that a file
// is read forwards. Memory: two bits for each 8 bytes of those 32 KiB pages that hold descriptors. What cannot be a
// descriptor is left out; lists that overlap more than real ones can are kBadInput. Not thread-safe.
//
//   TypeWalk walk(&reader);
//   for (uint64_t link : links) walk.Add(link);
//   GOOFFSETS_CHECK_OK(walk.Run());
//   walk.ForEach([&](uint64_t address) { return true; });
#ifndef GOOFFSETS_BINARY_TYPE_WALK_H_
#define GOOFFSETS_BINARY_TYPE_WALK_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "binary/runtime_types_reader.h"
#include "gooffsets/result.h"

namespace gooffsets {

class TypeWalk {
 public:
  explicit TypeWalk(TypeReader* reader);

  // Does nothing for what was added before, or cannot be a descriptor.
  void Add(uint64_t address);
  // Visits what was added and all that it leads to; `each` is told each descriptor once.
  Result<void> Run(const std::function<void(const TypeHeader&)>& each);
  // All that were visited, ascending, until `each` returns false.
  void ForEach(const std::function<bool(uint64_t address)>& each) const;
  uint64_t count() const { return count_; }
  // The named structs among them, in no order: offsets from the beginning of the types.
  struct NamedStruct {
    uint32_t type = 0;
    uint32_t package = 0;  // of the Name of its package's path
  };
  const std::vector<NamedStruct>& structs() const { return structs_; }

 private:
  static constexpr size_t kWords = 64;
  struct Page {
    std::array<uint64_t, kWords> seen{}, pending{};
  };
  uint64_t AddressOf(size_t page, size_t word, int bit) const;
  Result<void> Sweep(const std::function<void(const TypeHeader&)>& each);
  // Adds what a type refers to.
  Result<void> Follow(const TypeHeader& type);
  Result<void> FollowLists(const TypeHeader& type);
  Result<void> FollowOffsets(const TypeList& list, uint64_t element_size);  // u32 at byte 4 of each
  Result<void> FollowPointers(const TypeList& list, uint64_t element_size, uint64_t at);
  Result<void> Spend(uint64_t edges);

  TypeReader* reader_;
  uint64_t base_;
  std::vector<std::unique_ptr<Page>> pages_;
  std::vector<NamedStruct> structs_;
  uint64_t budget_;
  uint64_t count_ = 0;
  bool added_ = false;
  bool exhausted_ = false;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_TYPE_WALK_H_
