// Types of methods: what a named type's descriptor says of those that the linker kept for reflection and interfaces.
#include <map>
#include <utility>

#include "binary/runtime_types_state.h"

namespace gooffsets {

Result<std::optional<RuntimeTypes::MethodType>> RuntimeTypes::State::Method(uint64_t holder, std::string_view method) {
  GOOFFSETS_TRY(const TypeHeader header, reader.Header(holder));
  GOOFFSETS_TRY(const std::optional<TypeReader::Uncommon> uncommon, reader.UncommonOf(header));
  if (!uncommon) return std::optional<MethodType>();
  for (uint32_t i = 0; i < uncommon->methods.count; ++i) {
    GOOFFSETS_TRY(const ConcreteMethod found, reader.MethodAt(uncommon->methods, i));
    if (!found.type) continue;
    GOOFFSETS_TRY(const TypeReader::NameText name, reader.Name(found.name));
    if (name.text != method) continue;
    GOOFFSETS_TRY(const TypeHeader function, reader.Header(*found.type));
    if (function.kind != TypeKind::kFunc) return reader.Damaged(*found.type, "a method that is no function");
    GOOFFSETS_TRY(const FunctionShape shape, reader.Function(function));
    MethodType result;
    result.variadic = shape.variadic;
    for (const auto& [list, out] : {std::pair(&shape.params, &result.params), {&shape.results, &result.results}}) {
      for (uint32_t p = 0; p < list->count; ++p) {
        GOOFFSETS_TRY(const uint64_t address, reader.ListedType(*list, p));
        GOOFFSETS_TRY(RuntimeType made, Make(address));
        out->push_back(std::move(made));
      }
    }
    return std::optional<MethodType>(std::move(result));
  }
  return std::optional<MethodType>();
}

Result<std::optional<RuntimeTypes::MethodType>> RuntimeTypes::State::MethodOfNamed(uint64_t named, bool of_pointer,
                                                                                   std::string_view method) {
  GOOFFSETS_TRY(const TypeHeader header, reader.Header(named));
  // The methods of *T are those of T and more, where *T has a descriptor.
  if (header.pointer_offset > 0) {
    GOOFFSETS_TRY(const uint64_t pointer, reader.AtOffset(header.pointer_offset));
    GOOFFSETS_TRY(std::optional<MethodType> found, Method(pointer, method));
    if (found || of_pointer) return found;
  }
  return Method(named, method);
}

Result<std::optional<RuntimeTypes::MethodType>> RuntimeTypes::MethodOf(const std::string& type,
                                                                       const std::string& method) {
  state_->RefillNames();
  const bool of_pointer = type.starts_with('*');
  const std::string base = of_pointer ? type.substr(1) : type;
  GOOFFSETS_TRY(const auto addresses, state_->Addresses(std::span(&base, 1)));
  if (addresses.front().size() != 1) return std::optional<MethodType>();
  return state_->MethodOfNamed(addresses.front().front(), of_pointer, method);
}

Result<std::vector<std::optional<RuntimeTypes::MethodType>>> RuntimeTypes::MethodsOf(
    std::span<const MethodWant> wants) {
  state_->RefillNames();
  std::vector<std::string> names;
  std::map<std::string, size_t> positions;
  for (const MethodWant& want : wants) {
    std::string base = want.type.starts_with('*') ? want.type.substr(1) : want.type;
    if (positions.emplace(base, names.size()).second) names.push_back(std::move(base));
  }
  GOOFFSETS_TRY(const auto addresses, state_->KnownAddresses(names));
  std::vector<std::optional<MethodType>> methods;
  for (const MethodWant& want : wants) {
    methods.emplace_back();
    const bool of_pointer = want.type.starts_with('*');
    const std::vector<uint64_t>& found = addresses[positions.at(of_pointer ? want.type.substr(1) : want.type)];
    if (found.size() != 1) continue;
    // What is wrong with one type costs its own methods only.
    Result<std::optional<MethodType>> method = state_->MethodOfNamed(found.front(), of_pointer, want.method);
    if (method) methods.back() = std::move(*method);
  }
  return methods;
}

}  // namespace gooffsets
