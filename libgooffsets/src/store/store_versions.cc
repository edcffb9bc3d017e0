// What the store knows about versions, Go releases and std types.
#include <algorithm>

#include "go/names.h"
#include "gooffsets/version.h"
#include "store/catalog.h"
#include "store/store.h"
#include "store/version_order.h"

namespace gooffsets {

Result<std::vector<std::string>> Store::Modules() {
  Query query = db_.Prepare(
      "SELECT DISTINCT m.path FROM module m JOIN version v ON v.module = m.id WHERE v.listed = 1 OR "
      "v.id IN (SELECT version FROM build) ORDER BY m.path");
  std::vector<std::string> modules;
  while (true) {
    GOOFFSETS_TRY(bool row, query.Next());
    if (!row) return modules;
    modules.push_back(query.Text(0));
  }
}

Result<std::vector<KnownVersion>> Store::KnownVersions(const std::string& module) {
  Query query =
      db_.Prepare("SELECT v.text, v.listed FROM version v JOIN module m ON m.id = v.module WHERE m.path = ?");
  query.BindText(module);
  std::vector<KnownVersion> versions;
  while (true) {
    GOOFFSETS_TRY(bool row, query.Next());
    if (!row) break;
    versions.push_back({{module, query.Text(0)}, query.Int(1) != 0});
  }
  VersionLess less(SchemeOf(module));
  std::sort(versions.begin(), versions.end(), [&](const KnownVersion& a, const KnownVersion& b) {
    return less(a.version.version, b.version.version);
  });
  return versions;
}

Result<std::vector<std::string>> Store::StdReleases(GoArch goarch) {
  Query query = db_.Prepare(
      "SELECT DISTINCT v.text FROM build b JOIN version v ON v.id = b.version JOIN module m ON m.id = v.module "
      "WHERE m.path = 'std' AND b.status = 0 AND b.goarch = ?");
  query.BindText(ToString(goarch));
  std::vector<std::string> releases;
  while (true) {
    GOOFFSETS_TRY(bool row, query.Next());
    if (!row) break;
    releases.push_back(query.Text(0));
  }
  std::sort(releases.begin(), releases.end(), VersionLess(VersionScheme::kGo));
  return releases;
}

Result<StdTypeSize> Store::StdSize(const std::string& go, GoArch goarch, const std::string& type) {
  const std::string key = go + " " + std::string(ToString(goarch));
  auto packages = std_packages_.find(key);
  if (packages == std_packages_.end()) {
    // Default experiments and no tags: the build that a program without either was compiled like.
    Query query = db_.Prepare(
        "SELECT p.text, s.package_layout FROM build b JOIN version v ON v.id = b.version "
        "JOIN module m ON m.id = v.module JOIN observation o ON o.build = b.id JOIN package_state s ON s.id = o.state "
        "JOIN string p ON p.id = s.package WHERE m.path = 'std' AND v.text = ? AND b.go = v.text AND b.goarch = ? AND "
        "b.status = 0 AND b.goexperiment = '' AND b.tags = '' AND s.fully_kept = 1");
    query.BindText(go).BindText(ToString(goarch));
    std::map<std::string, int64_t> found;
    while (true) {
      GOOFFSETS_TRY(bool row, query.Next());
      if (!row) break;
      found.emplace(query.Text(0), query.Int(1));
    }
    packages = std_packages_.emplace(key, std::move(found)).first;
  }
  const std::map<std::string, int64_t>& trees = packages->second;
  StdTypeSize answer;
  if (trees.empty()) return answer;
  CatalogReader reader(&db_);
  std::optional<SplitName> name =
      SplitSymbol(type, [&](std::string_view path) { return trees.contains(std::string(path)); });
  // A package that this release does not have, or that was not measured: the package list would tell which; both mean that
  // the size at this release is not known to be any number.
  if (!name) return answer;
  // Instances of generics are listed under their full name.
  const bool instance = type.find('[') != std::string::npos;
  GOOFFSETS_TRY(std::optional<int64_t> symbol, reader.FindString(instance ? type : std::string(name->rest)));
  answer.state = instance ? StdTypeSize::State::kUnknown : StdTypeSize::State::kAbsent;
  if (!symbol) return answer;
  for (const auto& [path, tree] : trees) {
    if (!instance && path != name->package) continue;
    GOOFFSETS_TRY(std::vector<PackageEntry> entries, reader.Entries(tree));
    auto entry = std::lower_bound(entries.begin(), entries.end(), *symbol,
                                  [](const PackageEntry& a, int64_t id) { return a.symbol < id; });
    if (entry == entries.end() || entry->symbol != *symbol || entry->layout == 0) continue;
    Query query = db_.Prepare("SELECT size, align FROM layout WHERE id = ? AND kind = 0");
    GOOFFSETS_TRY(bool found, query.BindInt(entry->layout).Next());
    if (found) return StdTypeSize{StdTypeSize::State::kKnown, query.Unsigned(0), static_cast<uint32_t>(query.Int(1))};
  }
  return answer;
}

}  // namespace gooffsets
