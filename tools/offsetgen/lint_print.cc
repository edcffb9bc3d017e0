// Reports of lint, for people and for programs.
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>

#include "lint.h"
#include "text.h"

namespace offsetgen {
namespace {

// Of one symbol in the text; JSON has them all. A field put in front moves every other one.
constexpr size_t kShownDetails = 6;
constexpr size_t kLongest = 300;

std::string Join(const std::vector<std::string>& texts, const std::string& before = {}) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ",") + before + Printable(text);
  return out;
}

std::string Versions(const LintFinding& finding) {
  if (finding.first.empty()) return "all versions";
  std::string out = Printable(finding.first);
  if (finding.last != finding.first) {
    out += ".." + Printable(finding.last);
    if (finding.versions > 0) out += " (" + std::to_string(finding.versions) + " versions)";
  }
  return out;
}

std::string Around(const LintFinding& finding) {
  if (finding.before.empty()) return "";
  if (finding.after.empty()) return " after " + Printable(finding.before);
  return " between " + Printable(finding.before) + " and " + Printable(finding.after);
}

std::string Head(const LintFinding& finding) {
  std::string out = std::string(ToString(finding.kind)) + "  " + Printable(finding.module) + " " + Versions(finding) +
                    Around(finding);
  if (!finding.goarch.empty()) out += "  " + Join(finding.goarch);
  if (!finding.go.empty()) out += "  " + Join(finding.go, "go");
  if (!finding.variant.empty()) out += "  " + Printable(finding.variant);
  return out;
}

std::string Body(const LintFinding& finding) {
  std::string out;
  const std::string symbol = Printable(finding.FullSymbol(), kLongest);
  size_t shown = 0;
  for (const LintFinding::Detail& detail : finding.details) {
    if (++shown > kShownDetails) {
      out += "    " + symbol + ": " + std::to_string(finding.details.size() - kShownDetails) + " more like this\n";
      break;
    }
    out += "    " + symbol;
    const bool is_field =
        !detail.item.empty() && finding.kind != LintKind::kDisagreement && finding.kind != LintKind::kNotCompared;
    if (is_field) out += (detail.item.find(' ') == std::string::npos ? "." : " ") + Printable(detail.item, kLongest);
    if (finding.kind == LintKind::kDisagreement) out += " " + Printable(detail.item, kLongest);
    out += ": " + Printable(detail.found, kLongest);
    if (!detail.neighbours.empty()) {
      out +=
          (finding.kind == LintKind::kDisagreement ? "; " : "; around it: ") + Printable(detail.neighbours, kLongest);
    }
    out += '\n';
  }
  return out;
}

std::string Count(size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string Text(const LintReport& report) {
  std::string out;
  // Findings at one place stand under one head.
  std::string last_head;
  for (const LintFinding& finding : report.findings) {
    const std::string head = Head(finding);
    if (head != last_head) out += head + "\n";
    last_head = head;
    out += Body(finding);
  }
  out += Count(report.findings.size() + report.not_listed, "finding");
  if (report.not_listed > 0) out += " (" + std::to_string(report.not_listed) + " not listed)";
  out += ", " + std::to_string(report.judged.size()) + " judged, " + std::to_string(report.backports) +
         " explained by backports, " + Count(report.explained_disagreements, "explained disagreement") + "\n";
  out += Count(report.appearances, "symbol") + " in one release only, " + std::to_string(report.returns) +
         " gone for whole minor lines and back\n";
  out += "looked at " + Count(report.builds, "build") + ", " + Count(report.modules, "module") + ", " +
         Count(report.packages, "package") + ", " + Count(report.package_layouts, "package layout") + "\n";
  return out;
}

nlohmann::ordered_json Json(const LintFinding& finding) {
  using nlohmann::ordered_json;
  ordered_json details = ordered_json::array();
  for (const LintFinding::Detail& detail : finding.details) {
    ordered_json one = {{"item", detail.item}, {"found", detail.found}};
    if (!detail.neighbours.empty()) one["neighbours"] = detail.neighbours;
    details.push_back(std::move(one));
  }
  return {{"kind", ToString(finding.kind)}, {"module", finding.module}, {"package", finding.package},
          {"symbol", finding.symbol},       {"first", finding.first},   {"last", finding.last},
          {"before", finding.before},       {"after", finding.after},   {"versions", finding.versions},
          {"goarch", finding.goarch},       {"go", finding.go},         {"variant", finding.variant},
          {"details", std::move(details)}};
}

std::string Json(const LintReport& report) {
  using nlohmann::ordered_json;
  ordered_json findings = ordered_json::array(), judged = ordered_json::array();
  for (const LintFinding& finding : report.findings) findings.push_back(Json(finding));
  for (const LintReport::Judged& one : report.judged) {
    judged.push_back(Json(one.finding));
    judged.back()["reason"] = one.reason;
  }
  const ordered_json document = {{"findings", std::move(findings)},
                                 {"judged", std::move(judged)},
                                 {"backports", report.backports},
                                 {"appearances", report.appearances},
                                 {"returns", report.returns},
                                 {"explained_disagreements", report.explained_disagreements},
                                 {"not_listed", report.not_listed},
                                 {"builds", report.builds},
                                 {"modules", report.modules},
                                 {"packages", report.packages},
                                 {"package_layouts", report.package_layouts}};
  // Texts of a damaged database may be no UTF-8; replaced, they still can be printed.
  return document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string PrintLint(const LintReport& report, ReportFormat format) {
  return format == ReportFormat::kJson ? Json(report) : Text(report);
}

}  // namespace offsetgen
