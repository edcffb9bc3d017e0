#include "package_pattern.h"

#include <algorithm>
#include <cstddef>

#include "gooffsets/version.h"
#include "text.h"

namespace offsetgen {
namespace {

constexpr std::string_view kWild = "...";

// Greedy matching with one point to come back to: linear in practice, quadratic at worst, never exponential.
bool MatchesWild(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0;
  size_t back_p = std::string_view::npos, back_t = 0;
  while (t < text.size()) {
    if (pattern.substr(p, kWild.size()) == kWild) {
      p += kWild.size();
      back_p = p;
      back_t = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (back_p != std::string_view::npos) {
      p = back_p;
      t = ++back_t;
    } else {
      return false;
    }
  }
  while (pattern.substr(p, kWild.size()) == kWild) p += kWild.size();
  return p == pattern.size();
}

}  // namespace

std::string AbsolutePattern(std::string_view pattern, std::string_view module) {
  const bool is_std = module == gooffsets::kStdModule;
  if (pattern == ".") return std::string(module);
  if (pattern.starts_with("./"))
    return is_std ? std::string(pattern.substr(2)) : std::string(module) + std::string(pattern.substr(1));
  return std::string(pattern);
}

bool MatchesPattern(std::string_view pattern, std::string_view module, std::string_view package) {
  const std::string absolute = AbsolutePattern(pattern, module);
  // "x/..." matches x as well (src: cmd/internal/pkgpattern.MatchPattern).
  if (absolute.ends_with("/...") && MatchesWild(std::string_view(absolute).substr(0, absolute.size() - 4), package))
    return true;
  return MatchesWild(absolute, package);
}

bool IsSelected(const PackageSelection& selection, std::string_view package) {
  const auto matches = [&](const std::string& pattern) { return MatchesPattern(pattern, selection.module, package); };
  if (std::any_of(selection.excludes.begin(), selection.excludes.end(), matches)) return false;
  return selection.roots.empty() || std::any_of(selection.roots.begin(), selection.roots.end(), matches);
}

bool IsPatternOf(std::string_view pattern, std::string_view module) {
  if (pattern == ".") return module != gooffsets::kStdModule;
  std::string absolute = AbsolutePattern(pattern, module);
  // Check the rest of the pattern as a path, with a word in place of each wildcard.
  for (size_t at = absolute.find(kWild); at != std::string::npos; at = absolute.find(kWild, at))
    absolute.replace(at, kWild.size(), "x");
  if (!IsModulePath(absolute)) return false;
  return module == gooffsets::kStdModule || absolute == module || absolute.starts_with(std::string(module) + "/");
}

}  // namespace offsetgen
