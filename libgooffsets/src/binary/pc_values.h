// One pc-value table of the pclntab, read step by step: SP deltas, file numbers, inline tree indexes by pc.
//
// Format: src runtime/symtab.go (step): pairs of varints, a zigzag difference of the value and a difference of the pc
// in units of the smallest instruction; a value difference of 0 that is not the first ends the table. Steps are limited
// by the size of the function, so that a broken table ends. Not thread-safe; the reader must outlive the cursor.
//
//   PcValueCursor cursor(&reader, table, function.entry, function.end, 1);
//   PcRange range;
//   while (cursor.Next(&range)) Use(range);
//   if (cursor.broken()) return Fail(...);
#ifndef GOOFFSETS_BINARY_PC_VALUES_H_
#define GOOFFSETS_BINARY_PC_VALUES_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "binary/image.h"
#include "binary/pclntab.h"

namespace gooffsets {

class PcValueCursor {
 public:
  // `table` is the address of the table's first byte, `quantum` the smallest instruction (1 on amd64, 4 on arm64).
  PcValueCursor(BlockReader* reader, uint64_t table, uint64_t entry, uint64_t end, uint32_t quantum);

  // The next range. False at the end of the table and where it is broken.
  bool Next(PcRange* range);
  // The last Next() was false because the table runs out of its segment or far beyond its function.
  bool broken() const { return broken_; }

 private:
  bool Refill();
  bool Varint(uint32_t* value);
  bool Break() {
    broken_ = true;
    done_ = true;
    return false;
  }

  BlockReader* reader_;
  uint64_t address_;  // of what follows the buffer
  uint64_t pc_, end_;
  uint64_t steps_left_;
  uint32_t quantum_;
  uint32_t value_ = ~uint32_t{0};
  bool first_ = true, done_ = false, broken_ = false;
  size_t position_ = 0, filled_ = 0;
  std::array<uint8_t, 128> buffer_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_PC_VALUES_H_
