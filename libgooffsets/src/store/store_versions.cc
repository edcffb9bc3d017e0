// What the store knows about versions, Go releases and std types.
#include <algorithm>

#include "gooffsets/version.h"
#include "store/catalog.h"
#include "store/store.h"
#include "store/version_order.h"

namespace gooffsets {

Result<std::vector<std::string>> Store::Modules() {
  Statement query = db_.Prepare(
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
  Statement query =
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
  Statement query = db_.Prepare(
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
  return std_types_.Size(&db_, go, goarch, type);
}

}  // namespace gooffsets
