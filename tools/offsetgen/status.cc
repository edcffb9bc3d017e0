#include "status.h"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "plan.h"
#include "status_counts.h"
#include "store/catalog.h"
#include "store/record.h"
#include "store/version_order.h"
#include "version_sources.h"

namespace offsetgen {
namespace {

using gooffsets::BuildStatus;
using gooffsets::Connection;
using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::GoArch;
using gooffsets::Result;
using gooffsets::Statement;
using gooffsets::Store;
using gooffsets::Version;
using gooffsets::VersionLess;
using gooffsets::VersionScheme;

struct Build {
  std::string version, go, reason;
  GoArch goarch = GoArch::kAmd64;
  BuildStatus status = BuildStatus::kOk;
  uint64_t fields_compared = 0, structs_not_compared = 0, params_compared = 0, params_not_compared = 0;
  size_t disagreements = 0, explained = 0;
};
using Builds = std::map<std::string, std::vector<Build>>;  // by module

Result<Builds> LoadBuilds(Connection* db) {
  Builds builds;
  Statement query = db->Prepare(
      "SELECT m.path, v.text, b.go, b.goarch, b.status, b.reason, b.fields_compared, b.structs_not_compared, "
      "b.params_compared, b.params_not_compared, "
      "(SELECT count(*) FROM disagreement d WHERE d.build = b.id), "
      "(SELECT count(*) FROM disagreement d WHERE d.build = b.id AND instr(d.what, ?1) > 0) "
      "FROM build b JOIN version v ON v.id = b.version JOIN module m ON m.id = v.module ORDER BY b.uid");
  query.BindText(gooffsets::kExplainedMark);
  while (true) {
    GOOFFSETS_TRY(const bool row, query.Next());
    if (!row) return builds;
    Build build;
    build.version = query.Text(1);
    build.go = query.Text(2);
    GOOFFSETS_TRY(build.goarch, gooffsets::ParseGoArch(query.Text(3)));
    const int64_t status = query.Int(4);  // the schema allows 0 to 3
    if (status < 0 || status > static_cast<int64_t>(BuildStatus::kUnavailable)) {
      return Fail(ErrorCode::kBadInput, "the database is damaged: a build has no status that exists");
    }
    build.status = static_cast<BuildStatus>(status);
    build.reason = query.Text(5);
    build.fields_compared = query.Unsigned(6);
    build.structs_not_compared = query.Unsigned(7);
    build.params_compared = query.Unsigned(8);
    build.params_not_compared = query.Unsigned(9);
    build.explained = query.Unsigned(11);
    build.disagreements = query.Unsigned(10) - build.explained;
    builds[query.Text(0)].push_back(std::move(build));
  }
}

VersionState StateOf(BuildStatus status) {
  switch (status) {
    case BuildStatus::kOk:
      return VersionState::kBuilt;
    case BuildStatus::kCompileFailed:
      return VersionState::kFailed;
    case BuildStatus::kTransientFailed:
      return VersionState::kTransient;
    case BuildStatus::kUnavailable:
      return VersionState::kUnavailable;
  }
  return VersionState::kMissing;
}

// One reason for many versions: what names the version itself would keep equal ones apart.
std::string Generalise(std::string reason, const std::string& version) {
  constexpr size_t kShortest = 5;
  if (version.size() < kShortest) return reason;
  for (size_t at = reason.find(version); at != std::string::npos; at = reason.find(version, at)) {
    reason.replace(at, version.size(), "VERSION");
    at += std::string_view("VERSION").size();
  }
  return reason;
}

std::set<std::string> Texts(const std::vector<Version>& versions) {
  std::set<std::string> texts;
  for (const Version& version : versions) texts.insert(version.text());
  return texts;
}

// Versions that count for a module, ascending.
Result<std::vector<std::string>> Known(Store* store, const StatusInput& input, const std::string& module,
                                       const Target* target, const std::vector<Build>& builds) {
  std::set<std::string> known;
  for (const Build& build : builds) known.insert(build.version);
  const auto wanted = input.wanted.find(module);
  if (wanted != input.wanted.end()) {
    known.insert(wanted->second.begin(), wanted->second.end());
  } else {
    GOOFFSETS_TRY(const auto stored, store->KnownVersions(module));
    KnownVersions listed;
    listed.module = module;
    for (const gooffsets::KnownVersion& one : stored) {
      if (!one.listed) continue;
      Result<Version> version = Version::Parse(gooffsets::SchemeOf(module), one.version.version);
      if (version) listed.versions.push_back({*std::move(version), {}, "", false});
    }
    if (target == nullptr) {
      for (const KnownVersion& one : listed.versions) known.insert(one.version.text());
    } else {
      const auto selected = SelectVersions(listed, target->versions, {.include_pseudo = target->pseudo_versions});
      if (!selected && selected.error().code != ErrorCode::kNotFound) return tl::unexpected(selected.error());
      if (selected) known.merge(Texts(*selected));
    }
  }
  std::vector<std::string> sorted(known.begin(), known.end());
  std::sort(sorted.begin(), sorted.end(), VersionLess(gooffsets::SchemeOf(module)));
  return sorted;
}

// Counts the versions of one architecture by their state, and groups the reasons.
void CountStates(const std::vector<std::string>& known, const std::vector<Build>& builds, StatusArch* arch) {
  const VersionLess go_less(VersionScheme::kGo);
  std::map<std::string, std::pair<VersionState, const Build*>> states;
  for (const Build& build : builds) {
    if (build.goarch != arch->goarch) continue;
    const VersionState state = StateOf(build.status);
    const auto [entry, is_new] = states.try_emplace(build.version, state, &build);
    if (is_new) continue;
    auto& [best, because] = entry->second;
    // States are ordered by how much they tell; of one state the newest Go release says why.
    if (state < best || (state == best && go_less(because->go, build.go))) entry->second = {state, &build};
  }
  std::map<std::pair<VersionState, std::string>, std::vector<std::string>> reasons;
  for (const std::string& version : known) {
    ++arch->known;
    const auto found = states.find(version);
    const VersionState state = found == states.end() ? VersionState::kMissing : found->second.first;
    switch (state) {
      case VersionState::kBuilt:
        ++arch->built;
        arch->newest = version;
        continue;
      case VersionState::kFailed:
        ++arch->failed;
        break;
      case VersionState::kTransient:
        ++arch->transient;
        break;
      case VersionState::kUnavailable:
        ++arch->unavailable;
        break;
      case VersionState::kMissing:
        ++arch->missing;
        break;
    }
    const std::string reason =
        found == states.end() ? "" : Generalise(found->second.second->reason, found->second.second->version);
    reasons[{state, reason}].push_back(version);
  }
  for (auto& [key, versions] : reasons) arch->reasons.push_back({key.first, key.second, std::move(versions)});
  std::stable_sort(arch->reasons.begin(), arch->reasons.end(), [](const StatusReason& a, const StatusReason& b) {
    return std::tuple(a.state, b.versions.size()) < std::tuple(b.state, a.versions.size());
  });
}

StatusArch ArchOf(const std::string& module, GoArch goarch, const std::vector<std::string>& known,
                  const std::vector<Build>& builds, const SymbolCounts& counts) {
  StatusArch arch;
  arch.goarch = goarch;
  CountStates(known, builds, &arch);
  for (const Build& build : builds) {
    if (build.goarch != goarch || build.status != BuildStatus::kOk) continue;
    ++arch.builds;
    ++arch.go[build.go];
    arch.fields_compared += build.fields_compared;
    arch.structs_not_compared += build.structs_not_compared;
    arch.params_compared += build.params_compared;
    arch.params_not_compared += build.params_not_compared;
    arch.disagreements += build.disagreements;
    arch.explained_disagreements += build.explained;
  }
  const std::string arch_text(gooffsets::ToString(goarch));
  if (const auto all = counts.all.find({module, arch_text}); all != counts.all.end()) {
    arch.packages = all->second.packages;
    arch.structs = all->second.structs;
    arch.functions = all->second.functions;
  }
  if (const auto one = counts.by_version.find({module, arch.newest, arch_text}); one != counts.by_version.end()) {
    arch.newest_packages = one->second.packages;
    arch.newest_structs = one->second.structs;
    arch.newest_functions = one->second.functions;
  }
  return arch;
}

std::vector<StatusLine> LinesOf(const std::string& module, const std::vector<std::string>& known,
                                const std::vector<Build>& builds) {
  std::vector<StatusLine> lines;
  std::map<std::string, size_t> numbers;
  std::map<std::string, size_t> line_of;  // of a version
  for (const std::string& text : known) {
    const Result<Version> version = Version::Parse(gooffsets::SchemeOf(module), text);
    const std::string name = version ? ShardName(*version) : text;
    const auto [number, is_new] = numbers.try_emplace(name, lines.size());
    if (is_new) lines.push_back({name, 0, {}, {}});
    ++lines[number->second].known;
    line_of[text] = number->second;
  }
  std::set<std::tuple<std::string, GoArch>> counted;
  std::vector<std::set<std::string>> go(lines.size());
  for (const Build& build : builds) {
    if (build.status != BuildStatus::kOk) continue;
    const size_t line = line_of.at(build.version);  // every built version is known
    if (counted.insert({build.version, build.goarch}).second) ++lines[line].built[build.goarch];
    go[line].insert(build.go);
  }
  for (size_t i = 0; i < lines.size(); ++i) {
    lines[i].go.assign(go[i].begin(), go[i].end());
    std::sort(lines[i].go.begin(), lines[i].go.end(), VersionLess(VersionScheme::kGo));
  }
  return lines;
}

// Packages of a version that its own builds list and did not measure, by reason.
Result<std::map<std::string, std::vector<std::string>>> NotMeasured(Connection* db, const std::string& module,
                                                                    const std::string& version) {
  std::map<std::string, std::vector<std::string>> out;
  if (version.empty()) return out;
  gooffsets::CatalogReader reader(db);
  GOOFFSETS_TRY(const std::optional<int64_t> row_id, reader.FindVersion({module, version}));
  if (!row_id) return out;
  Statement query = db->Prepare(
      "SELECT DISTINCT l.package_list FROM build_module l JOIN build b ON b.id = l.build WHERE l.version = ?1 AND "
      "b.version = ?1 AND b.status = 0 AND l.package_list IS NOT NULL");
  query.BindInt(*row_id);
  std::set<std::string> measured;
  std::map<std::string, std::string> why_not;
  while (true) {
    GOOFFSETS_TRY(const bool row, query.Next());
    if (!row) break;
    GOOFFSETS_TRY(const auto packages, reader.ReadPackageList(query.Int(0)));
    for (const auto& package : packages) {
      if (package.measured) {
        measured.insert(package.path);
        continue;
      }
      // Of several builds with different reasons, the one that comes first in the alphabet: any, but always the same.
      const auto [entry, is_new] = why_not.try_emplace(package.path, package.why_not);
      if (!is_new) entry->second = std::min(entry->second, package.why_not);
    }
  }
  for (const auto& [path, why] : why_not) {
    if (!measured.contains(path)) out[why].push_back(path);
  }
  return out;
}

std::vector<StatusHarvested> HarvestedOf(const SymbolCounts& counts, const std::set<std::string>& own) {
  std::map<std::string, std::set<std::string>> versions;
  for (const auto& [key, count] : counts.by_version) {
    const auto& [module, version, goarch] = key;
    if (!own.contains(module)) versions[module].insert(version);
  }
  std::map<std::string, size_t> packages;
  for (const auto& [key, count] : counts.all) packages[key.first] = std::max(packages[key.first], count.packages);
  std::vector<StatusHarvested> out;
  for (const auto& [module, texts] : versions) {
    const auto [oldest, newest] =
        std::minmax_element(texts.begin(), texts.end(), VersionLess(gooffsets::SchemeOf(module)));
    out.push_back({module, texts.size(), packages[module], *oldest, *newest});
  }
  return out;
}

}  // namespace

Result<StatusReport> Status(Store* store, const StatusInput& input) {
  Connection* db = store->connection();
  StatusReport report;
  GOOFFSETS_TRY(Builds builds, LoadBuilds(db));
  GOOFFSETS_TRY(const SymbolCounts counts, CountSymbols(db));
  GOOFFSETS_TRY(const int64_t layouts, db->IntOf("SELECT count(*) FROM layout"));
  GOOFFSETS_TRY(const int64_t package_layouts, db->IntOf("SELECT count(*) FROM package_layout"));
  report.layouts = static_cast<uint64_t>(layouts);
  report.package_layouts = static_cast<uint64_t>(package_layouts);

  std::vector<std::string> order;
  if (input.targets != nullptr) order = ModuleNames(*input.targets);
  GOOFFSETS_TRY(const std::vector<std::string> stored, store->Modules());
  for (const std::string& module : stored) {
    if (std::find(order.begin(), order.end(), module) == order.end()) order.push_back(module);
  }
  for (const std::string& module : input.modules) {
    if (std::find(order.begin(), order.end(), module) != order.end()) continue;
    return Fail(ErrorCode::kNotFound, "neither the targets nor the database know module \"" + module + "\"",
                "offsetgen --module " + module);
  }
  for (const std::string& module : order) {
    if (!input.modules.empty() &&
        std::find(input.modules.begin(), input.modules.end(), module) == input.modules.end()) {
      continue;
    }
    const Target* target = input.targets == nullptr ? nullptr : FindTarget(*input.targets, module);
    const std::vector<Build>& own = builds[module];
    StatusModule entry;
    entry.module = module;
    std::vector<GoArch> arches = {GoArch::kAmd64, GoArch::kArm64};
    if (target != nullptr) {
      entry.is_target = true;
      entry.later = target->data == Target::Data::kLater;
      entry.why = target->why;
      entry.notes = target->notes;
      entry.constraint = target->versions.text();
      entry.roots = target->roots;
      entry.excludes = target->excludes;
      arches = target->arches;
    } else {
      std::set<GoArch> seen;
      for (const Build& build : own) seen.insert(build.goarch);
      if (!seen.empty()) arches.assign(seen.begin(), seen.end());
    }
    for (const Build& build : own) {
      if (std::find(arches.begin(), arches.end(), build.goarch) == arches.end()) arches.push_back(build.goarch);
      ++(build.status == BuildStatus::kOk ? report.builds : report.failed_builds);
    }
    GOOFFSETS_TRY(entry.known, Known(store, input, module, target, own));
    std::string newest;
    const VersionLess less(gooffsets::SchemeOf(module));
    for (const GoArch goarch : arches) {
      entry.arches.push_back(ArchOf(module, goarch, entry.known, own, counts));
      const std::string& of_arch = entry.arches.back().newest;
      if (!of_arch.empty() && (newest.empty() || less(newest, of_arch))) newest = of_arch;
    }
    entry.lines = LinesOf(module, entry.known, own);
    GOOFFSETS_TRY(entry.not_measured, NotMeasured(db, module, newest));
    report.modules.push_back(std::move(entry));
  }
  report.harvested = HarvestedOf(counts, std::set<std::string>(order.begin(), order.end()));
  return report;
}

}  // namespace offsetgen
