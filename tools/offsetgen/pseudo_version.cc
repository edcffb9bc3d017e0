#include "pseudo_version.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace offsetgen {
namespace {

using gooffsets::Result;
using gooffsets::Version;
using gooffsets::VersionScheme;

constexpr size_t kShortHash = 12;  // src: cmd/go/internal/modfetch/codehost.ShortenSHA1
// So that what is made of a tag or path stays within what Version::Parse takes.
constexpr size_t kLongestTag = 200;
constexpr size_t kMostMajorDigits = 9;

bool AllDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "v2" of "/v2" and of ".v2-unstable"; "" of "" (src: module.PathMajorPrefix).
std::string_view MajorOf(std::string_view path_major) {
  if (!path_major.empty()) path_major.remove_prefix(1);
  if (path_major.ends_with("-unstable")) path_major.remove_suffix(9);
  return path_major;
}

// "yyyymmddhhmmss" in UTC.
std::string TimeStamp(int64_t seconds) {
  constexpr int64_t kFirst = 0, kLast = 253402300799;  // to the end of year 9999: git's times are any number
  const std::time_t time = static_cast<std::time_t>(std::clamp(seconds, kFirst, kLast));
  return fmt::format("{:%Y%m%d%H%M%S}", fmt::gmtime(time));
}

Version Parsed(const std::string& text) { return *Version::Parse(VersionScheme::kModule, text); }

}  // namespace

std::string_view PathMajorSuffix(std::string_view module) {
  const bool gopkg = module.starts_with("gopkg.in/");
  const size_t at = module.rfind(gopkg ? ".v" : "/v");
  if (at == std::string_view::npos) return {};
  std::string_view number = module.substr(at + 2);
  if (gopkg && number.ends_with("-unstable")) number.remove_suffix(9);
  if (!AllDigits(number) || number.size() > kMostMajorDigits || (number.size() > 1 && number[0] == '0')) return {};
  if (!gopkg && (number == "0" || number == "1")) return {};
  return module.substr(at);
}

bool MajorMatches(std::string_view path_major, const Version& version) {
  if (path_major.empty()) return version.major() <= 1;
  if (path_major == ".v1" && version.text().starts_with("0.0.0-")) return true;
  return MajorOf(path_major) == "v" + std::to_string(version.major());
}

std::string TagPrefix(std::string_view module, std::string_view directory) {
  const std::string_view major = PathMajorSuffix(module);
  if (major.starts_with('/')) {
    const size_t slash = directory.rfind('/');
    const std::string_view last = slash == std::string_view::npos ? directory : directory.substr(slash + 1);
    if (last == major.substr(1)) directory = slash == std::string_view::npos ? "" : directory.substr(0, slash);
  }
  return directory.empty() ? "" : std::string(directory) + "/";
}

std::optional<TagVersion> ParseVersionTag(std::string_view tag, std::string_view prefix) {
  if (!tag.starts_with(prefix) || tag.size() - prefix.size() > kLongestTag) return std::nullopt;
  // Tags that look like pseudo-versions would be confusing; as in the go command only the whole tag is looked at.
  if (Result<Version> whole = Version::Parse(VersionScheme::kModule, tag);
      whole && whole->is_pseudo() && tag[0] == 'v') {
    return std::nullopt;
  }
  std::string_view text = tag.substr(prefix.size());
  const size_t plus = text.find('+');
  const bool canonical = plus == std::string_view::npos;
  if (!text.starts_with('v') || !Version::Parse(VersionScheme::kModule, text)) return std::nullopt;
  text = text.substr(0, plus);
  // "v1" and "v1.2" are semver prefixes, but no versions (src: semver.Canonical must begin the tag).
  const std::string_view numbers = text.substr(0, text.find('-'));
  if (std::count(numbers.begin(), numbers.end(), '.') != 2) return std::nullopt;
  return TagVersion{*Version::Parse(VersionScheme::kModule, text), canonical};
}

Version VersionOfCommit(std::string_view module, std::string_view tag_prefix, const CommitFacts& commit,
                        const std::function<bool(const Version&)>& is_retracted, std::string_view asked) {
  const std::string_view path_major = PathMajorSuffix(module);
  if (const auto named = ParseVersionTag(asked, tag_prefix);
      named && named->canonical && MajorMatches(path_major, named->version) &&
      std::find(commit.tags.begin(), commit.tags.end(), asked) != commit.tags.end()) {
    return named->version;
  }
  std::optional<Version> highest;
  for (const std::string& tag : commit.tags) {
    const auto found = ParseVersionTag(tag, tag_prefix);
    if (!found || !found->canonical || !MajorMatches(path_major, found->version)) continue;
    if ((!highest || *highest < found->version) && !is_retracted(found->version)) highest = found->version;
  }
  if (highest) return *highest;

  // The highest tag before it. From the top, because an ancestor test walks history.
  std::vector<std::pair<TagVersion, std::string>> before;
  for (const std::string& tag : commit.all_tags) {
    const auto found = ParseVersionTag(tag, tag_prefix);
    if (found && MajorMatches(path_major, found->version)) before.emplace_back(*found, tag);
  }
  std::sort(before.begin(), before.end(),
            [](const auto& a, const auto& b) { return b.first.version < a.first.version; });
  const std::string segment = TimeStamp(commit.time) + "-" + commit.hash.substr(0, kShortHash);
  for (const auto& [found, tag] : before) {
    if (is_retracted(found.version) || !commit.is_ancestor(tag)) continue;
    const std::string& base = found.version.text();
    if (found.version.is_prerelease()) return Parsed(base + ".0." + segment);
    return Parsed(
        fmt::format("{}.{}.{}-0.{}", found.version.major(), found.version.minor(), found.version.patch() + 1, segment));
  }
  const std::string_view major = MajorOf(path_major);
  return Parsed((major.empty() ? "v0" : std::string(major)) + ".0.0-" + segment);
}

std::string NewestTag(std::string_view module, std::string_view tag_prefix, const std::vector<std::string>& tags) {
  std::string newest;
  std::optional<Version> version;
  for (const std::string& tag : tags) {
    const auto found = ParseVersionTag(tag, tag_prefix);
    if (!found || !found->canonical || !MajorMatches(PathMajorSuffix(module), found->version)) continue;
    // A release outweighs every pre-release.
    const bool better =
        !version || (version->is_prerelease() != found->version.is_prerelease() ? version->is_prerelease()
                                                                                : *version < found->version);
    if (!better) continue;
    newest = tag;
    version = found->version;
  }
  return newest;
}

Version LocalVersion(std::string_view module) {
  const std::string_view major = MajorOf(PathMajorSuffix(module));
  return Parsed((major.empty() ? "v0" : std::string(major)) + ".0.0-local");
}

}  // namespace offsetgen
