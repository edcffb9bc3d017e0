#include "gotrace/context_types.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "binary/runtime_types_links.h"
#include "binary/runtime_types_reader.h"

namespace gooffsets::trace {

namespace {

constexpr std::array<std::string_view, 4> kMethods = {"Deadline", "Done", "Err", "Value"};
constexpr int kDeepest = 8;  // structs in structs, by value
constexpr uint32_t kMostFields = 1024;

// context.Context, or an interface that has all of its methods.
Result<bool> IsContext(TypeReader& reader, const TypeHeader& type) {
  GOOFFSETS_TRY(const TypeList methods, reader.InterfaceMethods(type));
  if (methods.count < kMethods.size()) return false;
  std::set<std::string, std::less<>> names;
  for (uint32_t i = 0; i < std::min(methods.count, kMostFields); ++i) {
    GOOFFSETS_TRY(const InterfaceMethod method, reader.InterfaceMethodAt(methods, i));
    GOOFFSETS_TRY(const TypeReader::NameText name, reader.Name(method.name));
    names.emplace(name.text);
  }
  return std::all_of(kMethods.begin(), kMethods.end(), [&](std::string_view name) { return names.contains(name); });
}

// Offsets of the contexts that a struct embeds, itself or in structs that it embeds by value.
Result<void> EmbeddedContexts(TypeReader& reader, const TypeHeader& type, uint64_t at, int depth,
                              std::vector<uint64_t>* found) {
  if (depth > kDeepest) return {};
  GOOFFSETS_TRY(const TypeList fields, reader.Fields(type));
  for (uint32_t i = 0; i < std::min(fields.count, kMostFields); ++i) {
    GOOFFSETS_TRY(const TypeField field, reader.FieldAt(fields, i));
    if (!field.embedded) continue;
    GOOFFSETS_TRY(const TypeHeader header, reader.Header(field.type));
    if (header.kind == TypeKind::kStruct) {
      GOOFFSETS_CHECK_OK(EmbeddedContexts(reader, header, at + field.offset, depth + 1, found));
    } else if (header.kind == TypeKind::kInterface) {
      GOOFFSETS_TRY(const bool is_context, IsContext(reader, header));
      if (is_context) found->push_back(at + field.offset);
    }
  }
  return {};
}

// Of a type that a context's interface holds: a struct, or a pointer to one.
Result<std::optional<uint64_t>> ParentOf(TypeReader& reader, uint64_t address) {
  GOOFFSETS_TRY(TypeHeader type, reader.Header(address));
  if (type.kind == TypeKind::kPointer) {
    GOOFFSETS_TRY(const uint64_t elem, reader.Elem(type));
    GOOFFSETS_TRY(type, reader.Header(elem));
  }
  if (type.kind != TypeKind::kStruct) return std::nullopt;
  std::vector<uint64_t> found;
  GOOFFSETS_CHECK_OK(EmbeddedContexts(reader, type, 0, 0, &found));
  if (found.size() != 1) return std::nullopt;
  return found.front();
}

}  // namespace

Result<std::vector<ContextType>> FindContextTypes(RuntimeTypes* types, const Image& image, const Moduledata& module) {
  TypeReader reader(&image, module.types, module.etypes, DetectTypeFormat(image, module), size_t{4} << 10, 16);
  GOOFFSETS_TRY(const std::vector<uint64_t> contexts, types->TypesWithItab([&](uint64_t interface) {
    const Result<TypeHeader> header = reader.Header(interface);
    return header && IsContext(reader, *header).value_or(false);
  }));
  std::vector<ContextType> found;
  for (const uint64_t type : contexts) {
    // One damaged type costs itself only.
    const Result<std::optional<uint64_t>> parent = ParentOf(reader, type);
    if (parent && *parent && **parent < GT_STACK) found.push_back({type, static_cast<uint32_t>(**parent)});
  }
  return found;
}

void SetContextTypes(const std::vector<ContextType>& found, gt_table* table) {
  size_t used = 0;
  for (const ContextType& context : found) {
    if (used == GT_MAX_CONTEXT_TYPES) break;
    // The standard ones have places of their own.
    if (std::find(std::begin(table->type), std::end(table->type), context.type) != std::end(table->type)) continue;
    table->context_type[used] = context.type;
    table->context_parent[used] = static_cast<int>(context.parent);
    ++used;
  }
}

}  // namespace gooffsets::trace
