// Which builds saw a package, and what the module's package lists say.
#include <algorithm>
#include <tuple>

#include "store/database_impl.h"
#include "store/version_order.h"

namespace gooffsets {

namespace {

void SortByGo(std::vector<Sighting>* sightings) {
  VersionLess less(VersionScheme::kGo);
  std::sort(sightings->begin(), sightings->end(), [&](const Sighting& a, const Sighting& b) {
    if (a.evidence.go != b.evidence.go) return less(a.evidence.go, b.evidence.go);
    return a.evidence.build < b.evidence.build;
  });
}

void BindOrNull(Statement* rows, std::optional<int64_t> id) {
  if (id) {
    rows->BindInt(*id);
  } else {
    rows->BindNull();
  }
}

}  // namespace

Result<std::vector<Sighting>> Database::Impl::SightingsOf(const std::string& module, const std::string& package,
                                                          GoArch goarch, std::optional<int64_t> version) {
  std::vector<Sighting> sightings;
  GOOFFSETS_TRY(std::optional<int64_t> path, reader_.FindString(package));
  if (!path) return sightings;
  Statement rows = db_.Prepare(
      // CROSS JOIN: the package first, of which there are few states; a module has many observations.
      "SELECT o.build, b.uid, b.go, o.version, o.state FROM package_state s CROSS JOIN observation o ON o.state = s.id "
      "JOIN version v ON v.id = o.version JOIN module m ON m.id = v.module JOIN build b ON b.id = o.build "
      "WHERE s.package = ?1 AND m.path = ?2 AND b.goarch = ?3 AND b.status = 0 AND (?4 IS NULL OR o.version = ?4)");
  rows.BindInt(*path).BindText(module).BindText(ToString(goarch));
  BindOrNull(&rows, version);
  while (true) {
    GOOFFSETS_TRY(bool row, rows.Next());
    if (!row) break;
    sightings.push_back({rows.Int(0), {ToHex(rows.Bytes(1)), rows.Text(2)}, rows.Int(3), rows.Int(4)});
  }
  SortByGo(&sightings);
  return sightings;
}

Result<std::vector<int64_t>> Database::Impl::PackageLists(const std::string& module, std::optional<int64_t> version) {
  Statement rows = db_.Prepare(
      "SELECT DISTINCT b.package_list FROM version v JOIN module m ON m.id = v.module "
      "JOIN build_module b ON b.version = v.id WHERE m.path = ?1 AND (?2 IS NULL OR v.id = ?2) AND "
      "b.package_list IS NOT NULL");
  rows.BindText(module);
  BindOrNull(&rows, version);
  std::vector<int64_t> lists;
  while (true) {
    GOOFFSETS_TRY(bool row, rows.Next());
    if (!row) return lists;
    lists.push_back(rows.Int(0));
  }
}

Result<std::set<std::string>> Database::Impl::PackagePaths(const std::string& module, int64_t version) {
  std::set<std::string> paths;
  Statement seen = db_.Prepare(
      "SELECT DISTINCT p.text FROM observation o JOIN package_state s ON s.id = o.state "
      "JOIN string p ON p.id = s.package WHERE o.version = ?1");
  seen.BindInt(version);
  while (true) {
    GOOFFSETS_TRY(bool row, seen.Next());
    if (!row) break;
    paths.insert(seen.Text(0));
  }
  GOOFFSETS_TRY(const std::vector<int64_t> lists, PackageLists(module, version));
  for (const int64_t list : lists) {
    GOOFFSETS_TRY(std::vector<ModulePackages::Package> packages, reader_.ReadPackageList(list));
    for (ModulePackages::Package& package : packages) paths.insert(std::move(package.path));
  }
  return paths;
}

Result<bool> Database::Impl::IsPackage(const std::string& module, std::optional<int64_t> version,
                                       std::string_view path) {
  GOOFFSETS_TRY(const std::optional<int64_t> id, reader_.FindString(path));
  if (!id) return false;
  Statement rows = db_.Prepare(
      // CROSS JOIN: as in SightingsOf().
      "SELECT 1 FROM package_state s CROSS JOIN observation o ON o.state = s.id JOIN version v ON v.id = o.version "
      "JOIN module m ON m.id = v.module WHERE s.package = ?1 AND m.path = ?2 AND (?3 IS NULL OR v.id = ?3) LIMIT 1");
  rows.BindInt(*id).BindText(module);
  BindOrNull(&rows, version);
  GOOFFSETS_TRY(const bool seen, rows.Next());
  if (seen) return true;
  GOOFFSETS_TRY(const std::vector<int64_t> lists, PackageLists(module, version));
  for (const int64_t list : lists) {
    GOOFFSETS_TRY(const std::vector<PackageListEntry> entries, reader_.PackageListEntries(list));
    for (const PackageListEntry& entry : entries) {
      if (entry.path == *id) return true;
    }
  }
  return false;
}

Result<Database::Impl::Listed> Database::Impl::FindListed(int64_t version, GoArch goarch, const std::string& package) {
  Listed listed;
  Statement rows = db_.Prepare(
      "SELECT c.package_list, b.uid, b.go FROM build_module c JOIN build b ON b.id = c.build WHERE c.version = ? AND "
      "b.goarch = ? AND b.status = 0 AND c.package_list IS NOT NULL ORDER BY b.uid");
  rows.BindInt(version).BindText(ToString(goarch));
  std::map<int64_t, std::vector<ModulePackages::Package>> lists;
  while (true) {
    GOOFFSETS_TRY(bool row, rows.Next());
    if (!row) break;
    auto list = lists.find(rows.Int(0));
    if (list == lists.end()) {
      GOOFFSETS_TRY(auto packages, reader_.ReadPackageList(rows.Int(0)));
      list = lists.emplace(rows.Int(0), std::move(packages)).first;
    }
    listed.known = true;
    listed.evidence.push_back({ToHex(rows.Bytes(1)), rows.Text(2)});
    for (const ModulePackages::Package& entry : list->second) {
      if (entry.path != package) continue;
      listed.listed = true;
      if (!entry.measured) listed.why_not = entry.why_not;
    }
  }
  return listed;
}

Result<const CatalogReader::State*> Database::Impl::StateOf(int64_t state) {
  auto known = states_.find(state);
  if (known == states_.end()) {
    GOOFFSETS_TRY(CatalogReader::State read, reader_.ReadState(state));
    known = states_.emplace(state, std::move(read)).first;
  }
  return &known->second;
}

Result<const Database::Impl::Entries*> Database::Impl::EntriesOf(int64_t package_layout) {
  auto known = entries_.find(package_layout);
  if (known == entries_.end()) {
    GOOFFSETS_TRY(Entries read, reader_.Entries(package_layout));
    known = entries_.emplace(package_layout, std::move(read)).first;
  }
  return &known->second;
}

Result<const std::map<std::string, Sighting>*> Database::Impl::PackagesOf(const Sighting& of) {
  auto known = build_packages_.find(of.build);
  if (known == build_packages_.end()) {
    std::map<std::string, Sighting> packages;
    Statement rows = db_.Prepare(
        "SELECT p.text, o.version, o.state FROM observation o JOIN package_state s ON s.id = o.state "
        "JOIN string p ON p.id = s.package WHERE o.build = ?");
    rows.BindInt(of.build);
    while (true) {
      GOOFFSETS_TRY(bool row, rows.Next());
      if (!row) break;
      packages.emplace(rows.Text(0), Sighting{of.build, of.evidence, rows.Int(1), rows.Int(2)});
    }
    known = build_packages_.emplace(of.build, std::move(packages)).first;
  }
  return &known->second;
}

}  // namespace gooffsets
