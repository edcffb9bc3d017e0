#include "render.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

#include "common/exit_code.h"
#include "render_layout.h"
#include "table.h"

namespace gooffsets {

namespace {

std::string Join(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

// "1.17, 1.18 .. 1.20.14 (32 releases)": long lists shortened.
std::string Releases(const std::vector<std::string>& go) {
  if (go.empty()) return "none";
  if (go.size() <= 4) return Printable(Join(go, ", "));
  return Printable(fmt::format("{} .. {} ({} releases)", go.front(), go.back(), go.size()));
}

std::string Whole(const Value& value, GoArch goarch) {
  if (!value.absent_reason.empty()) return "absent: " + Printable(value.absent_reason) + "\n";
  switch (value.kind) {
    case SymbolKind::kField:
      return fmt::format("offset {} ({:#x}), size {}, {}\n", value.field.offset, value.field.offset, value.field.size,
                         Printable(value.field.type));
    case SymbolKind::kStruct: return RenderStruct(value.structure);
    case SymbolKind::kFunction: return RenderFunction(value.function, goarch);
  }
  return "\n";
}

// One cell of a table.
std::string Short(const Value& value, GoArch goarch) {
  switch (value.kind) {
    case SymbolKind::kField: return fmt::format("{}  ({}, {} bytes)", value.field.offset, value.field.type, value.field.size);
    case SymbolKind::kStruct:
      return fmt::format("size {}, {} fields", value.structure.size, value.structure.fields.size());
    case SymbolKind::kFunction: {
      std::vector<std::string> parts;
      for (const Parameter& param : value.function.params) {
        parts.push_back(fmt::format("{} {}", param.name.empty() ? "_" : param.name,
                                    param.pieces.empty() ? "-" : RenderPiece(goarch, param.pieces[0])));
      }
      return "(" + Join(parts, ", ") + ")";
    }
  }
  return "";
}

std::string Heading(const Query& query) {
  std::string line = query.module;
  if (!query.version.empty()) line += " " + query.version;
  line += fmt::format(", {}", ToString(query.goarch));
  if (!query.go.empty()) line += ", Go " + query.go;
  return Printable(line);
}

}  // namespace

std::string RenderAnswer(const Answer& answer) {
  const Query& query = answer.query;
  std::string out;
  switch (answer.status) {
    case Status::kFound:
      for (const Value& value : answer.values) {
        out += Whole(value, query.goarch);
        out += fmt::format("{}  ({}; seen in {} build{}, Go {})\n", Printable(query.symbol), Heading(query),
                           value.evidence.size(), value.evidence.size() == 1 ? "" : "s", Releases(value.go));
        break;
      }
      break;
    case Status::kAmbiguous:
      out += fmt::format("ambiguous: {}  ({})\n", Printable(query.symbol), Heading(query));
      for (const Value& value : answer.values) {
        out += fmt::format("with Go {}:\n{}", Releases(value.go), Whole(value, query.goarch));
      }
      out += "name the Go release of the program with --go\n";
      break;
    case Status::kAbsent:
      out += fmt::format("absent: {}\n{}  ({}; {} build{} prove{} it)\n", Printable(answer.reason),
                         Printable(query.symbol), Heading(query), answer.evidence.size(),
                         answer.evidence.size() == 1 ? "" : "s", answer.evidence.size() == 1 ? "s" : "");
      break;
    case Status::kUnknown:
      out += fmt::format("unknown: {}\n{}  ({})\n", Printable(answer.reason), Printable(query.symbol), Heading(query));
      if (!answer.hint.empty()) out += "try: " + Printable(answer.hint) + "\n";
      break;
  }
  for (const std::string& similar : answer.similar) out += "did you mean " + Printable(similar) + "?\n";
  return out;
}

std::string RenderTimeline(const Timeline& timeline) {
  std::string out = fmt::format("{}  ({})\n", Printable(timeline.query.symbol), Heading(timeline.query));
  Table table({"versions", "value", "observations", "Go"}, "llrl");
  size_t observations = 0;
  for (const Run& run : timeline.runs) {
    table.Add({run.first == run.last ? run.first : run.first + " .. " + run.last,
               run.value ? Short(*run.value, timeline.query.goarch) : "absent: " + run.absent_reason,
               fmt::format("{}", run.observations), Releases(run.go)});
    observations += run.observations;
  }
  if (observations > 0) out += table.Text();
  // Gaps by kind of reason ("build failed"; the compiler's words are in the JSON). No ranges: observed versions may lie
  // between two gaps.
  std::vector<std::pair<std::string, std::vector<std::string>>> gaps;
  for (const Gap& gap : timeline.gaps) {
    const std::string kind = gap.reason.substr(0, gap.reason.find(": "));
    auto same = std::find_if(gaps.begin(), gaps.end(), [&](const auto& other) { return other.first == kind; });
    if (same == gaps.end()) same = gaps.insert(gaps.end(), {kind, {}});
    same->second.push_back(gap.version);
  }
  for (const auto& [kind, versions] : gaps) {
    std::vector<std::string> shown(versions.begin(), versions.begin() + std::min<ptrdiff_t>(8, std::ssize(versions)));
    if (shown.size() < versions.size()) shown.push_back(fmt::format("... {}", versions.back()));
    out += fmt::format("  no observation of {} version{} ({}): {}\n", versions.size(), versions.size() == 1 ? "" : "s",
                       Printable(kind), Printable(Join(shown, ", ")));
  }
  return out;
}

}  // namespace gooffsets
