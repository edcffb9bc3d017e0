// Reports of status, for people and for programs.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "status.h"
#include "store/version_order.h"
#include "text.h"

namespace offsetgen {
namespace {

using nlohmann::ordered_json;

constexpr size_t kShownVersions = 12;
constexpr size_t kLongest = 300;

std::vector<std::string> GoReleases(const StatusArch& arch) {
  std::vector<std::string> releases;
  for (const auto& [go, builds] : arch.go) releases.push_back(go);
  std::sort(releases.begin(), releases.end(), gooffsets::VersionLess(gooffsets::VersionScheme::kGo));
  return releases;
}

// "1.26.8 1.27.4", or "1.17..1.27.4 (140)" where there are many.
std::string GoText(const std::vector<std::string>& releases) {
  constexpr size_t kListed = 2;
  if (releases.empty()) return "-";
  if (releases.size() > kListed) {
    return Printable(releases.front()) + ".." + Printable(releases.back()) + " (" + std::to_string(releases.size()) +
           ")";
  }
  std::string out;
  for (const std::string& go : releases) out += (out.empty() ? "" : " ") + Printable(go);
  return out;
}

// Columns as wide as their widest cell: the first two and the last to the left, numbers to the right.
std::string Table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - row[i].size(), ' ');
      const bool left = i < 2 || i + 1 == row.size();
      if (i > 0) line += "  ";
      line += left ? row[i] + space : space + row[i];
    }
    out += std::string(line.substr(0, line.find_last_not_of(' ') + 1)) + "\n";
  }
  return out;
}

std::string ListVersions(const std::vector<std::string>& versions) {
  std::string out;
  for (size_t i = 0; i < versions.size() && i < kShownVersions; ++i)
    out += (i == 0 ? "" : " ") + Printable(versions[i]);
  if (versions.size() > kShownVersions) out += " ... " + Printable(versions.back());
  return out;
}

std::string Text(const StatusReport& report) {
  std::vector<std::vector<std::string>> rows = {{"module", "arch", "known", "built", "failed", "retry", "unavailable",
                                                 "missing", "builds", "packages", "structs", "functions",
                                                 "disagreements", "explained", "not compared", "Go"}};
  size_t later = 0;
  for (const StatusModule& module : report.modules) {
    for (const StatusArch& arch : module.arches) {
      if (module.later && arch.builds == 0) {
        ++later;
        break;
      }
      rows.push_back({Printable(module.module), std::string(ToString(arch.goarch)), std::to_string(arch.known),
                      std::to_string(arch.built), std::to_string(arch.failed), std::to_string(arch.transient),
                      std::to_string(arch.unavailable), std::to_string(arch.missing), std::to_string(arch.builds),
                      std::to_string(arch.packages), std::to_string(arch.structs), std::to_string(arch.functions),
                      std::to_string(arch.disagreements), std::to_string(arch.explained_disagreements),
                      std::to_string(arch.structs_not_compared + arch.params_not_compared), GoText(GoReleases(arch))});
    }
  }
  std::string out = rows.size() > 1 ? Table(rows) : "";
  for (const StatusModule& module : report.modules) {
    for (const StatusArch& arch : module.arches) {
      if (module.later && arch.builds == 0) continue;
      for (const StatusReason& reason : arch.reasons) {
        out += Printable(module.module) + " " + std::string(ToString(arch.goarch)) + " " +
               std::string(ToString(reason.state)) + " (" + std::to_string(reason.versions.size()) +
               "): " + ListVersions(reason.versions) + "\n";
        if (!reason.reason.empty()) out += "    " + Printable(reason.reason, kLongest) + "\n";
      }
    }
  }
  if (later > 0) out += std::to_string(later) + " more modules are tracked; their data is a later matter\n";
  if (!report.harvested.empty()) {
    out += std::to_string(report.harvested.size()) + " other modules were measured where these link them\n";
  }
  out += std::to_string(report.builds) + " builds, " + std::to_string(report.failed_builds) + " failed ones, " +
         std::to_string(report.package_layouts) + " distinct package layouts, " + std::to_string(report.layouts) +
         " distinct layouts\n";
  return out;
}

ordered_json Json(const StatusArch& arch) {
  ordered_json go = ordered_json::array(), reasons = ordered_json::array();
  for (const std::string& release : GoReleases(arch)) go.push_back({{"go", release}, {"builds", arch.go.at(release)}});
  for (const StatusReason& reason : arch.reasons) {
    reasons.push_back({{"state", ToString(reason.state)}, {"reason", reason.reason}, {"versions", reason.versions}});
  }
  return {{"goarch", ToString(arch.goarch)},
          {"known", arch.known},
          {"built", arch.built},
          {"failed", arch.failed},
          {"to_be_retried", arch.transient},
          {"unavailable", arch.unavailable},
          {"missing", arch.missing},
          {"reasons", std::move(reasons)},
          {"builds", arch.builds},
          {"go", std::move(go)},
          {"packages", arch.packages},
          {"structs", arch.structs},
          {"functions", arch.functions},
          {"newest", arch.newest},
          {"newest_packages", arch.newest_packages},
          {"newest_structs", arch.newest_structs},
          {"newest_functions", arch.newest_functions},
          {"fields_compared", arch.fields_compared},
          {"structs_not_compared", arch.structs_not_compared},
          {"params_compared", arch.params_compared},
          {"params_not_compared", arch.params_not_compared},
          {"disagreements", arch.disagreements},
          {"explained_disagreements", arch.explained_disagreements}};
}

std::string Json(const StatusReport& report) {
  ordered_json modules = ordered_json::array(), harvested = ordered_json::array();
  for (const StatusModule& module : report.modules) {
    ordered_json arches = ordered_json::array(), lines = ordered_json::array();
    for (const StatusArch& arch : module.arches) arches.push_back(Json(arch));
    for (const StatusLine& line : module.lines) {
      ordered_json built = ordered_json::object();
      for (const auto& [goarch, count] : line.built) built[std::string(ToString(goarch))] = count;
      lines.push_back({{"line", line.line}, {"known", line.known}, {"built", std::move(built)}, {"go", line.go}});
    }
    modules.push_back({{"module", module.module},
                       {"target", module.is_target},
                       {"later", module.later},
                       {"versions", module.constraint},
                       {"arches", std::move(arches)},
                       {"lines", std::move(lines)},
                       {"not_measured", module.not_measured}});
  }
  for (const StatusHarvested& one : report.harvested) {
    harvested.push_back({{"module", one.module},
                         {"versions", one.versions},
                         {"packages", one.packages},
                         {"oldest", one.oldest},
                         {"newest", one.newest}});
  }
  const ordered_json document = {{"modules", std::move(modules)},
                                 {"harvested", std::move(harvested)},
                                 {"builds", report.builds},
                                 {"failed_builds", report.failed_builds},
                                 {"package_layouts", report.package_layouts},
                                 {"layouts", report.layouts}};
  // Texts of a damaged database may be no UTF-8; replaced, they still can be printed.
  return document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string_view ToString(VersionState state) {
  switch (state) {
    case VersionState::kBuilt:
      return "built";
    case VersionState::kFailed:
      return "failed";
    case VersionState::kTransient:
      return "to be retried";
    case VersionState::kUnavailable:
      return "unavailable";
    case VersionState::kMissing:
      return "missing";
  }
  return "?";
}

std::string PrintStatus(const StatusReport& report, ReportFormat format) {
  return format == ReportFormat::kJson ? Json(report) : Text(report);
}

}  // namespace offsetgen
