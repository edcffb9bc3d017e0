// Descriptions of programs from any bytes: an error that says what is wrong, or a description that is written and read
// again without change.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "gooffsets/binary.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  gooffsets::Result<gooffsets::BinaryInfo> info =
      gooffsets::ParseBinaryInfoJson(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!info) {
    FUZZ_REQUIRE(!info.error().message.empty());
    return 0;
  }
  const std::string written = gooffsets::BinaryInfoJson(*info);
  gooffsets::Result<gooffsets::BinaryInfo> again = gooffsets::ParseBinaryInfoJson(written);
  FUZZ_REQUIRE(again.has_value());
  FUZZ_REQUIRE(gooffsets::BinaryInfoJson(*again) == written);
  return 0;
}
