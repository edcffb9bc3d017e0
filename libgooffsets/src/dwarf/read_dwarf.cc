#include "dwarf/read_dwarf.h"

#include <dwarf.h>
#include <elfutils/libdw.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <optional>
#include <tuple>
#include <utility>

#include "dwarf/attributes.h"
#include "dwarf/dwarf_file.h"
#include "dwarf/location.h"
#include "dwarf/type_table.h"
#include "go/names.h"

namespace gooffsets {
namespace {

// Structs that compiler and linker make up: "hash<string,int>", "noalg.struct { F uintptr }", shapes of generics.
// Beware of real names with '<' in them: "sync/atomic.Pointer[chan<- int]".
bool IsSynthetic(std::string_view name) {
  if (name.empty() || name.starts_with("noalg.") || name.find("go.shape.") != std::string_view::npos) return true;
  const size_t bracket = name.find('<');
  return bracket != std::string_view::npos && bracket > 0 &&
         std::all_of(name.begin(), name.begin() + static_cast<ptrdiff_t>(bracket),
                     [](unsigned char c) { return std::isalpha(c) != 0; });
}

// A function that assembly calls exists twice under one name: ABIInternal with register parameters, and a small ABI0
// entry with stack parameters; an assembly function has no parameters in DWARF, its ABIInternal entry has
// (src: cmd/compile/internal/ssagen/abi.go). Go code calls the ABIInternal one: it sorts first.
auto DuplicateRank(const DwarfFunction& function) {
  const bool in_registers = std::any_of(function.params.begin(), function.params.end(), [](const DwarfParameter& p) {
    return std::any_of(p.location.begin(), p.location.end(),
                       [](const DwarfPiece& piece) { return piece.where == DwarfPiece::Where::kRegister; });
  });
  return std::make_tuple(-static_cast<int64_t>(function.params.size()), !in_registers, function.low_pc);
}

class Reader {
 public:
  Reader(const DwarfFile& file, const DwarfWants& wants) : file_(file), wants_(wants), types_(file.info_end()) {
    contents_.goarch = file.goarch();
  }

  Result<DwarfContents> Read() {
    Dwarf_CU* unit = nullptr;
    Dwarf_Half version = 0;
    uint8_t type = 0;
    Dwarf_Die die;
    while (true) {
      const int status =
          dwarf_get_units(file_.dwarf(), unit, &unit, &version, &type, &die, /*subdie=*/nullptr);
      if (status == 1) break;
      if (status != 0) return Fail(ErrorCode::kBadInput, std::string("DWARF is damaged: ") + LibdwReason());
      if (type != DW_UT_compile && type != DW_UT_partial) continue;
      // With cgo, C units lie beside Go's; their structs are no Go structs.
      if (AttrUnsigned(&die, DW_AT_language) != DW_LANG_Go) continue;
      GOOFFSETS_CHECK_OK(ReadUnit(&die, version));
    }
    if (contents_.dwarf_version == 0) {
      return Fail(ErrorCode::kUnsupported, "its DWARF has no Go compile unit: not a Go program?");
    }
    Finish();
    return std::move(contents_);
  }

 private:
  static const char* LibdwReason() {
    const char* reason = dwarf_errmsg(-1);
    return reason != nullptr ? reason : "no reason given";
  }

  Result<void> ReadUnit(Dwarf_Die* unit, int version) {
    contents_.dwarf_version = std::max(contents_.dwarf_version, version);
    if (const std::string_view producer = AttrString(unit, DW_AT_producer, file_.info_end());
        contents_.producer.empty() && producer.starts_with("Go cmd/compile")) {
      contents_.producer = producer;
    }
    ChildCursor child(unit);
    while (child.Next()) {
      switch (dwarf_tag(child.die())) {
        case DW_TAG_subprogram:
          GOOFFSETS_CHECK_OK(ReadFunction(child.die()));
          break;
        case DW_TAG_structure_type:
          GOOFFSETS_CHECK_OK(ReadStruct(child.die()));
          break;
        default:
          break;
      }
    }
    if (!child.ok()) return DwarfDamaged(unit, "a compile unit that cannot be read");
    return {};
  }

  Result<void> ReadStruct(Dwarf_Die* die) {
    // Strings and slices are structure types too; only kind "struct" is a Go struct.
    if (AttrUnsigned(die, kAttrGoKind) != static_cast<uint64_t>(TypeKind::kStruct)) return {};
    const std::string_view escaped = AttrString(die, DW_AT_name, file_.info_end());
    if (IsSynthetic(escaped)) return {};
    std::string name = UnescapeName(escaped);
    if (wants_.structure && !wants_.structure(name)) return {};
    GOOFFSETS_TRY(StructLayout layout, types_.Layout(die, name));
    contents_.structs.push_back(DwarfStruct{std::move(name), std::move(layout), false});
    return {};
  }

  Result<void> ReadFunction(Dwarf_Die* die) {
    Dwarf_Addr low_pc = 0;
    // Without code: the abstract original of an inlined function.
    if (dwarf_lowpc(die, &low_pc) != 0) return {};
    std::string name = UnescapeName(InheritedString(die, DW_AT_name, file_.info_end()));
    if (name.empty() || (wants_.function && !wants_.function(name))) return {};
    const LocationContext context{contents_.goarch, low_pc, FrameBaseIsCfa(die)};
    DwarfFunction function{std::move(name), low_pc, {}, AttrFlag(die, DW_AT_trampoline)};
    ChildCursor child(die);
    while (child.Next()) {
      if (dwarf_tag(child.die()) != DW_TAG_formal_parameter) continue;
      GOOFFSETS_TRY(DwarfParameter parameter, ReadParameter(child.die(), context));
      function.params.push_back(std::move(parameter));
    }
    if (!child.ok()) return DwarfDamaged(die, "the parameters of " + function.name + " cannot be read");
    contents_.functions.push_back(std::move(function));
    return {};
  }

  Result<DwarfParameter> ReadParameter(Dwarf_Die* die, const LocationContext& context) {
    GOOFFSETS_TRY(const TypeInfo* type, types_.TypeOf(die));
    DwarfParameter parameter;
    parameter.name = InheritedString(die, DW_AT_name, file_.info_end());
    parameter.is_result = InheritedFlag(die, DW_AT_variable_parameter);
    parameter.type = type->name;
    parameter.kind = type->kind;
    parameter.size = type->size;
    parameter.align = type->align;
    parameter.register_assignable = type->register_assignable;
    parameter.words = type->words;
    GOOFFSETS_TRY(parameter.location, LocationAtEntry(die, type->size, context));
    MatchPiecesToValue(type->size, type->words, &parameter.location);
    return parameter;
  }

  // Sorts by name and makes names unique. Equal structs are one; different ones are marked.
  void Finish() {
    auto& structs = contents_.structs;
    std::stable_sort(structs.begin(), structs.end(),
                     [](const DwarfStruct& a, const DwarfStruct& b) { return a.name < b.name; });
    std::vector<DwarfStruct> unique;
    unique.reserve(structs.size());
    for (DwarfStruct& structure : structs) {
      if (unique.empty() || unique.back().name != structure.name) {
        unique.push_back(std::move(structure));
      } else if (unique.back().layout != structure.layout) {
        unique.back().conflicting = true;
      }
    }
    structs = std::move(unique);
    auto& functions = contents_.functions;
    std::sort(functions.begin(), functions.end(), [](const DwarfFunction& a, const DwarfFunction& b) {
      const int order = a.name.compare(b.name);
      return order != 0 ? order < 0 : DuplicateRank(a) < DuplicateRank(b);
    });
    functions.erase(std::unique(functions.begin(), functions.end(),
                                [](const DwarfFunction& a, const DwarfFunction& b) { return a.name == b.name; }),
                    functions.end());
  }

  const DwarfFile& file_;
  const DwarfWants& wants_;
  TypeTable types_;
  DwarfContents contents_;
};

}  // namespace

Result<DwarfContents> ReadDwarf(const std::string& path, const DwarfWants& wants) {
  GOOFFSETS_TRY(const DwarfFile file, DwarfFile::Open(path));
  Result<DwarfContents> contents = Reader(file, wants).Read();
  if (!contents) {
    Error error = std::move(contents).error();
    error.message = path + ": " + error.message;
    return tl::unexpected(std::move(error));
  }
  return contents;
}

}  // namespace gooffsets
