#include "lint.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "gooffsets/database.h"
#include "lint_builds.h"
#include "lint_package.h"
#include "lint_world.h"
#include "store/catalog.h"

namespace offsetgen {
namespace {

using gooffsets::Connection;
using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::Result;
using gooffsets::Statement;
using gooffsets::Store;

// Observations, package by package; of one package, module by module.
Result<void> LintPackages(Connection* db, const LintWorld& world, const LintOptions& options, FindingSet* findings,
                          FindingSet* quiet, LintReport* report) {
  gooffsets::CatalogReader reader(db);
  PackageLint lint(db, world, findings, quiet);
  std::map<std::string, std::set<std::string>> observed;  // module -> packages
  int64_t package = 0;
  std::map<std::string, std::vector<PackageSighting>> modules;
  const auto finish = [&]() -> Result<void> {
    if (modules.empty()) return {};
    GOOFFSETS_TRY(const std::string path, reader.Text(package));
    for (const auto& [module, sightings] : modules) {
      observed[module].insert(path);
      if (!IsAskedFor(options, module)) continue;
      ++report->packages;
      GOOFFSETS_CHECK_OK(lint.Run(module, path, sightings));
    }
    modules.clear();
    return {};
  };
  Statement query = db->Prepare(
      "SELECT s.package, o.version, o.build, s.package_layout, s.fully_kept FROM observation o "
      "JOIN package_state s ON s.id = o.state ORDER BY s.package");
  while (true) {
    GOOFFSETS_TRY(const bool row, query.Next());
    if (!row) break;
    if (query.Int(0) != package) {
      GOOFFSETS_CHECK_OK(finish());
      package = query.Int(0);
    }
    const auto build = world.build_by_row.find(query.Int(2));
    const auto module = world.module_of_version.find(query.Int(1));
    if (build == world.build_by_row.end() || module == world.module_of_version.end()) continue;
    const size_t position = world.modules.at(module->second).positions.at(query.Int(1));
    modules[module->second].push_back({build->second, position, query.Int(3), query.Int(4) != 0});
  }
  GOOFFSETS_CHECK_OK(finish());
  report->backports = lint.backports();
  report->package_layouts = lint.package_layouts();

  // What no build stored although a list calls it measured.
  for (const auto& [module, versions] : world.modules) {
    if (!IsAskedFor(options, module)) continue;
    ++report->modules;
    std::set<std::string> missing;
    std::set<int64_t> lists;
    for (const auto& of_version : versions.lists) {
      for (const SeenList& list : of_version) lists.insert(list.list);
    }
    for (const int64_t list : lists) {
      for (const auto& [path, measured] : world.lists.at(list)) {
        if (measured && !observed[module].contains(path)) missing.insert(path);
      }
    }
    for (const std::string& path : missing) {
      LintFinding finding;
      finding.kind = LintKind::kColumn;
      finding.module = module;
      finding.package = path;
      finding.details.push_back({"", "listed as measured, but no build of any version stored it", ""});
      findings->Add(std::move(finding));
    }
  }
  return {};
}

Result<void> LintTracked(Store* store, const LintOptions& options, FindingSet* findings) {
  if (options.tracked.empty()) return {};
  GOOFFSETS_TRY(const gooffsets::Database database, gooffsets::Database::Open(store->path()));
  for (const TrackedSymbol& tracked : options.tracked) {
    if (!IsAskedFor(options, tracked.module)) continue;
    bool found = false;
    for (const gooffsets::GoArch goarch : {gooffsets::GoArch::kAmd64, gooffsets::GoArch::kArm64}) {
      gooffsets::Query query;
      query.module = tracked.module;
      query.goarch = goarch;
      query.symbol = tracked.symbol;
      const Result<gooffsets::Timeline> timeline = database.AllVersions(query);
      if (!timeline) {
        // A module or package that the database does not have is what is looked for; anything else is an error.
        const ErrorCode code = timeline.error().code;
        if (code == ErrorCode::kNotFound || code == ErrorCode::kUnknown) continue;
        return tl::unexpected(timeline.error());
      }
      found = found || std::any_of(timeline->runs.begin(), timeline->runs.end(),
                                   [](const gooffsets::Run& run) { return run.value.has_value(); });
    }
    if (found) continue;
    LintFinding finding;
    finding.kind = LintKind::kColumn;
    finding.module = tracked.module;
    finding.symbol = tracked.symbol;
    finding.details.push_back({"", "tracked, but no version has it", ""});
    findings->Add(std::move(finding));
  }
  return {};
}

bool Explains(const Judgement& judgement, const LintFinding& finding) {
  if (judgement.kind != finding.kind || judgement.module != finding.module) return false;
  const std::string symbol = finding.FullSymbol();
  const bool matches = judgement.symbol.ends_with('*')
                           ? symbol.starts_with(judgement.symbol.substr(0, judgement.symbol.size() - 1))
                           : symbol == judgement.symbol;
  if (!matches) return false;
  if (!judgement.first.empty() && (judgement.first != finding.first || judgement.last != finding.last)) return false;
  return judgement.goarch.empty() || finding.goarch == std::vector<std::string>{judgement.goarch};
}

// Modules of which every listed version was tried: only there a judgement can be called unused.
Result<std::set<std::string>> TriedModules(Connection* db) {
  std::set<std::string> modules;
  Statement query = db->Prepare(
      "SELECT m.path FROM module m JOIN version v ON v.module = m.id WHERE v.listed = 1 GROUP BY m.id "
      "HAVING sum(v.id NOT IN (SELECT version FROM build)) = 0 ORDER BY m.path");
  while (true) {
    GOOFFSETS_TRY(const bool row, query.Next());
    if (!row) return modules;
    modules.insert(query.Text(0));
  }
}

void Judge(std::vector<LintFinding> findings, const std::set<std::string>& tried, const LintOptions& options,
           LintReport* report) {
  std::vector<bool> used(options.judgements.size(), false);
  for (LintFinding& finding : findings) {
    const Judgement* judgement = nullptr;
    for (size_t i = 0; i < options.judgements.size(); ++i) {
      if (!Explains(options.judgements[i], finding)) continue;
      used[i] = true;
      if (judgement == nullptr) judgement = &options.judgements[i];
    }
    if (judgement != nullptr) {
      report->judged.push_back({std::move(finding), judgement->reason});
    } else {
      report->findings.push_back(std::move(finding));
    }
  }
  // With findings left out, none of the judgements can be called unused.
  if (report->not_listed > 0) return;
  for (size_t i = 0; i < used.size(); ++i) {
    const Judgement& judgement = options.judgements[i];
    if (used[i] || !IsAskedFor(options, judgement.module) || !tried.contains(judgement.module)) continue;
    const bool is_quiet = judgement.kind == LintKind::kAppearance || judgement.kind == LintKind::kReturn;
    if (is_quiet && !options.all) continue;
    LintFinding finding;
    finding.kind = LintKind::kUnused;
    finding.module = judgement.module;
    finding.symbol = judgement.symbol;
    finding.first = judgement.first;
    finding.last = judgement.last;
    if (!judgement.goarch.empty()) finding.goarch = {judgement.goarch};
    finding.details.push_back({"",
                               "line " + std::to_string(judgement.line) + " judges a " +
                                   std::string(ToString(judgement.kind)) + " that is not there (any more)",
                               ""});
    report->findings.push_back(std::move(finding));
  }
}

}  // namespace

std::string LintFinding::FullSymbol() const {
  if (package.empty()) return symbol;
  return symbol.empty() ? package : package + "." + symbol;
}

Result<LintReport> Lint(Store* store, const LintOptions& options) {
  LintReport report;
  Connection* db = store->connection();
  GOOFFSETS_TRY(const LintWorld world, LoadLintWorld(db));
  for (const std::string& module : options.modules) {
    if (world.modules.contains(module)) continue;
    return Fail(ErrorCode::kNotFound, "the database has no build of module \"" + module + "\"", "offsetgen status");
  }
  report.builds = world.builds.size();
  FindingSet findings(options.max_findings), quiet(options.max_findings);
  GOOFFSETS_CHECK_OK(LintPackages(db, world, options, &findings, options.all ? &findings : &quiet, &report));
  const FindingSet& counted = options.all ? findings : quiet;
  report.appearances = counted.Count(LintKind::kAppearance);
  report.returns = counted.Count(LintKind::kReturn);
  GOOFFSETS_TRY(report.explained_disagreements, LintDisagreements(db, options, &findings));
  LintNotCompared(world, options, &findings);
  GOOFFSETS_CHECK_OK(LintTracked(store, options, &findings));
  report.not_listed = findings.not_listed();
  GOOFFSETS_TRY(const std::set<std::string> tried, TriedModules(db));
  Judge(findings.Take(), tried, options, &report);
  return report;
}

int LintExitStatus(const LintReport& report) { return report.findings.empty() && report.not_listed == 0 ? 0 : 1; }

}  // namespace offsetgen
