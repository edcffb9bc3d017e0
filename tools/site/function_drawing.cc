#include "site/function_drawing.h"

#include <algorithm>

namespace gooffsets {

namespace {

constexpr int kBox = 76, kHeight = 40, kSpace = 4, kInRow = 10;

std::string N(int64_t number) { return std::to_string(number); }

std::string PieceName(GoArch arch, const Piece& piece) {
  if (piece.base != Piece::Base::kStack) return RegisterName(arch, piece);
  return (piece.index < 0 ? "SP" : "SP+") + N(piece.index);
}

std::string NameOf(const Parameter& parameter, size_t index, std::string_view what) {
  return parameter.name.empty() ? std::string(what) + " " + N(static_cast<int64_t>(index) + 1) : parameter.name;
}

// A box for each piece, in the order in which the convention fills them.
void DrawPieces(Html* html, const std::vector<Parameter>& values, GoArch arch, std::string_view what) {
  struct Box {
    size_t value;
    const Piece* piece;
  };
  std::vector<Box> boxes;
  for (size_t v = 0; v < values.size(); ++v) {
    for (const Piece& piece : values[v].pieces) boxes.push_back({v, &piece});
  }
  if (boxes.empty()) return;
  std::stable_sort(boxes.begin(), boxes.end(), [](const Box& a, const Box& b) {
    return std::pair(a.piece->base, a.piece->index) < std::pair(b.piece->base, b.piece->index);
  });
  const int rows = (static_cast<int>(boxes.size()) + kInRow - 1) / kInRow;
  const int width = std::min(kInRow, static_cast<int>(boxes.size())) * (kBox + kSpace);
  const int height = rows * (kHeight + kSpace);
  html->Open("svg", {{"class", "places"},
                     {"width", N(width)},
                     {"height", N(height)},
                     {"viewBox", "0 0 " + N(width) + " " + N(height)},
                     {"role", "img"},
                     {"aria-label", "Places of the " + std::string(what) + "s on " + std::string(ToString(arch))}});
  for (size_t b = 0; b < boxes.size(); ++b) {
    const int x = static_cast<int>(b) % kInRow * (kBox + kSpace);
    const int y = static_cast<int>(b) / kInRow * (kHeight + kSpace);
    const Parameter& value = values[boxes[b].value];
    const Piece& piece = *boxes[b].piece;
    std::string name = NameOf(value, boxes[b].value, what);
    std::string title = PieceName(arch, piece) + ": " + name + " " + value.type;
    if (value.pieces.size() > 1) title += ", bytes " + N(piece.at) + " .. " + N(piece.at + piece.size - 1);
    if (name.size() > 8) name = name.substr(0, 7) + "\xe2\x80\xa6";
    html->Open("g", {{"class", "place c" + N(static_cast<int64_t>(boxes[b].value) % 10)}}).Leaf("title", title);
    html->Void("rect",
               {{"x", N(x + 1)}, {"y", N(y + 1)}, {"width", N(kBox - 2)}, {"height", N(kHeight - 2)}, {"rx", "3"}});
    html->Leaf("text", {{"class", "where"}, {"x", N(x + kBox / 2)}, {"y", N(y + 16)}}, PieceName(arch, piece));
    html->Leaf("text", {{"x", N(x + kBox / 2)}, {"y", N(y + 32)}}, name).Close();
  }
  html->Close();
}

void ValueRows(Html* html, const std::vector<Parameter>& values, const std::vector<GoArch>& arches,
               std::string_view what) {
  for (size_t v = 0; v < values.size(); ++v) {
    const Parameter& value = values[v];
    html->Open("tr").Leaf("td", what);
    html->Open("td").Leaf("code", NameOf(value, v, what)).Close().Open("td").Leaf("code", value.type).Close();
    html->Leaf("td", {{"class", "number"}}, std::to_string(value.size));
    for (GoArch arch : arches) html->Open("td").Leaf("code", PlaceText(arch, value)).Close();
    html->Close();
  }
}

void CompareValues(std::vector<std::string>* changes, const std::vector<Parameter>& before,
                   const std::vector<Parameter>& after, std::string_view what) {
  for (size_t v = 0; v < std::max(before.size(), after.size()); ++v) {
    const std::string number = std::string(what) + " " + N(static_cast<int64_t>(v) + 1);
    if (v >= after.size()) {
      changes->push_back(number + " (" + before[v].name + " " + before[v].type + ") is gone");
    } else if (v >= before.size()) {
      changes->push_back(number + " (" + after[v].name + " " + after[v].type + ") is new");
    } else {
      if (before[v].name != after[v].name) {
        changes->push_back(number + " was called " + NameOf(before[v], v, what) + " and is called " +
                           NameOf(after[v], v, what));
      }
      if (before[v].type != after[v].type) {
        changes->push_back(number + " was " + before[v].type + " and is " + after[v].type);
      }
      if (before[v].pieces != after[v].pieces) {
        changes->push_back(number + " is in another place");
      }
    }
  }
}

}  // namespace

std::string PlaceText(GoArch arch, const Parameter& parameter) {
  if (parameter.size == 0) return "takes no place";
  std::string text;
  for (const Piece& piece : parameter.pieces) {
    if (!text.empty()) text += ", ";
    text += PieceName(arch, piece);
  }
  return text.empty() ? "not known" : text;
}

void DrawFunction(Html* html, const FunctionLayout& layout, const std::vector<GoArch>& arches) {
  if (layout.wrapper) {
    html->Leaf("p", {{"class", "note"}}, "The compiler makes this method as a wrapper: it is no target for probes.");
  }
  html->Open("div",
             {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "Parameters and results"}});
  html->Open("table", {{"class", "values"}}).Open("thead").Open("tr");
  for (const char* head : {"", "Name", "Type", "Size"}) html->Leaf("th", {{"scope", "col"}}, head);
  for (GoArch arch : arches) html->Leaf("th", {{"scope", "col"}}, "On " + std::string(ToString(arch)));
  html->Close().Close().Open("tbody");
  ValueRows(html, layout.params, arches, "parameter");
  ValueRows(html, layout.results, arches, "result");
  if (layout.params.empty() && layout.results.empty()) {
    html->Open("tr").Leaf("td", {{"colspan", "5"}}, "No parameters and no results").Close();
  }
  html->Close().Close().Close();
  for (GoArch arch : arches) {
    const std::string on(ToString(arch));
    if (!layout.params.empty()) {
      html->Open("figure").Leaf("figcaption", on + ", at entry");
      DrawPieces(html, layout.params, arch, "parameter");
      html->Close();
    }
    if (!layout.results.empty()) {
      html->Open("figure").Leaf("figcaption", on + ", at return");
      DrawPieces(html, layout.results, arch, "result");
      html->Close();
    }
  }
}

std::vector<std::string> ChangesBetween(const FunctionLayout& before, const FunctionLayout& after) {
  std::vector<std::string> changes;
  CompareValues(&changes, before.params, after.params, "parameter");
  CompareValues(&changes, before.results, after.results, "result");
  return changes;
}

}  // namespace gooffsets
