#include <zlib.h>

#include <memory>

#include "gotrace/export/otlp_http.h"

namespace gooffsets::trace {

Result<std::string> Gzip(std::string_view data) {
  z_stream stream{};
  constexpr int kLevel = 1;              // half the bytes of none at a third of the time of the default level
  constexpr int kWindowWithHeader = 31;  // 15 bits of window, and 16 for a gzip header (zlib.h, deflateInit2)
  constexpr int kMemoryLevel = 8;        // zlib's default
  if (deflateInit2(&stream, kLevel, Z_DEFLATED, kWindowWithHeader, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK) {
    return Fail(ErrorCode::kInternal, "zlib cannot be set up");
  }
  const std::unique_ptr<z_stream, decltype(&deflateEnd)> end(&stream, &deflateEnd);
  std::string out(deflateBound(&stream, data.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));  // zlib 1.2 reads it only
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (data.size() > UINT32_MAX / 2 || deflate(&stream, Z_FINISH) != Z_STREAM_END) {
    return Fail(ErrorCode::kInternal, "zlib cannot compress a batch");
  }
  out.resize(stream.total_out);
  return out;
}

}  // namespace gooffsets::trace
