// What differs between two builds of a program: structs by their type descriptors, functions by DWARF or argument info.
#include <algorithm>
#include <cctype>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "binary/go_binary_impl.h"
#include "gooffsets/resolve.h"
#include "resolve/self_source.h"

namespace gooffsets {
namespace {

void DiffStruct(const std::string& name, const StructLayout& left, const StructLayout& right,
                std::vector<Difference>* differences) {
  auto add = [&](const std::string& what, const std::string& a, const std::string& b) {
    differences->push_back({name, what, a, b});
  };
  if (left.size != right.size) add("size", std::to_string(left.size), std::to_string(right.size));
  auto find = [](const StructLayout& layout, const std::string& field) {
    return std::find_if(layout.fields.begin(), layout.fields.end(), [&](const Field& f) { return f.name == field; });
  };
  auto says = [](const Field& f) { return "offset " + std::to_string(f.offset) + ", " + f.type; };
  for (const Field& field : left.fields) {
    if (field.name == "_") continue;
    const auto same = find(right, field.name);
    if (same == right.fields.end()) {
      add("field removed: " + field.name, says(field), "");
      continue;
    }
    if (same->offset != field.offset) {
      add("offset of " + field.name, std::to_string(field.offset), std::to_string(same->offset));
    }
    if (same->type != field.type) add("type of " + field.name, field.type, same->type);
    if (same->size != field.size) add("size of " + field.name, std::to_string(field.size), std::to_string(same->size));
  }
  for (const Field& field : right.fields) {
    if (field.name == "_" || find(left, field.name) != left.fields.end()) continue;
    add("field added: " + field.name, "", says(field));
  }
}

Result<void> DiffStructs(GoBinary* first, GoBinary* second, std::vector<Difference>* differences) {
  GOOFFSETS_TRY(std::vector<GoBinary::NamedStruct> left, first->Structs());
  GOOFFSETS_TRY(std::vector<GoBinary::NamedStruct> right, second->Structs());
  auto other = right.begin();
  for (const GoBinary::NamedStruct& structure : left) {  // both sorted by name
    other = std::find_if(other, right.end(), [&](const auto& candidate) { return candidate.name >= structure.name; });
    if (other == right.end()) break;
    if (other->name != structure.name || other->layout == structure.layout) continue;
    DiffStruct(structure.name, structure.layout, other->layout, differences);
  }
  return {};
}

// What one program says of a function's arguments, in words that are equal where two programs say the same.
struct Arguments {
  std::string types;   // "(w net/http.ResponseWriter) (error)"; empty: not described
  std::string places;  // "RAX RBX; SP+8", or the words of argument info
};
using Functions = std::map<std::string, Arguments>;

// Closures are numbered ("F.func1", "F.gowrap2", "F.deferwrap1"), method values end in "-fm", instances have their type
// arguments' shapes in brackets, and what the compiler makes for types has a colon (src:
// cmd/compile/internal/ir/func.go, closureName; cmd/compile/internal/reflectdata).
bool IsDeclared(std::string_view name) {
  if (name.ends_with("-fm") || name.find_first_of("[:") != name.npos || name.find("·") != name.npos) return false;
  for (const std::string_view made : {".func", ".gowrap", ".deferwrap", ".dwrap"}) {
    for (size_t at = name.find(made); at != name.npos; at = name.find(made, at + 1)) {
      const size_t behind = at + made.size();
      if (behind < name.size() && std::isdigit(static_cast<unsigned char>(name[behind])) != 0) return false;
    }
  }
  return true;
}

std::string PlacesOf(const std::vector<Parameter>& values, GoArch goarch) {
  std::string text;
  for (const Parameter& value : values) {
    if (!text.empty()) text += "; ";
    std::string places;
    for (const Piece& piece : value.pieces) {
      if (!places.empty()) places += " ";
      places += piece.base == Piece::Base::kStack ? "SP+" + std::to_string(piece.index) : RegisterName(goarch, piece);
    }
    text += places.empty() ? "-" : places;
  }
  return text;
}

std::string TypesOf(const std::vector<Parameter>& values) {
  std::string text = "(";
  for (const Parameter& value : values) {
    if (text.size() > 1) text += ", ";
    text += value.type;
  }
  return text + ")";
}

Result<Functions> FromDwarf(const BinaryInfo& info) {
  DwarfWants wants;
  wants.structure = [](std::string_view) { return false; };
  wants.function = [](std::string_view name) { return IsDeclared(name); };
  GOOFFSETS_TRY(DwarfContents contents, ReadDwarf(info.file, wants));
  Functions functions;
  const std::optional<bool> register_abi = UsesRegisters(info);
  if (!register_abi) return functions;
  for (const DwarfFunction& function : contents.functions) {
    const std::optional<FunctionLayout> layout = LayoutFromDwarf(function, info.goarch, *register_abi);
    if (!layout) continue;
    functions[function.name] = {
        TypesOf(layout->params) + " " + TypesOf(layout->results),
        PlacesOf(layout->params, info.goarch) + " -> " + PlacesOf(layout->results, info.goarch)};
  }
  return functions;
}

std::string WordsOf(const ArgumentInfo& info) {
  std::string text;
  for (const ArgumentInfo::Argument& argument : info.arguments) {
    if (!text.empty()) text += "; ";
    std::string words;
    for (const auto& word : argument.words) {
      if (!words.empty()) words += " ";
      words += word.far ? "far" : std::to_string(word.offset) + ":" + std::to_string(word.size);
    }
    if (!argument.whole) words += " ...";
    text += argument.aggregate ? "{" + words + "}" : words;
  }
  return text + (info.whole ? "" : " ...");
}

Result<Functions> FromArgumentInfo(GoBinary* binary) {
  Functions functions;
  Pclntab* pclntab = binary->impl().pclntab();
  if (pclntab == nullptr || binary->impl().module() == nullptr) return functions;
  std::vector<FunctionEntry> entries;
  GOOFFSETS_CHECK_OK(pclntab->ForEachFunction([&](const FunctionEntry& entry) {
    if (entry.args_size >= 0 && IsDeclared(entry.name)) entries.push_back(entry);
    return true;
  }));
  for (const FunctionEntry& entry : entries) {
    const Result<std::optional<ArgumentInfo>> info = pclntab->Arguments(entry);
    if (!info) continue;
    std::string& places = functions[entry.name].places;
    if (!places.empty()) places += " | ";  // assembly's way in to the same function
    places += (*info ? WordsOf(**info) : "") + " in " + std::to_string(entry.args_size) + " bytes";
  }
  return functions;
}

Result<void> DiffFunctions(GoBinary* first, GoBinary* second, std::vector<Difference>* differences) {
  Functions left, right;
  if (first->info().has_dwarf && second->info().has_dwarf) {
    GOOFFSETS_TRY(left, FromDwarf(first->info()));
    GOOFFSETS_TRY(right, FromDwarf(second->info()));
  } else {
    GOOFFSETS_TRY(left, FromArgumentInfo(first));
    GOOFFSETS_TRY(right, FromArgumentInfo(second));
  }
  for (const auto& [name, arguments] : left) {
    const auto other = right.find(name);
    if (other == right.end()) continue;
    const auto& [types, places] = other->second;
    if (arguments.types != types) {
      differences->push_back({name, "arguments", arguments.types, types});
    } else if (arguments.places != places) {
      differences->push_back(
          {name, types.empty() ? "argument words" : "places of arguments", arguments.places, places});
    }
  }
  return {};
}

}  // namespace

Result<std::vector<Difference>> DiffBinaries(GoBinary* first, GoBinary* second) {
  if (first == nullptr || second == nullptr) return Fail(ErrorCode::kUsage, "two binaries are needed");
  std::vector<Difference> differences;
  GOOFFSETS_CHECK_OK(DiffStructs(first, second, &differences));
  GOOFFSETS_CHECK_OK(DiffFunctions(first, second, &differences));
  return differences;
}

}  // namespace gooffsets
