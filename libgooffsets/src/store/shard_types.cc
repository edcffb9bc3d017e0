// What the spelling of a Go type says of its size and kind (src: the Go specification, "Types"; cmd/compile's types.go).
#include <array>
#include <charconv>
#include <limits>

#include "store/shard_codec.h"

namespace gooffsets {

namespace {

// Arrays of arrays: real code has three dimensions at most.
constexpr int kMaxDepth = 16;

struct Predeclared {
  std::string_view name;
  uint64_t size;
  TypeKind kind;
};

constexpr std::array<Predeclared, 20> kPredeclared = {{
    {"bool", 1, TypeKind::kBool},
    {"int", 8, TypeKind::kInt},
    {"int8", 1, TypeKind::kInt8},
    {"int16", 2, TypeKind::kInt16},
    {"int32", 4, TypeKind::kInt32},
    {"int64", 8, TypeKind::kInt64},
    {"uint", 8, TypeKind::kUint},
    {"uint8", 1, TypeKind::kUint8},
    {"uint16", 2, TypeKind::kUint16},
    {"uint32", 4, TypeKind::kUint32},
    {"uint64", 8, TypeKind::kUint64},
    {"uintptr", 8, TypeKind::kUintptr},
    {"float32", 4, TypeKind::kFloat32},
    {"float64", 8, TypeKind::kFloat64},
    {"complex64", 8, TypeKind::kComplex64},
    {"complex128", 16, TypeKind::kComplex128},
    {"string", 16, TypeKind::kString},
    {"error", 16, TypeKind::kInterface},
    {"unsafe.Pointer", 8, TypeKind::kUnsafePointer},
    {"interface {}", 16, TypeKind::kInterface},
}};

uint32_t AlignOf(TypeKind kind, uint64_t size) {
  switch (kind) {
    case TypeKind::kComplex64: return 4;
    case TypeKind::kComplex128:
    case TypeKind::kString:
    case TypeKind::kInterface:
    case TypeKind::kSlice: return 8;
    default: return static_cast<uint32_t>(size);
  }
}

FieldFacts Plain(TypeKind kind, uint64_t size) {
  FieldFacts facts;
  facts.size = size;
  facts.align = AlignOf(kind, size);
  facts.kind = kind;
  return facts;
}

// The words of a value that is neither struct nor array (src: abi-internal.md, "register-assign").
std::vector<Word> WordsOf(TypeKind kind, uint64_t size) {
  const auto width = static_cast<uint32_t>(size);
  switch (kind) {
    case TypeKind::kFloat32:
    case TypeKind::kFloat64: return {{0, width, true}};
    case TypeKind::kComplex64: return {{0, 4, true}, {4, 4, true}};
    case TypeKind::kComplex128: return {{0, 8, true}, {8, 8, true}};
    case TypeKind::kString:
    case TypeKind::kInterface: return {{0, 8, false}, {8, 8, false}};
    case TypeKind::kSlice: return {{0, 8, false}, {8, 8, false}, {16, 8, false}};
    default: return {{0, width, false}};
  }
}

}  // namespace

std::string_view ToString(ShardAbi abi) {
  switch (abi) {
    case ShardAbi::kAmd64: return "amd64";
    case ShardAbi::kArm64: return "arm64";
    case ShardAbi::kStack: return "stack";
  }
  return "stack";
}

std::optional<FieldFacts> ShardTypes::Guess(const std::string& type, int depth) const {
  auto said = fields_.find(type);
  if (said != fields_.end()) return said->second;
  for (const Predeclared& predeclared : kPredeclared) {
    if (predeclared.name == type) return Plain(predeclared.kind, predeclared.size);
  }
  if (type.starts_with('*')) return Plain(TypeKind::kPointer, 8);
  if (type.starts_with("[]")) return Plain(TypeKind::kSlice, 24);
  if (type.starts_with("map[")) return Plain(TypeKind::kMap, 8);
  if (type.starts_with("func(")) return Plain(TypeKind::kFunc, 8);
  if (type.starts_with("chan ") || type.starts_with("chan<- ") || type.starts_with("<-chan ")) {
    return Plain(TypeKind::kChan, 8);
  }
  if (type.starts_with("interface {")) return Plain(TypeKind::kInterface, 16);
  if (!type.starts_with('[') || depth >= kMaxDepth) return std::nullopt;
  uint64_t length = 0;
  auto [end, error] = std::from_chars(type.data() + 1, type.data() + type.size(), length);
  if (error != std::errc() || end == type.data() + type.size() || *end != ']') return std::nullopt;
  std::string elem(end + 1, type.data() + type.size());
  std::optional<FieldFacts> inner = Guess(elem, depth + 1);
  if (!inner) return std::nullopt;
  if (inner->size != 0 && length > std::numeric_limits<uint64_t>::max() / inner->size) return std::nullopt;
  FieldFacts array;
  array.size = length * inner->size;
  array.align = inner->align;
  array.kind = TypeKind::kArray;
  array.dims = {length};
  array.by_value = inner->kind == TypeKind::kStruct;
  array.elem = elem;
  if (elem.starts_with('[') && inner->kind == TypeKind::kArray) {
    array.dims.insert(array.dims.end(), inner->dims.begin(), inner->dims.end());
    array.by_value = inner->by_value;
    array.elem = inner->elem;
  }
  return array;
}

std::optional<FieldFacts> ShardTypes::Field(const std::string& type) const { return Guess(type, 0); }

std::optional<ParameterFacts> ShardTypes::Param(const std::string& type) const {
  auto said = params_.find(type);
  if (said != params_.end()) return said->second;
  std::optional<FieldFacts> field = Field(type);
  if (!field || field->kind == TypeKind::kStruct || field->kind == TypeKind::kInvalid) return std::nullopt;
  ParameterFacts facts;
  facts.size = field->size;
  facts.align = field->align;
  if (field->kind != TypeKind::kArray) {
    facts.words = WordsOf(field->kind, field->size);
    return facts;
  }
  uint64_t count = 1;
  for (uint64_t dim : field->dims) {
    if (dim == 0) return facts;  // no bytes, no words
    if (dim > 1) count = dim;
  }
  facts.register_assignable = count == 1;
  if (count > 1) return facts;
  std::optional<ParameterFacts> elem = field->elem == type ? std::nullopt : Param(field->elem);
  if (!elem) return std::nullopt;
  facts.words = elem->words;
  facts.register_assignable = elem->register_assignable;
  return facts;
}

}  // namespace gooffsets
