// Types of one DWARF file, resolved on demand and remembered by DIE offset: kind, size, alignment, register words.
//
// DWARF has neither the alignment of a Go type nor the words the register ABI makes of it; both are derived here by the
// compiler's rules (src: cmd/compile/internal/types/size.go, CalcSize; cmd/compile/abi-internal.md). Pointees and the
// elements of slices, maps and channels are never resolved, so only what a wanted item holds by value costs anything.
// Hostile input: nesting is limited, cycles and sizes that contradict each other are kBadInput. Not thread-safe.
//
//   TypeTable types(file.info_end());
//   Result<const TypeInfo*> type = types.TypeOf(&member);   // follows DW_AT_type
#ifndef GOOFFSETS_DWARF_TYPE_TABLE_H_
#define GOOFFSETS_DWARF_TYPE_TABLE_H_

#include <elfutils/libdw.h>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "gooffsets/layout.h"
#include "gooffsets/result.h"

namespace gooffsets {

struct TypeInfo {
  std::string name;  // unescaped
  TypeKind kind = TypeKind::kInvalid;
  uint64_t size = 0;
  uint32_t align = 1;
  bool register_assignable = true;
  std::vector<Word> words;     // empty when not register_assignable
  std::vector<uint64_t> dims;  // arrays, outermost first, through named array types
  std::string elem;            // arrays: the innermost element's name
  bool by_value = false;       // a struct, or an array of structs
};

class TypeTable {
 public:
  explicit TypeTable(const char* info_end) : info_end_(info_end) {}  // attributes.h says what for

  // The type a DIE refers to with DW_AT_type, itself or through its abstract origin; a type of kind kInvalid without
  // name when it refers to none. The pointer stays valid as long as the table.
  Result<const TypeInfo*> TypeOf(Dwarf_Die* die);
  // The type a type DIE describes.
  Result<const TypeInfo*> Resolve(Dwarf_Die* type);
  // The layout of a DW_TAG_structure_type; `name` is its unescaped name.
  Result<StructLayout> Layout(Dwarf_Die* structure, const std::string& name);

 private:
  struct Entry {
    bool complete = false;
    TypeInfo info;
  };

  Result<TypeInfo> Describe(Dwarf_Die* type);
  Result<TypeInfo> DescribeTypedef(Dwarf_Die* type, TypeInfo info);
  Result<TypeInfo> DescribeArray(Dwarf_Die* type, TypeInfo info);
  Result<TypeInfo> DescribeStruct(Dwarf_Die* type, TypeInfo info);

  std::unordered_map<Dwarf_Off, Entry> entries_;
  TypeInfo none_;
  const char* info_end_;
  int depth_ = 0;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_DWARF_TYPE_TABLE_H_
