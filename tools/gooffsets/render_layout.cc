#include "render_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "table.h"

namespace gooffsets {

std::string RenderPiece(GoArch goarch, const Piece& piece) {
  if (piece.base == Piece::Base::kStack) return fmt::format("SP{:+}", piece.index);
  return RegisterName(goarch, piece);
}

namespace {

// "RAX", "RAX 0..8, RBX 8..16".
std::string Places(GoArch goarch, const Parameter& param) {
  if (param.pieces.empty()) return param.size == 0 ? "nowhere (no bytes)" : "not known";
  if (param.pieces.size() == 1) return RenderPiece(goarch, param.pieces[0]);
  std::vector<std::string> parts;
  for (const Piece& piece : param.pieces) {
    parts.push_back(fmt::format("{} {}..{}", RenderPiece(goarch, piece), piece.at, uint64_t{piece.at} + piece.size));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

std::string RenderStruct(const StructLayout& layout) {
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

std::string RenderFunction(const FunctionLayout& function, GoArch goarch) {
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

}  // namespace gooffsets
