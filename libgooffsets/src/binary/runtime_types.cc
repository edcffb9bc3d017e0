#include "binary/runtime_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "binary/runtime_types_state.h"
#include "go/names.h"

namespace gooffsets {
namespace {

constexpr int kMostArrayDepth = 64;
// The linker addresses descriptors by 31-bit offsets.
constexpr uint64_t kMostTypeBytes = uint64_t{1} << 31;

// What is wrong with one type is no reason to give up the others.
bool IsOneTypes(const Error& error) { return error.code == ErrorCode::kBadInput; }

}  // namespace

Result<RuntimeTypes> RuntimeTypes::Open(const Image& image, const Moduledata& module) {
  const Segment* segment = image.SegmentAt(module.types);
  if (segment == nullptr || module.etypes <= module.types || module.etypes - module.types > kMostTypeBytes ||
      !segment->Holds(module.types, module.etypes - module.types)) {
    return Fail(ErrorCode::kBadInput, image.name() + ": its types do not lie within a segment");
  }
  auto state = std::make_unique<State>(&image, module, DetectTypeFormat(image, module));
  const Result<std::optional<uint64_t>> known = FindModuledataType(state->reader, module);
  if (known && *known) {
    const Result<TypeHeader> header = state->reader.Header(**known);
    if (header) state->rule = DetectHashRule("runtime.moduledata", header->hash);
  }
  state->names.emplace(&state->reader, state->rule);
  return RuntimeTypes(std::move(state));
}

RuntimeTypes::RuntimeTypes(std::unique_ptr<State> state) : state_(std::move(state)) {}
RuntimeTypes::RuntimeTypes(RuntimeTypes&&) noexcept = default;
RuntimeTypes& RuntimeTypes::operator=(RuntimeTypes&&) noexcept = default;
RuntimeTypes::~RuntimeTypes() = default;

Result<Field> RuntimeTypes::State::MakeField(const TypeField& field, Spelling spelling) {
  GOOFFSETS_TRY(const TypeHeader type, reader.Header(field.type));
  Field made;
  GOOFFSETS_TRY(made.name, reader.NameString(field.name));
  made.offset = field.offset;
  made.size = type.size;
  made.align = type.align;
  made.kind = type.kind;
  made.embedded = field.embedded;
  if (spelling == Spelling::kNoFieldTypes) return made;
  GOOFFSETS_TRY(made.type, names->Full(field.type));
  TypeHeader innermost = type;
  for (int depth = 0; innermost.kind == TypeKind::kArray; ++depth) {
    if (depth >= kMostArrayDepth) return reader.Damaged(field.type, "an array without end");
    GOOFFSETS_TRY(const uint64_t length, reader.ArrayLength(innermost));
    GOOFFSETS_TRY(const uint64_t elem, reader.Elem(innermost));
    made.dims.push_back(length);
    GOOFFSETS_TRY(innermost, reader.Header(elem));
  }
  if (!made.dims.empty()) {
    GOOFFSETS_TRY(made.elem, names->Full(innermost.address));
  }
  made.by_value = innermost.kind == TypeKind::kStruct;
  return made;
}

Result<RuntimeType> RuntimeTypes::State::Make(uint64_t address, Spelling spelling) {
  GOOFFSETS_TRY(const TypeHeader header, reader.Header(address));
  RuntimeType type;
  type.address = address;
  type.size = header.size;
  type.align = header.align;
  type.kind = header.kind;
  GOOFFSETS_TRY(type.name, names->Full(address));
  if (header.kind != TypeKind::kStruct) return type;
  type.structure.size = header.size;
  type.structure.align = header.align;
  GOOFFSETS_TRY(const TypeList fields, reader.Fields(header));
  for (uint32_t i = 0; i < fields.count; ++i) {
    GOOFFSETS_TRY(const TypeField field, reader.FieldAt(fields, i));
    GOOFFSETS_TRY(Field made, MakeField(field, spelling));
    if (made.offset > header.size || made.size > header.size - made.offset) {
      return reader.Damaged(address, "a field outside of its struct");
    }
    type.structure.fields.push_back(std::move(made));
  }
  return type;
}

Result<RuntimeTypes::Found> RuntimeTypes::FindTypes(std::span<const std::string> names) {
  state_->RefillNames();
  GOOFFSETS_TRY(const std::vector<std::vector<uint64_t>> addresses, state_->Addresses(names));
  Found found;
  for (size_t i = 0; i < names.size(); ++i) {
    found.types.emplace_back();
    if (addresses[i].size() > 1) found.ambiguous.push_back(names[i]);
    if (addresses[i].size() != 1) continue;
    Result<RuntimeType> type = state_->Make(addresses[i].front());
    if (type) {
      found.types.back() = std::move(*type);
    } else if (!IsOneTypes(type.error())) {
      return tl::unexpected(std::move(type).error());
    }
  }
  return found;
}

Result<void> RuntimeTypes::Locate(std::span<const std::string> names) {
  state_->RefillNames();
  GOOFFSETS_CHECK_OK(state_->Addresses(names));
  return {};
}

Result<void> RuntimeTypes::ForEachStruct(const std::function<bool(const RuntimeType&)>& each) {
  GOOFFSETS_TRY(const auto structs, state_->NamedStructs());
  state_->RefillNames();
  for (const TypeWalk::NamedStruct& named : structs) {
    const Result<RuntimeType> type = state_->Make(state_->module.types + named.type);
    if (!type && !IsOneTypes(type.error())) return tl::unexpected(type.error());
    // Stand-ins of the compiler are no types of the program.
    if (type && !type->name.starts_with("go.shape.") && !each(*type)) return {};
  }
  return {};
}

Result<void> RuntimeTypes::ForEachStructOf(
    const std::function<bool(const std::string& package)>& wanted,
    const std::function<void(const std::string& package, const RuntimeType&)>& each) {
  GOOFFSETS_TRY(const auto all, state_->NamedStructs());
  state_->RefillNames();
  TypeReader& reader = state_->reader;
  std::unordered_map<uint32_t, std::optional<std::string>> packages;  // by where they stand; nullopt: not wanted
  std::vector<std::pair<uint32_t, const std::string*>> structs;
  for (const TypeWalk::NamedStruct& named : all) {
    auto [known, fresh] = packages.try_emplace(named.package);
    if (fresh) {
      const Result<std::string> path = reader.NameString(reader.types() + named.package);
      if (path) {
        std::string unescaped = UnescapeName(*path);
        if (wanted(unescaped)) known->second = std::move(unescaped);
      }
    }
    if (known->second) structs.emplace_back(named.type, &*known->second);
  }
  for (const auto& [offset, package] : structs) {
    const Result<RuntimeType> type = state_->Make(reader.types() + offset, State::Spelling::kNoFieldTypes);
    if (type) {
      if (type->name.size() > package->size() && type->name.starts_with(*package)) each(*package, *type);
    } else if (!IsOneTypes(type.error())) {
      return tl::unexpected(type.error());
    }
  }
  return {};
}

}  // namespace gooffsets
