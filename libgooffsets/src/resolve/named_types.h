// Sizes of types that have no fields: by their spelling, by their kind, or as a package's own layouts show them.
//
// A named number, string, map, function or interface ("time.Duration", "net/http.Header") has no layout of its own in
// the database; its size is what fields, parameters and receivers of that type show. One thread at a time; borrows the
// reader.
//
//   TypeSizeBySpelling("[]int")->size == 24
//   NamedTypes named(&reader);
//   GOOFFSETS_TRY(std::optional<TypeFacts> facts, named.Find(state, "time.Duration"));   // 8, 8
#ifndef GOOFFSETS_RESOLVE_NAMED_TYPES_H_
#define GOOFFSETS_RESOLVE_NAMED_TYPES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "gooffsets/layout.h"
#include "gooffsets/result.h"
#include "store/module_view_reader.h"

namespace gooffsets {

// What others need to know of a type: its size, and how it is passed.
struct TypeFacts {
  uint64_t size = 0;
  uint32_t align = 1;
  bool words_known = true;  // the two below hold
  bool register_assignable = true;
  std::vector<Word> words;
  bool operator==(const TypeFacts&) const = default;
};

// What a field or a parameter showed of its type.
struct SeenType {
  TypeFacts facts;
  TypeKind kind = TypeKind::kInvalid;  // kInvalid: not said
  std::vector<uint64_t> dims;
  std::string elem;
};
SeenType SeenTypeOf(const Field& field);
SeenType SeenTypeOf(const Parameter& param);

// Types whose spelling gives their size in every program: "*T", "[]T", "[4]int", "string", "func(...)". nullopt: named
// types, struct types and arrays of these.
std::optional<TypeFacts> FactsBySpelling(const std::string& type);

// The fields of a struct type without a name, "struct { NI int; P *T }", where the spelling of each says its size;
// their offsets are left to the layout rule. nullopt: any other type, or one with tags or embedded fields.
std::optional<StructLayout> ShapeBySpelling(const std::string& type);

// The words of a value of a basic kind, an interface, a pointer and the like (src: abi-internal.md, "register-assign").
// Not of structs and arrays.
TypeFacts FactsByKind(TypeKind kind, uint64_t size, uint32_t align);

class NamedTypes {
 public:
  explicit NamedTypes(ModuleViewReader* reader) : reader_(reader) {}
  // What the layouts of one observed package show of a type that is no struct; nullopt: nothing, or contradictory.
  Result<std::optional<SeenType>> Find(int64_t state, const std::string& type);

 private:
  using Index = std::unordered_map<std::string, std::optional<SeenType>>;
  ModuleViewReader* reader_;
  std::map<int64_t, Index> by_layout_;  // by package layout
};

}  // namespace gooffsets

#endif  // GOOFFSETS_RESOLVE_NAMED_TYPES_H_
