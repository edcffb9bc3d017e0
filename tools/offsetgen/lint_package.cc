#include "lint_package.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "store/layout_json.h"

namespace offsetgen {
namespace {

using gooffsets::PackageEntry;
using gooffsets::Result;
using gooffsets::SkipReason;

// What a package layout says of a symbol, as one number: a layout (above 0), that it is missing, a skip reason (below
// 0), or nothing because only a part of the package was seen.
constexpr int64_t kNothing = std::numeric_limits<int64_t>::min();
int64_t CodeOf(const PackageEntry& entry) {
  return entry.layout != 0 ? entry.layout : -1 - static_cast<int64_t>(entry.reason);
}
SkipReason ReasonOf(int64_t code) { return static_cast<SkipReason>(-1 - code); }
// Declared, but the build could not keep it: as good as missing.
bool IsUnbuildable(int64_t code) { return code < 0 && code != kNothing && ReasonOf(code) == SkipReason::kUnbuildable; }

constexpr const char* kMissingText = "missing";
constexpr const char* kNoPackageText = "no such package";

// Numbers texts from 1 on, so that they can be answers of a series.
class Texts {
 public:
  Texts() : texts_{kMissingText} {}
  int64_t Number(std::string_view text) {
    const auto [entry, is_new] = numbers_.try_emplace(std::string(text), static_cast<int64_t>(texts_.size()));
    if (is_new) texts_.emplace_back(text);
    return entry->second;
  }
  const std::vector<std::string>& texts() const { return texts_; }

 private:
  std::vector<std::string> texts_;
  std::map<std::string, int64_t> numbers_;
};

}  // namespace

void FindingSet::Add(LintFinding finding) {
  Where where;
  where.goarch.insert(finding.goarch.begin(), finding.goarch.end());
  where.go.insert(finding.go.begin(), finding.go.end());
  finding.goarch.clear();
  finding.go.clear();
  const auto found = findings_.find(finding);
  if (found != findings_.end()) {
    found->second.goarch.merge(where.goarch);
    found->second.go.merge(where.go);
  } else if (findings_.size() < max_) {
    findings_.emplace(std::move(finding), std::move(where));
  } else {
    ++not_listed_;
  }
}

size_t FindingSet::Count(LintKind kind) const {
  return static_cast<size_t>(
      std::count_if(findings_.begin(), findings_.end(), [&](const auto& entry) { return entry.first.kind == kind; }));
}

std::vector<LintFinding> FindingSet::Take() {
  std::vector<LintFinding> out;
  out.reserve(findings_.size());
  for (const auto& [finding, where] : findings_) {
    out.push_back(finding);
    out.back().goarch.assign(where.goarch.begin(), where.goarch.end());
    out.back().go.assign(where.go.begin(), where.go.end());
  }
  findings_.clear();
  // What happened at one place stands together.
  std::stable_sort(out.begin(), out.end(), [](const LintFinding& a, const LintFinding& b) {
    return std::tie(a.kind, a.module, a.package, a.first, a.last, a.before, a.after, a.goarch, a.go, a.variant) <
           std::tie(b.kind, b.module, b.package, b.first, b.last, b.before, b.after, b.goarch, b.go, b.variant);
  });
  return out;
}

Result<void> PackageLint::Run(const std::string& module, const std::string& package,
                              const std::vector<PackageSighting>& sightings) {
  module_ = module;
  package_ = package;
  versions_ = &world_.modules.at(module);
  entries_.clear();
  decoded_.clear();
  for (const PackageSighting& sighting : sightings) GOOFFSETS_CHECK_OK(Entries(sighting.layout));
  package_layouts_ += entries_.size();
  GOOFFSETS_CHECK_OK(NoteColumns());
  NoteUnstored(sightings);
  std::map<std::pair<std::string, std::string>, std::vector<PackageSighting>> variants;
  for (const PackageSighting& sighting : sightings) {
    const LintBuild& build = world_.builds[sighting.build];
    variants[{build.goarch, build.variant}].push_back(sighting);
  }
  for (const auto& [variant, seen] : variants) {
    GOOFFSETS_CHECK_OK(RunSeries(variant.first, variant.second, seen));
  }
  return {};
}

Result<const std::vector<PackageEntry>*> PackageLint::Entries(int64_t package_layout) {
  const auto known = entries_.find(package_layout);
  if (known != entries_.end()) return &known->second;
  GOOFFSETS_TRY(std::vector<PackageEntry> entries, reader_.Entries(package_layout));
  return &entries_.emplace(package_layout, std::move(entries)).first->second;
}

Result<const PackageLint::Decoded*> PackageLint::Decode(int64_t layout) {
  const auto known = decoded_.find(layout);
  if (known != decoded_.end()) return &known->second;
  GOOFFSETS_TRY(const gooffsets::Layout value, reader_.ReadLayout(layout));
  Decoded decoded;
  decoded.is_struct = std::holds_alternative<gooffsets::StructLayout>(value);
  decoded.facets = FacetsOf(value);
  return &decoded_.emplace(layout, std::move(decoded)).first->second;
}

LintFinding PackageLint::Finding(LintKind kind, const std::string& symbol) const {
  LintFinding finding;
  finding.kind = kind;
  finding.module = module_;
  finding.package = package_;
  finding.symbol = symbol;
  return finding;
}

// Symbols that never have a layout because the builds could not keep them, and packages without any symbol.
Result<void> PackageLint::NoteColumns() {
  struct Seen {
    bool unbuildable = false, other = false;
  };
  std::unordered_map<int64_t, Seen> symbols;
  for (const auto& [id, entries] : entries_) {
    for (const PackageEntry& entry : entries) {
      Seen& seen = symbols[entry.symbol];
      (IsUnbuildable(CodeOf(entry)) ? seen.unbuildable : seen.other) = true;
    }
  }
  if (symbols.empty()) {
    LintFinding finding = Finding(LintKind::kColumn, "");
    finding.details.push_back({"", "measured, but no version has a symbol", ""});
    findings_->Add(std::move(finding));
  }
  for (const auto& [symbol, seen] : symbols) {
    if (seen.other || !seen.unbuildable) continue;
    GOOFFSETS_TRY(const std::string name, reader_.Text(symbol));
    LintFinding finding = Finding(LintKind::kColumn, name);
    finding.details.push_back({"", "declared, but no build could keep it", ""});
    findings_->Add(std::move(finding));
  }
  return {};
}

// Builds whose package list says "measured" and that stored nothing of the package.
void PackageLint::NoteUnstored(const std::vector<PackageSighting>& sightings) {
  std::set<size_t> seen_by;
  for (const PackageSighting& sighting : sightings) seen_by.insert(sighting.build);
  struct Unstored {
    size_t first = 0, last = 0, count = 0;
    std::set<std::string> go;
  };
  std::map<std::pair<std::string, std::string>, Unstored> places;
  for (size_t position = 0; position < versions_->lists.size(); ++position) {
    std::set<std::pair<std::string, std::string>> counted;
    for (const SeenList& list : versions_->lists[position]) {
      const auto& packages = world_.lists.at(list.list);
      const auto entry = packages.find(package_);
      if (entry == packages.end() || !entry->second || seen_by.contains(list.build)) continue;
      const LintBuild& build = world_.builds[list.build];
      const std::pair<std::string, std::string> key = {build.goarch, build.variant};
      Unstored& place = places[key];
      if (place.count == 0) place.first = position;
      place.last = position;
      place.go.insert(build.go);
      if (counted.insert(key).second) ++place.count;
    }
  }
  for (const auto& [key, place] : places) {
    LintFinding finding = Finding(LintKind::kColumn, "");
    finding.first = versions_->axis.versions[place.first];
    finding.last = versions_->axis.versions[place.last];
    finding.versions = place.count;
    finding.goarch = {key.first};
    finding.variant = key.second;
    if (module_ != gooffsets::kStdModule) finding.go.assign(place.go.begin(), place.go.end());
    finding.details.push_back({"", "listed as measured, but nothing is stored", ""});
    findings_->Add(std::move(finding));
  }
}

Result<void> PackageLint::RunSeries(const std::string& goarch, const std::string& variant,
                                    const std::vector<PackageSighting>& sightings) {
  goarch_ = goarch;
  variant_ = variant;
  const size_t size = versions_->axis.versions.size();
  const bool is_std = module_ == gooffsets::kStdModule;
  const auto is_root = [&](size_t build, size_t position) {
    const LintBuild& info = world_.builds[build];
    return info.module == module_ && info.version == versions_->axis.versions[position];
  };
  // Of each version: what saw it, by Go release; of one release the module's own build first.
  std::vector<std::vector<PackageSighting>> seen(size);
  std::set<size_t> go_ranks;
  for (const PackageSighting& sighting : sightings) {
    seen[sighting.position].push_back(sighting);
    go_ranks.insert(world_.builds[sighting.build].go_rank);
  }
  for (auto& of_version : seen) {
    std::sort(of_version.begin(), of_version.end(), [&](const PackageSighting& a, const PackageSighting& b) {
      return std::tuple(world_.builds[a.build].go_rank, !is_root(a.build, a.position), !a.fully_kept, a.build) <
             std::tuple(world_.builds[b.build].go_rank, !is_root(b.build, b.position), !b.fully_kept, b.build);
    });
  }
  // Std is built with itself: one series. Others: one for each Go release that saw the package.
  std::vector<size_t> series(go_ranks.begin(), go_ranks.end());
  if (is_std) series = {0};
  std::set<std::vector<std::pair<int64_t, bool>>> done;
  for (const size_t go_rank : series) {
    std::vector<Cell> cells(size);
    std::vector<std::pair<int64_t, bool>> signature(size);
    for (size_t position = 0; position < size; ++position) {
      Cell& cell = cells[position];
      const auto sighting = std::find_if(seen[position].begin(), seen[position].end(), [&](const PackageSighting& one) {
        return world_.builds[one.build].go_rank >= go_rank;
      });
      if (sighting != seen[position].end()) {
        cell = {Cell::State::kSeen, sighting->build, sighting->layout, sighting->fully_kept};
        signature[position] = {sighting->layout, sighting->fully_kept};
        continue;
      }
      // Only a build of the module itself lists what the version has and measures all of it.
      std::optional<SeenList> best;
      for (const SeenList& list : versions_->lists[position]) {
        const LintBuild& build = world_.builds[list.build];
        if (build.goarch != goarch || build.variant != variant || build.go_rank < go_rank) continue;
        if (!is_root(list.build, position)) continue;
        if (!best || build.go_rank < world_.builds[best->build].go_rank) best = list;
      }
      if (!best || world_.lists.at(best->list).contains(package_)) continue;
      cell.state = Cell::State::kAbsent;
      cell.build = best->build;
      signature[position] = {-1, true};
    }
    if (done.insert(std::move(signature)).second) GOOFFSETS_CHECK_OK(LintCells(cells));
  }
  return {};
}

Result<void> PackageLint::LintCells(const std::vector<Cell>& cells) {
  cells_ = &cells;
  std::vector<Segment> presence;
  std::vector<Range> ranges;
  for (size_t position = 0; position < cells.size(); ++position) {
    const Cell& cell = cells[position];
    if (cell.state == Cell::State::kUnknown) continue;
    presence.push_back({position, position, 1, cell.state == Cell::State::kSeen ? 1 : kMissing});
    if (cell.state == Cell::State::kAbsent) continue;
    if (!ranges.empty() && ranges.back().segment.answer == cell.layout && ranges.back().fully_kept == cell.fully_kept) {
      ranges.back().segment.last = position;
      ++ranges.back().segment.count;
      continue;
    }
    GOOFFSETS_TRY(const auto* entries, Entries(cell.layout));
    ranges.push_back({{position, position, 1, cell.layout}, entries, cell.fully_kept});
  }
  Places places;
  backport_ = false;
  Note(FindAnomalies(versions_->axis, std::move(presence)), &places, {kNoPackageText, "there"}, "");
  if (backport_) ++backports_;
  Report("", places);
  if (ranges.size() < 3) return {};  // a contradiction has two sides and a middle
  return LintSymbols(ranges);
}

Result<void> PackageLint::LintSymbols(const std::vector<Range>& ranges) {
  std::vector<int64_t> symbols;
  for (const Range& range : ranges) {
    for (const PackageEntry& entry : *range.entries) symbols.push_back(entry.symbol);
  }
  std::sort(symbols.begin(), symbols.end());
  symbols.erase(std::unique(symbols.begin(), symbols.end()), symbols.end());
  std::vector<size_t> next(ranges.size(), 0);
  std::vector<int64_t> codes(ranges.size());
  for (const int64_t symbol : symbols) {
    size_t changes = 0;
    for (size_t i = 0; i < ranges.size(); ++i) {
      const std::vector<PackageEntry>& entries = *ranges[i].entries;  // sorted by symbol, as stored
      codes[i] = ranges[i].fully_kept ? kMissing : kNothing;
      if (next[i] < entries.size() && entries[next[i]].symbol == symbol) codes[i] = CodeOf(entries[next[i]++]);
      if (i > 0 && codes[i] != codes[i - 1]) ++changes;
    }
    if (changes >= 2) GOOFFSETS_CHECK_OK(LintSymbol(symbol, ranges, codes));
  }
  return {};
}

Result<void> PackageLint::LintSymbol(int64_t symbol, const std::vector<Range>& ranges,
                                     const std::vector<int64_t>& codes) {
  Places places;
  backport_ = false;
  std::vector<Segment> presence, kinds;
  std::vector<const Decoded*> decoded(ranges.size(), nullptr);
  Texts kind_texts;
  bool structs = false, functions = false;
  for (size_t i = 0; i < ranges.size(); ++i) {
    if (codes[i] == kNothing) continue;
    Segment segment = ranges[i].segment;
    const bool missing = codes[i] == kMissing || IsUnbuildable(codes[i]);
    segment.answer = missing ? kMissing : 1;
    presence.push_back(segment);
    if (missing) continue;
    std::string_view kind;
    if (codes[i] > 0) {
      GOOFFSETS_TRY(decoded[i], Decode(codes[i]));
      (decoded[i]->is_struct ? structs : functions) = true;
      kind = decoded[i]->is_struct ? "struct" : "function";
    } else {
      kind = ToString(ReasonOf(codes[i]));
    }
    segment.answer = kind_texts.Number(kind);
    kinds.push_back(segment);
  }
  Note(FindAnomalies(versions_->axis, std::move(presence)), &places, {kMissingText, "there"}, "");
  Note(FindAnomalies(versions_->axis, std::move(kinds)), &places, kind_texts.texts(), "");
  if (structs) LintFacets(ranges, decoded, true, &places);
  if (functions) LintFacets(ranges, decoded, false, &places);
  if (backport_) ++backports_;
  if (places.empty()) return {};
  GOOFFSETS_TRY(const std::string name, reader_.Text(symbol));
  Report(name, places);
  return {};
}

void PackageLint::LintFacets(const std::vector<Range>& ranges, const std::vector<const Decoded*>& decoded, bool structs,
                             Places* places) {
  std::vector<size_t> of_kind;
  std::set<std::string> items;
  for (size_t i = 0; i < ranges.size(); ++i) {
    if (decoded[i] == nullptr || decoded[i]->is_struct != structs) continue;
    of_kind.push_back(i);
    for (const Facet& facet : decoded[i]->facets) items.insert(facet.item);
  }
  if (of_kind.size() < 3) return;
  for (const std::string& item : items) {
    Texts texts;
    std::vector<Segment> segments;
    for (const size_t i : of_kind) {
      Segment segment = ranges[i].segment;
      const auto& facets = decoded[i]->facets;
      const auto facet = std::find_if(facets.begin(), facets.end(), [&](const Facet& one) { return one.item == item; });
      // A function without a fifth parameter has another signature; it does not lack one.
      segment.answer = facet != facets.end() ? texts.Number(facet->value) : structs ? kMissing : texts.Number("none");
      segments.push_back(segment);
    }
    Note(FindAnomalies(versions_->axis, std::move(segments)), places, texts.texts(), item);
  }
}

void PackageLint::Note(const SeriesResult& result, Places* places, const std::vector<std::string>& texts,
                       const std::string& item) {
  if (result.backports > 0) backport_ = true;
  for (const Anomaly& anomaly : result.anomalies) {
    const LintKind kind = anomaly.kind == Anomaly::Kind::kHole ? LintKind::kHole : LintKind::kSpike;
    (*places)[{kind, anomaly.first, anomaly.last, anomaly.before, anomaly.after, anomaly.count}].push_back(
        {item, texts[static_cast<size_t>(anomaly.answer)], texts[static_cast<size_t>(anomaly.neighbours)]});
  }
}

void PackageLint::Report(const std::string& symbol, const Places& places) {
  const std::vector<std::string>& versions = versions_->axis.versions;
  for (const auto& [place, details] : places) {
    auto [kind, first, last, before, after, count] = place;
    const bool appears =
        kind == LintKind::kSpike && std::all_of(details.begin(), details.end(), [](const auto& detail) {
          return detail.neighbours == kMissingText || detail.neighbours == kNoPackageText;
        });
    if (appears) kind = LintKind::kAppearance;
    if (IsReturn(place)) kind = LintKind::kReturn;
    LintFinding finding = Finding(kind, symbol);
    finding.first = versions[first];
    finding.last = versions[last];
    finding.before = versions[before];
    finding.after = versions[after];
    finding.versions = count;
    finding.goarch = {goarch_};
    finding.variant = variant_;
    if (module_ != gooffsets::kStdModule) {
      std::set<std::string> go;
      for (size_t i = first; i <= last; ++i) {
        if ((*cells_)[i].state != Cell::State::kUnknown) go.insert(world_.builds[(*cells_)[i].build].go);
      }
      finding.go.assign(go.begin(), go.end());
    }
    finding.details = details;
    (kind == LintKind::kAppearance || kind == LintKind::kReturn ? quiet_ : findings_)->Add(std::move(finding));
  }
}

bool PackageLint::IsReturn(const Place& place) const {
  constexpr size_t kLines = 2, kVersions = 6;
  const auto& [kind, first, last, before, after, count] = place;
  const std::vector<size_t>& line = versions_->axis.line;
  return kind == LintKind::kHole && line[before] < line[first] && line[last] < line[after] &&
         line[last] - line[first] + 1 >= kLines && count >= kVersions;
}

}  // namespace offsetgen
