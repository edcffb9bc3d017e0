#include "dwarf/type_table.h"

#include <dwarf.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "dwarf/attributes.h"
#include "go/names.h"

namespace gooffsets {
namespace {

// By-value nesting of real Go types stays below 20.
constexpr int kMaxDepth = 256;
// The compiler counts a type's registers in a byte; a type that needs more is never passed in registers
// (src: types/size.go, CalcStructSize).
constexpr size_t kMaxWords = 255;

std::optional<TypeKind> KindOf(Dwarf_Die* type) {
  const std::optional<uint64_t> kind = AttrUnsigned(type, kAttrGoKind);
  // Above the kind, a byte of flags (src: internal/abi/type.go, KindMask).
  constexpr uint64_t kMask = 0x1f;
  if (!kind || (*kind & kMask) == 0 || (*kind & kMask) > static_cast<uint64_t>(TypeKind::kUnsafePointer)) {
    return std::nullopt;
  }
  return static_cast<TypeKind>(*kind & kMask);
}

struct KindShape {
  uint32_t size, align;
  uint32_t words;  // of equal size
  bool is_float;
};

// Kinds whose layout follows from the kind alone, on 64-bit machines.
std::optional<KindShape> ShapeOf(TypeKind kind) {
  switch (kind) {
    case TypeKind::kBool:
    case TypeKind::kInt8:
    case TypeKind::kUint8:
      return KindShape{1, 1, 1, false};
    case TypeKind::kInt16:
    case TypeKind::kUint16:
      return KindShape{2, 2, 1, false};
    case TypeKind::kInt32:
    case TypeKind::kUint32:
      return KindShape{4, 4, 1, false};
    case TypeKind::kInt:
    case TypeKind::kInt64:
    case TypeKind::kUint:
    case TypeKind::kUint64:
    case TypeKind::kUintptr:
    case TypeKind::kChan:
    case TypeKind::kFunc:
    case TypeKind::kMap:
    case TypeKind::kPointer:
    case TypeKind::kUnsafePointer:
      return KindShape{8, 8, 1, false};
    case TypeKind::kFloat32:
      return KindShape{4, 4, 1, true};
    case TypeKind::kFloat64:
      return KindShape{8, 8, 1, true};
    case TypeKind::kComplex64:
      return KindShape{8, 4, 2, true};
    case TypeKind::kComplex128:
      return KindShape{16, 8, 2, true};
    case TypeKind::kInterface:
    case TypeKind::kString:
      return KindShape{16, 8, 2, false};
    case TypeKind::kSlice:
      return KindShape{24, 8, 3, false};
    case TypeKind::kInvalid:
    case TypeKind::kArray:
    case TypeKind::kStruct:
      return std::nullopt;
  }
  return std::nullopt;
}

void NotAssignable(TypeInfo* info) {
  info->register_assignable = false;
  info->words.clear();
}

// Appends the words of a part at `offset` to those of the whole.
void AppendWords(const TypeInfo& part, uint64_t offset, TypeInfo* whole) {
  if (!whole->register_assignable) return;
  if (!part.register_assignable || whole->words.size() + part.words.size() > kMaxWords ||
      offset > std::numeric_limits<uint32_t>::max() - part.size) {
    NotAssignable(whole);
    return;
  }
  for (Word word : part.words) {
    word.at += static_cast<uint32_t>(offset);
    whole->words.push_back(word);
  }
}

// A marker that makes its struct 8-aligned although it is empty (src: types/size.go, CalcStructSize).
bool IsAlign64Marker(std::string_view name) {
  return name == "sync/atomic.align64" || name == "internal/runtime/atomic.align64" ||
         name == "runtime/internal/atomic.align64";
}

Field MakeField(std::string_view name, uint64_t offset, bool embedded, const TypeInfo& type) {
  return Field{.name = std::string(name),
               .offset = offset,
               .size = type.size,
               .align = type.align,
               .type = type.name,
               .kind = type.kind,
               .embedded = embedded,
               .dims = type.dims,
               .elem = type.elem,
               .by_value = type.by_value};
}

}  // namespace

Result<const TypeInfo*> TypeTable::TypeOf(Dwarf_Die* die) {
  std::optional<Dwarf_Die> type = InheritedDie(die, DW_AT_type);
  if (!type) return &none_;
  return Resolve(&*type);
}

Result<const TypeInfo*> TypeTable::Resolve(Dwarf_Die* type) {
  const Dwarf_Off offset = dwarf_dieoffset(type);
  auto [position, is_new] = entries_.try_emplace(offset);
  Entry& entry = position->second;  // stays in place while others are added
  if (!is_new) {
    if (!entry.complete) return DwarfDamaged(type, "a type that holds itself by value");
    return &entry.info;
  }
  if (depth_ >= kMaxDepth) return DwarfDamaged(type, "types nested too deeply");
  ++depth_;
  Result<TypeInfo> info = Describe(type);
  --depth_;
  if (!info) return tl::unexpected(std::move(info).error());
  entry.info = std::move(*info);
  entry.complete = true;
  return &entry.info;
}

Result<TypeInfo> TypeTable::Describe(Dwarf_Die* type) {
  TypeInfo info;
  info.name = UnescapeName(AttrString(type, DW_AT_name, info_end_));
  info.kind = KindOf(type).value_or(TypeKind::kInvalid);
  const int tag = dwarf_tag(type);
  if (tag == DW_TAG_pointer_type && info.kind == TypeKind::kInvalid) {
    // unsafe.Pointer has a name only, and pointers the linker makes up have no kind (src: cmd/link/internal/ld/dwarf.go,
    // DW_ABRV_BARE_PTRTYPE and defptrto).
    info.kind = AttrDie(type, DW_AT_type) ? TypeKind::kPointer : TypeKind::kUnsafePointer;
  }
  if (tag == DW_TAG_subroutine_type && info.kind == TypeKind::kInvalid) info.kind = TypeKind::kFunc;

  const std::optional<uint64_t> stated_size = AttrUnsigned(type, DW_AT_byte_size);
  if (const std::optional<KindShape> shape = ShapeOf(info.kind)) {
    if (stated_size && *stated_size != shape->size) return DwarfDamaged(type, "a size that its kind cannot have");
    info.size = shape->size;
    info.align = shape->align;
    const uint32_t word_size = shape->size / shape->words;
    for (uint32_t i = 0; i < shape->words; ++i) info.words.push_back(Word{i * word_size, word_size, shape->is_float});
    return info;
  }
  info.size = stated_size.value_or(0);
  switch (tag) {
    case DW_TAG_typedef:
      return DescribeTypedef(type, std::move(info));
    case DW_TAG_array_type:
      return DescribeArray(type, std::move(info));
    case DW_TAG_structure_type:
      return DescribeStruct(type, std::move(info));
    default:
      // DW_TAG_unspecified_type and whatever else a linker may add: a name and a size, nothing derived.
      info.register_assignable = info.size == 0;
      return info;
  }
}

Result<TypeInfo> TypeTable::DescribeTypedef(Dwarf_Die* type, TypeInfo info) {
  std::optional<Dwarf_Die> target = AttrDie(type, DW_AT_type);
  if (!target) return DwarfDamaged(type, "a typedef of nothing");
  GOOFFSETS_TRY(const TypeInfo* resolved, Resolve(&*target));
  TypeInfo copy = *resolved;
  // ".param2" stands for a type parameter's shape in the code of generic functions (src: cmd/internal/dwarf,
  // DW_ABRV_DICT_INDEX): the shape's own name says more.
  if (!info.name.starts_with(".param")) copy.name = std::move(info.name);
  return copy;
}

Result<TypeInfo> TypeTable::DescribeArray(Dwarf_Die* type, TypeInfo info) {
  info.kind = TypeKind::kArray;
  GOOFFSETS_TRY(const TypeInfo* element, TypeOf(type));
  std::optional<uint64_t> count;
  ChildCursor child(type);
  while (child.Next()) {
    if (dwarf_tag(child.die()) == DW_TAG_subrange_type) count = AttrUnsigned(child.die(), DW_AT_count);
  }
  if (!child.ok() || !count) return DwarfDamaged(type, "an array without a length");
  uint64_t size = 0;
  if (__builtin_mul_overflow(*count, element->size, &size) || size != info.size) {
    return DwarfDamaged(type, "an array whose size is not that of its elements");
  }
  info.align = element->align;
  info.dims.push_back(*count);
  info.dims.insert(info.dims.end(), element->dims.begin(), element->dims.end());
  info.elem = element->kind == TypeKind::kArray ? element->elem : element->name;
  info.by_value = element->by_value;
  // Arrays of length 0 need no register, of length 1 those of their element, longer ones lie in memory, whatever the
  // size of their elements (src: types/size.go, CalcArraySize).
  if (*count > 1) NotAssignable(&info);
  if (*count == 1) AppendWords(*element, 0, &info);
  return info;
}

Result<TypeInfo> TypeTable::DescribeStruct(Dwarf_Die* type, TypeInfo info) {
  info.kind = TypeKind::kStruct;
  info.by_value = true;
  if (IsAlign64Marker(info.name)) info.align = 8;
  ChildCursor child(type);
  while (child.Next()) {
    if (dwarf_tag(child.die()) != DW_TAG_member) continue;
    GOOFFSETS_TRY(const TypeInfo* field, TypeOf(child.die()));
    info.align = std::max(info.align, field->align);
    // Blank fields take registers like any other (src: abi-internal.md; types/size.go sums over all fields).
    AppendWords(*field, AttrUnsigned(child.die(), DW_AT_data_member_location).value_or(0), &info);
  }
  if (!child.ok()) return DwarfDamaged(type, "a struct whose fields cannot be read");
  return info;
}

Result<StructLayout> TypeTable::Layout(Dwarf_Die* structure, const std::string& name) {
  StructLayout layout;
  const std::optional<uint64_t> size = AttrUnsigned(structure, DW_AT_byte_size);
  if (!size) return DwarfDamaged(structure, "struct " + name + " without a size");
  layout.size = *size;
  if (IsAlign64Marker(name)) layout.align = 8;
  ChildCursor child(structure);
  while (child.Next()) {
    if (dwarf_tag(child.die()) != DW_TAG_member) continue;
    const std::optional<uint64_t> offset = AttrUnsigned(child.die(), DW_AT_data_member_location);
    const std::string_view field_name = AttrString(child.die(), DW_AT_name, info_end_);
    if (!offset) return DwarfDamaged(child.die(), "field " + std::string(field_name) + " of " + name + " has no offset");
    GOOFFSETS_TRY(const TypeInfo* type, TypeOf(child.die()));
    if (*offset > layout.size || type->size > layout.size - *offset) {
      return DwarfDamaged(child.die(), "field " + std::string(field_name) + " lies outside of " + name);
    }
    layout.fields.push_back(
        MakeField(field_name, *offset, AttrFlag(child.die(), kAttrGoEmbeddedField), *type));
    layout.align = std::max(layout.align, type->align);
  }
  if (!child.ok()) return DwarfDamaged(structure, "the fields of " + name + " cannot be read");
  return layout;
}

}  // namespace gooffsets
