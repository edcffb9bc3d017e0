// Want lists from any bytes: a list or an error that names the file; each item's text is an item again.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "gooffsets/want_list.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)gooffsets::ParseItem(text);
  gooffsets::Result<gooffsets::WantList> list = gooffsets::ParseWantList(text, "fuzz.toml");
  if (!list) {
    FUZZ_REQUIRE(list.error().message.find("fuzz.toml") != std::string::npos);
    return 0;
  }
  for (const gooffsets::WantedProbe& probe : list->probes) {
    FUZZ_REQUIRE(!probe.name.empty() && !(probe.attach.empty() && probe.wants.empty()));
    std::set<std::string> names;
    for (const auto* wants : {&probe.attach, &probe.wants}) {
      for (const gooffsets::Want& want : *wants) {
        FUZZ_REQUIRE(!want.any.empty() && names.insert(want.as).second);
        for (const gooffsets::Item& item : want.any) FUZZ_REQUIRE(gooffsets::ParseItem(item.Text()).has_value());
      }
    }
  }
  return 0;
}
