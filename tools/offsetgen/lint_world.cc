#include "lint_world.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/digest.h"
#include "go/abi.h"
#include "store/catalog.h"
#include "store/version_order.h"

namespace offsetgen {
namespace {

using gooffsets::Connection;
using gooffsets::Result;
using gooffsets::Statement;
using gooffsets::VersionScheme;

// What of a build moves numbers in every version alike, so that only builds of one kind are compared.
std::string Variant(const LintBuild& build, const std::string& experiment, const std::string& tag_lines) {
  std::string out;
  if (!experiment.empty()) out = "GOEXPERIMENT=" + experiment;
  // arm64 passes arguments on the stack before Go 1.18.
  const auto go = gooffsets::Version::Parse(VersionScheme::kGo, build.go);
  const auto arch = gooffsets::ParseGoArch(build.goarch);
  if (go && arch && !gooffsets::UsesRegisterAbi(*go, *arch, experiment)) out += out.empty() ? "ABI0" : " ABI0";
  std::string tags;
  for (const std::string& tag : gooffsets::SplitLines(tag_lines)) tags += (tags.empty() ? "-tags " : ",") + tag;
  if (!tags.empty()) out += (out.empty() ? "" : " ") + tags;
  return out;
}

Result<void> LoadBuilds(Connection* db, LintWorld* world) {
  Statement query = db->Prepare(
      "SELECT b.id, b.uid, m.path, v.text, b.go, b.goarch, b.goexperiment, b.tags, b.structs, b.structs_not_compared, "
      "b.params_compared, b.params_not_compared FROM build b JOIN version v ON v.id = b.version "
      "JOIN module m ON m.id = v.module WHERE b.status = 0 ORDER BY b.uid");
  while (true) {
    GOOFFSETS_TRY(const bool row, query.Next());
    if (!row) break;
    LintBuild build;
    build.id = query.Int(0);
    build.uid = gooffsets::ToHex(query.Bytes(1));
    build.module = query.Text(2);
    build.version = query.Text(3);
    build.go = query.Text(4);
    build.goarch = query.Text(5);
    build.variant = Variant(build, query.Text(6), query.Text(7));
    build.structs = query.Unsigned(8);
    build.structs_not_compared = query.Unsigned(9);
    build.params_compared = query.Unsigned(10);
    build.params_not_compared = query.Unsigned(11);
    world->build_by_row.emplace(build.id, world->builds.size());
    world->builds.push_back(std::move(build));
  }
  for (const LintBuild& build : world->builds) world->go_releases.push_back(build.go);
  std::sort(world->go_releases.begin(), world->go_releases.end(), gooffsets::VersionLess(VersionScheme::kGo));
  world->go_releases.erase(std::unique(world->go_releases.begin(), world->go_releases.end()), world->go_releases.end());
  std::map<std::string, size_t> ranks;
  for (size_t i = 0; i < world->go_releases.size(); ++i) ranks[world->go_releases[i]] = i;
  for (LintBuild& build : world->builds) build.go_rank = ranks[build.go];
  return {};
}

// Every version that a successful build saw, as its root or with packages of it.
Result<void> LoadVersions(Connection* db, LintWorld* world) {
  struct Row {
    int64_t id;
    std::string text;
  };
  std::map<std::string, std::vector<Row>> rows;
  Statement query = db->Prepare(
      "SELECT v.id, m.path, v.text FROM version v JOIN module m ON m.id = v.module WHERE v.id IN "
      "(SELECT version FROM build WHERE status = 0 UNION SELECT version FROM observation "
      "UNION SELECT version FROM build_module WHERE package_list IS NOT NULL)");
  while (true) {
    GOOFFSETS_TRY(const bool row, query.Next());
    if (!row) break;
    world->module_of_version.emplace(query.Int(0), query.Text(1));
    rows[query.Text(1)].push_back({query.Int(0), query.Text(2)});
  }
  for (auto& [module, versions] : rows) {
    ModuleWorld& entry = world->modules[module];
    std::vector<std::string> texts;
    for (const Row& row : versions) texts.push_back(row.text);
    entry.axis = MakeAxis(gooffsets::SchemeOf(module), std::move(texts));
    std::unordered_map<std::string, size_t> positions;
    for (size_t i = 0; i < entry.axis.versions.size(); ++i) positions[entry.axis.versions[i]] = i;
    for (const Row& row : versions) entry.positions[row.id] = positions[row.text];
    entry.lists.resize(entry.axis.versions.size());
  }
  return {};
}

Result<void> LoadLists(Connection* db, LintWorld* world) {
  gooffsets::CatalogReader reader(db);
  Statement query = db->Prepare(
      "SELECT l.version, l.build, l.package_list FROM build_module l JOIN build b ON b.id = l.build "
      "WHERE l.package_list IS NOT NULL AND b.status = 0 ORDER BY b.uid");
  while (true) {
    GOOFFSETS_TRY(const bool row, query.Next());
    if (!row) break;
    const auto module = world->module_of_version.find(query.Int(0));
    const auto build = world->build_by_row.find(query.Int(1));
    if (module == world->module_of_version.end() || build == world->build_by_row.end()) continue;
    ModuleWorld& entry = world->modules.at(module->second);
    entry.lists[entry.positions.at(query.Int(0))].push_back({build->second, query.Int(2)});
    auto [list, is_new] = world->lists.try_emplace(query.Int(2));
    if (!is_new) continue;
    GOOFFSETS_TRY(const auto packages, reader.ReadPackageList(query.Int(2)));
    for (const auto& package : packages) list->second.emplace(package.path, package.measured);
  }
  return {};
}

}  // namespace

Result<LintWorld> LoadLintWorld(Connection* db) {
  LintWorld world;
  GOOFFSETS_CHECK_OK(LoadBuilds(db, &world));
  GOOFFSETS_CHECK_OK(LoadVersions(db, &world));
  GOOFFSETS_CHECK_OK(LoadLists(db, &world));
  return world;
}

}  // namespace offsetgen
