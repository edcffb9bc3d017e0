#include "lint_facets.h"

#include <variant>

#include "store/layout_json.h"

namespace offsetgen {
namespace {

using gooffsets::Field;
using gooffsets::FunctionLayout;
using gooffsets::Parameter;
using gooffsets::StructLayout;

std::string FieldValue(const Field& field) {
  std::string out = "offset " + std::to_string(field.offset) + ", size " + std::to_string(field.size);
  out += ", align " + std::to_string(field.align) + ", " + field.type;
  out += " (" + std::string(ToString(field.kind)) + ")";
  if (field.embedded) out += ", embedded";
  if (field.by_value) out += ", by value";
  for (size_t i = 0; i < field.dims.size(); ++i) {
    out += (i == 0 ? ", dims " : "x") + std::to_string(field.dims[i]);
  }
  if (!field.elem.empty()) out += " of " + field.elem;
  return out;
}

std::string ParameterValue(const Parameter& param) {
  std::string out = (param.name.empty() ? "(unnamed)" : param.name) + " " + param.type;
  out += ", size " + std::to_string(param.size) + ", align " + std::to_string(param.align);
  if (!param.register_assignable) out += ", memory only";
  if (!param.words.empty()) out += ", words " + gooffsets::WordsText(param.words);
  if (!param.pieces.empty()) out += ", at " + gooffsets::PiecesText(param.pieces);
  return out;
}

}  // namespace

std::vector<Facet> FacetsOf(const gooffsets::Layout& layout) {
  std::vector<Facet> facets;
  if (const auto* structure = std::get_if<StructLayout>(&layout)) {
    facets.push_back({"", "size " + std::to_string(structure->size) + ", align " + std::to_string(structure->align)});
    for (const Field& field : structure->fields) {
      if (field.name != "_") facets.push_back({field.name, FieldValue(field)});
    }
    return facets;
  }
  const auto& function = std::get<FunctionLayout>(layout);
  if (function.wrapper) facets.push_back({"wrapper", "yes"});
  for (size_t i = 0; i < function.params.size(); ++i) {
    facets.push_back({"param " + std::to_string(i), ParameterValue(function.params[i])});
  }
  for (size_t i = 0; i < function.results.size(); ++i) {
    facets.push_back({"result " + std::to_string(i), ParameterValue(function.results[i])});
  }
  return facets;
}

}  // namespace offsetgen
