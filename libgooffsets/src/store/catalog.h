// Reading and writing the interned things of a database: strings, versions, layouts, package layouts, package states.
//
// CatalogReader finds and reads by number; CatalogWriter finds or inserts. Both borrow a connection (one thread at a time)
// and keep nothing else but small caches, so a writer must not outlive its transaction when that is rolled back.
// Blobs read from a file are hostile: a malformed one is kBadInput.
//
//   CatalogReader reader(&connection);
//   GOOFFSETS_TRY(std::vector<PackageEntry> entries, reader.Entries(package_layout_id));
//   GOOFFSETS_TRY(Layout layout, reader.ReadLayout(entries[0].layout));
#ifndef GOOFFSETS_STORE_CATALOG_H_
#define GOOFFSETS_STORE_CATALOG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/digest.h"
#include "gooffsets/result.h"
#include "store/record.h"
#include "store/sqlite.h"

namespace gooffsets {

// One symbol of a package layout.
struct PackageEntry {
  int64_t symbol = 0;  // string
  int64_t layout = 0;  // 0: none, for `reason`
  SkipReason reason = SkipReason::kGeneric;
};

// One package of a package list, its texts by number.
struct PackageListEntry {
  int64_t path = 0;
  int64_t why_not = 0;          // 0: measured
  std::optional<int64_t> tags;  // a string of lines; nullopt: not recorded
};

// Packed form of package_layout.entries; sorts by symbol. docs/formats.md, "package layout".
std::string PackEntries(std::vector<PackageEntry> entries);
Result<std::vector<PackageEntry>> UnpackEntries(std::string_view packed);

// The entry of a symbol among entries as they are stored, which are sorted by symbol; null: there is none.
const PackageEntry* FindEntry(const std::vector<PackageEntry>& entries, int64_t symbol);

// Lists in one text, an item a line.
std::string JoinLines(const std::vector<std::string>& lines);
std::vector<std::string> SplitLines(std::string_view text);
std::string SelectionsText(const std::vector<PackageRecord::SelectionRange>& selections);
Result<std::vector<PackageRecord::SelectionRange>> ParseSelections(std::string_view text);

class CatalogReader {
 public:
  explicit CatalogReader(Connection* db) : db_(db) {}

  Result<std::string> Text(int64_t string_id);
  Result<std::optional<int64_t>> FindString(std::string_view text);
  Result<std::optional<int64_t>> FindVersion(const ModuleVersion& version);
  Result<ModuleVersion> ReadVersion(int64_t version_id);

  Result<Layout> ReadLayout(int64_t layout_id);
  Result<Digest128> DigestOfLayout(int64_t layout_id);
  Result<std::vector<PackageEntry>> Entries(int64_t package_layout_id);
  Result<std::vector<ModulePackages::Package>> ReadPackageList(int64_t package_list_id);
  // The same without reading any text, in the order of the list.
  Result<std::vector<PackageListEntry>> PackageListEntries(int64_t package_list_id);

  struct State {
    PackageRecord package;  // without owner and symbols
    int64_t package_layout = 0;
  };
  Result<State> ReadState(int64_t state_id);

  // Everything about a build but its packages and module lists.
  Result<BuildInfo> ReadBuild(int64_t build_id);

 protected:
  Connection* db_;
};

class CatalogWriter : public CatalogReader {
 public:
  explicit CatalogWriter(Connection* db) : CatalogReader(db) {}

  Result<int64_t> String(std::string_view text);
  Result<int64_t> Version(const ModuleVersion& version, bool listed = false);
  Result<int64_t> LayoutOf(const Layout& layout, const Digest128& digest);
  Result<std::optional<int64_t>> FindLayout(const Digest128& digest);
  Result<std::optional<int64_t>> FindPackageLayout(const Digest128& digest);
  Result<int64_t> PackageLayout(const Digest128& digest, std::vector<PackageEntry> entries);
  // `package` gives all but owner and symbols.
  Result<int64_t> State(const PackageRecord& package, int64_t package_layout);
  Result<int64_t> PackageList(const std::vector<ModulePackages::Package>& packages);
  // Inserts the build with its closure and disagreements; `build.id` must be new.
  Result<int64_t> InsertBuild(const BuildInfo& build);
  Result<void> Observe(int64_t build, int64_t state, int64_t version);
  Result<void> AddModuleList(int64_t build, int64_t version, int64_t package_list);

 private:
  std::unordered_map<std::string, int64_t> strings_;  // of this transaction
};

}  // namespace gooffsets

#endif  // GOOFFSETS_STORE_CATALOG_H_
