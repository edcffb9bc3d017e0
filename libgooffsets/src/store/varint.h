// Writing small numbers in few bytes: LEB128, and zigzag for signed ones. CheckedReader::Uvarint reads them.
//
// Pure functions, safe from any thread.
//
//   std::string out;
//   AppendVarint(&out, ZigZag(-1));   // one byte
#ifndef GOOFFSETS_STORE_VARINT_H_
#define GOOFFSETS_STORE_VARINT_H_

#include <cstdint>
#include <string>

namespace gooffsets {

inline void AppendVarint(std::string* out, uint64_t value) {
  while (value >= 0x80) {
    out->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out->push_back(static_cast<char>(value));
}

inline uint64_t ZigZag(int64_t value) {
  return static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
}

inline int64_t UnZigZag(uint64_t value) { return static_cast<int64_t>(value >> 1 ^ (~(value & 1) + 1)); }

}  // namespace gooffsets

#endif  // GOOFFSETS_STORE_VARINT_H_
