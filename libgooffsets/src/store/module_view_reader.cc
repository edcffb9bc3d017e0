#include "store/module_view_reader.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "store/varint.h"
#include "store/version_order.h"

namespace gooffsets {
namespace {

constexpr size_t kMostStringIds = 8192;
// What a node of a map costs beside its content, roughly.
constexpr size_t kNode = 64;

size_t SizeOf(const Layout& layout) {
  const auto* structure = std::get_if<StructLayout>(&layout);
  if (structure != nullptr) return structure->fields.size() * (sizeof(Field) + kNode);
  const auto& function = std::get<FunctionLayout>(layout);
  return (function.params.size() + function.results.size()) * (sizeof(Parameter) + kNode);
}

}  // namespace

StructShape::StructShape(const StructLayout& layout) {
  AppendVarint(&numbers, layout.size);
  for (const Field& field : layout.fields) {
    AppendVarint(&names, field.name.size());
    names += field.name;
    AppendVarint(&numbers, field.offset);
    AppendVarint(&numbers, field.size);
  }
}

Result<std::optional<int64_t>> ModuleViewReader::VersionId(const std::string& module, const std::string& version) {
  const auto key = std::pair(module, version);
  if (auto known = version_ids_.find(key); known != version_ids_.end()) return known->second;
  GOOFFSETS_TRY(std::optional<int64_t> id, reader_.FindVersion({module, version}));
  remembered_ += 2 * kNode;
  version_ids_.emplace(key, id);
  return id;
}

Result<const ModuleViewReader::BuildHead*> ModuleViewReader::HeadOf(int64_t build) {
  if (auto known = heads_.find(build); known != heads_.end()) return &known->second;
  Statement query = db_->Prepare("SELECT go, uid, goarch, status FROM build WHERE id = ?");
  GOOFFSETS_TRY(bool found, query.BindInt(build).Next());
  if (!found) return Fail(ErrorCode::kBadInput, "the database is damaged: a build is missing");
  remembered_ += sizeof(BuildHead) + kNode;
  return &heads_.emplace(build, BuildHead{query.Text(0), query.Text(1), query.Text(2), query.Int(3) == 0})
              .first->second;
}

Result<std::vector<SeenPackage>> ModuleViewReader::InOrder(std::vector<SeenPackage> rows, GoArch goarch) {
  std::vector<std::pair<const BuildHead*, SeenPackage>> kept;
  for (const SeenPackage& row : rows) {
    GOOFFSETS_TRY(const BuildHead* head, HeadOf(row.build));
    if (head->ok && head->goarch == ToString(goarch)) kept.emplace_back(head, row);
  }
  const VersionLess less(VersionScheme::kGo);
  std::stable_sort(kept.begin(), kept.end(), [&](const auto& a, const auto& b) {
    return a.first->go != b.first->go ? less(a.first->go, b.first->go) : a.first->uid < b.first->uid;
  });
  rows.clear();
  for (const auto& [head, seen] : kept) rows.push_back(seen);
  return rows;
}

Result<std::vector<SeenPackage>> ModuleViewReader::ReadRows(const std::string& module, const std::string& version,
                                                            const std::string& package) {
  std::vector<SeenPackage> rows;
  GOOFFSETS_TRY(std::optional<int64_t> path, StringId(package));
  GOOFFSETS_TRY(std::optional<int64_t> version_id, VersionId(module, version));
  if (!path || !version_id) return rows;
  // CROSS JOIN: the package first, of which there are few states; a version has many observations.
  Statement query = db_->Prepare(
      "SELECT o.build, o.state FROM package_state s CROSS JOIN observation o ON o.state = s.id "
      "WHERE s.package = ? AND o.version = ?");
  query.BindInt(*path).BindInt(*version_id);
  while (true) {
    GOOFFSETS_TRY(bool row, query.Next());
    if (!row) return rows;
    rows.push_back({query.Int(0), query.Int(1)});
  }
}

Result<const std::vector<SeenPackage>*> ModuleViewReader::Seen(const std::string& module, const std::string& version,
                                                               const std::string& package, GoArch goarch) {
  auto key = std::tuple(module, version, package, goarch);
  if (auto known = seen_.find(key); known != seen_.end()) return &known->second;
  std::vector<SeenPackage> rows;
  if (module == kStdModule) {
    // In its own builds only, of which each is asked of many packages.
    GOOFFSETS_TRY(const std::vector<int64_t> builds, StdBuilds(version, goarch));
    for (const int64_t build : builds) {
      GOOFFSETS_TRY(const std::optional<int64_t> state, StateInBuild(build, package));
      if (state) rows.push_back({build, *state});
    }
  } else {
    GOOFFSETS_TRY(rows, ReadRows(module, version, package));
  }
  GOOFFSETS_TRY(rows, InOrder(std::move(rows), goarch));
  remembered_ += sizeof(key) + kNode + module.size() + package.size() + rows.size() * sizeof(SeenPackage);
  return &seen_.emplace(std::move(key), std::move(rows)).first->second;
}

Result<void> ModuleViewReader::ReadSeen(const std::string& module, const std::vector<std::string>& versions,
                                        const std::string& package, GoArch goarch) {
  if (module == kStdModule) return {};  // Seen() reads builds, not packages
  struct Rows {
    const std::string* version;
    std::vector<SeenPackage> seen;
  };
  std::unordered_map<int64_t, Rows> rows;
  for (const std::string& version : versions) {
    if (seen_.contains(std::tuple(module, version, package, goarch))) continue;
    GOOFFSETS_TRY(std::optional<int64_t> id, VersionId(module, version));
    if (id) rows[*id].version = &version;
  }
  if (rows.empty()) return {};
  GOOFFSETS_TRY(std::optional<int64_t> path, StringId(package));
  if (path) {
    Statement query = db_->Prepare(
        "SELECT o.version, o.build, o.state FROM package_state s CROSS JOIN observation o ON o.state = s.id "
        "WHERE s.package = ?");
    query.BindInt(*path);
    while (true) {
      GOOFFSETS_TRY(bool row, query.Next());
      if (!row) break;
      auto version = rows.find(query.Int(0));
      if (version != rows.end()) version->second.seen.push_back({query.Int(1), query.Int(2)});
    }
  }
  for (auto& [id, list] : rows) {
    GOOFFSETS_TRY(list.seen, InOrder(std::move(list.seen), goarch));
    auto key = std::tuple(module, *list.version, package, goarch);
    remembered_ += sizeof(key) + kNode + module.size() + package.size() + list.seen.size() * sizeof(SeenPackage);
    seen_.emplace(std::move(key), std::move(list.seen));
  }
  return {};
}

Result<std::vector<int64_t>> ModuleViewReader::StdBuilds(const std::string& release, GoArch goarch) {
  const auto key = std::pair(release, goarch);
  if (auto known = std_builds_.find(key); known != std_builds_.end()) return known->second;
  std::vector<int64_t> builds;
  GOOFFSETS_TRY(std::optional<int64_t> id, VersionId(std::string(kStdModule), release));
  if (id) {
    // It is in its own builds only, which are found without reading all that was observed of it.
    Statement query = db_->Prepare(
        "SELECT b.id FROM build b WHERE b.version = ? AND b.goarch = ? AND b.status = 0 AND "
        "EXISTS (SELECT 1 FROM observation o WHERE o.build = b.id AND +o.version = b.version) ORDER BY b.id");
    query.BindInt(*id).BindText(ToString(goarch));
    while (true) {
      GOOFFSETS_TRY(bool row, query.Next());
      if (!row) break;
      builds.push_back(query.Int(0));
    }
  }
  remembered_ += sizeof(key) + kNode + builds.size() * sizeof(int64_t);
  std_builds_.emplace(key, builds);
  return builds;
}

Result<const SeenBuild*> ModuleViewReader::Build(int64_t build) {
  if (auto known = builds_.find(build); known != builds_.end()) return &known->second;
  Statement query = db_->Prepare(
      "SELECT b.uid, b.go, m.path, v.text, b.goarch, b.goexperiment, b.tags FROM build b "
      "JOIN version v ON v.id = b.version JOIN module m ON m.id = v.module WHERE b.id = ?");
  GOOFFSETS_TRY(bool found, query.BindInt(build).Next());
  if (!found) return Fail(ErrorCode::kBadInput, "the database is damaged: a build is missing");
  SeenBuild seen;
  seen.evidence = {ToHex(query.Bytes(0)), query.Text(1)};
  seen.root = {query.Text(2), query.Text(3)};
  GOOFFSETS_TRY(seen.goarch, ParseGoArch(query.Bytes(4)));
  seen.goexperiment = query.Text(5);
  seen.tags = SplitLines(query.Bytes(6));
  remembered_ += sizeof(SeenBuild) + kNode;
  return &builds_.emplace(build, std::move(seen)).first->second;
}

Result<const ModuleViewReader::Closure*> ModuleViewReader::ClosureOf(int64_t build) {
  if (auto known = closures_.find(build); known != closures_.end()) return &known->second;
  Closure closure;
  Statement query = db_->Prepare(
      "SELECT m.path, v.text FROM build_module b JOIN version v ON v.id = b.version JOIN module m ON m.id = v.module "
      "WHERE b.build = ? AND b.in_closure = 1");
  query.BindInt(build);
  while (true) {
    GOOFFSETS_TRY(bool row, query.Next());
    if (!row) break;
    closure.emplace(query.Text(0), query.Text(1));
  }
  remembered_ += kNode + closure.size() * 3 * kNode;
  return &closures_.emplace(build, std::move(closure)).first->second;
}

Result<std::vector<int64_t>> ModuleViewReader::BuildsByClosure(const std::string& module, const std::string& version,
                                                               GoArch goarch) {
  std::vector<int64_t> builds;
  GOOFFSETS_TRY(std::optional<int64_t> id, VersionId(module, version));
  if (!id) return builds;
  // One query for all of them: a version of grpc has 170 builds, and six sets.
  Statement query = db_->Prepare(
      "SELECT own.build, other.version FROM build_module own CROSS JOIN build b ON b.id = own.build "
      "CROSS JOIN build_module other ON other.build = own.build AND other.in_closure = 1 "
      "WHERE own.version = ? AND own.in_closure = 1 AND b.goarch = ? AND b.status = 0 "
      "ORDER BY own.build");
  query.BindInt(*id).BindText(ToString(goarch));
  std::set<std::vector<int64_t>> closures;
  std::vector<int64_t> closure;
  int64_t build = 0;
  const auto end_build = [&] {
    std::sort(closure.begin(), closure.end());
    if (!closure.empty() && closures.insert(std::exchange(closure, {})).second) builds.push_back(build);
  };
  while (true) {
    GOOFFSETS_TRY(bool row, query.Next());
    if (!row || query.Int(0) != build) end_build();
    if (!row) return builds;
    build = query.Int(0);
    closure.push_back(query.Int(1));
  }
}

Result<const ModuleViewReader::BuildStates*> ModuleViewReader::StatesOfBuild(int64_t build) {
  if (auto known = build_states_.find(build); known != build_states_.end()) return &known->second;
  BuildStates states;
  Statement query = db_->Prepare(
      "SELECT s.package, o.state FROM observation o JOIN package_state s ON s.id = o.state WHERE o.build = ?");
  query.BindInt(build);
  while (true) {
    GOOFFSETS_TRY(bool row, query.Next());
    if (!row) break;
    states.emplace_back(query.Int(0), query.Int(1));
  }
  std::sort(states.begin(), states.end());
  remembered_ += kNode + states.size() * sizeof(states.front());
  return &build_states_.emplace(build, std::move(states)).first->second;
}

Result<std::optional<int64_t>> ModuleViewReader::StateInBuild(int64_t build, std::string_view package) {
  GOOFFSETS_TRY(const std::optional<int64_t> path, StringId(package));
  if (!path) return std::optional<int64_t>();
  GOOFFSETS_TRY(const BuildStates* states, StatesOfBuild(build));
  const auto found = std::lower_bound(states->begin(), states->end(), std::pair(*path, int64_t{0}));
  if (found == states->end() || found->first != *path) return std::optional<int64_t>();
  return std::optional<int64_t>(found->second);
}

Result<const CatalogReader::State*> ModuleViewReader::State(int64_t state) {
  if (auto known = states_.find(state); known != states_.end()) return &known->second;
  GOOFFSETS_TRY(CatalogReader::State read, reader_.ReadState(state));
  remembered_ += sizeof(read) + (read.package.files.size() + 2 * read.package.selections.size() + 1) * kNode;
  return &states_.emplace(state, std::move(read)).first->second;
}

Result<const std::vector<PackageEntry>*> ModuleViewReader::Entries(int64_t state) {
  GOOFFSETS_TRY(const StateLayout read, LayoutOfState(state));
  if (auto known = entries_.find(read.package_layout); known != entries_.end()) return &known->second;
  GOOFFSETS_TRY(std::vector<PackageEntry> entries, reader_.Entries(read.package_layout));
  remembered_ += kNode + entries.size() * sizeof(PackageEntry);
  return &entries_.emplace(read.package_layout, std::move(entries)).first->second;
}

Result<ModuleViewReader::StateLayout> ModuleViewReader::LayoutOfState(int64_t state) {
  if (auto known = state_layouts_.find(state); known != state_layouts_.end()) return known->second;
  Statement query = db_->Prepare("SELECT package_layout, fully_kept FROM package_state WHERE id = ?");
  GOOFFSETS_TRY(bool found, query.BindInt(state).Next());
  if (!found) return Fail(ErrorCode::kBadInput, "the database is damaged: a package state is missing");
  remembered_ += kNode;
  return state_layouts_.emplace(state, StateLayout{query.Int(0), query.Int(1) != 0}).first->second;
}

Result<std::optional<int64_t>> ModuleViewReader::StringId(std::string_view text) {
  std::string key(text);
  if (auto known = string_ids_.find(key); known != string_ids_.end()) return known->second;
  GOOFFSETS_TRY(std::optional<int64_t> id, reader_.FindString(text));
  if (string_ids_.size() >= kMostStringIds) string_ids_.clear();
  remembered_ += kNode + key.size();
  string_ids_.emplace(std::move(key), id);
  return id;
}

Result<const std::string*> ModuleViewReader::TextOf(int64_t string) {
  if (auto known = texts_.find(string); known != texts_.end()) return &known->second;
  GOOFFSETS_TRY(std::string text, reader_.Text(string));
  remembered_ += kNode + text.size();
  return &texts_.emplace(string, std::move(text)).first->second;
}

Result<const StructShape*> ModuleViewReader::ShapeOf(int64_t layout) {
  auto known = shapes_.find(layout);
  if (known == shapes_.end()) {
    GOOFFSETS_TRY(std::optional<StructShape> shape, ReadShape(layout));
    remembered_ += kNode + sizeof shape + (shape ? shape->names.size() + shape->numbers.size() : 0);
    known = shapes_.emplace(layout, std::move(shape)).first;
  }
  return known->second ? &*known->second : nullptr;
}

Result<std::optional<StructShape>> ModuleViewReader::ReadShape(int64_t layout) {
  StructLayout shape;
  {
    Statement head = db_->Prepare("SELECT kind, size FROM layout WHERE id = ?");
    GOOFFSETS_TRY(bool found, head.BindInt(layout).Next());
    if (!found) return Fail(ErrorCode::kBadInput, "the database is damaged: a layout is missing");
    if (head.Int(0) != 0) return std::optional<StructShape>();
    shape.size = head.Unsigned(1);
  }
  Statement rows = db_->Prepare("SELECT name, offset, size FROM field WHERE layout = ? ORDER BY pos");
  rows.BindInt(layout);
  while (true) {
    GOOFFSETS_TRY(bool row, rows.Next());
    if (!row) return std::optional<StructShape>(shape);
    Field& field = shape.fields.emplace_back();
    GOOFFSETS_TRY(const std::string* name, TextOf(rows.Int(0)));
    field.name = *name;
    field.offset = rows.Unsigned(1);
    field.size = rows.Unsigned(2);
  }
}

Result<std::optional<PackageEntry>> ModuleViewReader::Find(int64_t state, std::string_view symbol) {
  GOOFFSETS_TRY(std::optional<int64_t> id, StringId(symbol));
  if (!id) return std::optional<PackageEntry>();
  GOOFFSETS_TRY(const std::vector<PackageEntry>* entries, Entries(state));
  const PackageEntry* entry = FindEntry(*entries, *id);
  return entry == nullptr ? std::optional<PackageEntry>() : std::optional<PackageEntry>(*entry);
}

Result<const Layout*> ModuleViewReader::LayoutOf(int64_t layout) {
  if (auto known = layouts_.find(layout); known != layouts_.end()) return &known->second;
  GOOFFSETS_TRY(Layout read, reader_.ReadLayout(layout));
  remembered_ += kNode + sizeof(Layout) + SizeOf(read);
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
  SortVersions(SchemeOf(module), &versions);
  remembered_ += versions.size() * kNode;
  return &versions_.emplace(module, std::move(versions)).first->second;
}

}  // namespace gooffsets
