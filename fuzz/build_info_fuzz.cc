// Build info from any bytes: whatever is planned for download is a module path and a version, named once, and nothing
// that a command line could take for an option.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "../tools/offsetgen/binary_facts.h"
#include "../tools/offsetgen/text.h"
#include "binary/build_info.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(text.find('\n'), text.size());
  gooffsets::BinaryInfo info;
  info.file = "program";
  const gooffsets::RawBuildInfo raw{std::string(text.substr(0, line)),
                                    std::string(text.substr(std::min(line + 1, text.size()))), "content"};
  if (!gooffsets::ParseBuildInfo(raw, &info)) return 0;
  const auto plan = offsetgen::ModulesForBinary(info, offsetgen::Targets{});
  if (!plan) return 0;
  FUZZ_REQUIRE(!plan->modules.empty() && plan->modules.front().module == "std");
  std::set<std::string> seen;
  for (const offsetgen::PlannedModule& module : plan->modules) {
    FUZZ_REQUIRE(offsetgen::IsModulePath(module.module));
    FUZZ_REQUIRE(module.versions.size() == 1);
    for (const std::string& tag : module.tags) FUZZ_REQUIRE(!tag.empty() && tag.front() != '-');
    FUZZ_REQUIRE(seen.insert(module.module + "@" + module.versions.front().text()).second);
  }
  std::set<std::string> paths;
  for (const offsetgen::PinnedModule& pinned : plan->pinned) {
    FUZZ_REQUIRE(offsetgen::IsModulePath(pinned.path) && paths.insert(pinned.path).second);
    FUZZ_REQUIRE(seen.contains(pinned.code.module + "@" + pinned.code.version));
  }
  return 0;
}
