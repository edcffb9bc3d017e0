#include "store/store.h"

#include <algorithm>
#include <tuple>

#include "store/build_rules.h"
#include "store/catalog.h"
#include "store/record_json.h"

namespace gooffsets {

namespace {

Result<int64_t> AddPackageLayout(CatalogWriter* writer, const PackageRecord& package) {
  // Digests first: most packages of most builds are there already, and then no layout has to be looked for.
  std::vector<Digest128> digests;
  digests.reserve(package.symbols.size());
  PackageDigest package_digest;
  for (const auto& [symbol, entry] : package.symbols) {
    if (const auto* layout = std::get_if<Layout>(&entry.value)) {
      digests.push_back(LayoutDigest(*layout));
      package_digest.Add(symbol, digests.back());
    } else {
      digests.emplace_back();
      package_digest.Add(symbol, std::get<SkipReason>(entry.value));
    }
  }
  const Digest128 digest = package_digest.Finish();
  GOOFFSETS_TRY(std::optional<int64_t> found, writer->FindPackageLayout(digest));
  if (found) return *found;
  std::vector<PackageEntry> entries;
  entries.reserve(package.symbols.size());
  size_t i = 0;
  for (const auto& [symbol, entry] : package.symbols) {
    PackageEntry packed;
    GOOFFSETS_TRY(packed.symbol, writer->String(symbol));
    if (const auto* layout = std::get_if<Layout>(&entry.value)) {
      GOOFFSETS_TRY(packed.layout, writer->LayoutOf(*layout, digests[i]));
    } else {
      packed.reason = std::get<SkipReason>(entry.value);
    }
    entries.push_back(packed);
    ++i;
  }
  return writer->PackageLayout(digest, std::move(entries));
}

Result<std::vector<int64_t>> Ids(Statement* query) {
  std::vector<int64_t> ids;
  while (true) {
    GOOFFSETS_TRY(bool row, query->Next());
    if (!row) return ids;
    ids.push_back(query->Int(0));
  }
}

// By module, version, Go release, GOARCH, id; versions by their own order where they are versions.
bool BuildBefore(const BuildInfo& a, const BuildInfo& b) {
  return std::tie(a.root.module, a.root.version, a.go, a.goarch, a.id) <
         std::tie(b.root.module, b.root.version, b.go, b.goarch, b.id);
}

Result<std::vector<BuildInfo>> ReadBuilds(Connection* db, const std::vector<int64_t>& ids) {
  CatalogReader reader(db);
  std::vector<BuildInfo> builds;
  builds.reserve(ids.size());
  for (int64_t id : ids) {
    GOOFFSETS_TRY(BuildInfo build, reader.ReadBuild(id));
    builds.push_back(std::move(build));
  }
  std::sort(builds.begin(), builds.end(), BuildBefore);
  return builds;
}

Result<std::optional<int64_t>> FindBuild(Connection* db, const std::string& id) {
  Result<Digest128> uid = ParseDigest128(id);
  if (!uid) return Fail(ErrorCode::kUsage, "\"" + id + "\" is no build id: 32 hex digits are");
  Statement query = db->Prepare("SELECT id FROM build WHERE uid = ?");
  GOOFFSETS_TRY(bool found, query.BindBlob(*uid).Next());
  if (!found) return std::optional<int64_t>();
  return std::optional<int64_t>(query.Int(0));
}

Result<BuildRecord> ReadRecord(Connection* db, const std::string& id, bool with_symbols) {
  GOOFFSETS_TRY(std::optional<int64_t> build_id, FindBuild(db, id));
  if (!build_id) return Fail(ErrorCode::kNotFound, "the database has no build " + id);
  CatalogReader reader(db);
  BuildRecord record;
  GOOFFSETS_TRY(record.build, reader.ReadBuild(*build_id));
  Statement observations = db->Prepare(
      "SELECT o.state, o.version FROM observation o JOIN package_state s ON s.id = o.state "
      "JOIN string p ON p.id = s.package WHERE o.build = ? ORDER BY p.text");
  observations.BindInt(*build_id);
  while (true) {
    GOOFFSETS_TRY(bool row, observations.Next());
    if (!row) break;
    GOOFFSETS_TRY(CatalogReader::State state, reader.ReadState(observations.Int(0)));
    GOOFFSETS_TRY(state.package.owner, reader.ReadVersion(observations.Int(1)));
    if (with_symbols) {
      GOOFFSETS_TRY(std::vector<PackageEntry> entries, reader.Entries(state.package_layout));
      for (const PackageEntry& entry : entries) {
        GOOFFSETS_TRY(std::string symbol, reader.Text(entry.symbol));
        SymbolEntry value{entry.reason};
        if (entry.layout != 0) {
          GOOFFSETS_TRY(value.value, reader.ReadLayout(entry.layout));
        }
        state.package.symbols.emplace(std::move(symbol), std::move(value));
      }
    }
    record.packages.push_back(std::move(state.package));
  }
  Statement modules = db->Prepare(
      "SELECT m.path, v.text, b.package_list FROM build_module b JOIN version v ON v.id = b.version "
      "JOIN module m ON m.id = v.module WHERE b.build = ? AND b.package_list IS NOT NULL ORDER BY m.path, v.text");
  modules.BindInt(*build_id);
  while (true) {
    GOOFFSETS_TRY(bool row, modules.Next());
    if (!row) break;
    ModulePackages module;
    module.owner = {modules.Text(0), modules.Text(1)};
    GOOFFSETS_TRY(module.packages, reader.ReadPackageList(modules.Int(2)));
    record.modules.push_back(std::move(module));
  }
  return record;
}

// Both inside the caller's transaction.
Result<void> Insert(Connection* db, const BuildRecord& record) {
  CatalogWriter writer(db);
  GOOFFSETS_TRY(int64_t build, writer.InsertBuild(record.build));
  for (const PackageRecord& package : record.packages) {
    GOOFFSETS_TRY(int64_t package_layout, AddPackageLayout(&writer, package));
    GOOFFSETS_TRY(int64_t state, writer.State(package, package_layout));
    GOOFFSETS_TRY(int64_t owner, writer.Version(package.owner));
    GOOFFSETS_CHECK_OK(writer.Observe(build, state, owner));
  }
  for (const ModulePackages& module : record.modules) {
    GOOFFSETS_TRY(int64_t owner, writer.Version(module.owner));
    GOOFFSETS_TRY(int64_t list, writer.PackageList(module.packages));
    GOOFFSETS_CHECK_OK(writer.AddModuleList(build, owner, list));
  }
  return {};
}

Result<bool> Remove(Connection* db, const std::string& id) {
  GOOFFSETS_TRY(std::optional<int64_t> build, FindBuild(db, id));
  if (!build) return false;
  GOOFFSETS_CHECK_OK(db->Prepare("DELETE FROM build WHERE id = ?").BindInt(*build).Run());
  // Package layouts name their layouts inside a blob, so what is still in use is collected here.
  GOOFFSETS_CHECK_OK(db->Execute(
      "DELETE FROM package_state WHERE id NOT IN (SELECT state FROM observation);"
      "DELETE FROM package_layout WHERE id NOT IN (SELECT package_layout FROM package_state);"
      "DELETE FROM package_list WHERE id NOT IN (SELECT package_list FROM build_module WHERE package_list IS NOT NULL);"
      "CREATE TEMP TABLE used (layout INTEGER PRIMARY KEY);"));
  CatalogReader reader(db);
  std::vector<int64_t> trees;
  {
    Statement query = db->Prepare("SELECT id FROM package_layout");
    GOOFFSETS_TRY(trees, Ids(&query));
  }
  for (int64_t tree : trees) {
    GOOFFSETS_TRY(std::vector<PackageEntry> entries, reader.Entries(tree));
    for (const PackageEntry& entry : entries) {
      if (entry.layout == 0) continue;
      GOOFFSETS_CHECK_OK(
          db->Prepare("INSERT OR IGNORE INTO temp.used VALUES (?)").BindInt(entry.layout).Run());
    }
  }
  GOOFFSETS_CHECK_OK(
      db->Execute("DELETE FROM field WHERE layout NOT IN (SELECT layout FROM temp.used);"
                  "DELETE FROM parameter WHERE layout NOT IN (SELECT layout FROM temp.used);"
                  "DELETE FROM layout WHERE id NOT IN (SELECT layout FROM temp.used);"
                  "DROP TABLE temp.used;"));
  return true;
}

}  // namespace

Result<Store> Store::Open(const std::string& path, OpenMode mode) {
  GOOFFSETS_TRY(Connection db, OpenDatabaseFile(path, mode));
  return Store(std::move(db));
}

Result<AddOutcome> Store::Add(const BuildRecord& record) { return Put(record, false); }

Result<AddOutcome> Store::Replace(const BuildRecord& record) {
  return Put(record, record.build.status == BuildStatus::kOk);
}

Result<AddOutcome> Store::Put(const BuildRecord& record, bool remove_first) {
  GOOFFSETS_CHECK_OK(CheckRecord(record));
  GOOFFSETS_TRY(Transaction transaction, Transaction::Begin(&db_));
  if (remove_first) GOOFFSETS_CHECK_OK(Remove(&db_, record.build.id));
  GOOFFSETS_TRY(AddOutcome outcome, MakeRoomFor(&db_, record.build));
  if (outcome != AddOutcome::kStored) return outcome;
  GOOFFSETS_CHECK_OK(Insert(&db_, record));
  GOOFFSETS_CHECK_OK(transaction.Commit());
  std_types_.Forget();
  return AddOutcome::kStored;
}

Result<void> Store::AddKnownVersions(const std::string& module, const std::vector<std::string>& versions) {
  GOOFFSETS_TRY(Transaction transaction, Transaction::Begin(&db_));
  CatalogWriter writer(&db_);
  for (const std::string& version : versions) {
    if (!IsPlainText(version) || version.empty()) {
      return Fail(ErrorCode::kBadInput, "a version of module \"" + module + "\" is not valid UTF-8");
    }
    GOOFFSETS_CHECK_OK(writer.Version({module, version}, true));
  }
  return transaction.Commit();
}

Result<bool> Store::RemoveBuild(const std::string& id) {
  GOOFFSETS_TRY(Transaction transaction, Transaction::Begin(&db_));
  GOOFFSETS_TRY(bool removed, Remove(&db_, id));
  if (!removed) return false;
  GOOFFSETS_CHECK_OK(transaction.Commit());
  std_types_.Forget();
  return true;
}

Result<bool> Store::HasBuild(const std::string& id) {
  GOOFFSETS_TRY(std::optional<int64_t> found, FindBuild(&db_, id));
  if (!found) return false;
  Statement query = db_.Prepare("SELECT 1 FROM build WHERE id = ? AND status = 0");
  return query.BindInt(*found).Next();
}

Result<std::vector<BuildInfo>> Store::Builds(const std::string& module, const std::string& version) {
  Statement query = db_.Prepare(
      "SELECT b.id FROM build b JOIN version v ON v.id = b.version JOIN module m ON m.id = v.module "
      "WHERE m.path = ?1 AND (?2 = '' OR v.text = ?2)");
  query.BindText(module).BindText(version);
  GOOFFSETS_TRY(std::vector<int64_t> ids, Ids(&query));
  return ReadBuilds(&db_, ids);
}

Result<std::vector<BuildInfo>> Store::AllBuilds() {
  Statement query = db_.Prepare("SELECT id FROM build");
  GOOFFSETS_TRY(std::vector<int64_t> ids, Ids(&query));
  return ReadBuilds(&db_, ids);
}

Result<std::optional<BuildInfo>> Store::Build(const std::string& id) {
  GOOFFSETS_TRY(std::optional<int64_t> found, FindBuild(&db_, id));
  if (!found) return std::optional<BuildInfo>();
  CatalogReader reader(&db_);
  GOOFFSETS_TRY(BuildInfo build, reader.ReadBuild(*found));
  return std::optional<BuildInfo>(std::move(build));
}

Result<BuildRecord> Store::ReadBuild(const std::string& id) { return ReadRecord(&db_, id, true); }
Result<BuildRecord> Store::ReadBuildFacts(const std::string& id) { return ReadRecord(&db_, id, false); }

Result<void> Store::SetLocal(const std::string& id, const std::string& key, const std::string& value) {
  Result<Digest128> uid = ParseDigest128(id);
  if (!uid) return Fail(ErrorCode::kUsage, "\"" + id + "\" is no build id: 32 hex digits are");
  return db_.Prepare("INSERT INTO local VALUES (?, ?, ?) ON CONFLICT (uid, key) DO UPDATE SET value = excluded.value")
      .BindBlob(*uid)
      .BindText(key)
      .BindText(value)
      .Run();
}

Result<std::optional<std::string>> Store::Local(const std::string& id, const std::string& key) {
  Result<Digest128> uid = ParseDigest128(id);
  if (!uid) return Fail(ErrorCode::kUsage, "\"" + id + "\" is no build id: 32 hex digits are");
  Statement query = db_.Prepare("SELECT value FROM local WHERE uid = ? AND key = ?");
  GOOFFSETS_TRY(bool found, query.BindBlob(*uid).BindText(key).Next());
  if (!found) return std::optional<std::string>();
  return std::optional<std::string>(query.Text(0));
}

}  // namespace gooffsets
