#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <map>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "gotrace/export/json_lines.h"
#include "gotrace/export/terminal.h"
#include "gotrace/pipeline/text.h"

namespace gooffsets::trace {
namespace {

constexpr size_t kBarColumns = 20;
constexpr size_t kMaxNameColumns = 40;
constexpr size_t kMaxDepth = 40;  // deeper spans are shown at this depth; also bounds the recursion
constexpr const char *kGreen = "\x1b[32m", *kRed = "\x1b[31m", *kBold = "\x1b[1m", *kDim = "\x1b[2m",
                     *kCyan = "\x1b[36m", *kReset = "\x1b[0m";

// A line that knows how many columns it has: colours take none.
class Line {
 public:
  explicit Line(const TerminalStyle& style) : style_(style) {}

  void Add(std::string_view text, const char* color = nullptr) {
    std::string cut(text);
    if (style_.columns > 0) cut = CutToColumns(text, style_.columns - std::min(columns_, style_.columns));
    columns_ += Columns(cut);
    if (cut.empty()) return;
    const bool colored = style_.color && color != nullptr;
    text_ += colored ? color + cut + kReset : cut;
  }
  void AddPadded(std::string_view text, size_t columns, bool right, const char* color = nullptr) {
    const size_t width = Columns(text);
    const std::string padding(columns > width ? columns - width : 0, ' ');
    if (right) Add(padding);
    Add(text, color);
    if (!right) Add(padding);
  }
  std::string End() && {
    const size_t last = text_.find_last_not_of(' ');
    text_.resize(last == std::string::npos ? 0 : last + 1);
    return std::move(text_) + "\n";
  }

 private:
  const TerminalStyle style_;
  std::string text_;
  size_t columns_ = 0;
};

std::string ValueText(const Attribute& attribute) {
  return std::visit(
      [](const auto& value) -> std::string {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::string>) {
          return SafeText(value);
        } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          std::string out;
          for (const std::string& text : value) out += (out.empty() ? "" : ",") + SafeText(text);
          return out;
        } else {
          return fmt::format("{}", value);
        }
      },
      attribute.value);
}

// What says in a word how a call ended; it comes first and is not repeated.
bool IsResult(std::string_view key) {
  return key == "http.response.status_code" || key == "rpc.grpc.status_code" || key == "rpc.response.status_code";
}

// "▕   ████  ▏": where the span lies in the time of the trace. A span that is too short for a column has one.
std::string Bar(const Span& span, uint64_t begin, uint64_t end) {
  const double whole = std::max(1.0, static_cast<double>(end - begin));
  const auto column = [&](uint64_t at) {
    const double part = static_cast<double>(at - begin) / whole;
    return std::min(kBarColumns, static_cast<size_t>(part * kBarColumns + 0.5));
  };
  size_t from = std::min(column(span.start_ns), kBarColumns - 1);
  const size_t to = std::max(from + 1, column(std::max(span.start_ns, span.end_ns)));
  std::string out = "▕" + std::string(from, ' ');
  for (size_t i = from; i < to; ++i) out += "█";
  return out + std::string(kBarColumns - to, ' ') + "▏";
}

class Tree {
 public:
  Tree(std::span<const Span> spans, const TerminalStyle& style) : spans_(spans), style_(style) {
    std::map<SpanId, size_t> by_id;
    for (size_t i = 0; i < spans_.size(); ++i) by_id.emplace(spans_[i].span_id, i);
    children_.resize(spans_.size());
    for (size_t i = 0; i < spans_.size(); ++i) {
      const auto parent = by_id.find(spans_[i].parent_span_id);
      const bool here = spans_[i].parent_span_id != SpanId{} && parent != by_id.end() && parent->second != i;
      (here ? children_[parent->second] : roots_).push_back(i);
      begin_ = std::min(begin_, spans_[i].start_ns);
      end_ = std::max({end_, spans_[i].start_ns, spans_[i].end_ns});
    }
    for (auto& list : children_) SortByStart(&list);
    SortByStart(&roots_);
  }

  std::string Render() {
    drawn_.assign(spans_.size(), false);
    std::vector<Row> rows;
    for (const size_t root : roots_) AddRows(root, "", "", 0, &rows);
    // What is left hangs on itself: a loop of parents, which only a hostile program makes.
    for (size_t i = 0; i < spans_.size(); ++i) AddRows(i, "", "", 0, &rows);
    size_t names = 0;
    for (const Row& row : rows) names = std::max(names, Columns(row.branch) + Columns(row.name));
    std::string out = Header();
    for (const Row& row : rows) out += RowLine(row, names);
    return out;
  }

 private:
  struct Row {
    size_t span;
    std::string branch, name;
  };

  void SortByStart(std::vector<size_t>* list) const {
    std::stable_sort(list->begin(), list->end(),
                     [&](size_t a, size_t b) { return spans_[a].start_ns < spans_[b].start_ns; });
  }

  void AddRows(size_t index, const std::string& branch, const std::string& below, size_t depth,
               std::vector<Row>* rows) {
    if (drawn_[index]) return;
    drawn_[index] = true;
    const Span& span = spans_[index];
    // A parent that is only inferred is told apart: "~".
    const std::string mark = span.parent == ParentSource::kGoroutine ? "~ " : "";
    rows->push_back({index, branch, mark + CutToColumns(SafeText(span.name), kMaxNameColumns)});
    if (depth >= kMaxDepth) return;  // its children follow at the left
    const std::vector<size_t>& children = children_[index];
    for (size_t i = 0; i < children.size(); ++i) {
      const bool last = i + 1 == children.size();
      AddRows(children[i], below + (last ? "└─ " : "├─ "), below + (last ? "   " : "│  "), depth + 1, rows);
    }
  }

  std::string Header() const {
    const Span& first = spans_[roots_.empty() ? 0 : roots_[0]];
    const auto seconds = static_cast<time_t>(begin_ / 1'000'000'000);
    std::tm local{};
    localtime_r(&seconds, &local);
    std::string id;
    AppendHex(first.trace_id, &id);
    Line line(style_);
    line.Add(
        fmt::format("{:02}:{:02}:{:02}.{:03} ", local.tm_hour, local.tm_min, local.tm_sec, begin_ / 1'000'000 % 1'000),
        kDim);
    line.Add(first.resource ? SafeText(first.resource->service_name) : "?", kBold);
    line.Add(fmt::format(" · {} · {} span{} · {}", id, spans_.size(), spans_.size() == 1 ? "" : "s",
                         HumanDuration(end_ - begin_)),
             kDim);
    return std::move(line).End();
  }

  std::string RowLine(const Row& row, size_t names) const {
    const Span& span = spans_[row.span];
    const bool failed = span.status == StatusCode::kError;
    Line line(style_);
    line.Add(row.branch, kDim);
    line.Add(failed ? "✗ " : "✓ ", failed ? kRed : kGreen);
    line.AddPadded(row.name, names - Columns(row.branch), false, kBold);
    line.AddPadded(KindName(span.kind), 10, true, kCyan);
    const uint64_t duration = span.end_ns > span.start_ns ? span.end_ns - span.start_ns : 0;
    line.AddPadded(HumanDuration(duration), 8, true);
    line.Add(" ");
    line.Add(Bar(span, begin_, end_), failed ? kRed : kGreen);
    for (const Attribute& attribute : span.attributes) {
      if (IsResult(attribute.key)) line.Add(" " + ValueText(attribute), failed ? kRed : kGreen);
    }
    if (failed && !span.status_message.empty()) line.Add(" " + SafeText(span.status_message), kRed);
    for (const Attribute& attribute : span.attributes) {
      if (IsResult(attribute.key)) continue;
      line.Add(" " + SafeText(attribute.key) + "=", kDim);
      line.Add(ValueText(attribute));
    }
    return std::move(line).End();
  }

  const std::span<const Span> spans_;
  const TerminalStyle style_;
  std::vector<std::vector<size_t>> children_;
  std::vector<size_t> roots_;
  std::vector<bool> drawn_;
  uint64_t begin_ = UINT64_MAX, end_ = 0;
};

}  // namespace

std::string RenderTrace(std::span<const Span> spans, const TerminalStyle& style) {
  if (spans.empty()) return {};
  return Tree(spans, style).Render();
}

}  // namespace gooffsets::trace
