#include "render.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

#include "common/exit_code.h"

namespace gooffsets {

namespace {

// Columns as wide as their widest cell; those named in `right` are aligned to the right.
class Table {
 public:
  explicit Table(std::vector<std::string> head, std::string right) : right_(std::move(right)) { Add(std::move(head)); }
  void Add(std::vector<std::string> row) {
    for (std::string& cell : row) cell = Printable(cell);
    rows_.push_back(std::move(row));
  }
  std::string Text() const {
    std::vector<size_t> widths;
    for (const auto& row : rows_) {
      widths.resize(std::max(widths.size(), row.size()));
      for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    std::string out;
    for (const auto& row : rows_) {
      std::string line;
      for (size_t i = 0; i < row.size(); ++i) {
        const bool right = i < right_.size() && right_[i] == 'r';
        line += right ? fmt::format("  {:>{}}", row[i], widths[i]) : fmt::format("  {:<{}}", row[i], widths[i]);
      }
      line.erase(line.find_last_not_of(' ') + 1);
      out += line + "\n";
    }
    return out;
  }

 private:
  std::vector<std::vector<std::string>> rows_;
  std::string right_;
};

std::string Join(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

// "1.17, 1.18 .. 1.20.14 (32 releases)": long lists shortened.
std::string Releases(const std::vector<std::string>& go) {
  if (go.empty()) return "none";
  if (go.size() <= 4) return Join(go, ", ");
  return fmt::format("{} .. {} ({} releases)", go.front(), go.back(), go.size());
}

std::string Place(GoArch goarch, const Piece& piece) {
  if (piece.base == Piece::Base::kStack) return fmt::format("SP{:+}", piece.index);
  return RegisterName(goarch, piece);
}

// "RAX", "RAX 0..8, RBX 8..16".
std::string Places(GoArch goarch, const Parameter& param) {
  if (param.pieces.empty()) return param.size == 0 ? "nowhere (no bytes)" : "not known";
  if (param.pieces.size() == 1) return Place(goarch, param.pieces[0]);
  std::vector<std::string> parts;
  for (const Piece& piece : param.pieces) {
    parts.push_back(fmt::format("{} {}..{}", Place(goarch, piece), piece.at, uint64_t{piece.at} + piece.size));
  }
  return Join(parts, ", ");
}

std::string Struct(const StructLayout& layout) {
  Table table({"offset", "size", "name", "type"}, "rrll");
  uint64_t end = 0;
  auto pad = [&](uint64_t until) {
    if (until > end) table.Add({fmt::format("{}", end), fmt::format("{}", until - end), "-", "(padding)"});
  };
  for (const Field& field : layout.fields) {
    pad(field.offset);
    table.Add({fmt::format("{}", field.offset), fmt::format("{}", field.size), field.name,
               field.type + (field.embedded ? " (embedded)" : "")});
    end = std::max(end, field.offset + field.size);
  }
  pad(layout.size);
  return fmt::format("size {}, align {}, {} fields\n", layout.size, layout.align, layout.fields.size()) + table.Text();
}

std::string Function(const FunctionLayout& function, GoArch goarch) {
  std::string out;
  for (bool results : {false, true}) {
    const std::vector<Parameter>& list = results ? function.results : function.params;
    if (list.empty()) {
      out += results ? "no results\n" : "no parameters\n";
      continue;
    }
    out += results ? "results, at return\n" : "parameters, at entry (SP+8 is the first stack word)\n";
    Table table({"#", "name", "type", "size", "where"}, "rllrl");
    size_t index = 0;
    for (const Parameter& param : list) {
      table.Add({fmt::format("{}", index++), param.name.empty() ? "-" : param.name, param.type,
                 fmt::format("{}", param.size), Places(goarch, param)});
    }
    out += table.Text();
  }
  if (function.wrapper) out += "a wrapper that the compiler makes: no probe target\n";
  return out;
}

std::string Whole(const Value& value, GoArch goarch) {
  if (!value.absent_reason.empty()) return "absent: " + Printable(value.absent_reason) + "\n";
  switch (value.kind) {
    case SymbolKind::kField:
      return fmt::format("offset {} ({:#x}), size {}, {}\n", value.field.offset, value.field.offset, value.field.size,
                         Printable(value.field.type));
    case SymbolKind::kStruct: return Struct(value.structure);
    case SymbolKind::kFunction: return Function(value.function, goarch);
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
                                    param.pieces.empty() ? "-" : Place(goarch, param.pieces[0])));
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
  // Gaps by reason. No ranges: observed versions may lie between two gaps.
  std::vector<std::pair<std::string, std::vector<std::string>>> gaps;
  for (const Gap& gap : timeline.gaps) {
    auto same = std::find_if(gaps.begin(), gaps.end(), [&](const auto& other) { return other.first == gap.reason; });
    if (same == gaps.end()) same = gaps.insert(gaps.end(), {gap.reason, {}});
    same->second.push_back(gap.version);
  }
  for (const auto& [reason, versions] : gaps) {
    std::vector<std::string> shown(versions.begin(), versions.begin() + std::min<ptrdiff_t>(8, std::ssize(versions)));
    if (shown.size() < versions.size()) shown.push_back(fmt::format("... {}", versions.back()));
    out += fmt::format("  no observation of {} version{} ({}): {}\n", versions.size(), versions.size() == 1 ? "" : "s",
                       Printable(reason), Printable(Join(shown, ", ")));
  }
  return out;
}

}  // namespace gooffsets
