// What builds saw, read piece by piece and remembered: the view of a database that answers for one program need.
//
// Packages of builds, their source files for each Go release, their symbols and layouts. Nothing is judged here: which
// observation holds for which program is the business of resolve/. Memory grows with what is asked, and everything that
// is returned by pointer stays where it is as long as the reader: a Database lends one reader to its resolvers, one
// after the other, until it remembers too much or the file has changed. Borrows the connection; one thread at a time.
//
//   ModuleViewReader reader(&connection);
//   GOOFFSETS_TRY(const auto* seen, reader.Seen("google.golang.org/grpc", "1.60.1", package, GoArch::kAmd64));
//   GOOFFSETS_TRY(auto entry, reader.Find(seen->front().state, "Server"));
//   GOOFFSETS_TRY(const Layout* layout, reader.LayoutOf(entry->layout));
#ifndef GOOFFSETS_STORE_MODULE_VIEW_READER_H_
#define GOOFFSETS_STORE_MODULE_VIEW_READER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "gooffsets/database.h"
#include "gooffsets/result.h"
#include "gooffsets/version.h"
#include "store/catalog.h"
#include "store/sqlite.h"

namespace gooffsets {

// One package of one module version, as one successful build saw it.
struct SeenPackage {
  int64_t build = 0, state = 0;
  bool operator==(const SeenPackage&) const = default;
};

// What made a build, without its counts.
struct SeenBuild {
  Evidence evidence;
  ModuleVersion root;
  GoArch goarch = GoArch::kAmd64;
  std::string goexperiment;
  std::vector<std::string> tags;
};

// Equal for structs of one size whose fields have the same names, offsets and sizes, and for no others. Types do not
// count: descriptors and DWARF spell some of them differently.
struct StructShape {
  std::string names, numbers;  // of the fields
  explicit StructShape(const StructLayout& layout);
  bool operator==(const StructShape&) const = default;
};

class ModuleViewReader {
 public:
  explicit ModuleViewReader(Connection* db) : db_(db), reader_(db) {}
  ModuleViewReader(const ModuleViewReader&) = delete;
  ModuleViewReader& operator=(const ModuleViewReader&) = delete;

  // By Go release, then build id. Empty: nobody saw it.
  Result<const std::vector<SeenPackage>*> Seen(const std::string& module, const std::string& version,
                                               const std::string& package, GoArch goarch);
  Result<const SeenBuild*> Build(int64_t build);
  // What orders and filters the builds of a query's rows.
  struct BuildHead {
    std::string go, uid, goarch;
    bool ok = false;
  };
  Result<const BuildHead*> HeadOf(int64_t build);
  // The modules that this build's root needs, and itself.
  using Closure = std::map<std::string, std::string>;  // module path -> version
  Result<const Closure*> ClosureOf(int64_t build);
  // Of the successful builds whose root needs this version or is it: one for each set of modules that it is needed
  // with, ascending. Not remembered.
  Result<std::vector<int64_t>> BuildsByClosure(const std::string& module, const std::string& version, GoArch goarch);
  // What this build saw of a package; nullopt: nothing. The standard library is in its own builds only.
  Result<std::optional<int64_t>> StateInBuild(int64_t build, std::string_view package);
  // All of it: the number of the package's path, and the state; by the number.
  using BuildStates = std::vector<std::pair<int64_t, int64_t>>;
  Result<const BuildStates*> StatesOfBuild(int64_t build);
  // Successful builds of the standard library of a release, ascending.
  Result<std::vector<int64_t>> StdBuilds(const std::string& release, GoArch goarch);
  // Reads what Seen tells of this package for each of these versions, in one query.
  Result<void> ReadSeen(const std::string& module, const std::vector<std::string>& versions, const std::string& package,
                        GoArch goarch);
  Result<const CatalogReader::State*> State(int64_t state);
  // The two small things of a state.
  struct StateLayout {
    int64_t package_layout = 0;
    bool fully_kept = false;
  };
  Result<StateLayout> LayoutOfState(int64_t state);
  Result<std::optional<PackageEntry>> Find(int64_t state, std::string_view symbol);
  Result<const std::string*> TextOf(int64_t string);
  Result<const std::vector<PackageEntry>*> Entries(int64_t state);
  Result<const Layout*> LayoutOf(int64_t layout);
  // The number of a string; nullopt: the database has none such.
  Result<std::optional<int64_t>> StringId(std::string_view text);
  Result<std::string> Text(int64_t string) { return reader_.Text(string); }
  // Read and not remembered, for comparing many versions.
  Result<std::vector<PackageEntry>> ReadEntries(int64_t package_layout) { return reader_.Entries(package_layout); }
  // Of a stored struct; nullptr: the layout is a function's.
  Result<const StructShape*> ShapeOf(int64_t layout);
  // Symbols of any package that begin with `prefix`: string ids by text.
  Result<std::map<std::string, int64_t>> SymbolsWithPrefix(const std::string& prefix);

  Result<const std::vector<std::string>*> Modules();                            // with observations
  Result<const std::vector<std::string>*> Versions(const std::string& module);  // observed, ascending
  // Whether this version has this package, measured or not; nullopt: nothing is known of the version.
  Result<std::optional<bool>> HasPackage(const std::string& module, const std::string& version,
                                         const std::string& package);
  // Packages that this version is known to have, measured or not.
  Result<const std::set<std::string>*> PackagePaths(const std::string& module, const std::string& version);
  // Packages that any of these versions is known to have.
  Result<std::set<std::string>> PackagesOf(const std::string& module, const std::vector<std::string>& versions);
  struct Listed {
    bool known = false;   // a build of this GOARCH saw the version's package list
    bool listed = false;  // and the package is in it
    std::string why_not;  // not measured, because
    std::vector<Evidence> evidence;
  };
  Result<Listed> FindListed(const std::string& module, const std::string& version, GoArch goarch,
                            const std::string& package);
  // The build tags on which it depends which files of this package are compiled, sorted, by all lists that tell;
  // nullopt: none does.
  Result<std::optional<std::vector<std::string>>> ConstraintTags(const std::string& module, const std::string& version,
                                                                 const std::string& package);
  // Why there is no successful build of this version and GOARCH; empty: there is one.
  Result<std::string> WhyNotBuilt(const std::string& module, const std::string& version, GoArch goarch);

  // Builds of a version that failed with a Go release older than all that built it. Where another module's files were
  // at fault, nothing is said: programs need not have these.
  struct CompileFailure {
    Version go;
    std::string package;  // in which the compiler found an error; empty: the go command refused the go.mod
  };
  using CompileFailures = std::map<std::string, std::vector<CompileFailure>>;  // by version
  Result<CompileFailures> CompileFailuresOf(const std::string& module, GoArch goarch);

  // About how many bytes are remembered.
  size_t remembered() const { return remembered_; }

 private:
  using PackageList = std::vector<PackageListEntry>;  // by path
  Result<const PackageList*> ListOf(int64_t id);
  // The package lists that builds saw of this version.
  Result<const std::vector<int64_t>*> ListsOf(const std::string& module, const std::string& version);
  Result<std::optional<int64_t>> VersionId(const std::string& module, const std::string& version);
  Result<std::vector<SeenPackage>> ReadRows(const std::string& module, const std::string& version,
                                            const std::string& package);
  // By Go release, then build id; without the builds that failed and those of other processors.
  Result<std::vector<SeenPackage>> InOrder(std::vector<SeenPackage> rows, GoArch goarch);
  Result<std::optional<StructShape>> ReadShape(int64_t layout);

  using VersionKey = std::pair<std::string, std::string>;
  using VersionArch = std::tuple<std::string, std::string, GoArch>;
  Connection* db_;
  CatalogReader reader_;
  std::map<std::tuple<std::string, std::string, std::string, GoArch>, std::vector<SeenPackage>> seen_;
  std::unordered_map<int64_t, SeenBuild> builds_;
  std::unordered_map<int64_t, Closure> closures_;
  std::unordered_map<int64_t, BuildHead> heads_;
  std::unordered_map<int64_t, BuildStates> build_states_;
  std::unordered_map<int64_t, CatalogReader::State> states_;
  std::unordered_map<int64_t, StateLayout> state_layouts_;
  std::unordered_map<std::string, std::optional<int64_t>> string_ids_;  // bounded
  std::unordered_map<int64_t, std::string> texts_;
  std::unordered_map<int64_t, std::vector<PackageEntry>> entries_;  // by package layout
  std::unordered_map<int64_t, Layout> layouts_;
  std::unordered_map<int64_t, std::optional<StructShape>> shapes_;
  std::map<std::string, std::vector<std::string>> versions_;
  std::map<VersionKey, std::optional<int64_t>> version_ids_;
  std::map<std::pair<std::string, GoArch>, std::vector<int64_t>> std_builds_;
  std::map<VersionArch, std::string> why_not_built_;
  std::map<VersionKey, std::set<std::string>> paths_;
  std::map<std::tuple<std::string, std::string, std::string>, std::optional<bool>> has_package_;
  std::map<VersionKey, std::vector<int64_t>> lists_of_;
  std::map<VersionArch, std::vector<std::pair<int64_t, Evidence>>> lists_seen_;
  std::unordered_map<int64_t, PackageList> package_lists_;
  std::optional<std::vector<std::string>> modules_;
  size_t remembered_ = 0;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_STORE_MODULE_VIEW_READER_H_
