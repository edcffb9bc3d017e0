// Types of methods: what a named type's descriptor says of those that the linker kept for reflection and interfaces.
#include <algorithm>
#include <map>
#include <utility>

#include "binary/runtime_types_state.h"

namespace gooffsets {

namespace {

// A method that has a type, by name; nullopt: there is none, or the linker dropped its type.
Result<std::optional<ConcreteMethod>> FindMethod(TypeReader* reader, const TypeReader::Uncommon& uncommon,
                                                 std::string_view wanted) {
  uint32_t begin = 0, end = uncommon.methods.count;
  if (wanted.substr(0, 1) >= "A" && wanted.substr(0, 1) <= "Z") {
    // Exported ones come first, ascending by name (src: cmd/compile/internal/types/sym.go, CompareSyms).
    for (end = uncommon.exported; begin < end;) {
      const uint32_t middle = begin + (end - begin) / 2;
      GOOFFSETS_TRY(const ConcreteMethod at, reader->MethodAt(uncommon.methods, middle));
      GOOFFSETS_TRY(const TypeReader::NameText name, reader->Name(at.name));
      if (name.text < wanted) {
        begin = middle + 1;
      } else {
        end = middle;
      }
    }
    end = std::min(begin + 1, uncommon.exported);
  }
  for (; begin < end; ++begin) {
    GOOFFSETS_TRY(const ConcreteMethod at, reader->MethodAt(uncommon.methods, begin));
    if (!at.type) continue;
    GOOFFSETS_TRY(const TypeReader::NameText name, reader->Name(at.name));
    if (name.text == wanted) return std::optional<ConcreteMethod>(at);
  }
  return std::optional<ConcreteMethod>();
}

}  // namespace

Result<std::optional<RuntimeTypes::MethodType>> RuntimeTypes::State::Method(uint64_t holder, std::string_view method) {
  GOOFFSETS_TRY(const TypeHeader header, reader.Header(holder));
  GOOFFSETS_TRY(const std::optional<TypeReader::Uncommon> uncommon, reader.UncommonOf(header));
  if (!uncommon) return std::optional<MethodType>();
  GOOFFSETS_TRY(const std::optional<ConcreteMethod> found, FindMethod(&reader, *uncommon, method));
  if (!found) return std::optional<MethodType>();
  GOOFFSETS_TRY(const TypeHeader function, reader.Header(*found->type));
  if (function.kind != TypeKind::kFunc) return reader.Damaged(*found->type, "a method that is no function");
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
