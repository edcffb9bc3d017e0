// The inside of Database: the connection, caches, and the steps of a lookup.
//
// One lookup is: which builds saw this package of this module version (sightings), what each of them says of the symbol
// (outcomes), which of them count for the Go release asked for, and do those agree. database_*.cc has a file for each
// step. One thread at a time.
//
//   GOOFFSETS_TRY(std::vector<Sighting> sightings, impl.SightingsOf(version_ids, package, goarch));
//   GOOFFSETS_TRY(Outcome outcome, impl.Ask(sightings[0], "Request.URL", query, go));
#ifndef GOOFFSETS_STORE_DATABASE_IMPL_H_
#define GOOFFSETS_STORE_DATABASE_IMPL_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "go/promotion.h"
#include "gooffsets/database.h"
#include "store/catalog.h"
#include "store/sqlite.h"
#include "store/std_types.h"

namespace gooffsets {

class ModuleViewReader;

// One package of one module version, as one successful build saw it.
struct Sighting {
  int64_t build = 0;
  Evidence evidence;
  int64_t version = 0;  // row of the owner's version
  int64_t state = 0;
};

// What a sighting says of a symbol.
struct Outcome {
  enum class Kind { kFound, kAbsent, kUnknown } kind = Kind::kUnknown;
  Value value;         // kFound
  std::string reason;  // kAbsent, kUnknown
  std::string hint;    // kUnknown
  // Packages whose layouts were used, by state: all must be the same at the Go release that was asked for.
  std::set<int64_t> used_states;
  // For suggestions: the fields of the struct in which a name was not found, and what comes before them in the symbol.
  std::vector<std::string> field_names;
  std::string field_prefix;
};

// A struct on the way along `A.B.c`, and the package (in its build) whose names it uses.
struct HeldStruct {
  Outcome::Kind kind = Outcome::Kind::kUnknown;
  StructLayout layout;
  Sighting scope;
  std::string reason, hint;
};

// A field found in a struct, possibly in an embedded one; `scope` is where its struct was declared.
struct FoundField {
  Field field;  // offset from the start of the struct that was searched
  Sighting scope;
};

class Database::Impl {
 public:
  explicit Impl(Connection db) : db_(std::move(db)), reader_(&db_) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<Answer> Lookup(const Query& query);
  Result<Timeline> AllVersions(const Query& query);
  Result<std::vector<std::string>> Modules();
  Result<std::vector<std::string>> Versions(const std::string& module);
  Result<std::vector<PackageStruct>> Structs(const std::string& module, const std::string& version, GoArch goarch,
                                             const std::string& package);

  // The inside of an opened database, for the other parts of the library that read observations.
  static Impl& Of(const Database& database) { return *database.impl_; }
  Connection* connection() { return &db_; }
  // What earlier resolvers read of this database and remembered (database_reader.cc). It borrows the connection.
  std::shared_ptr<ModuleViewReader> LendReader();

 private:
  using States = std::map<int64_t, CatalogReader::State>;
  using Entries = std::vector<PackageEntry>;

  // database_lookup.cc
  Result<Query> Normalise(const Query& query, bool with_version);
  // Splits the symbol; the package may be one that the version does not have.
  Result<std::pair<std::string, std::string>> Split(const Query& query, std::optional<int64_t> version);
  Result<Answer> Combine(const Query& query, const std::string& rest, const std::vector<Sighting>& sightings);
  Result<Answer> NotSeen(const Query& query, int64_t version, const std::string& package, const std::string& rest);
  Result<std::vector<std::string>> NewestOfLine(const Query& query);
  Result<std::vector<std::string>> Suggestions(const Outcome& outcome, const Sighting& sighting, const std::string& rest);

  // database_sightings.cc
  Result<std::vector<Sighting>> SightingsOf(const std::string& module, const std::string& package, GoArch goarch,
                                            std::optional<int64_t> version);
  Result<std::set<std::string>> PackagePaths(const std::string& module, int64_t version);
  // The package lists of this version (of all, without one).
  Result<std::vector<int64_t>> PackageLists(const std::string& module, std::optional<int64_t> version);
  // Seen by a build, or in a package list, of this version (of any, without one).
  Result<bool> IsPackage(const std::string& module, std::optional<int64_t> version, std::string_view path);
  struct Listed {
    bool known = false;      // a build of this GOARCH saw the module version's package list
    bool listed = false;     // and the package is in it
    std::string why_not;     // and this is why it was not measured
    std::vector<Evidence> evidence;
  };
  Result<Listed> FindListed(int64_t version, GoArch goarch, const std::string& package);
  Result<const CatalogReader::State*> StateOf(int64_t state);
  Result<const Entries*> EntriesOf(int64_t package_layout);
  // Package path -> sighting of every package of one build.
  Result<const std::map<std::string, Sighting>*> PackagesOf(const Sighting& of);

  // database_walk.cc
  Result<Outcome> Ask(const Sighting& sighting, const std::string& rest, const Query& query, const std::string& go);
  Result<std::optional<PackageEntry>> FindEntry(int64_t state, std::string_view symbol);
  Result<Outcome> WalkFields(const Sighting& sighting, StructLayout layout, std::string_view rest, size_t type_size,
                             const Query& query, const std::string& go);
  Result<HeldStruct> FindHeld(const Sighting& scope, const std::string& type, const Query& query, const std::string& go);
  // A field of an embedded struct (go/promotion.h); `found_in` is where that was declared, `hint` what to run where one
  // is not known.
  Result<Promotion> Promoted(const Sighting& scope, const StructLayout& layout, std::string_view name,
                             const Query& query, const std::string& go, Sighting* found_in, std::string* hint);

  // database_go.cc: does what this build saw hold for Go release `go` as well? Empty: yes; else why not, and what to run.
  struct Doubt {
    std::string reason;
    std::string hint;
  };
  Result<std::optional<Doubt>> DoubtAbout(const Sighting& sighting, const Outcome& outcome, const Query& query);

  Connection db_;
  CatalogReader reader_;
  StdTypes std_types_;
  States states_;
  std::map<int64_t, Entries> entries_;
  std::map<int64_t, std::map<std::string, Sighting>> build_packages_;
  std::shared_ptr<ModuleViewReader> lent_;
  std::optional<int64_t> lent_version_;
};

// Helpers shared by the files above.
Answer Unknown(const Query& query, std::string reason, std::string hint);
std::string BuildCommand(const Query& query);  // "offsetgen --module M --versions V --arch A"
std::string ModuleCommand(const std::string& module, const std::string& version, GoArch goarch);

}  // namespace gooffsets

#endif  // GOOFFSETS_STORE_DATABASE_IMPL_H_
