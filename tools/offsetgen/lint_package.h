// Lint of one package of one module over all versions, architectures and Go selections.
//
// A *series* is what a program built with one Go release for one architecture meets over the versions: of each version
// the build with the lowest Go release that is not below it, because the plan builds each group of releases with equal
// layouts with its newest one (docs/plan.md). Series that go through the same package layouts are looked at once.
// Borrows connection and world; keeps decoded layouts for one package only. One thread at a time.
//
//   PackageLint lint(db, world, &findings, &quiet);
//   GOOFFSETS_CHECK_OK(lint.Run("std", "net/http", sightings));
#ifndef OFFSETGEN_LINT_PACKAGE_H_
#define OFFSETGEN_LINT_PACKAGE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "gooffsets/result.h"
#include "lint.h"
#include "lint_facets.h"
#include "lint_world.h"
#include "store/catalog.h"
#include "store/sqlite.h"

namespace offsetgen {

struct PackageSighting {
  size_t build = 0;     // index into LintWorld::builds
  size_t position = 0;  // of the version on the module's axis
  int64_t layout = 0;   // package layout
  bool fully_kept = false;
};

// Findings that differ only in architecture and Go release are one. Those beyond `max` are counted only.
class FindingSet {
 public:
  explicit FindingSet(size_t max) : max_(max) {}
  void Add(LintFinding finding);
  std::vector<LintFinding> Take();  // sorted
  size_t not_listed() const { return not_listed_; }
  size_t Count(LintKind kind) const;  // of those in the set

 private:
  struct Where {
    std::set<std::string> goarch, go;
  };
  size_t max_;
  size_t not_listed_ = 0;
  std::map<LintFinding, Where> findings_;
};

class PackageLint {
 public:
  // Appearances and returns go to `quiet`.
  PackageLint(gooffsets::Connection* db, const LintWorld& world, FindingSet* findings, FindingSet* quiet)
      : reader_(db), world_(world), findings_(findings), quiet_(quiet) {}

  gooffsets::Result<void> Run(const std::string& module, const std::string& package,
                              const std::vector<PackageSighting>& sightings);

  size_t backports() const { return backports_; }
  size_t package_layouts() const { return package_layouts_; }

 private:
  // What one version of a series shows of the package.
  struct Cell {
    enum class State { kUnknown, kAbsent, kSeen } state = State::kUnknown;
    size_t build = 0;
    int64_t layout = 0;
    bool fully_kept = false;
  };
  // A range of versions with one package layout.
  struct Range {
    Segment segment;
    const std::vector<gooffsets::PackageEntry>* entries = nullptr;
    bool fully_kept = false;
  };
  struct Decoded {
    bool is_struct = false;
    std::vector<Facet> facets;
  };
  // The versions of an anomaly; its facets become the details of one finding.
  using Place = std::tuple<LintKind, size_t, size_t, size_t, size_t, size_t>;
  using Places = std::map<Place, std::vector<LintFinding::Detail>>;

  gooffsets::Result<void> RunSeries(const std::string& goarch, const std::string& variant,
                                    const std::vector<PackageSighting>& sightings);
  gooffsets::Result<void> LintCells(const std::vector<Cell>& cells);
  gooffsets::Result<void> LintSymbols(const std::vector<Range>& runs);
  gooffsets::Result<void> LintSymbol(int64_t symbol, const std::vector<Range>& runs, const std::vector<int64_t>& codes);
  void LintFacets(const std::vector<Range>& runs, const std::vector<const Decoded*>& decoded, bool structs,
                  Places* places);
  void Note(const SeriesResult& result, Places* places, const std::vector<std::string>& texts, const std::string& item);
  void NoteUnstored(const std::vector<PackageSighting>& sightings);
  gooffsets::Result<void> NoteColumns();
  gooffsets::Result<const std::vector<gooffsets::PackageEntry>*> Entries(int64_t package_layout);
  gooffsets::Result<const Decoded*> Decode(int64_t layout);
  LintFinding Finding(LintKind kind, const std::string& symbol) const;
  void Report(const std::string& symbol, const Places& places);
  // Whether the missing versions are whole minor lines, and enough of them to be history.
  bool IsReturn(const Place& place) const;

  gooffsets::CatalogReader reader_;
  const LintWorld& world_;
  FindingSet* findings_;
  FindingSet* quiet_;
  size_t backports_ = 0;
  size_t package_layouts_ = 0;

  // Of the package that is being looked at.
  std::string module_, package_;
  const ModuleWorld* versions_ = nullptr;
  std::unordered_map<int64_t, std::vector<gooffsets::PackageEntry>> entries_;
  std::unordered_map<int64_t, Decoded> decoded_;
  // Of the series.
  std::string goarch_, variant_;
  const std::vector<Cell>* cells_ = nullptr;
  bool backport_ = false;  // one was met in the symbol that is being looked at
};

}  // namespace offsetgen

#endif  // OFFSETGEN_LINT_PACKAGE_H_
