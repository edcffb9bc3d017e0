// The Range header (RFC 9110 §14.1.2): one range of bytes; several, other units and malformed ones are ignored, as the
// RFC allows, and the whole is sent. Pure; safe from any thread.
//
//   ByteRange range = ParseByteRange("bytes=100-", 1000);   // {kPart, 100, 900}
#ifndef GOOFFSETS_TOOLS_OFFSETD_HTTP_RANGE_H_
#define GOOFFSETS_TOOLS_OFFSETD_HTTP_RANGE_H_

#include <cstdint>
#include <string_view>

namespace gooffsets {

struct ByteRange {
  enum class Kind { kAll, kPart, kUnsatisfiable } kind = Kind::kAll;
  uint64_t offset = 0, size = 0;
};

ByteRange ParseByteRange(std::string_view header, uint64_t total);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_OFFSETD_HTTP_RANGE_H_
