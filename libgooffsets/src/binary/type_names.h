// Full names of types, as the linker and DWARF spell them: "*net/url.URL", "map[string][]uint8", "main.T·1".
//
// A descriptor's own text has package names only ("http.Request"), so names are put together from the descriptors that
// it refers to (src: cmd/compile/internal/types/fmt.go, LinkString). Types that are declared in functions have a number
// behind their name that no descriptor holds; it is found by the descriptor's hash, which is one of the full name
// (TypeHash; from Go 1.19 on, before it is MD5 and such types go by their plain names).
// Names are unescaped. Cyclic or endless names are kBadInput. Not thread-safe.
//
//   TypeNames names(&reader, rule);
//   GOOFFSETS_TRY(std::string name, names.Full(address));
#ifndef GOOFFSETS_BINARY_TYPE_NAMES_H_
#define GOOFFSETS_BINARY_TYPE_NAMES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "binary/runtime_types_reader.h"
#include "gooffsets/result.h"

namespace gooffsets {

enum class TypeHashRule {
  kUnknown,       // MD5, or what a later release does
  kNotSha256,     // Go 1.19 to 1.23 (src: cmd/internal/notsha256): SHA-256, all bits inverted
  kSha256Middle,  // Go 1.24 (src: cmd/internal/hash, Sum16): SHA-256 from its ninth byte on
  kSha256,        // from Go 1.25 on (src: cmd/internal/hash, Sum32): SHA-256, the first byte inverted
};
// What the compiler writes to a descriptor as its hash; 0 for kUnknown.
uint32_t TypeHash(TypeHashRule rule, std::string_view link_name);
// The rule that makes `hash` of an escaped name.
TypeHashRule DetectHashRule(std::string_view link_name, uint32_t hash);

// strconv.Quote, for struct tags.
std::string QuoteTag(std::string_view tag);

class TypeNames {
 public:
  TypeNames(TypeReader* reader, TypeHashRule rule) : reader_(reader), rule_(rule) {}

  Result<std::string> Full(uint64_t address);
  // How many bytes of names may still be made, all calls together: what bounds hostile types that refer to each other.
  void SetBudget(uint64_t bytes) {
    budget_ = bytes;
    hash_budget_ = kMostHashes;
  }

 private:
  Result<void> Append(uint64_t address, int depth, std::string* out);
  Result<void> AppendNamed(const TypeHeader& header, std::string* out);
  Result<void> AppendFunction(const TypeHeader& header, int depth, bool keyword, std::string* out);
  Result<void> AppendList(const TypeList& list, bool variadic, int depth, std::string* out);
  Result<void> AppendInterface(const TypeHeader& header, int depth, std::string* out);
  Result<void> AppendStruct(const TypeHeader& header, int depth, std::string* out);
  Result<bool> EmbedsUnderItsName(const TypeField& field, std::string_view name, std::string_view package);
  Result<std::string> Package(const TypeHeader& header);
  // The number of a type that is declared in a function, by its hash; 0: none.
  int LocalNumber(const std::string& link_name, uint32_t hash);

  static constexpr uint64_t kMostHashes = uint64_t{1} << 20;

  TypeReader* reader_;
  TypeHashRule rule_;
  uint64_t budget_ = UINT64_MAX;
  uint64_t hash_budget_ = kMostHashes;
  std::unordered_map<uint64_t, std::string> known_;
  size_t known_bytes_ = 0;
  // Hashes of "name·1", "name·2", ... of names that need them.
  struct Locals {
    std::unordered_map<uint32_t, int> numbers;
    int tried = 0;
  };
  std::unordered_map<std::string, Locals> locals_;
  size_t locals_tried_ = 0;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_TYPE_NAMES_H_
