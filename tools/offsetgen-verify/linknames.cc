#include "linknames.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include "base/file.h"
#include "base/quote.h"
#include "go/names.h"
#include "gooffsets/version.h"

namespace gooffsets::verify {

namespace fs = std::filesystem;

namespace {

constexpr uint64_t kMaxSource = uint64_t{64} << 20;
constexpr std::string_view kBlank = " \t\r";
constexpr std::array<std::string_view, 2> kDirectives = {"//go:linkname", "//go:linknamestd"};

std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  for (size_t at = 0; (at = line.find_first_not_of(kBlank, at)) != std::string_view::npos;) {
    const size_t end = std::min(line.find_first_of(kBlank, at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

// Where the package lies; empty: in no module that is named.
std::string DirOf(const PackageRecord& package, const std::vector<SourceDir>& sources) {
  const bool is_std = package.owner.module == kStdModule;
  const SourceDir* best = nullptr;
  for (const SourceDir& source : sources) {
    if (is_std != (source.module == kStdModule)) continue;
    const bool holds = is_std || package.path == source.module || package.path.starts_with(source.module + "/");
    if (holds && (best == nullptr || source.module.size() > best->module.size())) best = &source;
  }
  if (best == nullptr) return "";
  return best->dir + "/" +
         (is_std ? package.path : package.path.substr(std::min(package.path.size(), best->module.size() + 1)));
}

}  // namespace

Result<SourceDir> ParseSourceDir(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == 0 || equals == std::string_view::npos || equals + 1 == text.size()) {
    return Fail(ErrorCode::kUsage, Quote(text) + " does not say where sources lie",
                "write MODULE=DIR, for the standard library std=GOROOT/src");
  }
  return SourceDir{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

std::vector<std::pair<std::string, std::string>> LinkNamesIn(std::string_view source) {
  std::vector<std::pair<std::string, std::string>> links;
  while (!source.empty()) {
    const size_t end = std::min(source.find('\n'), source.size());
    const std::string_view line = source.substr(0, end);
    source.remove_prefix(std::min(source.size(), end + 1));
    if (line.find("//go:linkname") == std::string_view::npos) continue;
    const std::vector<std::string_view> words = Words(line);
    const bool directive = std::find(kDirectives.begin(), kDirectives.end(), words[0]) != kDirectives.end();
    if (directive && words.size() == 3) links.emplace_back(words[1], UnescapeName(words[2]));
  }
  return links;
}

Result<LinkNames> ReadLinkNames(const BuildRecord& record, const std::vector<SourceDir>& sources) {
  LinkNames links;
  for (const PackageRecord& package : record.packages) {
    const std::string dir = DirOf(package, sources);
    if (dir.empty()) continue;
    std::error_code error;
    auto entry = fs::directory_iterator(dir, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
      const std::string file = entry->path().filename().string();
      if (!file.ends_with(".go") || file.ends_with("_test.go")) continue;
      GOOFFSETS_TRY(const std::string source, ReadFile(entry->path().string(), kMaxSource));
      for (auto& [name, symbol] : LinkNamesIn(source)) links[package.path + "." + name].insert(std::move(symbol));
    }
    if (error) {
      return Fail(ErrorCode::kNotFound,
                  "cannot list the sources of " + Quote(package.path) + " in " + dir + ": " + error.message(),
                  "name the sources of the very versions that the record is of: --sources MODULE=DIR");
    }
  }
  return links;
}

}  // namespace gooffsets::verify
