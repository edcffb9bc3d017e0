// A cursor over bytes that nobody vouches for: every read is checked against the end, none can run past it.
//
// A read that does not fit gives nullopt and moves nothing. All integers are little-endian, as on every machine we read
// binaries of. The reader does not own the bytes. One reader belongs to one thread; copies are cheap and independent.
//
//   CheckedReader reader(bytes);
//   std::optional<uint32_t> magic = reader.U32();
//   if (!magic || *magic != 0xfffffff1) return Fail(ErrorCode::kBadInput, "not a pclntab");
#ifndef GOOFFSETS_BASE_BYTE_READER_H_
#define GOOFFSETS_BASE_BYTE_READER_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

namespace gooffsets {

class CheckedReader {
 public:
  CheckedReader() = default;
  explicit CheckedReader(std::span<const std::byte> bytes) : bytes_(bytes) {}
  explicit CheckedReader(std::string_view bytes) : bytes_(std::as_bytes(std::span(bytes.data(), bytes.size()))) {}

  size_t position() const { return position_; }
  size_t size() const { return bytes_.size(); }
  size_t remaining() const { return bytes_.size() - position_; }
  bool at_end() const { return position_ == bytes_.size(); }

  [[nodiscard]] std::optional<uint8_t> U8() { return Fixed<uint8_t>(); }
  [[nodiscard]] std::optional<uint16_t> U16() { return Fixed<uint16_t>(); }
  [[nodiscard]] std::optional<uint32_t> U32() { return Fixed<uint32_t>(); }
  [[nodiscard]] std::optional<uint64_t> U64() { return Fixed<uint64_t>(); }

  // LEB128, unsigned: Go's encoding/binary.Uvarint and DWARF's ULEB128. More bits than 64 are refused; zero padding,
  // which DWARF allows, is not.
  [[nodiscard]] std::optional<uint64_t> Uvarint() {
    uint64_t value = 0;
    for (size_t i = position_, shift = 0; i < bytes_.size() && i - position_ < kMaxVarintBytes; ++i, shift += 7) {
      uint64_t bits = std::to_integer<uint64_t>(bytes_[i]) & 0x7f;
      if (bits != 0 && (shift > 63 || (shift == 63 && bits > 1))) return std::nullopt;
      if (shift < 64) value |= bits << shift;
      if ((bytes_[i] & std::byte{0x80}) == std::byte{0}) {
        position_ = i + 1;
        return value;
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] bool Skip(uint64_t count) {
    if (count > remaining()) return false;
    position_ += static_cast<size_t>(count);
    return true;
  }
  [[nodiscard]] bool Seek(uint64_t position) {
    if (position > bytes_.size()) return false;
    position_ = static_cast<size_t>(position);
    return true;
  }
  // The next `count` bytes, and moves behind them.
  [[nodiscard]] std::optional<std::span<const std::byte>> Take(uint64_t count) {
    if (count > remaining()) return std::nullopt;
    auto taken = bytes_.subspan(position_, static_cast<size_t>(count));
    position_ += static_cast<size_t>(count);
    return taken;
  }
  [[nodiscard]] std::optional<std::string_view> TakeText(uint64_t count) {
    auto taken = Take(count);
    if (!taken) return std::nullopt;
    return std::string_view(reinterpret_cast<const char*>(taken->data()), taken->size());
  }
  // Up to and without the next NUL, and moves behind it; nullopt if there is none.
  [[nodiscard]] std::optional<std::string_view> CString() {
    if (at_end()) return std::nullopt;
    const std::byte* begin = bytes_.data() + position_;
    const void* nul = std::memchr(begin, 0, remaining());
    if (nul == nullptr) return std::nullopt;
    auto length = static_cast<size_t>(static_cast<const std::byte*>(nul) - begin);
    position_ += length + 1;
    return std::string_view(reinterpret_cast<const char*>(begin), length);
  }
  // A part of all bytes, wherever the cursor is. Neither the offset nor its sum with the size may overflow.
  [[nodiscard]] std::optional<std::span<const std::byte>> Subspan(uint64_t offset, uint64_t count) const {
    if (offset > bytes_.size() || count > bytes_.size() - offset) return std::nullopt;
    return bytes_.subspan(static_cast<size_t>(offset), static_cast<size_t>(count));
  }

 private:
  static constexpr size_t kMaxVarintBytes =
      20;  // ten hold 64 bits; a little padding is tolerated, an endless one is not

  template <std::unsigned_integral T>
  std::optional<T> Fixed() {
    if (remaining() < sizeof(T)) return std::nullopt;
    T value = 0;
    for (size_t i = sizeof(T); i-- > 0;) {
      value = static_cast<T>(static_cast<uint64_t>(value) << 8 | std::to_integer<uint64_t>(bytes_[position_ + i]));
    }
    position_ += sizeof(T);
    return value;
  }

  std::span<const std::byte> bytes_;
  size_t position_ = 0;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_BASE_BYTE_READER_H_
