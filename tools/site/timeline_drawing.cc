#include "site/timeline_drawing.h"

#include <algorithm>
#include <map>
#include <set>

#include "gooffsets/version.h"

namespace gooffsets {

namespace {

constexpr int kColours = 10;
constexpr int kLabels = 56, kGapWidth = 16, kLane = 26, kRowSpace = 10, kTop = 4, kAxis = 34;
constexpr int kWidthOfAll = 1140;

struct Column {
  size_t first = 0, last = 0;  // versions
  size_t versions = 1;         // that it stands for
  bool gap = false;
  int x = 0, width = 0;
};

std::string N(int64_t number) { return std::to_string(number); }

std::vector<Column> ColumnsOf(const Story& story) {
  const std::vector<size_t> observed = story.Observed();
  std::vector<Column> columns;
  auto next = observed.begin();
  int gaps = 0;
  for (size_t v = 0; v < story.versions.size(); ++v) {
    const bool gap = next == observed.end() || *next != v;
    if (!gap) ++next;
    if (gap) {
      // Runs of releases say nothing of the pre-releases between them: the list of gaps names those.
      Result<Version> version = Version::Parse(SchemeOf(story.module), story.versions[v]);
      if (!version || version->is_prerelease()) continue;
    }
    if (gap && !columns.empty() && columns.back().gap) {
      columns.back().last = v;
      ++columns.back().versions;
    } else {
      columns.push_back({v, v, 1, gap, 0, 0});
      gaps += gap;
    }
  }
  const int wide = static_cast<int>(std::max<size_t>(1, observed.size()));
  const int width = std::clamp((kWidthOfAll - kLabels - gaps * kGapWidth) / wide, 7, 64);
  int x = kLabels;
  for (Column& column : columns) {
    column.x = x;
    column.width = column.gap ? kGapWidth : width;
    x += column.width;
  }
  return columns;
}

// A piece of a run without a missing observation inside.
struct Bar {
  size_t run = 0;
  size_t from = 0, to = 0;  // columns
  int lane = 0;
};

std::vector<Bar> BarsOf(const Story::Side& side, const std::vector<Column>& columns, int* lanes) {
  std::vector<Bar> bars;
  std::map<size_t, size_t> open;  // run -> bar
  *lanes = 1;
  for (size_t c = 0; c < columns.size(); ++c) {
    const std::vector<size_t>& runs = side.at[columns[c].first];
    std::map<size_t, size_t> still;
    std::set<int> taken;
    for (size_t run : runs) {
      if (auto old = open.find(run); !columns[c].gap && old != open.end()) {
        bars[old->second].to = c;
        taken.insert(bars[old->second].lane);
        still.insert(*old);
      }
    }
    for (size_t run : runs) {
      if (columns[c].gap || still.contains(run)) continue;
      int lane = 0;
      while (taken.contains(lane)) ++lane;
      taken.insert(lane);
      *lanes = std::max(*lanes, lane + 1);
      still[run] = bars.size();
      bars.push_back({run, c, c, lane});
    }
    open = std::move(still);
  }
  return bars;
}

std::string Words(const Value& value) {
  switch (value.kind) {
    case SymbolKind::kField:
      return "offset " + std::to_string(value.field.offset) + ", " + Count(value.field.size, "byte") + ", " +
             value.field.type;
    case SymbolKind::kStruct:
      return Count(value.structure.size, "byte") + ", " + Count(value.structure.fields.size(), "field");
    case SymbolKind::kFunction:
      return Count(value.function.params.size(), "parameter") + ", " + Count(value.function.results.size(), "result");
  }
  return {};
}

std::string EvidenceText(const std::vector<Evidence>& evidence) {
  constexpr size_t kShown = 3;
  std::string text;
  for (size_t i = 0; i < std::min(kShown, evidence.size()); ++i) {
    text += (i == 0 ? "" : ", ") + evidence[i].build.substr(0, 12);
  }
  if (evidence.size() > kShown) text += " and " + Thousands(evidence.size() - kShown) + " more";
  return text;
}

std::string Title(const Story& story, const Story::Side& side, const Bar& bar, const std::vector<Column>& columns) {
  const Run& run = side.timeline.runs[bar.run];
  std::string text = story.versions[columns[bar.from].first];
  if (bar.to != bar.from) text += " .. " + story.versions[columns[bar.to].first];
  text += " on " + std::string(ToString(side.arch)) + ": ";
  text += run.value ? Words(*run.value) : "absent, " + run.absent_reason;
  text += "; " + Count(bar.to - bar.from + 1, "version") + "; built with Go " + GoReleases(run.go);
  if (run.value) text += "; builds " + EvidenceText(run.value->evidence);
  return text;
}

void DrawGaps(Html* svg, const Story& story, const Story::Side& side, const std::vector<Column>& columns, int y,
              int height) {
  for (const Column& column : columns) {
    if (!side.at[column.first].empty() && !column.gap) continue;
    std::string title = story.versions[column.first];
    if (column.last != column.first) title += " .. " + story.versions[column.last];
    title +=
        ": " + Count(column.versions, "version") + " without an observation on " + std::string(ToString(side.arch));
    svg->Open("rect",
              {{"class", "gap"}, {"x", N(column.x)}, {"y", N(y)}, {"width", N(column.width)}, {"height", N(height)}})
        .Leaf("title", title)
        .Close();
  }
}

void DrawAxis(Html* svg, const Story& story, const std::vector<Column>& columns, int y) {
  std::string minor;
  int free_from = 0;
  for (const Column& column : columns) {
    const std::string& text = story.versions[column.first];
    if (column.gap) continue;
    Result<Version> version = Version::Parse(SchemeOf(story.module), text);
    const std::string line = version ? version->minor_line() : text;
    if (line == minor) continue;
    minor = line;
    svg->Void("line", {{"class", "tick"}, {"x1", N(column.x)}, {"x2", N(column.x)}, {"y1", N(y)}, {"y2", N(y + 6)}});
    if (column.x < free_from) continue;
    svg->Leaf("text", {{"class", "axis"}, {"x", N(column.x)}, {"y", N(y + 20)}}, line);
    free_from = column.x + static_cast<int>(line.size()) * 8 + 10;
  }
}

// One row of the table: a run, for the architectures that have the same.
struct TableRow {
  const Run* run;
  size_t variant;
  std::string arches;
  size_t first_version;
  std::string id;
};

std::vector<TableRow> TableRows(const Story& story) {
  std::map<std::string, size_t> index;
  for (size_t v = 0; v < story.versions.size(); ++v) index.emplace(story.versions[v], v);
  std::vector<TableRow> rows;
  for (const Story::Side& side : story.sides) {
    for (size_t r = 0; r < side.timeline.runs.size(); ++r) {
      const Run& run = side.timeline.runs[r];
      const std::string arch(ToString(side.arch));
      auto same = std::find_if(rows.begin(), rows.end(), [&](const TableRow& row) {
        return row.run->first == run.first && row.run->last == run.last && row.variant == side.variant_of[r] &&
               row.run->go == run.go && row.run->absent_reason == run.absent_reason;
      });
      if (same != rows.end()) {
        same->arches += ", " + arch;
      } else {
        rows.push_back({&run, side.variant_of[r], arch, index[run.first], "run-" + arch + "-" + std::to_string(r)});
      }
    }
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const TableRow& a, const TableRow& b) { return a.first_version < b.first_version; });
  return rows;
}

// The row of the table that tells of a run.
std::string RowOf(const std::vector<TableRow>& rows, const Story::Side& side, size_t r) {
  const Run& run = side.timeline.runs[r];
  for (const TableRow& row : rows) {
    if (row.run->first == run.first && row.run->last == run.last && row.variant == side.variant_of[r] &&
        row.run->go == run.go && row.run->absent_reason == run.absent_reason) {
      return row.id;
    }
  }
  return "runs";
}

std::string RangeText(const Run& run) { return run.first == run.last ? run.first : run.first + " .. " + run.last; }

}  // namespace

std::string GoReleases(const std::vector<std::string>& releases) {
  if (releases.size() > 3) {
    return releases.front() + " .. " + releases.back() + " (" + Count(releases.size(), "release") + ")";
  }
  std::string text;
  for (const std::string& release : releases) text += (text.empty() ? "" : ", ") + release;
  return text;
}

void DrawTimeline(Html* html, const Story& story) {
  const std::vector<Column> columns = ColumnsOf(story);
  const std::vector<TableRow> rows = TableRows(story);
  std::array<int, 2> lanes{};
  std::array<std::vector<Bar>, 2> bars;
  int height = kTop + kAxis;
  for (size_t s = 0; s < 2; ++s) {
    bars[s] = BarsOf(story.sides[s], columns, &lanes[s]);
    height += lanes[s] * kLane + kRowSpace;
  }
  const int width = columns.empty() ? kLabels : columns.back().x + columns.back().width + 40;
  const std::string name = "Timeline of " + story.symbol;
  html->Open("figure", {{"class", "timeline"}});
  html->Open("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", name}});
  html->Open("svg", {{"width", N(width)},
                     {"height", N(height)},
                     {"viewBox", "0 0 " + N(width) + " " + N(height)},
                     {"role", "group"},
                     {"aria-label", name + ": the table below says the same"}});
  html->Open("defs").Open("pattern", {{"id", "hatch"},
                                      {"width", "6"},
                                      {"height", "6"},
                                      {"patternUnits", "userSpaceOnUse"},
                                      {"patternTransform", "rotate(45)"}});
  html->Void("line", {{"class", "hatch"}, {"x1", "0"}, {"y1", "0"}, {"x2", "0"}, {"y2", "6"}}).Close().Close();
  int y = kTop;
  for (size_t s = 0; s < 2; ++s) {
    const Story::Side& side = story.sides[s];
    const int row = lanes[s] * kLane;
    html->Leaf("text", {{"class", "rowname"}, {"x", "0"}, {"y", N(y + row / 2 + 4)}}, ToString(side.arch));
    DrawGaps(html, story, side, columns, y, row);
    for (const Bar& bar : bars[s]) {
      const Run& run = side.timeline.runs[bar.run];
      const size_t variant = side.variant_of[bar.run];
      const int x = columns[bar.from].x;
      const int wide = columns[bar.to].x + columns[bar.to].width - x;
      std::string label = run.value ? ShortValue(*run.value) : "absent";
      if (run.value && story.kind != SymbolKind::kField) label = VariantName(variant) + ": " + label;
      if (static_cast<int>(label.size()) * 8 + 6 > wide && run.value && story.kind != SymbolKind::kField) {
        label = VariantName(variant);
      }
      const std::string colour = run.value ? "bar c" + N(static_cast<int64_t>(variant) % kColours) : "bar none";
      html->Open("a", {{"href", "#" + RowOf(rows, side, bar.run)}, {"class", colour}});
      html->Leaf("title", Title(story, side, bar, columns));
      html->Void("rect", {{"x", N(x + 1)},
                          {"y", N(y + bar.lane * kLane + 1)},
                          {"width", N(std::max(1, wide - 2))},
                          {"height", N(kLane - 2)},
                          {"rx", "3"}});
      if (static_cast<int>(label.size()) * 8 + 6 <= wide) {
        html->Leaf("text", {{"x", N(x + wide / 2)}, {"y", N(y + bar.lane * kLane + 17)}}, label);
      }
      html->Close();
    }
    y += row + kRowSpace;
  }
  DrawAxis(html, story, columns, y - 4);
  html->Close().Close();
  html->Open("figcaption", {});
  html->Leaf("span", {{"class", "key"}}, "One column a version. Hatched: not observed, and never guessed. ");
  html->Leaf("output", {{"class", "evidence"}, {"aria-live", "polite"}},
             "Point at a bar, or move to it with the keyboard.");
  html->Close().Close();
}

void TimelineTable(Html* html, const Story& story) {
  const bool field = story.kind == SymbolKind::kField;
  html->Open("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "Runs of versions"}});
  html->Open("table", {{"id", "runs"}}).Leaf("caption", "Runs of versions with one answer").Open("thead").Open("tr");
  html->Leaf("th", {{"scope", "col"}}, "Versions").Leaf("th", {{"scope", "col"}}, "Architecture");
  html->Leaf("th", {{"scope", "col"}}, field ? "Offset" : "Layout");
  html->Leaf("th", {{"scope", "col"}}, field ? "Type" : "What it is").Leaf("th", {{"scope", "col"}}, "Observed");
  html->Leaf("th", {{"scope", "col"}}, "Built with Go").Leaf("th", {{"scope", "col"}}, "Evidence").Close().Close();
  html->Open("tbody");
  for (const TableRow& row : TableRows(story)) {
    html->Open("tr", {{"id", row.id}}).Leaf("th", {{"scope", "row"}}, RangeText(*row.run)).Leaf("td", row.arches);
    if (row.run->value) {
      const Value& value = *row.run->value;
      html->Open("td", {{"class", "number"}});
      html->Open("span", {{"class", "swatch c" + N(static_cast<int64_t>(row.variant) % kColours)}});
      if (field) {
        html->Text(std::to_string(value.field.offset)).Close().Close();
        html->Leaf("td", value.field.type + " (" + Count(value.field.size, "byte") + ")");
      } else {
        html->Link("#layout-" + VariantName(row.variant), VariantName(row.variant)).Close().Close();
        html->Leaf("td", Words(value));
      }
      html->Leaf("td", {{"class", "number"}}, Thousands(row.run->observations)).Leaf("td", GoReleases(row.run->go));
      html->Open("td").Leaf("code", EvidenceText(value.evidence)).Close();
    } else {
      html->Leaf("td", {{"class", "number"}}, "absent").Leaf("td", row.run->absent_reason);
      html->Leaf("td", {{"class", "number"}}, Thousands(row.run->observations)).Leaf("td", GoReleases(row.run->go));
      html->Leaf("td", "proved by those builds");
    }
    html->Close();
  }
  html->Close().Close().Close();
}

}  // namespace gooffsets
