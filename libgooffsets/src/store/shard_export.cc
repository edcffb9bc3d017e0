#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "base/file.h"
#include "store/catalog.h"
#include "store/record_json.h"
#include "store/shard.h"
#include "store/shard_codec.h"
#include "store/shard_file.h"
#include "store/version_order.h"

namespace gooffsets {

namespace {

struct RootBuild {
  int64_t id = 0;
  std::string uid, version, go, goarch;
};

std::string MinorOf(const std::string& module, const std::string& version) {
  Result<Version> parsed = Version::Parse(SchemeOf(module), version);
  return parsed ? parsed->minor_line() : "other";
}

// Builds that shards hold, of one module, in the order of versions.
Result<std::vector<RootBuild>> RootBuilds(Connection* db, const std::string& module) {
  Statement rows = db->Prepare(
      "SELECT b.id, b.uid, v.text, b.go, b.goarch FROM build b JOIN version v ON v.id = b.version "
      "JOIN module m ON m.id = v.module WHERE m.path = ? AND b.status <> ?");
  rows.BindText(module).BindInt(static_cast<int64_t>(BuildStatus::kTransientFailed));
  std::vector<RootBuild> builds;
  while (true) {
    GOOFFSETS_TRY(bool row, rows.Next());
    if (!row) break;
    builds.push_back({rows.Int(0), rows.Text(1), rows.Text(2), rows.Text(3), rows.Text(4)});
  }
  VersionLess version_less(SchemeOf(module));
  VersionLess go_less(VersionScheme::kGo);
  std::sort(builds.begin(), builds.end(), [&](const RootBuild& a, const RootBuild& b) {
    if (a.version != b.version) return version_less(a.version, b.version);
    if (a.go != b.go) return go_less(a.go, b.go);
    return std::tie(a.goarch, a.uid) < std::tie(b.goarch, b.uid);
  });
  return builds;
}

// One package layout as the exporter compares it: symbol row -> layout row, or minus the reason.
using Tree = std::map<int64_t, int64_t>;

class ShardWriter {
 public:
  ShardWriter(Store* store, const ShardName& name) : store_(store), db_(store->connection()), reader_(db_), name_(name) {}

  Result<std::string> Run() {
    GOOFFSETS_TRY(std::vector<RootBuild> all, RootBuilds(db_, name_.module));
    for (RootBuild& build : all) {
      if (MinorOf(name_.module, build.version) == name_.minor_line) builds_.push_back(std::move(build));
    }
    if (builds_.empty()) {
      return Fail(ErrorCode::kNotFound, "the database has no builds of " + name_.module + " " + name_.minor_line);
    }
    GOOFFSETS_CHECK_OK(CollectLists());
    GOOFFSETS_CHECK_OK(Head());
    GOOFFSETS_CHECK_OK(CollectStates());
    for (const auto& [package, states] : states_of_) GOOFFSETS_CHECK_OK(Package(package, states));
    for (const std::string& line : list_lines_) Line(line);
    for (const RootBuild& build : builds_) GOOFFSETS_CHECK_OK(Build(build));
    out_ += "{\"end\":{\"lines\":";
    AppendNumber(&out_, lines_);
    out_ += ",\"digest\":\"" + ToHex(digest_.Finish()) + "\"}}\n";
    return std::move(out_);
  }

 private:
  // A line whose text is digested as it is.
  void Line(const std::string& text) {
    digest_.Update(text);
    digest_.Update("\n");
    out_ += text;
    out_ += "\n";
    ++lines_;
  }

  Result<void> Head() {
    GOOFFSETS_TRY(std::vector<KnownVersion> known, store_->KnownVersions(name_.module));
    std::string line;
    JsonObject object(&line);
    object.Text("format", "gooffsets shard");
    object.Number("version", tags_ ? kVersionWithTags : 1);
    object.Text("module", name_.module);
    object.Text("minor", name_.minor_line);
    object.Key("versions");
    JsonArray versions(&line);
    for (const KnownVersion& version : known) {
      if (version.listed && MinorOf(name_.module, version.version.version) == name_.minor_line) {
        versions.Text(version.version.version);
      }
    }
    versions.Close();
    object.Close();
    Line(line);
    return {};
  }

  // The states that the builds saw, by package, in the order of their first use.
  Result<void> CollectStates() {
    std::set<int64_t> seen;
    for (const RootBuild& build : builds_) {
      Statement rows = db_->Prepare(
          "SELECT o.state, p.text FROM observation o JOIN package_state s ON s.id = o.state "
          "JOIN string p ON p.id = s.package WHERE o.build = ? ORDER BY p.text");
      rows.BindInt(build.id);
      while (true) {
        GOOFFSETS_TRY(bool row, rows.Next());
        if (!row) break;
        if (seen.insert(rows.Int(0)).second) states_of_[rows.Text(1)].push_back(rows.Int(0));
      }
    }
    return {};
  }

  Result<void> Package(const std::string& package, const std::vector<int64_t>& states) {
    std::vector<Tree> trees;
    std::map<int64_t, size_t> tree_numbers;  // package layout row -> place in `trees`
    for (int64_t state_id : states) {
      GOOFFSETS_TRY(CatalogReader::State state, reader_.ReadState(state_id));
      auto known = tree_numbers.find(state.package_layout);
      if (known == tree_numbers.end()) {
        GOOFFSETS_CHECK_OK(PackageLayout(package, state.package_layout, &trees));
        known = tree_numbers.emplace(state.package_layout, trees.size() - 1).first;
      }
      std::string line = "{\"state\":";
      JsonObject object(&line);
      object.Number("layout", known->second);
      AppendPackageMembers(&object, &line, state.package);
      object.Close();
      line += "}";
      Line(line);
      state_numbers_.emplace(state_id, state_numbers_.size());
    }
    return {};
  }

  // Written as the difference to the most similar layout of the package so far.
  Result<void> PackageLayout(const std::string& package, int64_t id, std::vector<Tree>* trees) {
    GOOFFSETS_TRY(std::vector<PackageEntry> entries, reader_.Entries(id));
    Tree tree;
    for (const PackageEntry& entry : entries) {
      tree[entry.symbol] = entry.layout != 0 ? entry.layout : -1 - static_cast<int64_t>(entry.reason);
    }
    size_t base = 0;
    size_t best = tree.size() + 1;
    for (size_t i = 0; i < trees->size(); ++i) {
      size_t differences = Differences((*trees)[i], tree);
      if (differences < best) {
        best = differences;
        base = i;
      }
    }
    const bool delta = best <= tree.size();
    static const Tree kNothing;
    const Tree& old = delta ? (*trees)[base] : kNothing;
    SymbolMap add;
    for (const auto& [symbol, value] : tree) {
      auto same = old.find(symbol);
      if (same != old.end() && same->second == value) continue;
      GOOFFSETS_TRY(std::string name, reader_.Text(symbol));
      SymbolEntry entry;
      if (value > 0) {
        GOOFFSETS_TRY(entry.value, reader_.ReadLayout(value));
      } else {
        entry.value = static_cast<SkipReason>(-1 - value);
      }
      add.emplace(std::move(name), std::move(entry));
    }
    std::vector<std::string> removed;
    for (const auto& [symbol, value] : old) {
      if (tree.contains(symbol)) continue;
      GOOFFSETS_TRY(std::string name, reader_.Text(symbol));
      removed.push_back(std::move(name));
    }
    std::sort(removed.begin(), removed.end());
    std::string line = "{\"package\":";
    AppendJsonString(&line, package);
    if (delta) {
      line += ",\"base\":";
      AppendNumber(&line, base);
    }
    if (!removed.empty()) {
      line += ",\"remove\":";
      JsonArray array(&line);
      for (const std::string& symbol : removed) array.Text(symbol);
      array.Close();
    }
    line += "," + encoder_.Encode(package, add) + "}";
    out_ += line + "\n";
    ++lines_;
    // Not the line but what it means is digested: a reader that decodes otherwise must notice.
    Statement row = db_->Prepare("SELECT digest FROM package_layout WHERE id = ?");
    GOOFFSETS_TRY(bool found, row.BindInt(id).Next());
    if (found) digest_.Update(row.Bytes(0));
    trees->push_back(std::move(tree));
    return {};
  }

  static size_t Differences(const Tree& a, const Tree& b) {
    size_t count = 0;
    auto left = a.begin();
    auto right = b.begin();
    while (left != a.end() || right != b.end()) {
      if (right == b.end() || (left != a.end() && left->first < right->first)) {
        ++count;
        ++left;
      } else if (left == a.end() || right->first < left->first) {
        ++count;
        ++right;
      } else {
        if (left->second != right->second) ++count;
        ++left;
        ++right;
      }
    }
    return count;
  }

  // The package lists that the builds saw, in the order of their first use.
  Result<void> CollectLists() {
    for (const RootBuild& build : builds_) {
      Statement rows = db_->Prepare(
          "SELECT b.package_list FROM build_module b JOIN version v ON v.id = b.version JOIN module m ON m.id = v.module "
          "WHERE b.build = ? AND b.package_list IS NOT NULL ORDER BY m.path, v.text");
      rows.BindInt(build.id);
      while (true) {
        GOOFFSETS_TRY(bool row, rows.Next());
        if (!row) break;
        if (!list_numbers_.emplace(rows.Int(0), list_numbers_.size()).second) continue;
        GOOFFSETS_TRY(std::vector<ModulePackages::Package> packages, reader_.ReadPackageList(rows.Int(0)));
        tags_ |= HasTags(packages);
        std::string line = "{\"list\":";
        AppendModulePackages(&line, packages);
        line += "}";
        list_lines_.push_back(std::move(line));
      }
    }
    return {};
  }

  Result<void> Build(const RootBuild& root) {
    GOOFFSETS_TRY(BuildInfo build, reader_.ReadBuild(root.id));
    build.id.clear();  // the reader computes it
    std::string line = "{\"build\":";
    JsonObject object(&line);
    AppendBuildMembers(&object, &line, build);
    // [[module, version, [state, ...]], ...]
    object.Key("packages");
    JsonArray packages(&line);
    Statement rows = db_->Prepare(
        "SELECT m.path, v.text, o.state FROM observation o JOIN version v ON v.id = o.version "
        "JOIN module m ON m.id = v.module WHERE o.build = ?");
    rows.BindInt(root.id);
    std::map<ModuleVersion, std::set<size_t>> by_owner;
    while (true) {
      GOOFFSETS_TRY(bool row, rows.Next());
      if (!row) break;
      by_owner[{rows.Text(0), rows.Text(1)}].insert(state_numbers_.at(rows.Int(2)));
    }
    for (const auto& [owner, numbers] : by_owner) {
      packages.Next();
      JsonArray item(&line);
      item.Text(owner.module);
      item.Text(owner.version);
      item.Next();
      JsonArray states(&line);
      for (size_t number : numbers) {
        states.Next();
        AppendNumber(&line, number);
      }
      states.Close();
      item.Close();
    }
    packages.Close();
    object.Key("modules");
    JsonArray modules(&line);
    Statement lists = db_->Prepare(
        "SELECT m.path, v.text, b.package_list FROM build_module b JOIN version v ON v.id = b.version "
        "JOIN module m ON m.id = v.module WHERE b.build = ? AND b.package_list IS NOT NULL ORDER BY m.path, v.text");
    lists.BindInt(root.id);
    while (true) {
      GOOFFSETS_TRY(bool row, lists.Next());
      if (!row) break;
      modules.Next();
      JsonArray item(&line);
      item.Text(lists.Bytes(0));
      item.Text(lists.Bytes(1));
      item.Next();
      AppendNumber(&line, list_numbers_.at(lists.Int(2)));
      item.Close();
    }
    modules.Close();
    object.Close();
    line += "}";
    Line(line);
    return {};
  }

  Store* store_;
  Connection* db_;
  CatalogReader reader_;
  ShardName name_;
  ShardEncoder encoder_;
  std::vector<RootBuild> builds_;
  std::map<std::string, std::vector<int64_t>> states_of_;
  std::map<int64_t, size_t> state_numbers_, list_numbers_;
  std::vector<std::string> list_lines_;
  bool tags_ = false;
  Blake2b128 digest_;
  std::string out_;
  uint64_t lines_ = 0;
};

}  // namespace

std::string ShardName::FileName() const {
  std::string folder = module;
  std::replace(folder.begin(), folder.end(), '/', '_');
  return folder + "/" + minor_line + ".jsonl.zst";
}

Result<std::vector<ShardName>> Shards(Store* store) {
  GOOFFSETS_TRY(std::vector<std::string> modules, store->Modules());
  std::vector<ShardName> names;
  for (const std::string& module : modules) {
    GOOFFSETS_TRY(std::vector<RootBuild> builds, RootBuilds(store->connection(), module));
    for (const RootBuild& build : builds) {
      ShardName name{module, MinorOf(module, build.version)};
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
    }
  }
  return names;
}

Result<std::string> ShardLines(Store* store, const ShardName& name) {
  GOOFFSETS_CHECK_OK(store->connection()->Execute("BEGIN"));
  Result<std::string> lines = ShardWriter(store, name).Run();
  GOOFFSETS_CHECK_OK(store->connection()->Execute("COMMIT"));
  return lines;
}

namespace {

// The base of up to nine shards in a row is made once, as long as nothing changes.
Result<std::optional<ShardBase>> BaseLines(Store* store, const ShardName& name) {
  GOOFFSETS_TRY(int64_t others, store->connection()->IntOf("PRAGMA data_version"));
  const std::string key = name.FileName() + " " + std::to_string(others) + " " +
                          std::to_string(store->connection()->total_changes());
  Store::ShardCache* cache = store->shard_cache();
  if (cache->key != key) {
    Result<std::string> lines = ShardLines(store, name);
    if (!lines && lines.error().code == ErrorCode::kNotFound) return std::optional<ShardBase>();
    if (!lines) return tl::unexpected(lines.error());
    *cache = {key, std::move(*lines)};
  }
  return std::optional<ShardBase>(ShardBase{name.minor_line, cache->lines});
}

}  // namespace

Result<void> ExportShard(Store* store, const ShardName& name, const std::string& path) {
  GOOFFSETS_TRY(std::string lines, ShardLines(store, name));
  std::optional<ShardBase> base;
  if (std::optional<std::string> minor_line = BaseOf(name.minor_line)) {
    GOOFFSETS_TRY(base, BaseLines(store, {name.module, *minor_line}));
  }
  GOOFFSETS_TRY(std::string packed, PackShard(lines, base));
  return WriteFileAtomic(path, packed);
}

Result<void> ExportShard(Store* store, const std::string& module, const std::string& minor_line, const std::string& path) {
  return ExportShard(store, ShardName{module, minor_line}, path);
}

}  // namespace gooffsets
