#include "feed/copy_builds.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/quote.h"
#include "store/record_json.h"

namespace gooffsets {
namespace {

tl::unexpected<Error> Damaged(const Connection& db, const std::string& what) {
  return Fail(ErrorCode::kBadInput, "the database " + Quote(db.path()) + " is damaged: " + what,
              "make it again from the shards, or with offsetgen");
}

// The digest under which a row is stored; `sql` selects it by its number.
Result<Digest128> StoredDigest(Connection* db, std::string_view sql, int64_t id) {
  Statement query = db->Prepare(sql);
  GOOFFSETS_TRY(const bool found, query.BindInt(id).Next());
  Digest128 digest{};
  if (!found || query.Bytes(0).size() != digest.size()) return Damaged(*db, "a row is missing");
  std::copy_n(query.Bytes(0).begin(), digest.size(), digest.begin());
  return digest;
}

}  // namespace

Result<void> BuildCopier::Copy(const std::string& id) {
  GOOFFSETS_TRY(const Digest128 uid, ParseDigest128(id));
  int64_t from_build = 0;
  {
    Statement query = from_->Prepare("SELECT id FROM build WHERE uid = ?");
    GOOFFSETS_TRY(const bool found, query.BindBlob(uid).Next());
    if (!found) return Fail(ErrorCode::kNotFound, "the database has no build " + id);
    from_build = query.Int(0);
  }
  GOOFFSETS_TRY(const BuildInfo build, reader_.ReadBuild(from_build));
  GOOFFSETS_CHECK_OK(CheckBuild(build));
  GOOFFSETS_TRY(Transaction transaction, Transaction::Begin(to_));
  GOOFFSETS_TRY(const int64_t to_build, writer_.InsertBuild(build));
  GOOFFSETS_CHECK_OK(CopyObservations(from_build, to_build));
  GOOFFSETS_CHECK_OK(CopyModuleLists(from_build, to_build));
  return transaction.Commit();
}

void BuildCopier::Forget() {
  states_.clear();
  versions_.clear();
  lists_.clear();
  layouts_.clear();
}

Result<void> BuildCopier::CopyObservations(int64_t from_build, int64_t to_build) {
  Statement rows = from_->Prepare(
      "SELECT o.state, o.version, p.text, b.status FROM observation o JOIN package_state s ON s.id = o.state "
      "JOIN string p ON p.id = s.package JOIN build b ON b.id = o.build WHERE o.build = ? ORDER BY p.text");
  rows.BindInt(from_build);
  std::string last;
  while (true) {
    GOOFFSETS_TRY(const bool more, rows.Next());
    if (!more) return {};
    std::string package = rows.Text(2);
    if (package == last) return Damaged(*from_, "a build has package " + Quote(package) + " twice");
    if (rows.Int(3) != static_cast<int64_t>(BuildStatus::kOk)) return Damaged(*from_, "a failed build has packages");
    last = std::move(package);
    GOOFFSETS_TRY(const int64_t state, State(rows.Int(0)));
    GOOFFSETS_TRY(const int64_t version, Version(rows.Int(1)));
    GOOFFSETS_CHECK_OK(writer_.Observe(to_build, state, version));
  }
}

Result<void> BuildCopier::CopyModuleLists(int64_t from_build, int64_t to_build) {
  Statement rows = from_->Prepare(
      "SELECT b.version, b.package_list FROM build_module b JOIN version v ON v.id = b.version "
      "JOIN module m ON m.id = v.module WHERE b.build = ? AND b.package_list IS NOT NULL ORDER BY m.path, v.text");
  rows.BindInt(from_build);
  while (true) {
    GOOFFSETS_TRY(const bool more, rows.Next());
    if (!more) return {};
    GOOFFSETS_TRY(const int64_t version, Version(rows.Int(0)));
    GOOFFSETS_TRY(const int64_t list, PackageList(rows.Int(1)));
    GOOFFSETS_CHECK_OK(writer_.AddModuleList(to_build, version, list));
  }
}

Result<int64_t> BuildCopier::State(int64_t from_id) {
  if (const auto known = states_.find(from_id); known != states_.end()) return known->second;
  GOOFFSETS_TRY(CatalogReader::State state, reader_.ReadState(from_id));
  state.package.owner = {"m", "0.0.0"};  // a state has none, and is checked without it
  GOOFFSETS_CHECK_OK(CheckPackage(state.package));
  GOOFFSETS_TRY(const int64_t layout, PackageLayout(state.package_layout, state.package.path));
  GOOFFSETS_TRY(const int64_t row, writer_.State(state.package, layout));
  return states_[from_id] = row;
}

Result<int64_t> BuildCopier::PackageLayout(int64_t from_id, const std::string& package) {
  GOOFFSETS_TRY(const Digest128 stored, StoredDigest(from_, "SELECT digest FROM package_layout WHERE id = ?", from_id));
  GOOFFSETS_TRY(const std::optional<int64_t> found, writer_.FindPackageLayout(stored));
  if (found) return *found;
  GOOFFSETS_TRY(const std::vector<PackageEntry> entries, reader_.Entries(from_id));
  std::vector<std::pair<std::string, PackageEntry>> symbols;
  symbols.reserve(entries.size());
  for (const PackageEntry& entry : entries) {
    GOOFFSETS_TRY(std::string name, reader_.Text(entry.symbol));
    GOOFFSETS_CHECK_OK(CheckSymbolName(name));
    symbols.emplace_back(std::move(name), entry);
  }
  std::sort(symbols.begin(), symbols.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  PackageDigest digest;
  std::vector<PackageEntry> copied;
  copied.reserve(symbols.size());
  for (const auto& [name, entry] : symbols) {
    PackageEntry& copy = copied.emplace_back();
    GOOFFSETS_TRY(copy.symbol, writer_.String(name));
    if (entry.layout == 0) {
      copy.reason = entry.reason;
      digest.Add(name, entry.reason);
      continue;
    }
    GOOFFSETS_TRY(const CopiedLayout* layout, LayoutOf(entry.layout, name));
    copy.layout = layout->row;
    digest.Add(name, layout->digest);
  }
  if (digest.Finish() != stored) return Damaged(*from_, "package " + Quote(package) + " is not what its digest says");
  return writer_.PackageLayout(stored, std::move(copied));
}

Result<const BuildCopier::CopiedLayout*> BuildCopier::LayoutOf(int64_t from_id, const std::string& symbol) {
  if (const auto known = layouts_.find(from_id); known != layouts_.end()) return &known->second;
  GOOFFSETS_TRY(const Layout layout, reader_.ReadLayout(from_id));
  GOOFFSETS_CHECK_OK(CheckLayout(Quote(symbol), layout));
  CopiedLayout copy;
  copy.digest = LayoutDigest(layout);
  GOOFFSETS_TRY(const Digest128 stored, reader_.DigestOfLayout(from_id));
  if (copy.digest != stored) return Damaged(*from_, Quote(symbol) + " is not what its digest says");
  GOOFFSETS_TRY(copy.row, writer_.LayoutOf(layout, copy.digest));
  return &(layouts_[from_id] = copy);
}

Result<int64_t> BuildCopier::Version(int64_t from_id) {
  if (const auto known = versions_.find(from_id); known != versions_.end()) return known->second;
  GOOFFSETS_TRY(const ModuleVersion version, reader_.ReadVersion(from_id));
  GOOFFSETS_CHECK_OK(CheckModuleVersion(version));
  GOOFFSETS_TRY(const int64_t row, writer_.Version(version));
  return versions_[from_id] = row;
}

Result<int64_t> BuildCopier::PackageList(int64_t from_id) {
  if (const auto known = lists_.find(from_id); known != lists_.end()) return known->second;
  ModulePackages list;
  list.owner = {"m", "0.0.0"};  // as above
  GOOFFSETS_TRY(list.packages, reader_.ReadPackageList(from_id));
  GOOFFSETS_CHECK_OK(CheckPackageList(list));
  GOOFFSETS_TRY(const int64_t row, writer_.PackageList(list.packages));
  GOOFFSETS_TRY(const Digest128 stored, StoredDigest(from_, "SELECT digest FROM package_list WHERE id = ?", from_id));
  GOOFFSETS_TRY(const Digest128 made, StoredDigest(to_, "SELECT digest FROM package_list WHERE id = ?", row));
  if (made != stored) return Damaged(*from_, "a list of packages is not what its digest says");
  return lists_[from_id] = row;
}

}  // namespace gooffsets
