// Go version strings from any bytes: what is taken for a release is one.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "go/go_version_string.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto go = gooffsets::ParseGoVersionString(text);
  if (!go) {
    FUZZ_REQUIRE(go.error().message.size() < 1000);
    return 0;
  }
  if (go->release) {
    FUZZ_REQUIRE(!go->devel && go->release->minor_line() == go->language);
    auto again = gooffsets::ParseGoVersionString(go->release->text());
    FUZZ_REQUIRE(again && again->release == go->release && again->suffix.empty());
  }
  FUZZ_REQUIRE(go->devel || !go->language.empty());
  for (const auto& experiment : go->experiments) FUZZ_REQUIRE(!experiment.empty());
  return 0;
}
