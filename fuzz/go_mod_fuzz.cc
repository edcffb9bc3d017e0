// go.mod files and git tags from any bytes: a module has a module path, and every commit of it a version that can be
// read back and that its path may have.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "../tools/offsetgen/go_mod_file.h"
#include "../tools/offsetgen/pseudo_version.h"
#include "../tools/offsetgen/text.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using gooffsets::Version;
  using gooffsets::VersionScheme;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto mod = offsetgen::ParseGoModFile(text, "go.mod");
  if (!mod) return 0;
  FUZZ_REQUIRE(offsetgen::IsModulePath(mod->module));
  offsetgen::CommitFacts commit;
  commit.hash = std::string(40, 'a');
  commit.time = static_cast<int64_t>(size) << 24;
  for (const std::string_view line : offsetgen::Split(text, '\n')) commit.all_tags.emplace_back(line);
  if (size % 2 != 0) commit.tags = commit.all_tags;
  commit.is_ancestor = [](const std::string& tag) { return tag.size() % 3 != 0; };
  for (const std::string_view directory : {"", "sub", "v2", "sub/v3"}) {
    const std::string prefix = offsetgen::TagPrefix(mod->module, directory);
    const Version version =
        offsetgen::VersionOfCommit(mod->module, prefix, commit, [&](const Version& v) { return mod->IsRetracted(v); });
    FUZZ_REQUIRE(Version::Parse(VersionScheme::kModule, version.text()).has_value());
    FUZZ_REQUIRE(offsetgen::MajorMatches(offsetgen::PathMajorSuffix(mod->module), version));
  }
  (void)offsetgen::NewestTag(mod->module, "", commit.all_tags);
  FUZZ_REQUIRE(Version::Parse(VersionScheme::kModule, offsetgen::LocalVersion(mod->module).text()).has_value());
  return 0;
}
