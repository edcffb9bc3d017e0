#include "plan_groups.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <string_view>

namespace offsetgen {
namespace {

using gooffsets::GoArch;
using gooffsets::Result;
using gooffsets::Version;
using gooffsets::VersionScheme;

std::string MinorName(uint64_t minor) { return "go1." + std::to_string(minor); }

std::optional<uint64_t> ParseMinor(const std::string& text) {
  const Result<Version> version = Version::Parse(VersionScheme::kGo, text);
  if (!version || version->major() != 1) return std::nullopt;
  return version->minor();
}

// The file selections of all packages under each Go minor release, as one comparable text a minor.
class Selections {
 public:
  // Where two builds describe one package, the newer Go's word counts: its helper knew more releases.
  explicit Selections(const std::vector<UnitBuild>& finished) {
    std::vector<const UnitBuild*> newest_first;
    for (const UnitBuild& unit : finished) newest_first.push_back(&unit);
    std::stable_sort(newest_first.begin(), newest_first.end(),
                     [](const UnitBuild* a, const UnitBuild* b) { return b->go < a->go; });
    std::map<std::string_view, const PackageFacts*> packages;
    for (const UnitBuild* unit : newest_first) {
      for (const PackageFacts& package : unit->build->packages) packages.try_emplace(package.path, &package);
    }
    for (const auto& [path, package] : packages) Add(*package);
  }

  // Absent: no package says what it selects under this minor.
  const std::string* Find(uint64_t minor) const {
    const auto found = by_minor_.find(minor);
    return found == by_minor_.end() ? nullptr : &found->second;
  }
  bool empty() const { return by_minor_.empty(); }
  uint64_t newest() const { return by_minor_.rbegin()->first; }

 private:
  void Add(const PackageFacts& package) {
    constexpr uint64_t kMostMinors = 1000;
    for (const auto& range : package.selections) {
      const std::optional<uint64_t> first = ParseMinor(range.first_minor), last = ParseMinor(range.last_minor);
      if (!first || !last || *last < *first || *last > kMostMinors) continue;
      for (uint64_t minor = *first; minor <= *last; ++minor) {
        std::string& text = by_minor_[minor];
        text += package.path;
        text += ' ';
        text += range.selection;
        text += '\n';
      }
    }
  }

  std::map<uint64_t, std::string> by_minor_;
};

// Sizes of the by-value types under one release: comparable, or the reason why not.
struct SizeVector {
  enum class State { kKnown, kAbsent, kUnknown } state = State::kKnown;
  std::vector<uint64_t> values;  // size and alignment of each type
};

// Looks sizes up by number, because a plan asks for every type under every release.
class SizeRows {
 public:
  SizeRows(const StdSizes& sizes, GoArch arch, const std::vector<std::string>& types) : sizes_(sizes), arch_(arch) {
    for (const std::string& type : types) rows_.push_back(sizes.Row(arch, type));
  }

  SizeVector At(const Version& go) const {
    SizeVector vector;
    const size_t number = sizes_.ReleaseNumber(arch_, go.text());
    if (rows_.empty()) return vector;
    if (number == StdSizes::kNoRelease) return {SizeVector::State::kUnknown, {}};
    vector.values.reserve(2 * rows_.size());
    for (const std::vector<StdSizes::Cell>* row : rows_) {
      if (row == nullptr || row->size() <= number || !(*row)[number].added) {
        vector.state = SizeVector::State::kAbsent;  // stronger than unknown: it can't compile at all
        return vector;
      }
      const SizeFact& fact = (*row)[number].fact;
      if (fact.kind == SizeFact::Kind::kUnknown) vector.state = SizeVector::State::kUnknown;
      vector.values.push_back(fact.size);
      vector.values.push_back(fact.align);
    }
    return vector;
  }

 private:
  const StdSizes& sizes_;
  GoArch arch_;
  std::vector<const std::vector<StdSizes::Cell>*> rows_;
};

// The std types whose sizes can be compared for builds of one selection.
std::vector<std::string> ComparableTypes(const std::vector<const UnitBuild*>& builds, const StdSizes& sizes,
                                         GoArch arch, Groups* groups) {
  std::set<std::string> types;
  for (const UnitBuild* unit : builds) types.insert(unit->build->std_by_value.begin(), unit->build->std_by_value.end());
  std::vector<std::string> comparable;
  for (const std::string& type : types) {
    // Instances of generics ("sync/atomic.Pointer[T]") exist where they are used, not in std.
    if (type.find('[') != std::string::npos) {
      ++groups->unknown["generic std types held by value: their sizes are not compared between Go releases"];
      continue;
    }
    // A build that compiled shows that its release has the type: the store then knows it by another name.
    const bool contradicted = std::any_of(builds.begin(), builds.end(), [&](const UnitBuild* unit) {
      return sizes.Get(arch, unit->go.text(), type).kind == SizeFact::Kind::kAbsent;
    });
    if (contradicted) {
      ++groups->unknown["std type " + type + " is held by value but not stored with its Go release: not compared"];
      continue;
    }
    comparable.push_back(type);
  }
  return comparable;
}

std::string SizesReason(const std::vector<std::string>& types, const SizeVector& wanted, const Version& wanted_go,
                        const SizeVector& reference, const Version& reference_go) {
  const SizeVector& older = wanted_go < reference_go ? wanted : reference;
  const SizeVector& newer = wanted_go < reference_go ? reference : wanted;
  std::string text;
  size_t more = 0;
  for (size_t i = 0; i < types.size(); ++i) {
    const bool size_differs = older.values[2 * i] != newer.values[2 * i];
    if (!size_differs && older.values[2 * i + 1] == newer.values[2 * i + 1]) continue;
    if (!text.empty()) {
      ++more;
    } else if (size_differs) {
      text = types[i] + " " + std::to_string(older.values[2 * i]) + "->" + std::to_string(newer.values[2 * i]);
    } else {
      text = "alignment of " + types[i] + " " + std::to_string(older.values[2 * i + 1]) + "->" +
             std::to_string(newer.values[2 * i + 1]);
    }
  }
  return "sizes differ: " + text + (more == 0 ? "" : " and " + std::to_string(more) + " more");
}

// Releases of one file selection.
struct SelectionClass {
  std::vector<Version> releases;         // candidates, ascending
  std::vector<const UnitBuild*> builds;  // that have this selection
};

void AddSizeGroups(const SelectionClass& selection, const StdSizes& sizes, GoArch arch, Groups* groups) {
  const std::vector<std::string> types = ComparableTypes(selection.builds, sizes, arch, groups);
  const SizeRows rows(sizes, arch, types);
  std::set<std::vector<uint64_t>> satisfied;
  const UnitBuild* reference = nullptr;
  for (const UnitBuild* unit : selection.builds) {
    const SizeVector vector = rows.At(unit->go);
    if (vector.state != SizeVector::State::kKnown) continue;
    satisfied.insert(vector.values);
    if (reference == nullptr || reference->go < unit->go) reference = unit;
  }
  if (reference == nullptr) {
    groups->unknown["the std of the Go release that was built with is not stored: its sizes are not compared"] +=
        selection.releases.size();
    return;
  }
  const SizeVector reference_sizes = rows.At(reference->go);
  std::map<std::vector<uint64_t>, MissingGroup> missing;
  for (const Version& release : selection.releases) {
    const SizeVector vector = rows.At(release);
    if (vector.state == SizeVector::State::kAbsent) {
      ++groups->unknown["Go releases that lack a std type held by value: this cannot compile"];
    } else if (vector.state == SizeVector::State::kUnknown) {
      ++groups->unknown["Go releases whose std is not stored: whether layouts differ under them is unknown"];
    } else if (!satisfied.contains(vector.values)) {
      MissingGroup& group = missing[vector.values];
      group.releases.push_back(release);
      // The newest release comes last, and is the one that the reason speaks of.
      group.reason = SizesReason(types, vector, release, reference_sizes, reference->go);
    }
  }
  for (auto& [values, group] : missing) groups->missing.push_back(std::move(group));
}

std::string SelectionReason(const Selections& selections, uint64_t newest_minor, uint64_t reference_minor) {
  if (newest_minor > reference_minor) return "selection differs after " + MinorName(reference_minor);
  // The first newer minor with another selection: below it, these files are compiled.
  const std::string* own = selections.Find(newest_minor);
  uint64_t border = newest_minor + 1;
  while (border < reference_minor) {
    const std::string* other = selections.Find(border);
    if (other != nullptr && *other != *own) break;
    ++border;
  }
  return "selection differs below " + MinorName(border);
}

}  // namespace

Groups FindMissingGroups(const std::vector<UnitBuild>& finished, const std::vector<Version>& releases,
                         const StdSizes& sizes, GoArch arch, bool compare_sizes) {
  Groups groups;
  const Selections selections(finished);
  if (selections.empty()) return groups;  // no package was measured: there is nothing to differ

  std::map<std::string, SelectionClass> classes;
  std::map<uint64_t, std::vector<Version>> newer_minors;
  uint64_t reference_minor = 0;
  for (const UnitBuild& unit : finished) {
    if (const std::string* selection = selections.Find(unit.go.minor())) classes[*selection].builds.push_back(&unit);
    reference_minor = std::max(reference_minor, unit.go.minor());
  }
  for (const Version& release : releases) {
    if (const std::string* selection = selections.Find(release.minor())) {
      classes[*selection].releases.push_back(release);
    } else if (release.minor() > selections.newest()) {
      newer_minors[release.minor()].push_back(release);
    } else {
      ++groups.unknown["Go releases for which the file selection is not known"];
    }
  }

  // A minor release that came out after the stored builds: its selection was never computed, so it gets a build of its
  // own.
  for (auto& [minor, its_releases] : newer_minors) {
    const bool built = std::any_of(finished.begin(), finished.end(),
                                   [m = minor](const UnitBuild& unit) { return unit.go.minor() == m; });
    if (!built) groups.missing.push_back({std::move(its_releases), MinorName(minor) + " is newer than what is stored"});
  }
  for (auto& [selection, members] : classes) {
    if (members.releases.empty()) continue;
    if (members.builds.empty()) {
      groups.missing.push_back(
          {members.releases, SelectionReason(selections, members.releases.back().minor(), reference_minor)});
    } else if (compare_sizes) {
      AddSizeGroups(members, sizes, arch, &groups);
    } else {
      ++groups.unknown["builds with a GOEXPERIMENT: sizes of std types are not compared between Go releases"];
    }
  }
  std::sort(groups.missing.begin(), groups.missing.end(),
            [](const MissingGroup& a, const MissingGroup& b) { return b.releases.back() < a.releases.back(); });
  return groups;
}

}  // namespace offsetgen
