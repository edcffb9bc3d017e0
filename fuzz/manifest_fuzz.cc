// Manifests from any bytes: what is read is written as something that is read the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gooffsets/feed.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto manifest = gooffsets::ParseManifest({reinterpret_cast<const char*>(data), size});
  if (!manifest) return 0;
  auto again = gooffsets::ParseManifest(gooffsets::ManifestJson(*manifest));
  FUZZ_REQUIRE(again && *again == *manifest);
  return 0;
}
