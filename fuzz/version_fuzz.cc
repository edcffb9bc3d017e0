// Versions and constraints from any bytes: canonical text is stable, the order is total, selections are sorted subsets.
// Input: scheme byte, then lines; the first is a constraint, the others are versions.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "gooffsets/version.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using gooffsets::Constraint;
  using gooffsets::Version;
  using gooffsets::VersionScheme;
  if (size == 0) return 0;
  const VersionScheme scheme = data[0] % 2 == 0 ? VersionScheme::kModule : VersionScheme::kGo;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string_view constraint_text = text.substr(0, text.find('\n'));
  text.remove_prefix(constraint_text.size());
  std::vector<Version> versions;
  while (!text.empty() && versions.size() < 16) {
    text.remove_prefix(1);
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size());
    auto version = Version::Parse(scheme, line);
    if (!version) {
      FUZZ_REQUIRE(!version.error().message.empty() && version.error().message.size() < 1000);
      continue;
    }
    auto again = Version::Parse(scheme, version->text());
    FUZZ_REQUIRE(again && *again == *version && (*again <=> *version) == 0);
    FUZZ_REQUIRE(!version->is_pseudo() || version->is_prerelease());
    versions.push_back(*version);
  }
  for (const Version& a : versions) {
    for (const Version& b : versions) {
      FUZZ_REQUIRE((a < b) + (b < a) + (a == b) == 1);
      for (const Version& c : versions) FUZZ_REQUIRE(!(a < b && b < c) || a < c);
    }
  }
  auto constraint = Constraint::Parse(scheme, constraint_text);
  if (!constraint) {
    FUZZ_REQUIRE(!constraint.error().hint.empty());
    return 0;
  }
  const std::vector<Version> stable = constraint->Select(versions, false), all = constraint->Select(versions, true);
  for (size_t i = 1; i < all.size(); ++i) FUZZ_REQUIRE(all[i - 1] < all[i]);
  for (size_t i = 1; i < stable.size(); ++i) FUZZ_REQUIRE(stable[i - 1] < stable[i]);
  FUZZ_REQUIRE(stable.size() <= all.size() && all.size() <= versions.size());
  return 0;
}
