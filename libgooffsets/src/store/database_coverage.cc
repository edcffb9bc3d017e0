// What the database knows of each version of a module.
#include <algorithm>
#include <map>

#include "store/database_impl.h"
#include "store/record.h"
#include "store/version_order.h"

namespace gooffsets {

namespace {

VersionCoverage::Arch* ArchOf(std::map<int64_t, VersionCoverage>* versions, int64_t version, std::string_view goarch) {
  auto found = versions->find(version);
  const Result<GoArch> arch = ParseGoArch(goarch);
  if (found == versions->end() || !arch) return nullptr;
  return *arch == GoArch::kAmd64 ? &found->second.amd64 : &found->second.arm64;
}

}  // namespace

Result<std::vector<VersionCoverage>> Database::Coverage(const std::string& module) const {
  Connection* db = impl_->connection();
  std::map<int64_t, VersionCoverage> versions;
  Statement known =
      db->Prepare("SELECT v.id, v.text, v.listed FROM version v JOIN module m ON m.id = v.module WHERE m.path = ?");
  known.BindText(module);
  while (true) {
    GOOFFSETS_TRY(bool row, known.Next());
    if (!row) break;
    VersionCoverage& version = versions[known.Int(0)];
    version.version = known.Text(1);
    version.listed = known.Int(2) != 0;
  }
  const VersionLess go_less(VersionScheme::kGo);
  std::map<const VersionCoverage::Arch*, std::string> failed_with;  // newest Go release whose build failed
  Statement builds = db->Prepare(
      "SELECT b.version, b.goarch, b.status, b.go, b.reason FROM build b JOIN version v ON v.id = b.version "
      "JOIN module m ON m.id = v.module WHERE m.path = ? ORDER BY b.uid");
  builds.BindText(module);
  while (true) {
    GOOFFSETS_TRY(bool row, builds.Next());
    if (!row) break;
    VersionCoverage::Arch* arch = ArchOf(&versions, builds.Int(0), builds.Text(1));
    if (!arch) continue;
    const std::string go = builds.Text(3);
    if (builds.Int(2) == static_cast<int64_t>(BuildStatus::kOk)) {
      ++arch->builds;
      if (std::find(arch->go.begin(), arch->go.end(), go) == arch->go.end()) arch->go.push_back(go);
    } else if (std::string& newest = failed_with[arch]; newest.empty() || go_less(newest, go)) {
      newest = go;
      arch->failure = builds.Text(4);
    }
  }
  Statement seen = db->Prepare(
      "SELECT o.version, b.goarch, count(DISTINCT s.package) FROM module m JOIN version v ON v.module = m.id "
      "JOIN observation o ON o.version = v.id JOIN package_state s ON s.id = o.state JOIN build b ON b.id = o.build "
      "WHERE m.path = ? GROUP BY o.version, b.goarch");
  seen.BindText(module);
  while (true) {
    GOOFFSETS_TRY(bool row, seen.Next());
    if (!row) break;
    if (VersionCoverage::Arch* arch = ArchOf(&versions, seen.Int(0), seen.Text(1))) arch->packages = seen.Unsigned(2);
  }
  std::vector<VersionCoverage> coverage;
  for (auto& [id, version] : versions) {
    for (VersionCoverage::Arch* arch : {&version.amd64, &version.arm64}) {
      std::sort(arch->go.begin(), arch->go.end(), go_less);
      if (arch->builds > 0) arch->failure.clear();
    }
    coverage.push_back(std::move(version));
  }
  const VersionLess less(SchemeOf(module));
  std::sort(coverage.begin(), coverage.end(),
            [&](const VersionCoverage& a, const VersionCoverage& b) { return less(a.version, b.version); });
  return coverage;
}

}  // namespace gooffsets
