#include "site/struct_drawing.h"

#include <algorithm>
#include <map>

namespace gooffsets {

namespace {

constexpr uint64_t kWord = 8;
constexpr int kCell = 42, kRow = 26, kGutter = 52, kHead = 20;
// Of what covers more rows than this whole, only the first and the last are drawn.
constexpr uint64_t kWholeRows = 4;

std::string N(uint64_t number) { return std::to_string(number); }

std::string_view ClassOf(const Field& field) {
  switch (field.kind) {
    case TypeKind::kPointer:
    case TypeKind::kUnsafePointer:
    case TypeKind::kMap:
    case TypeKind::kChan:
    case TypeKind::kFunc:
      return "pointer";
    case TypeKind::kString:
      return "string";
    case TypeKind::kSlice:
      return "slice";
    case TypeKind::kInterface:
      return "interface";
    case TypeKind::kStruct:
    case TypeKind::kArray:
      return "compound";
    case TypeKind::kInvalid:
      return "other";
    default:
      return "number";
  }
}

struct RowSpec {
  uint64_t begin = 0, end = 0;  // bytes
  bool left_out = false;        // several rows of one extent
};

std::vector<RowSpec> RowsOf(const std::vector<Extent>& extents, uint64_t size, bool* cut) {
  std::vector<RowSpec> rows;
  size_t extent = 0;
  *cut = false;
  for (uint64_t at = 0; at < size;) {
    if (rows.size() == kMaxRows) {
      *cut = true;
      break;
    }
    while (extent < extents.size() && extents[extent].end <= at) ++extent;
    const bool inside = extent < extents.size() && extents[extent].begin + kWord <= at;
    if (inside) {
      // The row before lies in this extent already.
      const uint64_t whole_end = extents[extent].end / kWord * kWord;
      if (whole_end >= at + kWord * (kWholeRows - 1)) {
        rows.push_back({at, whole_end - kWord, true});
        at = whole_end - kWord;
        rows.push_back({at, std::min(at + kWord, size), false});
        at += kWord;
        continue;
      }
    }
    rows.push_back({at, std::min(at + kWord, size), false});
    at += kWord;
  }
  return rows;
}

std::string Fit(const std::string& text, uint64_t width) {
  const size_t room = static_cast<size_t>(width > 10 ? (width - 10) / 8 : 0);
  if (text.size() <= room) return text;
  if (room < 3) return {};
  // Cut between characters: not in front of a continuation byte of UTF-8.
  size_t end = room - 1;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "\xe2\x80\xa6";
}

std::string TitleOf(const StructLayout& layout, const Extent& extent) {
  if (extent.field == Extent::kPadding) {
    return Count(extent.end - extent.begin, "byte") + " of padding at " + N(extent.begin);
  }
  const Field& field = layout.fields[extent.field];
  return field.name + " " + field.type + " at " + N(field.offset) + ", " + Count(field.size, "byte");
}

void DrawCell(Html* svg, const StructLayout& layout, const Extent& extent, uint64_t begin, uint64_t end, uint64_t row,
              uint64_t y, bool named) {
  const uint64_t x = kGutter + (begin - row) * kCell;
  const uint64_t width = (end - begin) * kCell;
  const bool padding = extent.field == Extent::kPadding;
  const std::string name = padding ? "padding" : layout.fields[extent.field].name;
  svg->Open("g", {{"class", padding ? "cell padding" : "cell " + std::string(ClassOf(layout.fields[extent.field]))},
                  {"data-name", padding ? Html::kNone : std::string_view(name)}});
  svg->Leaf("title", TitleOf(layout, extent));
  svg->Void("rect", {{"x", N(x + 1)}, {"y", N(y + 1)}, {"width", N(width - 2)}, {"height", N(kRow - 2)}, {"rx", "2"}});
  if (const std::string text = named ? Fit(name, width) : ""; !text.empty()) {
    svg->Leaf("text", {{"x", N(x + 6)}, {"y", N(y + 17)}}, text);
  }
  svg->Close();
}

}  // namespace

std::vector<Extent> ExtentsOf(const StructLayout& layout) {
  std::vector<Extent> extents;
  uint64_t at = 0;
  for (size_t f = 0; f < layout.fields.size(); ++f) {
    const Field& field = layout.fields[f];
    if (field.size == 0 || field.offset < at || field.offset > layout.size || field.size > layout.size - field.offset) {
      continue;
    }
    if (field.offset > at) extents.push_back({at, field.offset, Extent::kPadding});
    extents.push_back({field.offset, field.offset + field.size, f});
    at = field.offset + field.size;
  }
  if (at < layout.size) extents.push_back({at, layout.size, Extent::kPadding});
  return extents;
}

void DrawStruct(Html* html, const StructLayout& layout, std::string_view symbol) {
  const std::vector<Extent> extents = ExtentsOf(layout);
  bool cut = false;
  const std::vector<RowSpec> rows = RowsOf(extents, layout.size, &cut);
  const uint64_t width = kGutter + kWord * kCell + 2;
  const uint64_t height = kHead + rows.size() * kRow + 4;
  html->Open("svg", {{"class", "struct"},
                     {"viewBox", "0 0 " + N(width) + " " + N(height)},
                     {"width", N(width)},
                     {"height", N(height)},
                     {"role", "img"},
                     {"aria-label", std::string(symbol) + ", byte by byte; the table beside it says the same"}});
  for (uint64_t byte = 0; byte < kWord; ++byte) {
    html->Leaf("text", {{"class", "byte"}, {"x", N(kGutter + byte * kCell + kCell / 2)}, {"y", "13"}}, "+" + N(byte));
  }
  size_t extent = 0;
  std::vector<bool> named(extents.size(), false);
  for (size_t r = 0; r < rows.size(); ++r) {
    const RowSpec& row = rows[r];
    const uint64_t y = kHead + r * kRow;
    if (row.left_out) {
      html->Leaf("text", {{"class", "left-out"}, {"x", N(kGutter + kWord * kCell / 2)}, {"y", N(y + 17)}},
                 "\xe2\x8b\xae " + Thousands(row.end - row.begin) + " bytes more");
      continue;
    }
    html->Leaf("text", {{"class", "at"}, {"x", N(kGutter - 8)}, {"y", N(y + 17)}}, N(row.begin));
    while (extent < extents.size() && extents[extent].end <= row.begin) ++extent;
    for (size_t e = extent; e < extents.size() && extents[e].begin < row.end; ++e) {
      const uint64_t begin = std::max(extents[e].begin, row.begin), end = std::min(extents[e].end, row.end);
      // The name stands where the field has most room: in its first row, or in the second if that holds more of it.
      const uint64_t next = std::min(extents[e].end, row.end + kWord) - std::min(extents[e].end, row.end);
      const bool here = !named[e] && end - begin >= next;
      if (here) named[e] = true;
      DrawCell(html, layout, extents[e], begin, end, row.begin, y, here);
    }
  }
  html->Close();
  if (cut) {
    html->Leaf("p", {{"class", "note"}},
               "The picture ends after " + Thousands(kMaxRows) + " rows; the table has every field.");
  }
}

void FieldTable(Html* html, const StructLayout& layout, const std::function<std::string(const std::string&)>& type_link,
                const std::function<std::string(const std::string&)>& field_link) {
  const auto cell = [&](const std::string& address, const std::string& text) {
    html->Open("td").Open("code");
    if (address.empty()) {
      html->Text(text);
    } else {
      html->Link(address, text);
    }
    html->Close().Close();
  };
  const auto padding = [&](uint64_t begin, uint64_t end) {
    html->Open("tr", {{"class", "padding"}}).Leaf("td", {{"class", "number"}}, N(begin));
    html->Leaf("td", {{"class", "number"}}, N(end - begin)).Leaf("td", {{"colspan", "2"}}, "padding").Close();
  };
  html->Open("table", {{"class", "fields"}}).Open("thead").Open("tr");
  for (const char* head : {"Offset", "Size", "Field", "Type"}) html->Leaf("th", {{"scope", "col"}}, head);
  html->Close().Close().Open("tbody");
  uint64_t at = 0;
  for (const Field& field : layout.fields) {
    if (field.offset > at) padding(at, field.offset);
    html->Open("tr", {{"data-name", field.name},
                      {"data-offset", N(field.offset)},
                      {"data-size", N(field.size)},
                      {"data-type", field.type}});
    html->Leaf("td", {{"class", "number"}}, N(field.offset)).Leaf("td", {{"class", "number"}}, N(field.size));
    cell(field.name == "_" ? std::string() : field_link(field.name), field.name);
    cell(type_link(field.type), field.type);
    html->Close();
    at = std::max(at, field.offset + std::min(field.size, UINT64_MAX - field.offset));
  }
  if (at < layout.size) padding(at, layout.size);
  html->Close().Close();
}

std::vector<std::string> ChangesBetween(const StructLayout& before, const StructLayout& after) {
  std::vector<std::string> changes;
  std::map<std::string, const Field*> old, now;
  for (const Field& field : before.fields) old.emplace(field.name, &field);
  for (const Field& field : after.fields) now.emplace(field.name, &field);
  if (before.size != after.size) {
    changes.push_back("The struct " + std::string(after.size > before.size ? "grew" : "shrank") + " from " +
                      N(before.size) + " to " + N(after.size) + " bytes");
  }
  for (const Field& field : before.fields) {
    if (!now.contains(field.name)) changes.push_back(field.name + " is gone (was at " + N(field.offset) + ")");
  }
  for (const Field& field : after.fields) {
    if (field.name == "_") continue;
    auto was = old.find(field.name);
    if (was == old.end()) {
      changes.push_back(field.name + " is new, at " + N(field.offset));
      continue;
    }
    if (was->second->offset != field.offset) {
      changes.push_back(field.name + " moved from " + N(was->second->offset) + " to " + N(field.offset));
    }
    if (was->second->type != field.type) {
      changes.push_back(field.name + " was " + was->second->type + " and is " + field.type);
    } else if (was->second->size != field.size) {
      changes.push_back(field.name + " was " + N(was->second->size) + " bytes long and is " + N(field.size));
    }
  }
  return changes;
}

}  // namespace gooffsets
