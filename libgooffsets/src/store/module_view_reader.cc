#include "store/module_view_reader.h"

#include <algorithm>

#include "store/version_order.h"

namespace gooffsets {
namespace {

constexpr size_t kMostStringIds = 4096;

std::string HexOf(std::string_view bytes) {
  return ToHex(std::span(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
}

struct SeenRow {
  SeenPackage seen;
  std::string go, uid;
};

// By Go release, then build id.
std::vector<SeenPackage> InOrder(std::vector<SeenRow> rows) {
  const VersionLess less(VersionScheme::kGo);
  std::sort(rows.begin(), rows.end(),
            [&](const SeenRow& a, const SeenRow& b) { return a.go != b.go ? less(a.go, b.go) : a.uid < b.uid; });
  std::vector<SeenPackage> seen;
  for (const SeenRow& row : rows) seen.push_back(row.seen);
  return seen;
}

}  // namespace

Result<const std::vector<SeenPackage>*> ModuleViewReader::Seen(const std::string& module, const std::string& version,
                                                               const std::string& package, GoArch goarch) {
  const auto key = std::tuple(module, version, package, goarch);
  if (auto known = seen_.find(key); known != seen_.end()) return &known->second;
  std::vector<SeenRow> rows;
  GOOFFSETS_TRY(std::optional<int64_t> path, StringId(package));
  GOOFFSETS_TRY(std::optional<int64_t> version_id, reader_.FindVersion({module, version}));
  if (path && version_id) {
    Statement query = db_->Prepare(
        "SELECT o.build, o.state, b.go, b.uid FROM package_state s JOIN observation o ON o.state = s.id "
        "JOIN build b ON b.id = o.build WHERE s.package = ? AND o.version = ? AND b.goarch = ? AND b.status = 0");
    query.BindInt(*path).BindInt(*version_id).BindText(ToString(goarch));
    while (true) {
      GOOFFSETS_TRY(bool row, query.Next());
      if (!row) break;
      rows.push_back({{query.Int(0), query.Int(1)}, query.Text(2), HexOf(query.Bytes(3))});
    }
  }
  return &seen_.emplace(key, InOrder(std::move(rows))).first->second;
}

Result<void> ModuleViewReader::ReadSeen(const std::string& module, const std::vector<std::string>& versions,
                                        const std::string& package, GoArch goarch) {
  std::map<std::string, std::vector<SeenRow>> rows;
  for (const std::string& version : versions) {
    if (!seen_.contains(std::tuple(module, version, package, goarch))) rows[version];
  }
  if (rows.empty()) return {};
  GOOFFSETS_TRY(std::optional<int64_t> path, StringId(package));
  if (path) {
    Statement query = db_->Prepare(
        "SELECT v.text, o.build, o.state, b.go, b.uid FROM package_state s JOIN observation o ON o.state = s.id "
        "JOIN version v ON v.id = o.version JOIN build b ON b.id = o.build "
        "WHERE s.package = ? AND v.module = (SELECT id FROM module WHERE path = ?) AND b.goarch = ? AND b.status = 0");
    query.BindInt(*path).BindText(module).BindText(ToString(goarch));
    while (true) {
      GOOFFSETS_TRY(bool row, query.Next());
      if (!row) break;
      auto version = rows.find(query.Text(0));
      if (version == rows.end()) continue;
      version->second.push_back({{query.Int(1), query.Int(2)}, query.Text(3), HexOf(query.Bytes(4))});
    }
  }
  for (auto& [version, list] : rows) {
    seen_[std::tuple(module, version, package, goarch)] = InOrder(std::move(list));
  }
  return {};
}

Result<std::vector<int64_t>> ModuleViewReader::BuildsOf(const std::string& module, const std::string& version,
                                                        GoArch goarch) {
  std::vector<int64_t> builds;
  GOOFFSETS_TRY(std::optional<int64_t> id, reader_.FindVersion({module, version}));
  if (!id) return builds;
  Statement query = db_->Prepare(
      "SELECT DISTINCT o.build FROM observation o JOIN build b ON b.id = o.build "
      "WHERE o.version = ? AND b.goarch = ? AND b.status = 0 ORDER BY o.build");
  query.BindInt(*id).BindText(ToString(goarch));
  while (true) {
    GOOFFSETS_TRY(bool row, query.Next());
    if (!row) return builds;
    builds.push_back(query.Int(0));
  }
}

Result<const SeenBuild*> ModuleViewReader::Build(int64_t build) {
  if (auto known = builds_.find(build); known != builds_.end()) return &known->second;
  GOOFFSETS_TRY(BuildInfo info, reader_.ReadBuild(build));
  SeenBuild seen;
  seen.evidence = {std::move(info.id), std::move(info.go)};
  seen.root = std::move(info.root);
  seen.goarch = info.goarch;
  seen.goexperiment = std::move(info.goexperiment);
  seen.tags = std::move(info.tags);
  for (ModuleVersion& module : info.closure) seen.closure.emplace(std::move(module.module), std::move(module.version));
  return &builds_.emplace(build, std::move(seen)).first->second;
}

Result<const std::map<std::string, int64_t>*> ModuleViewReader::StatesOfBuild(int64_t build) {
  if (auto known = build_states_.find(build); known != build_states_.end()) return &known->second;
  std::map<std::string, int64_t> states;
  Statement query = db_->Prepare(
      "SELECT p.text, o.state FROM observation o JOIN package_state s ON s.id = o.state "
      "JOIN string p ON p.id = s.package WHERE o.build = ?");
  query.BindInt(build);
  while (true) {
    GOOFFSETS_TRY(bool row, query.Next());
    if (!row) break;
    states.emplace(query.Text(0), query.Int(1));
  }
  return &build_states_.emplace(build, std::move(states)).first->second;
}

Result<const CatalogReader::State*> ModuleViewReader::State(int64_t state) {
  if (auto known = states_.find(state); known != states_.end()) return &known->second;
  GOOFFSETS_TRY(CatalogReader::State read, reader_.ReadState(state));
  return &states_.emplace(state, std::move(read)).first->second;
}

Result<const std::vector<PackageEntry>*> ModuleViewReader::Entries(int64_t state) {
  GOOFFSETS_TRY(const StateLayout read, LayoutOfState(state));
  if (auto known = entries_.find(read.package_layout); known != entries_.end()) return &known->second;
  GOOFFSETS_TRY(std::vector<PackageEntry> entries, reader_.Entries(read.package_layout));
  return &entries_.emplace(read.package_layout, std::move(entries)).first->second;
}

Result<ModuleViewReader::StateLayout> ModuleViewReader::LayoutOfState(int64_t state) {
  if (auto known = state_layouts_.find(state); known != state_layouts_.end()) return known->second;
  Statement query = db_->Prepare("SELECT package_layout, fully_kept FROM package_state WHERE id = ?");
  GOOFFSETS_TRY(bool found, query.BindInt(state).Next());
  if (!found) return Fail(ErrorCode::kBadInput, "the database is damaged: a package state is missing");
  return state_layouts_.emplace(state, StateLayout{query.Int(0), query.Int(1) != 0}).first->second;
}

Result<std::optional<int64_t>> ModuleViewReader::StringId(std::string_view text) {
  std::string key(text);
  if (auto known = string_ids_.find(key); known != string_ids_.end()) return known->second;
  GOOFFSETS_TRY(std::optional<int64_t> id, reader_.FindString(text));
  if (string_ids_.size() >= kMostStringIds) string_ids_.clear();
  string_ids_.emplace(std::move(key), id);
  return id;
}

Result<std::optional<StructLayout>> ModuleViewReader::ReadShape(int64_t layout) {
  StructLayout shape;
  {
    Statement head = db_->Prepare("SELECT kind, size FROM layout WHERE id = ?");
    GOOFFSETS_TRY(bool found, head.BindInt(layout).Next());
    if (!found) return Fail(ErrorCode::kBadInput, "the database is damaged: a layout is missing");
    if (head.Int(0) != 0) return std::optional<StructLayout>();
    shape.size = head.Unsigned(1);
  }
  Statement rows = db_->Prepare(
      "SELECT n.text, f.offset, f.size FROM field f JOIN string n ON n.id = f.name WHERE f.layout = ? ORDER BY f.pos");
  rows.BindInt(layout);
  while (true) {
    GOOFFSETS_TRY(bool row, rows.Next());
    if (!row) return std::optional<StructLayout>(std::move(shape));
    Field& field = shape.fields.emplace_back();
    field.name = rows.Text(0);
    field.offset = rows.Unsigned(1);
    field.size = rows.Unsigned(2);
  }
}

Result<std::optional<PackageEntry>> ModuleViewReader::Find(int64_t state, std::string_view symbol) {
  GOOFFSETS_TRY(std::optional<int64_t> id, StringId(symbol));
  if (!id) return std::optional<PackageEntry>();
  GOOFFSETS_TRY(const std::vector<PackageEntry>* entries, Entries(state));
  auto entry = std::lower_bound(entries->begin(), entries->end(), *id,
                                [](const PackageEntry& a, int64_t wanted) { return a.symbol < wanted; });
  if (entry == entries->end() || entry->symbol != *id) return std::optional<PackageEntry>();
  return std::optional<PackageEntry>(*entry);
}

Result<const Layout*> ModuleViewReader::LayoutOf(int64_t layout) {
  if (auto known = layouts_.find(layout); known != layouts_.end()) return &known->second;
  GOOFFSETS_TRY(Layout read, reader_.ReadLayout(layout));
  return &layouts_.emplace(layout, std::move(read)).first->second;
}

Result<std::map<std::string, int64_t>> ModuleViewReader::SymbolsWithPrefix(const std::string& prefix) {
  std::map<std::string, int64_t> symbols;
  std::string end = prefix;
  if (end.empty() || end.back() == '\x7f') return symbols;
  ++end.back();
  Statement query = db_->Prepare("SELECT text, id FROM string WHERE text >= ? AND text < ?");
  query.BindText(prefix).BindText(end);
  while (true) {
    GOOFFSETS_TRY(bool row, query.Next());
    if (!row) return symbols;
    symbols.emplace(query.Text(0), query.Int(1));
  }
}

Result<const std::vector<std::string>*> ModuleViewReader::Modules() {
  if (modules_) return &*modules_;
  std::vector<std::string> modules;
  Statement query = db_->Prepare(
      "SELECT m.path FROM module m WHERE EXISTS (SELECT 1 FROM version v JOIN observation o ON o.version = v.id "
      "WHERE v.module = m.id) ORDER BY m.path");
  while (true) {
    GOOFFSETS_TRY(bool row, query.Next());
    if (!row) break;
    modules.push_back(query.Text(0));
  }
  modules_ = std::move(modules);
  return &*modules_;
}

Result<const std::vector<std::string>*> ModuleViewReader::Versions(const std::string& module) {
  if (auto known = versions_.find(module); known != versions_.end()) return &known->second;
  std::vector<std::string> versions;
  Statement query = db_->Prepare(
      "SELECT v.text FROM version v JOIN module m ON m.id = v.module WHERE m.path = ? AND "
      "EXISTS (SELECT 1 FROM observation o WHERE o.version = v.id)");
  query.BindText(module);
  while (true) {
    GOOFFSETS_TRY(bool row, query.Next());
    if (!row) break;
    versions.push_back(query.Text(0));
  }
  std::sort(versions.begin(), versions.end(), VersionLess(SchemeOf(module)));
  return &versions_.emplace(module, std::move(versions)).first->second;
}

Result<const std::set<std::string>*> ModuleViewReader::PackagePaths(const std::string& module,
                                                                    const std::string& version) {
  const auto key = std::pair(module, version);
  if (auto known = paths_.find(key); known != paths_.end()) return &known->second;
  std::set<std::string> paths;
  GOOFFSETS_TRY(std::optional<int64_t> id, reader_.FindVersion({module, version}));
  if (id) {
    Statement seen = db_->Prepare(
        "SELECT DISTINCT p.text FROM observation o JOIN package_state s ON s.id = o.state "
        "JOIN string p ON p.id = s.package WHERE o.version = ?");
    seen.BindInt(*id);
    while (true) {
      GOOFFSETS_TRY(bool row, seen.Next());
      if (!row) break;
      paths.insert(seen.Text(0));
    }
    GOOFFSETS_TRY(const std::vector<int64_t>* lists, ListsOf(module, version));
    for (int64_t list_id : *lists) {
      GOOFFSETS_TRY(const auto* list, PackageList(list_id));
      for (const auto& [path, package] : *list) paths.insert(path);
    }
  }
  return &paths_.emplace(key, std::move(paths)).first->second;
}

Result<const std::vector<int64_t>*> ModuleViewReader::ListsOf(const std::string& module, const std::string& version) {
  const auto key = std::pair(module, version);
  if (auto known = lists_of_.find(key); known != lists_of_.end()) return &known->second;
  std::vector<int64_t> lists;
  GOOFFSETS_TRY(std::optional<int64_t> id, reader_.FindVersion({module, version}));
  if (id) {
    Statement query =
        db_->Prepare("SELECT DISTINCT package_list FROM build_module WHERE version = ? AND package_list IS NOT NULL");
    query.BindInt(*id);
    while (true) {
      GOOFFSETS_TRY(bool row, query.Next());
      if (!row) break;
      lists.push_back(query.Int(0));
    }
  }
  return &lists_of_.emplace(key, std::move(lists)).first->second;
}

Result<std::optional<std::vector<std::string>>> ModuleViewReader::ConstraintTags(const std::string& module,
                                                                                 const std::string& version,
                                                                                 const std::string& package) {
  std::optional<std::set<std::string>> tags;
  GOOFFSETS_TRY(const std::vector<int64_t>* lists, ListsOf(module, version));
  for (int64_t id : *lists) {
    GOOFFSETS_TRY(const Packages* list, PackageList(id));
    const auto entry = list->find(package);
    if (entry == list->end() || !entry->second.tags) continue;
    if (!tags) tags.emplace();
    tags->insert(entry->second.tags->begin(), entry->second.tags->end());
  }
  if (!tags) return std::optional<std::vector<std::string>>();
  return std::optional<std::vector<std::string>>(std::in_place, tags->begin(), tags->end());
}

Result<std::set<std::string>> ModuleViewReader::PackagesOf(const std::string& module,
                                                           const std::vector<std::string>& versions) {
  std::set<std::string> paths;
  std::set<int64_t> lists;  // many versions have the same packages
  for (const std::string& version : versions) {
    GOOFFSETS_TRY(const std::vector<int64_t>* of_version, ListsOf(module, version));
    lists.insert(of_version->begin(), of_version->end());
    if (!of_version->empty()) continue;
    GOOFFSETS_TRY(const auto* seen, PackagePaths(module, version));
    paths.insert(seen->begin(), seen->end());
  }
  for (const int64_t list : lists) {
    GOOFFSETS_TRY(std::vector<ModulePackages::Package> packages, reader_.ReadPackageList(list));
    for (ModulePackages::Package& package : packages) paths.insert(std::move(package.path));
  }
  return paths;
}

Result<ModuleViewReader::Listed> ModuleViewReader::FindListed(const std::string& module, const std::string& version,
                                                              GoArch goarch, const std::string& package) {
  Listed listed;
  GOOFFSETS_TRY(std::optional<int64_t> id, reader_.FindVersion({module, version}));
  if (!id) return listed;
  Statement query = db_->Prepare(
      "SELECT c.package_list, b.uid, b.go FROM build_module c JOIN build b ON b.id = c.build WHERE c.version = ? AND "
      "b.goarch = ? AND b.status = 0 AND c.package_list IS NOT NULL ORDER BY b.uid");
  query.BindInt(*id).BindText(ToString(goarch));
  while (true) {
    GOOFFSETS_TRY(bool row, query.Next());
    if (!row) return listed;
    GOOFFSETS_TRY(const auto* list, PackageList(query.Int(0)));
    listed.known = true;
    listed.evidence.push_back({HexOf(query.Bytes(1)), query.Text(2)});
    const auto entry = list->find(package);
    if (entry == list->end()) continue;
    listed.listed = true;
    if (!entry->second.measured) listed.why_not = entry->second.why_not;
  }
}

Result<const ModuleViewReader::Packages*> ModuleViewReader::PackageList(int64_t id) {
  if (auto known = package_lists_.find(id); known != package_lists_.end()) return &known->second;
  GOOFFSETS_TRY(std::vector<ModulePackages::Package> list, reader_.ReadPackageList(id));
  Packages packages;
  for (ModulePackages::Package& package : list) packages.emplace(package.path, std::move(package));
  return &package_lists_.emplace(id, std::move(packages)).first->second;
}

Result<std::string> ModuleViewReader::WhyNotBuilt(const std::string& module, const std::string& version,
                                                  GoArch goarch) {
  GOOFFSETS_TRY(std::optional<int64_t> id, reader_.FindVersion({module, version}));
  if (!id) return "never built";
  Statement query =
      db_->Prepare("SELECT status, reason, go FROM build WHERE version = ? AND goarch = ? ORDER BY status, go");
  query.BindInt(*id).BindText(ToString(goarch));
  GOOFFSETS_TRY(bool row, query.Next());
  if (!row) return "never built";
  switch (static_cast<BuildStatus>(query.Int(0))) {
    case BuildStatus::kOk:
      return std::string();
    case BuildStatus::kUnavailable:
      return "not available from the proxy: " + query.Text(1);
    default:
      return "build failed with Go " + query.Text(2) + ": " + query.Text(1);
  }
}

}  // namespace gooffsets
