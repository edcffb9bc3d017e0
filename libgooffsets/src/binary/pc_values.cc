#include "binary/pc_values.h"

#include <cstring>
#include <span>

namespace gooffsets {
namespace {

// Two varints of 32 bits.
constexpr size_t kMostBytesOfAStep = 10;

}  // namespace

PcValueCursor::PcValueCursor(BlockReader* reader, uint64_t table, uint64_t entry, uint64_t end, uint32_t quantum)
    : reader_(reader),
      address_(table),
      pc_(entry),
      end_(end),
      // The linker writes at most one step an instruction; the slack is for functions without one.
      steps_left_((end > entry ? end - entry : 0) / quantum + 16),
      quantum_(quantum) {}

bool PcValueCursor::Refill() {
  std::memmove(buffer_.data(), buffer_.data() + position_, filled_ - position_);
  filled_ -= position_;
  position_ = 0;
  auto more = reader_->ViewUpTo(address_, buffer_.size() - filled_);
  // At the end of the segment what is left in the buffer may still hold the table's end.
  if (!more || more->empty()) return filled_ > 0;
  std::memcpy(buffer_.data() + filled_, more->data(), more->size());
  filled_ += more->size();
  address_ += more->size();
  return true;
}

bool PcValueCursor::Varint(uint32_t* value) {
  uint32_t result = 0;
  for (uint32_t shift = 0; shift < 35; shift += 7) {
    if (position_ == filled_) return false;
    const uint8_t byte = buffer_[position_++];
    if (shift < 32) result |= static_cast<uint32_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) {
      *value = result;
      return true;
    }
  }
  return false;
}

bool PcValueCursor::Next(PcRange* range) {
  if (done_) return false;
  if (filled_ - position_ < kMostBytesOfAStep && !Refill()) return Break();
  uint32_t value_delta = 0, pc_delta = 0;
  if (!Varint(&value_delta)) return Break();
  if (value_delta == 0 && !first_) {
    done_ = true;
    return false;
  }
  first_ = false;
  if (!Varint(&pc_delta)) return Break();
  if (steps_left_-- == 0 || pc_ > end_) return Break();
  value_ += (value_delta & 1) != 0 ? ~(value_delta >> 1) : value_delta >> 1;
  range->begin = pc_;
  const uint64_t advance = uint64_t{pc_delta} * quantum_;
  if (advance > ~uint64_t{0} - pc_) return Break();
  pc_ += advance;
  range->end = pc_;
  range->value = static_cast<int32_t>(value_);
  return true;
}

}  // namespace gooffsets
