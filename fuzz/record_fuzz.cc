// Build records from any text: what parses keeps the rules, and comes back the same when it is written again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "require.h"
#include "store/record_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto record = gooffsets::ParseRecordLines(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!record) return 0;
  FUZZ_REQUIRE(gooffsets::CheckRecord(*record));
  const std::string lines = gooffsets::RecordLines(*record);
  auto again = gooffsets::ParseRecordLines(lines);
  FUZZ_REQUIRE(again && gooffsets::RecordLines(*again) == lines);
  return 0;
}
