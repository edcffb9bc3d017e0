#include "binary/runtime_types_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/byte_reader.h"

namespace gooffsets {
namespace {

// The compiler allows 2^29; the longest names that real programs have are instances of generics, of some kilobytes.
constexpr uint64_t kMostNameBytes = uint64_t{64} << 10;
// No source file declares more fields, methods or parameters than this.
constexpr uint64_t kMostElements = uint64_t{1} << 20;

template <typename T>
T Load(std::span<const std::byte> bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

}  // namespace

tl::unexpected<Error> TypeReader::Damaged(uint64_t address, const char* what) const {
  return Fail(ErrorCode::kBadInput, fmt::format("{}: type descriptor at {:#x}: {}", image().name(), address, what));
}

Result<uint64_t> TypeReader::AtOffset(int32_t offset) const {
  if (offset < 0 || static_cast<uint64_t>(offset) >= etypes_ - types_) {
    return Fail(ErrorCode::kBadInput, fmt::format("{}: offset {} lies outside of the types", image().name(), offset));
  }
  return types_ + static_cast<uint64_t>(offset);
}

Result<TypeHeader> TypeReader::Header(uint64_t address) {
  if (!Holds(address)) return Damaged(address, "lies outside of the types");
  GOOFFSETS_TRY(const std::span<const std::byte> bytes, reader_.View(address, kHeaderSize));
  TypeHeader header;
  header.address = address;
  header.size = Load<uint64_t>(bytes, 0);
  header.hash = Load<uint32_t>(bytes, 16);
  header.tflag = Load<uint8_t>(bytes, 20);
  header.align = Load<uint8_t>(bytes, 21);
  // Above the kind, flags (src: internal/abi/type.go, KindMask; up to Go 1.25 KindGCProg and KindDirectIface).
  header.kind = static_cast<TypeKind>(Load<uint8_t>(bytes, 23) & 0x1f);
  header.string_offset = Load<int32_t>(bytes, 40);
  header.pointer_offset = Load<int32_t>(bytes, 44);
  if (header.kind == TypeKind::kInvalid || header.kind > TypeKind::kUnsafePointer) {
    return Damaged(address, "no such kind");
  }
  if (!std::has_single_bit(header.align)) return Damaged(address, "an alignment that is no power of two");
  return header;
}

Result<TypeReader::NameText> TypeReader::Name(uint64_t address) {
  constexpr size_t kMostPrefix = 11;  // flags, and a length as Go writes it
  GOOFFSETS_TRY(const std::span<const std::byte> prefix, reader_.ViewUpTo(address, kMostPrefix));
  CheckedReader reader(prefix);
  const std::optional<uint8_t> flags = reader.U8();
  std::optional<uint64_t> length;
  if (format_.varint_names) {
    length = reader.Uvarint();
  } else if (const auto high = reader.U8(), low = reader.U8(); high && low) {
    length = static_cast<uint64_t>(*high) << 8 | *low;
  }
  if (!flags || !length) return Damaged(address, "a name that is cut off");
  if (*length > kMostNameBytes) return Damaged(address, "a name without end");
  GOOFFSETS_TRY(const std::span<const std::byte> all,
                reader_.View(address, reader.position() + static_cast<size_t>(*length)));
  const auto text = all.subspan(reader.position());
  return NameText{{reinterpret_cast<const char*>(text.data()), text.size()}, *flags, address + all.size()};
}

Result<std::string> TypeReader::NameString(uint64_t address) {
  if (address == 0) return std::string();
  GOOFFSETS_TRY(const NameText name, Name(address));
  return std::string(name.text);
}

Result<std::string> TypeReader::Tag(uint64_t name_address) {
  GOOFFSETS_TRY(const NameText name, Name(name_address));
  if (!name.has_tag()) return std::string();
  // A tag is encoded like a name without its flags.
  GOOFFSETS_TRY(const NameText tag, Name(name.end - 1));
  return std::string(tag.text);
}

Result<std::optional<uint64_t>> TypeReader::PackageOfName(uint64_t name_address) {
  GOOFFSETS_TRY(const NameText name, Name(name_address));
  if (!name.has_package()) return std::optional<uint64_t>();
  uint64_t at = name.end;
  if (name.has_tag()) {
    GOOFFSETS_TRY(const NameText tag, Name(name.end - 1));
    at = tag.end;
  }
  GOOFFSETS_TRY(const uint32_t offset, reader_.U32(at));
  GOOFFSETS_TRY(const uint64_t address, AtOffset(static_cast<int32_t>(offset)));
  return std::optional<uint64_t>(address);
}

Result<std::string_view> TypeReader::String(const TypeHeader& header) {
  GOOFFSETS_TRY(const uint64_t address, AtOffset(header.string_offset));
  GOOFFSETS_TRY(const NameText name, Name(address));
  std::string_view text = name.text;
  if (header.extra_star() && text.starts_with('*')) text.remove_prefix(1);
  if (text.empty()) return Damaged(header.address, "it has no name");
  return text;
}

Result<uint64_t> TypeReader::TypeAt(uint64_t address) {
  GOOFFSETS_TRY(const uint64_t type, reader_.U64(address));
  if (!Holds(type)) return Damaged(address, "points to a type outside of the types");
  return type;
}

Result<uint64_t> TypeReader::Elem(const TypeHeader& header) {
  return TypeAt(header.address + (header.kind == TypeKind::kMap ? kHeaderSize + 8 : kHeaderSize));
}
Result<uint64_t> TypeReader::Key(const TypeHeader& header) { return TypeAt(header.address + kHeaderSize); }
Result<uint64_t> TypeReader::ArrayLength(const TypeHeader& header) { return reader_.U64(header.address + 64); }
Result<uint64_t> TypeReader::ChanDir(const TypeHeader& header) { return reader_.U64(header.address + 56); }

Result<TypeList> TypeReader::CheckedList(uint64_t address, uint64_t count, uint64_t element_size) const {
  if (count == 0) return TypeList{};
  if (count > kMostElements) return Damaged(address, "a list without end");
  const Segment* segment = image().SegmentAt(address);
  if (segment == nullptr || !segment->Holds(address, count * element_size)) {
    return Damaged(address, "a list that leaves its segment");
  }
  return TypeList{address, static_cast<uint32_t>(count)};
}

Result<TypeList> TypeReader::ListAt(uint64_t address, uint64_t element_size) {
  GOOFFSETS_TRY(const std::span<const std::byte> bytes, reader_.View(address, 16));
  return CheckedList(Load<uint64_t>(bytes, 0), Load<uint64_t>(bytes, 8), element_size);
}

Result<TypeList> TypeReader::Fields(const TypeHeader& header) { return ListAt(header.address + 56, kFieldSize); }
Result<TypeList> TypeReader::InterfaceMethods(const TypeHeader& header) {
  return ListAt(header.address + 56, kInterfaceMethodSize);
}
Result<uint64_t> TypeReader::OwnPackage(const TypeHeader& header) { return reader_.U64(header.address + kHeaderSize); }

Result<TypeField> TypeReader::FieldAt(const TypeList& fields, uint32_t i) {
  const uint64_t at = fields.address + i * kFieldSize;
  GOOFFSETS_TRY(const std::span<const std::byte> bytes, reader_.View(at, kFieldSize));
  TypeField field;
  field.name = Load<uint64_t>(bytes, 0);
  field.type = Load<uint64_t>(bytes, 8);
  field.offset = Load<uint64_t>(bytes, 16);
  if (!Holds(field.type)) return Damaged(at, "a field whose type lies outside of the types");
  if (format_.shifted_offsets) {
    field.embedded = (field.offset & 1) != 0;
    field.offset >>= 1;
  } else {
    GOOFFSETS_TRY(const uint8_t flags, reader_.U8(field.name));
    field.embedded = (flags & 8) != 0;
  }
  return field;
}

Result<InterfaceMethod> TypeReader::InterfaceMethodAt(const TypeList& methods, uint32_t i) {
  GOOFFSETS_TRY(const std::span<const std::byte> bytes,
                reader_.View(methods.address + i * kInterfaceMethodSize, kInterfaceMethodSize));
  const auto name_offset = Load<int32_t>(bytes, 0);
  const auto type_offset = Load<int32_t>(bytes, 4);
  GOOFFSETS_TRY(const uint64_t name, AtOffset(name_offset));
  GOOFFSETS_TRY(const uint64_t type, AtOffset(type_offset));
  return InterfaceMethod{name, type};
}

Result<FunctionShape> TypeReader::Function(const TypeHeader& header) {
  GOOFFSETS_TRY(const uint32_t counts, reader_.U32(header.address + kHeaderSize));
  const uint64_t in = counts & 0xffff, out = counts >> 16 & 0x7fff;
  const uint64_t begin = header.address + kHeaderSize + 8 + (header.uncommon() ? kUncommonSize : 0);
  FunctionShape shape;
  shape.variadic = counts >> 31 != 0;
  GOOFFSETS_TRY(shape.params, CheckedList(begin, in, 8));
  GOOFFSETS_TRY(shape.results, CheckedList(begin + in * 8, out, 8));
  if (shape.variadic && in == 0) return Damaged(header.address, "variadic without parameters");
  return shape;
}

Result<uint64_t> TypeReader::ListedType(const TypeList& list, uint32_t i) {
  return TypeAt(list.address + uint64_t{i} * 8);
}

Result<uint64_t> TypeReader::MapSize(const TypeHeader& header) {
  // Up to Go 1.23, and later with GOEXPERIMENT=noswissmap, MapType ends with small sizes of key, value and bucket;
  // Swiss maps have the size of their group of slots at the same place (src: internal/abi/map.go, map_noswiss.go).
  GOOFFSETS_TRY(const uint64_t group, TypeAt(header.address + 64));
  GOOFFSETS_TRY(const uint64_t group_size, reader_.U64(group));
  GOOFFSETS_TRY(const uint64_t word, reader_.U64(header.address + 80));
  if (word != group_size) return uint64_t{88};
  return uint64_t{format_.split_maps ? 136u : 112u};
}

Result<uint32_t> TypeReader::KindSize(const TypeHeader& header) {
  switch (header.kind) {
    case TypeKind::kPointer:
    case TypeKind::kSlice:
    case TypeKind::kFunc:
      return 56;
    case TypeKind::kChan:
      return 64;
    case TypeKind::kArray:
      return 72;
    case TypeKind::kInterface:
    case TypeKind::kStruct:
      return 80;
    case TypeKind::kMap: {
      GOOFFSETS_TRY(const uint64_t size, MapSize(header));
      return static_cast<uint32_t>(size);
    }
    default:
      return kHeaderSize;
  }
}

Result<std::optional<TypeReader::Uncommon>> TypeReader::UncommonOf(const TypeHeader& header) {
  if (!header.uncommon()) return std::optional<Uncommon>();
  GOOFFSETS_TRY(const uint32_t size, KindSize(header));
  const uint64_t at = header.address + size;
  GOOFFSETS_TRY(const std::span<const std::byte> bytes, reader_.View(at, kUncommonSize));
  const auto package = Load<int32_t>(bytes, 0);
  const auto count = Load<uint16_t>(bytes, 4);
  const auto offset = Load<uint32_t>(bytes, 8);
  Uncommon uncommon;
  uncommon.exported = std::min(Load<uint16_t>(bytes, 6), count);
  if (package != 0) {
    GOOFFSETS_TRY(uncommon.package, AtOffset(package));
  }
  GOOFFSETS_TRY(uncommon.methods, CheckedList(at + offset, count, kMethodSize));
  return std::optional<Uncommon>(uncommon);
}

Result<ConcreteMethod> TypeReader::MethodAt(const TypeList& methods, uint32_t i) {
  GOOFFSETS_TRY(const std::span<const std::byte> bytes, reader_.View(methods.address + i * kMethodSize, 8));
  const auto name_offset = Load<int32_t>(bytes, 0);
  const auto type_offset = Load<int32_t>(bytes, 4);
  ConcreteMethod method;
  GOOFFSETS_TRY(method.name, AtOffset(name_offset));
  // The linker writes 0, from some release on -1, for methods that nothing can call (src: cmd/link/internal/ld/data.go,
  // R_METHODOFF of an unreachable symbol).
  if (type_offset != 0 && type_offset != -1) {
    GOOFFSETS_TRY(method.type, AtOffset(type_offset));
  }
  return method;
}

Result<uint64_t> TypeReader::DescriptorSize(const TypeHeader& header) {
  GOOFFSETS_TRY(const uint32_t kind_size, KindSize(header));
  uint64_t size = kind_size;
  GOOFFSETS_TRY(const std::optional<Uncommon> uncommon, UncommonOf(header));
  if (uncommon) size += kUncommonSize + uncommon->methods.count * kMethodSize;
  if (header.kind == TypeKind::kFunc) {
    GOOFFSETS_TRY(const FunctionShape shape, Function(header));
    size += (uint64_t{shape.params.count} + shape.results.count) * 8;
  } else if (header.kind == TypeKind::kInterface) {
    GOOFFSETS_TRY(const TypeList methods, InterfaceMethods(header));
    size += methods.count * kInterfaceMethodSize;
  } else if (header.kind == TypeKind::kStruct) {
    GOOFFSETS_TRY(const TypeList fields, Fields(header));
    size += fields.count * kFieldSize;
  }
  return (size + 7) & ~uint64_t{7};
}

}  // namespace gooffsets
