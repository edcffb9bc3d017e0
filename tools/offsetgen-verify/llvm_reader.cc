#include "llvm_reader.h"

#include <llvm/ADT/StringMap.h>
#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <llvm/DebugInfo/DWARF/DWARFDie.h>
#include <llvm/DebugInfo/DWARF/DWARFExpression.h>
#include <llvm/DebugInfo/DWARF/DWARFLocationExpression.h>
#include <llvm/DebugInfo/DWARF/DWARFUnit.h>
#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Object/ObjectFile.h>
#include <llvm/Support/Compression.h>
#include <llvm/Support/MemoryBuffer.h>

#include <limits>
#include <optional>
#include <utility>

#include "go/names.h"

namespace gooffsets::verify {
namespace {

using llvm::DWARFContext;
using llvm::DWARFDie;
namespace dwarf = llvm::dwarf;

constexpr auto kGoKind = static_cast<dwarf::Attribute>(0x2900);
constexpr uint64_t kKindStruct = 25;  // reflect.Struct
constexpr uint64_t kPointerSize = 8;
constexpr int kMaxDepth = 200;
constexpr uint64_t kMaxSection = uint64_t{4} << 30;

std::string TextOf(llvm::Error error) { return llvm::toString(std::move(error)); }

// LLVM 16 and later leave GNU-style ".zdebug_*" sections (Go <= 1.18) alone: hand it their content by name instead.
using Sections = llvm::StringMap<std::unique_ptr<llvm::MemoryBuffer>>;

Result<Sections> OldSections(const llvm::object::ObjectFile& object) {
  Sections sections;
  for (const llvm::object::SectionRef& section : object.sections()) {
    llvm::Expected<llvm::StringRef> name = section.getName();
    llvm::Expected<llvm::StringRef> content = section.getContents();
    if (!name || !content) {
      if (!name) llvm::consumeError(name.takeError());
      if (!content) llvm::consumeError(content.takeError());
      continue;
    }
    if (name->starts_with(".debug_")) {
      sections[name->substr(1)] = llvm::MemoryBuffer::getMemBufferCopy(*content);
    } else if (name->starts_with(".zdebug_") && content->starts_with("ZLIB") && content->size() >= 12) {
      uint64_t size = 0;
      for (unsigned char byte : content->substr(4, 8)) size = size << 8 | byte;
      // zlib cannot compress by more than 1032:1 (zlib's technical details), so a larger claim is a lie.
      if (size > kMaxSection || size / 1032 > content->size()) {
        return Fail(ErrorCode::kBadInput, "section " + name->str() + " claims an impossible size");
      }
      llvm::SmallVector<uint8_t, 0> plain;
      if (llvm::Error error = llvm::compression::zlib::decompress(llvm::arrayRefFromStringRef(content->substr(12)),
                                                                 plain, static_cast<size_t>(size))) {
        return Fail(ErrorCode::kBadInput, "section " + name->str() + ": " + TextOf(std::move(error)));
      }
      sections[name->substr(2)] = llvm::MemoryBuffer::getMemBufferCopy(llvm::toStringRef(plain));
    }
  }
  return sections;
}

bool HasOldSections(const llvm::object::ObjectFile& object) {
  for (const llvm::object::SectionRef& section : object.sections()) {
    llvm::Expected<llvm::StringRef> name = section.getName();
    if (!name) {
      llvm::consumeError(name.takeError());
    } else if (name->starts_with(".zdebug_")) {
      return true;
    }
  }
  return false;
}

std::optional<uint64_t> Unsigned(const DWARFDie& die, dwarf::Attribute attribute) {
  return dwarf::toUnsigned(die.find(attribute));
}

// The DIE's own attribute or that of the function it is an out-of-line copy of.
std::optional<llvm::DWARFFormValue> Inherited(const DWARFDie& die, dwarf::Attribute attribute) {
  return die.findRecursively({attribute});
}

std::string NameOf(const DWARFDie& die) { return UnescapeName(dwarf::toString(Inherited(die, dwarf::DW_AT_name), "")); }

DWARFDie TypeOf(const DWARFDie& die) {
  std::optional<llvm::DWARFFormValue> value = Inherited(die, dwarf::DW_AT_type);
  return value ? die.getAttributeValueAsReferencedDie(*value) : DWARFDie();
}

// Parameters of shared generic code have typedefs ".param0" in between.
std::string TypeName(DWARFDie type) {
  for (int depth = 0; type && depth < kMaxDepth; ++depth) {
    std::string name = NameOf(type);
    if (!(type.getTag() == dwarf::DW_TAG_typedef && name.starts_with(".param"))) return name;
    type = TypeOf(type);
  }
  return "";
}

uint64_t SizeOf(DWARFDie type) {
  for (int depth = 0; type && depth < kMaxDepth; ++depth) {
    if (std::optional<uint64_t> size = Unsigned(type, dwarf::DW_AT_byte_size)) return *size;
    if (type.getTag() == dwarf::DW_TAG_pointer_type || type.getTag() == dwarf::DW_TAG_subroutine_type) {
      return kPointerSize;
    }
    type = TypeOf(type);  // typedefs of maps and channels lead to a pointer, of interfaces to runtime.iface or eface
  }
  return 0;
}

StructFact ReadStruct(const DWARFDie& die) {
  StructFact fact;
  fact.size = Unsigned(die, dwarf::DW_AT_byte_size).value_or(0);
  for (const DWARFDie& child : die.children()) {
    if (child.getTag() != dwarf::DW_TAG_member) continue;
    const DWARFDie type = TypeOf(child);
    fact.fields.push_back(FieldFact{dwarf::toString(child.find(dwarf::DW_AT_name), ""), TypeName(type),
                                    Unsigned(child, dwarf::DW_AT_data_member_location).value_or(~uint64_t{0}),
                                    SizeOf(type)});
  }
  return fact;
}

// What one operation does to the description of a place; false when it is not understood.
bool Apply(const llvm::DWARFExpression::Operation& op, PlaceFact* place, std::optional<int64_t>* constant) {
  const uint8_t code = op.getCode();
  if (code >= dwarf::DW_OP_reg0 && code <= dwarf::DW_OP_reg31) {
    *place = {PlaceFact::In::kRegister, code - dwarf::DW_OP_reg0, 0};
    return true;
  }
  switch (code) {
    case dwarf::DW_OP_regx:
      *place = {PlaceFact::In::kRegister, static_cast<int64_t>(op.getRawOperand(0)), 0};
      return true;
    case dwarf::DW_OP_call_frame_cfa:
      *place = {PlaceFact::In::kFrame, 0, 0};
      return true;
    case dwarf::DW_OP_fbreg:  // Go's frame base is always DW_OP_call_frame_cfa
      *place = {PlaceFact::In::kFrame, static_cast<int64_t>(op.getRawOperand(0)), 0};
      return true;
    case dwarf::DW_OP_consts:
      *constant = static_cast<int64_t>(op.getRawOperand(0));
      return true;
    case dwarf::DW_OP_plus:
      if (place->in != PlaceFact::In::kFrame || !*constant) return false;
      if (__builtin_add_overflow(place->number, **constant, &place->number)) return false;
      constant->reset();
      return true;
    default:
      return false;
  }
}

std::vector<PlaceFact> PlacesOf(llvm::ArrayRef<uint8_t> bytes, uint64_t value_size, dwarf::FormParams form) {
  std::vector<PlaceFact> places;
  llvm::DWARFExpression expression(llvm::DataExtractor(bytes, /*IsLittleEndian=*/true, kPointerSize), form.AddrSize,
                                   form.Format);
  PlaceFact place;
  std::optional<int64_t> constant;
  bool understood = true;
  for (const llvm::DWARFExpression::Operation& op : expression) {
    if (op.isError()) return {};
    if (op.getCode() == dwarf::DW_OP_piece) {
      if (!understood) place = PlaceFact();
      place.size = op.getRawOperand(0);
      places.push_back(place);
      place = PlaceFact();
      constant.reset();
      understood = true;
    } else {
      understood = Apply(op, &place, &constant) && understood;
    }
  }
  if (places.empty() && !bytes.empty()) {
    if (!understood) place = PlaceFact();
    place.size = value_size;
    places.push_back(place);
  }
  return places;
}

std::vector<PlaceFact> PlacesAt(const DWARFDie& parameter, uint64_t pc, uint64_t value_size) {
  if (!parameter.find(dwarf::DW_AT_location)) return {};
  llvm::Expected<llvm::DWARFLocationExpressionsVector> locations = parameter.getLocations(dwarf::DW_AT_location);
  if (!locations) {
    llvm::consumeError(locations.takeError());
    return {};
  }
  for (const llvm::DWARFLocationExpression& location : *locations) {
    if (location.Range && !(location.Range->LowPC <= pc && pc < location.Range->HighPC)) continue;
    return PlacesOf(location.Expr, value_size, parameter.getDwarfUnit()->getFormParams());
  }
  return {};
}

FunctionFact ReadFunction(const DWARFDie& die, uint64_t pc) {
  FunctionFact fact;
  for (const DWARFDie& child : die.children()) {
    if (child.getTag() != dwarf::DW_TAG_formal_parameter) continue;
    const DWARFDie type = TypeOf(child);
    ParameterFact parameter;
    parameter.name = dwarf::toString(Inherited(child, dwarf::DW_AT_name), "");
    parameter.type = TypeName(type);
    parameter.size = SizeOf(type);
    parameter.is_result = dwarf::toUnsigned(Inherited(child, dwarf::DW_AT_variable_parameter), 0) != 0;
    parameter.places = PlacesAt(child, pc, parameter.size);
    fact.parameters.push_back(std::move(parameter));
  }
  return fact;
}

void ReadUnit(llvm::DWARFUnit& unit, const std::function<bool(std::string_view)>& wanted, BinaryFacts* facts) {
  const DWARFDie top = unit.getUnitDIE(/*ExtractUnitDIEOnly=*/false);
  if (!top || Unsigned(top, dwarf::DW_AT_language) != uint64_t{dwarf::DW_LANG_Go}) return;
  for (const DWARFDie& die : top.children()) {
    if (die.getTag() == dwarf::DW_TAG_structure_type) {
      if (Unsigned(die, kGoKind) != kKindStruct) continue;
      std::string name = NameOf(die);
      if (wanted(name)) facts->structs[std::move(name)].push_back(ReadStruct(die));
    } else if (die.getTag() == dwarf::DW_TAG_subprogram) {
      const std::optional<uint64_t> pc = dwarf::toAddress(die.find(dwarf::DW_AT_low_pc));
      if (!pc) continue;
      std::string name = NameOf(die);
      if (wanted(name)) facts->functions[std::move(name)].push_back(ReadFunction(die, *pc));
    }
  }
}

Result<GoArch> ArchOf(const llvm::object::ObjectFile& object) {
  if (llvm::isa<llvm::object::ELF64LEObjectFile>(object)) {
    if (object.getArch() == llvm::Triple::x86_64) return GoArch::kAmd64;
    if (object.getArch() == llvm::Triple::aarch64) return GoArch::kArm64;
  }
  return Fail(ErrorCode::kUnsupported, "only linux/amd64 and linux/arm64 binaries are handled");
}

}  // namespace

Result<BinaryFacts> ReadWithLlvm(const std::string& path, const std::function<bool(std::string_view)>& wanted) {
  llvm::Expected<llvm::object::OwningBinary<llvm::object::ObjectFile>> opened =
      llvm::object::ObjectFile::createObjectFile(path);
  if (!opened) return Fail(ErrorCode::kBadInput, path + ": " + TextOf(opened.takeError()));
  const llvm::object::ObjectFile& object = *opened->getBinary();
  BinaryFacts facts;
  Result<GoArch> arch = ArchOf(object);
  if (!arch) return Fail(arch.error().code, path + ": " + arch.error().message);
  facts.goarch = *arch;
  Sections sections;  // outlives the context, which refers to it
  std::unique_ptr<DWARFContext> context;
  if (HasOldSections(object)) {
    Result<Sections> old = OldSections(object);
    if (!old) return Fail(old.error().code, path + ": " + old.error().message);
    sections = std::move(*old);
    context = DWARFContext::create(sections, kPointerSize, /*isLittleEndian=*/true);
  } else {
    context = DWARFContext::create(object);
  }
  bool any = false;
  for (const std::unique_ptr<llvm::DWARFUnit>& unit : context->compile_units()) {
    any = true;
    ReadUnit(*unit, wanted, &facts);
  }
  if (!any) return Fail(ErrorCode::kUnsupported, path + ": no DWARF: stripped?");
  return facts;
}

}  // namespace gooffsets::verify
