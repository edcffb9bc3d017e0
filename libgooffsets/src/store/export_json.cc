// The canonical JSON document: each section sorted by its keys, one element a line.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "store/atomic_stream.h"
#include "store/catalog.h"
#include "store/export.h"
#include "store/record_json.h"
#include "store/version_order.h"

namespace gooffsets {

namespace {

using Digests = std::unordered_map<int64_t, std::string>;  // row -> hex

// Writes `"name":{` and then one element a line.
class Section {
 public:
  Section(std::ostream* out, std::string_view name, bool last = false) : out_(out), last_(last) {
    *out_ << '"' << name << "\":{";
  }
  void Add(std::string_view key, std::string_view json) {
    std::string quoted;
    AppendJsonString(&quoted, key);
    *out_ << (first_ ? "\n" : ",\n") << quoted << ':' << json;
    first_ = false;
  }
  ~Section() { *out_ << (last_ ? "\n}" : "\n},\n"); }
  Section(const Section&) = delete;
  Section& operator=(const Section&) = delete;

 private:
  std::ostream* out_;
  bool last_;
  bool first_ = true;
};

class Exporter {
 public:
  Exporter(Store* store, std::ostream* out)
      : store_(store), db_(store->connection()), reader_(store->connection()), out_(out) {}

  Result<void> Run() {
    GOOFFSETS_TRY(const int64_t tags,
                  db_->IntOf("SELECT EXISTS (SELECT 1 FROM package_list WHERE tags IS NOT NULL AND id IN "
                             "(SELECT package_list FROM build_module WHERE package_list IS NOT NULL))"));
    *out_ << "{\"format\":\"gooffsets\",\"version\":" << (tags != 0 ? kVersionWithTags : 1) << ",\n";
    GOOFFSETS_CHECK_OK(Versions());
    GOOFFSETS_CHECK_OK(Layouts());
    GOOFFSETS_CHECK_OK(PackageLayouts());
    GOOFFSETS_CHECK_OK(Packages());
    GOOFFSETS_CHECK_OK(PackageLists());
    GOOFFSETS_CHECK_OK(Builds());
    *out_ << "}\n";
    if (!*out_) return Fail(ErrorCode::kIo, "cannot write the export");
    return {};
  }

 private:
  Result<void> Versions() {
    Section section(out_, "versions");
    Statement modules = db_->Prepare(
        "SELECT m.path FROM module m WHERE EXISTS (SELECT 1 FROM version v WHERE v.module = m.id AND v.listed = 1) "
        "ORDER BY m.path");
    while (true) {
      GOOFFSETS_TRY(bool row, modules.Next());
      if (!row) return {};
      const std::string module = modules.Text(0);
      GOOFFSETS_TRY(std::vector<KnownVersion> known, store_->KnownVersions(module));
      std::string json;
      JsonArray array(&json);
      for (const KnownVersion& version : known) {
        if (version.listed) array.Text(version.version.version);
      }
      array.Close();
      section.Add(module, json);
    }
  }

  // Only what an observation reaches is content: a replaced build may have left a layout behind.
  Result<void> Layouts() {
    std::unordered_set<int64_t> used;
    {
      Statement trees = db_->Prepare(
          "SELECT digest, id FROM package_layout WHERE id IN (SELECT package_layout FROM package_state WHERE id IN "
          "(SELECT state FROM observation)) ORDER BY digest");
      while (true) {
        GOOFFSETS_TRY(bool row, trees.Next());
        if (!row) break;
        trees_.emplace_back(ToHex(trees.Bytes(0)), trees.Int(1));
      }
    }
    for (const auto& [digest, id] : trees_) {
      tree_digests_.emplace(id, digest);
      GOOFFSETS_TRY(std::vector<PackageEntry> entries, reader_.Entries(id));
      for (const PackageEntry& entry : entries) {
        if (entry.layout != 0) used.insert(entry.layout);
      }
    }
    Section section(out_, "layouts");
    Statement layouts = db_->Prepare("SELECT digest, id FROM layout ORDER BY digest");
    while (true) {
      GOOFFSETS_TRY(bool row, layouts.Next());
      if (!row) return {};
      if (!used.contains(layouts.Int(1))) continue;
      const std::string digest = ToHex(layouts.Bytes(0));
      GOOFFSETS_TRY(Layout layout, reader_.ReadLayout(layouts.Int(1)));
      std::string json;
      AppendLayoutJson(&json, layout);
      section.Add(digest, json);
      layout_digests_.emplace(layouts.Int(1), digest);
    }
  }

  Result<void> PackageLayouts() {
    Section section(out_, "package_layouts");
    for (const auto& [digest, id] : trees_) {
      GOOFFSETS_TRY(std::vector<PackageEntry> entries, reader_.Entries(id));
      std::vector<std::pair<std::string, PackageEntry>> symbols;
      symbols.reserve(entries.size());
      for (const PackageEntry& entry : entries) {
        GOOFFSETS_TRY(std::string symbol, reader_.Text(entry.symbol));
        symbols.emplace_back(std::move(symbol), entry);
      }
      std::sort(symbols.begin(), symbols.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      std::string json;
      JsonObject object(&json);
      for (const auto& [symbol, entry] : symbols) {
        object.Text(symbol, entry.layout == 0 ? ToString(entry.reason) : layout_digests_[entry.layout]);
      }
      object.Close();
      section.Add(digest, json);
    }
    return {};
  }

  Result<void> Packages() {
    std::vector<std::pair<std::string, std::string>> elements;
    Statement states = db_->Prepare("SELECT id FROM package_state WHERE id IN (SELECT state FROM observation)");
    while (true) {
      GOOFFSETS_TRY(bool row, states.Next());
      if (!row) break;
      GOOFFSETS_TRY(CatalogReader::State state, reader_.ReadState(states.Int(0)));
      std::string json;
      JsonObject object(&json);
      AppendPackageMembers(&object, &json, state.package);
      object.Text("layout", tree_digests_[state.package_layout]);
      object.Close();
      std::string digest = Blake2b128Hex(json);
      state_digests_.emplace(states.Int(0), digest);
      elements.emplace_back(std::move(digest), std::move(json));
    }
    Write("packages", &elements);
    return {};
  }

  Result<void> PackageLists() {
    std::vector<std::pair<std::string, std::string>> elements;
    Statement lists = db_->Prepare(
        "SELECT id, digest FROM package_list WHERE id IN (SELECT package_list FROM build_module WHERE package_list IS "
        "NOT NULL)");
    while (true) {
      GOOFFSETS_TRY(bool row, lists.Next());
      if (!row) break;
      GOOFFSETS_TRY(std::vector<ModulePackages::Package> packages, reader_.ReadPackageList(lists.Int(0)));
      std::string json;
      AppendModulePackages(&json, packages);
      std::string digest = ToHex(lists.Bytes(1));
      list_digests_.emplace(lists.Int(0), digest);
      elements.emplace_back(std::move(digest), std::move(json));
    }
    Write("package_lists", &elements);
    return {};
  }

  Result<void> Builds() {
    Section section(out_, "builds", true);
    Statement builds = db_->Prepare("SELECT uid, id FROM build ORDER BY uid");
    while (true) {
      GOOFFSETS_TRY(bool row, builds.Next());
      if (!row) return {};
      GOOFFSETS_TRY(BuildInfo build, reader_.ReadBuild(builds.Int(1)));
      std::string json;
      JsonObject object(&json);
      AppendBuildMembers(&object, &json, build);
      object.Key("packages");
      GOOFFSETS_CHECK_OK(Triples(
          &json,
          "SELECT m.path, v.text, o.state FROM observation o JOIN package_state s ON s.id = o.state "
          "JOIN string p ON p.id = s.package JOIN version v ON v.id = o.version JOIN module m ON m.id = v.module "
          "WHERE o.build = ? ORDER BY p.text",
          builds.Int(1), &state_digests_));
      object.Key("modules");
      GOOFFSETS_CHECK_OK(Triples(
          &json,
          "SELECT m.path, v.text, b.package_list FROM build_module b JOIN version v ON v.id = b.version "
          "JOIN module m ON m.id = v.module WHERE b.build = ? AND b.package_list IS NOT NULL ORDER BY m.path, v.text",
          builds.Int(1), &list_digests_));
      object.Close();
      section.Add(build.id, json);
    }
  }

  // [["module","version","digest"],...]
  Result<void> Triples(std::string* json, std::string_view sql, int64_t build, Digests* digests) {
    Statement query = db_->Prepare(sql);
    query.BindInt(build);
    JsonArray array(json);
    while (true) {
      GOOFFSETS_TRY(bool row, query.Next());
      if (!row) break;
      array.Next();
      JsonArray triple(json);
      triple.Text(query.Bytes(0));
      triple.Text(query.Bytes(1));
      triple.Text((*digests)[query.Int(2)]);
      triple.Close();
    }
    array.Close();
    return {};
  }

  void Write(std::string_view name, std::vector<std::pair<std::string, std::string>>* elements) {
    std::sort(elements->begin(), elements->end());
    Section section(out_, name);
    for (const auto& [digest, json] : *elements) section.Add(digest, json);
  }

  Store* store_;
  Connection* db_;
  CatalogReader reader_;
  std::ostream* out_;
  std::vector<std::pair<std::string, int64_t>> trees_;  // by digest
  Digests layout_digests_, tree_digests_, state_digests_, list_digests_;
};

}  // namespace

Result<void> ExportJson(Store* store, std::ostream* out) {
  // One snapshot of the database, however many builds other processes add meanwhile.
  GOOFFSETS_CHECK_OK(store->connection()->Execute("BEGIN"));
  Result<void> done = Exporter(store, out).Run();
  GOOFFSETS_CHECK_OK(store->connection()->Execute("COMMIT"));
  return done;
}

Result<void> ExportJsonFile(Store* store, const std::string& path) {
  GOOFFSETS_TRY(AtomicStream file, AtomicStream::Create(path));
  GOOFFSETS_CHECK_OK(ExportJson(store, &file.stream()));
  return file.Commit();
}

}  // namespace gooffsets
