// Zstandard data from any bytes: bounded output, and what we compress ourselves comes back.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/zstd.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr uint64_t kLimit = 1 << 20;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto plain = gooffsets::ZstdDecompress(bytes, kLimit);
  if (plain) FUZZ_REQUIRE(plain->size() <= kLimit);
  auto packed = gooffsets::ZstdCompress(bytes, {.level = 1});
  FUZZ_REQUIRE(packed);
  auto back = gooffsets::ZstdDecompress(*packed, size);
  FUZZ_REQUIRE(back && *back == bytes);
  return 0;
}
