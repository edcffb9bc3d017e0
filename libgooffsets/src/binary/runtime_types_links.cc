#include "binary/runtime_types_links.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>

namespace gooffsets {
namespace {

constexpr size_t kSmallBlock = size_t{4} << 10, kFewBlocks = 64;
constexpr size_t kMostEqual = 64;
constexpr std::string_view kModuledataPointer = "*runtime.moduledata";

// Whether the struct's second field says how offsets are kept: true: shifted.
std::optional<bool> ShiftOf(TypeReader& reader, uint64_t address) {
  Result<TypeHeader> header = reader.Header(address);
  if (header && header->kind == TypeKind::kPointer) {
    const Result<uint64_t> elem = reader.Elem(*header);
    if (!elem) return std::nullopt;
    header = reader.Header(*elem);
  }
  if (!header || header->kind != TypeKind::kStruct) return std::nullopt;
  const Result<TypeList> fields = reader.Fields(*header);
  if (!fields || fields->count < 2) return std::nullopt;
  const Result<TypeField> first = reader.FieldAt(*fields, 0);
  const Result<uint64_t> raw = reader.blocks().U64(fields->address + TypeReader::kFieldSize + 16);
  const Result<TypeField> second = reader.FieldAt(*fields, 1);
  if (!first || !second || !raw) return std::nullopt;
  const Result<TypeHeader> first_type = reader.Header(first->type), second_type = reader.Header(second->type);
  if (!first_type || !second_type || first_type->size == 0 || first_type->size > header->size) return std::nullopt;
  const uint64_t align = second_type->align;
  const uint64_t expected = (first_type->size + align - 1) / align * align;
  if (*raw == expected) return false;
  if (*raw >> 1 == expected) return true;
  return std::nullopt;
}

// What every descriptor's header has, and the names between descriptors have not: looked at before anything is made of
// a header, because there are many more words than descriptors.
bool CanBeDescriptor(std::span<const std::byte> header, uint64_t range) {
  uint64_t size = 0, pointers = 0;
  uint32_t text = 0;
  std::memcpy(&size, header.data(), sizeof size);
  std::memcpy(&pointers, header.data() + 8, sizeof pointers);
  std::memcpy(&text, header.data() + 40, sizeof text);
  const auto align = std::to_integer<uint8_t>(header[21]), field_align = std::to_integer<uint8_t>(header[22]);
  return pointers <= size && align == field_align && std::has_single_bit(align) && text != 0 && text < range;
}

}  // namespace

TypeFormat DetectTypeFormat(const Image& image, const Moduledata& module) {
  TypeFormat format;
  format.split_maps = module.typedesc_len != 0;
  if (module.typelinks.count == 0) return format;
  TypeReader reader(&image, module.types, module.etypes, format, kSmallBlock, kFewBlocks);
  TypeLinks links(&reader, module.typelinks);
  // A type's text is never empty, and texts of 256 bytes and more are rare: a 0 behind the flags is the high byte of a
  // length in two bytes.
  constexpr uint64_t kNames = 32, kStructs = 4096;
  int varint = 0, fixed = 0;
  for (uint64_t i = 0; i < kNames; ++i) {
    const Result<uint64_t> type = links.At(module.typelinks.count * i / kNames);
    if (!type) continue;
    const Result<TypeHeader> header = reader.Header(*type);
    if (!header) continue;
    const Result<uint64_t> name = reader.AtOffset(header->string_offset);
    if (!name) continue;
    const Result<uint8_t> length = reader.blocks().U8(*name + 1);
    if (length) ++(*length == 0 ? fixed : varint);
  }
  format.varint_names = varint >= fixed;
  for (uint64_t i = 0; i < std::min(module.typelinks.count, kStructs); ++i) {
    const Result<uint64_t> type = links.At(i);
    if (!type) continue;
    if (const std::optional<bool> shifted = ShiftOf(reader, *type)) {
      format.shifted_offsets = *shifted;
      break;
    }
  }
  return format;
}

Result<uint64_t> TypeLinks::At(uint64_t i) {
  GOOFFSETS_TRY(const uint32_t offset, reader_->blocks().U32(links_.address + i * 4));
  return reader_->AtOffset(static_cast<int32_t>(offset));
}

Result<std::string_view> TypeLinks::TextAt(uint64_t i) {
  GOOFFSETS_TRY(const uint64_t address, At(i));
  GOOFFSETS_TRY(const TypeHeader header, reader_->Header(address));
  return reader_->String(header);
}

Result<std::vector<uint64_t>> TypeLinks::Find(std::string_view text) {
  uint64_t low = 0, high = links_.count;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    GOOFFSETS_TRY(const std::string_view there, TextAt(middle));
    if (there < text) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  std::vector<uint64_t> found;
  for (; low < links_.count && found.size() < kMostEqual; ++low) {
    GOOFFSETS_TRY(const std::string_view there, TextAt(low));
    if (there != text) break;
    GOOFFSETS_TRY(const uint64_t address, At(low));
    found.push_back(address);
  }
  return found;
}

Result<void> ForEachContiguous(TypeReader& reader, uint64_t begin, uint64_t end,
                               const std::function<bool(const TypeHeader&)>& each) {
  end = std::min(end, reader.etypes());
  for (uint64_t at = (begin + 7) & ~uint64_t{7}; at < end && reader.Holds(at);) {
    GOOFFSETS_TRY(const std::span<const std::byte> bytes, reader.blocks().View(at, TypeReader::kHeaderSize));
    if (!CanBeDescriptor(bytes, reader.etypes() - reader.types())) {
      at += 8;
      continue;
    }
    const Result<TypeHeader> header = reader.Header(at);
    const Result<uint64_t> size =
        header ? reader.DescriptorSize(*header) : Result<uint64_t>(tl::unexpected(header.error()));
    if (!size) {
      at += 8;
      continue;
    }
    if (!each(*header)) return {};
    at += *size;
  }
  return {};
}

Result<std::optional<uint64_t>> FindModuledataType(TypeReader& reader, const Moduledata& module) {
  const auto is_struct = [&](uint64_t pointer) -> std::optional<uint64_t> {
    const Result<TypeHeader> header = reader.Header(pointer);
    if (!header || header->kind != TypeKind::kPointer) return std::nullopt;
    const Result<uint64_t> elem = reader.Elem(*header);
    if (!elem) return std::nullopt;
    const Result<TypeHeader> target = reader.Header(*elem);
    if (!target || target->kind != TypeKind::kStruct) return std::nullopt;
    return *elem;
  };
  std::optional<uint64_t> result;
  if (module.typelinks.count != 0) {
    TypeLinks links(&reader, module.typelinks);
    GOOFFSETS_TRY(const std::vector<uint64_t> found, links.Find(kModuledataPointer));
    for (const uint64_t pointer : found) {
      if (!result) result = is_struct(pointer);
    }
    return result;
  }
  GOOFFSETS_CHECK_OK(ForEachContiguous(
      reader, module.types + 8, module.types + module.typedesc_len, [&](const TypeHeader& header) {
        if (header.kind != TypeKind::kPointer) return true;
        const Result<std::string_view> text = reader.String(header);
        if (text && *text == kModuledataPointer) result = is_struct(header.address);
        return !result;
      }));
  return result;
}

}  // namespace gooffsets
