// Any text as the module list of a program, its first line as the Go version: what is understood can be written as JSON,
// and versions for the database are versions.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "binary/build_info.h"
#include "gooffsets/version.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(text.find('\n'), text.size());
  gooffsets::BinaryInfo info;
  const gooffsets::RawBuildInfo raw{std::string(text.substr(0, line)),
                                    std::string(text.substr(std::min(line + 1, text.size()))), "content"};
  if (!gooffsets::ParseBuildInfo(raw, &info)) return 0;
  FUZZ_REQUIRE(info.go_text == raw.go_version);
  for (const gooffsets::BinaryModule& module : info.modules) {
    FUZZ_REQUIRE(!module.path.empty() && info.Module(module.path) != nullptr);
    const std::string version = module.code_version();
    if (version.empty()) continue;
    const auto parsed = gooffsets::Version::Parse(gooffsets::VersionScheme::kModule, version);
    FUZZ_REQUIRE(parsed && parsed->text() == version);
  }
  const std::string json = gooffsets::BinaryInfoJson(info);
  FUZZ_REQUIRE(json.front() == '{' && json.back() == '}' && json.find('\n') == std::string::npos);
  return 0;
}
