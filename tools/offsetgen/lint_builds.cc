#include "lint_builds.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "store/record.h"
#include "store/version_order.h"

namespace offsetgen {
namespace {

using gooffsets::Connection;
using gooffsets::Result;
using gooffsets::Statement;

// Different numbers of one disagreement that are shown; the others are like them.
constexpr size_t kShownDetails = 4;

std::string Percent(double share) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f %%", share * 100);
  return text.data();
}

// One share of one build.
struct Share {
  size_t position = 0;
  const LintBuild* build = nullptr;
  uint64_t not_compared = 0, all = 0;

  double value() const { return all == 0 ? 0 : static_cast<double>(not_compared) / static_cast<double>(all); }
  std::string Text() const {
    return std::to_string(not_compared) + " of " + std::to_string(all) + " not compared (" + Percent(value()) + ")";
  }
};

std::string GoMinor(const std::string& go) {
  const auto version = gooffsets::Version::Parse(gooffsets::VersionScheme::kGo, go);
  return version ? version->minor_line() : go;
}

void LintShares(const std::string& module, const VersionAxis& axis, const std::string& what, const std::string& goarch,
                const std::string& variant, const std::vector<Share>& shares, const LintOptions& options,
                FindingSet* findings) {
  const auto jumps = [&](const Share& from, const Share& to) {
    // Std changes its Go release with every version; elsewhere only what one Go minor compiled can be compared.
    if (module != gooffsets::kStdModule && GoMinor(from.build->go) != GoMinor(to.build->go)) return false;
    const double step = std::abs(to.value() - from.value());
    return step > options.not_compared_jump &&
           step * static_cast<double>(std::max(from.all, to.all)) >= static_cast<double>(options.not_compared_least);
  };
  for (size_t i = 1; i < shares.size(); ++i) {
    if (!jumps(shares[i - 1], shares[i])) continue;
    LintFinding finding;
    finding.kind = LintKind::kNotCompared;
    finding.module = module;
    finding.symbol = what;
    finding.first = finding.last = axis.versions[shares[i].position];
    finding.before = axis.versions[shares[i - 1].position];
    finding.versions = 1;
    finding.goarch = {goarch};
    finding.variant = variant;
    if (module != gooffsets::kStdModule) finding.go = {shares[i].build->go};
    finding.details.push_back({what, shares[i].Text(), shares[i - 1].Text()});
    // One odd release is one finding: the way back from it says nothing new.
    if (i + 1 < shares.size() && jumps(shares[i], shares[i + 1]) && !jumps(shares[i - 1], shares[i + 1])) {
      finding.after = axis.versions[shares[i + 1].position];
      ++i;
    }
    findings->Add(std::move(finding));
  }
}

}  // namespace

bool IsAskedFor(const LintOptions& options, const std::string& module) {
  return options.modules.empty() ||
         std::find(options.modules.begin(), options.modules.end(), module) != options.modules.end();
}

Result<size_t> LintDisagreements(Connection* db, const LintOptions& options, FindingSet* findings) {
  size_t explained = 0;
  struct Place {
    std::set<std::string> versions, go;
    std::set<std::string> goarch;
    std::set<LintFinding::Detail> details;
  };
  std::map<std::tuple<std::string, std::string, std::string>, Place> places;  // by module, symbol, what
  Statement query = db->Prepare(
      "SELECT m.path, d.symbol, d.what, d.dwarf, d.other, v.text, b.go, b.goarch FROM disagreement d "
      "JOIN build b ON b.id = d.build JOIN version v ON v.id = b.version JOIN module m ON m.id = v.module "
      "ORDER BY m.path, d.symbol, d.what, d.dwarf, d.other");
  while (true) {
    GOOFFSETS_TRY(const bool row, query.Next());
    if (!row) break;
    const std::string module = query.Text(0);
    if (!IsAskedFor(options, module)) continue;
    const std::string what = query.Text(2);
    if (gooffsets::IsExplained(what)) {
      ++explained;
      continue;
    }
    Place& place = places[{module, query.Text(1), what}];
    place.versions.insert(query.Text(5));
    place.go.insert(query.Text(6));
    place.goarch.insert(query.Text(7));
    if (place.details.size() < kShownDetails) {
      place.details.insert({what, "DWARF: " + query.Text(3), query.Text(4)});
    }
  }
  for (const auto& [key, place] : places) {
    const auto& [module, symbol, what] = key;
    std::vector<std::string> versions(place.versions.begin(), place.versions.end());
    std::sort(versions.begin(), versions.end(), gooffsets::VersionLess(gooffsets::SchemeOf(module)));
    LintFinding finding;
    finding.kind = LintKind::kDisagreement;
    finding.module = module;
    finding.symbol = symbol;
    finding.first = versions.front();
    finding.last = versions.back();
    finding.versions = versions.size();
    finding.goarch.assign(place.goarch.begin(), place.goarch.end());
    if (module != gooffsets::kStdModule) finding.go.assign(place.go.begin(), place.go.end());
    finding.details.assign(place.details.begin(), place.details.end());
    findings->Add(std::move(finding));
  }
  return explained;
}

void LintNotCompared(const LintWorld& world, const LintOptions& options, FindingSet* findings) {
  // The build with the newest Go release of each version.
  std::map<std::tuple<std::string, std::string, std::string>, std::map<size_t, const LintBuild*>> newest;
  for (const auto& [module, versions] : world.modules) {
    if (!IsAskedFor(options, module)) continue;
    std::map<std::string, size_t> positions;
    for (size_t i = 0; i < versions.axis.versions.size(); ++i) positions[versions.axis.versions[i]] = i;
    for (const LintBuild& build : world.builds) {
      if (build.module != module) continue;
      const LintBuild*& best = newest[{module, build.goarch, build.variant}][positions.at(build.version)];
      if (best == nullptr || best->go_rank < build.go_rank) best = &build;
    }
  }
  for (const auto& [key, builds] : newest) {
    const auto& [module, goarch, variant] = key;
    std::vector<Share> structs, params;
    for (const auto& [position, build] : builds) {
      structs.push_back({position, build, build->structs_not_compared, build->structs});
      params.push_back(
          {position, build, build->params_not_compared, build->params_compared + build->params_not_compared});
    }
    const VersionAxis& axis = world.modules.at(module).axis;
    LintShares(module, axis, "structs", goarch, variant, structs, options, findings);
    LintShares(module, axis, "parameters", goarch, variant, params, options, findings);
  }
}

}  // namespace offsetgen
