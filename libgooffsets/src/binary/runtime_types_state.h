// What RuntimeTypes keeps between questions: two readers (near reads, and sweeps), names already made, where names that
// were asked for are, and all named structs: of one scan where the release's hashes are understood, else of a walk.
//
// Shared by the files that answer for RuntimeTypes. Parts point at each other, so a State never moves. Not thread-safe.
//
//   GOOFFSETS_TRY(RuntimeType type, state.Make(address));
#ifndef GOOFFSETS_BINARY_RUNTIME_TYPES_STATE_H_
#define GOOFFSETS_BINARY_RUNTIME_TYPES_STATE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "binary/runtime_types.h"
#include "binary/runtime_types_links.h"
#include "binary/runtime_types_reader.h"
#include "binary/type_names.h"
#include "binary/type_scan.h"
#include "binary/type_walk.h"

namespace gooffsets {

struct RuntimeTypes::State {
  // Blocks of the near reader are small: a binary search touches a few bytes in many places.
  static constexpr size_t kNearBlock = size_t{4} << 10, kNearBlocks = 384;
  static constexpr size_t kSweepBlock = size_t{32} << 10, kSweepBlocks = 24;

  State(const Image* of, const Moduledata& m, const TypeFormat& format)
      : image(of),
        module(m),
        reader(of, m.types, m.etypes, format, kNearBlock, kNearBlocks),
        sweep(of, m.types, m.etypes, format, kSweepBlock, kSweepBlocks),
        links(&reader, m.typelinks) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // Every descriptor, once each: walks on the first call, repeats what was found on the next.
  Result<void> ForEachType(const std::function<void(const TypeHeader&)>& each);
  enum class Spelling { kFull, kNoFieldTypes };
  Result<RuntimeType> Make(uint64_t address, Spelling spelling = Spelling::kFull);
  Result<Field> MakeField(const TypeField& field, Spelling spelling);
  // The descriptors that bear each of these names, ascending; remembered.
  Result<std::vector<std::vector<uint64_t>>> Addresses(std::span<const std::string> names);
  // The same without a first pass over all descriptors.
  Result<std::vector<std::vector<uint64_t>>> KnownAddresses(std::span<const std::string> names);
  // Every named struct, ascending; the compiler's stand-ins may be among them.
  Result<std::span<const TypeWalk::NamedStruct>> NamedStructs();
  // A method of the type whose descriptor lies at `holder`; nullopt: it has none, or the linker dropped its type.
  Result<std::optional<MethodType>> Method(uint64_t holder, std::string_view method);
  // Of the named type at `named`, or of the pointer to it.
  Result<std::optional<MethodType>> MethodOfNamed(uint64_t named, bool of_pointer, std::string_view method);
  // Each itab made at link time, until `each` returns false: its address, its two types and how many methods it has.
  struct RawItab {
    uint64_t address = 0, interface = 0, type = 0;
    uint32_t methods = 0;
  };
  Result<void> ForEachRawItab(const std::function<Result<bool>(const RawItab&)>& each);
  // Several calls of names.Full may make so many bytes.
  void RefillNames() { names->SetBudget((module.etypes - module.types) * 64 + (uint64_t{16} << 20)); }

  const Image* image;
  Moduledata module;
  TypeHashRule rule = TypeHashRule::kUnknown;
  TypeReader reader, sweep;
  TypeLinks links;
  std::optional<TypeNames> names;
  std::optional<TypeWalk> walk;

 private:
  using Places = std::vector<std::vector<uint64_t>>;  // of each name
  Result<void> Walk(const std::function<void(const TypeHeader&)>& each);
  Result<std::vector<uint64_t>> ByLinks(const std::string& name);
  std::vector<uint64_t> Linked(const std::string& name);  // the same, or nothing
  // Both look for the names that have no place yet.
  Result<void> ByWalk(std::span<const std::string> names, Places* found);
  Result<void> ByScan(std::span<const std::string> names, Places* found);

  std::unordered_map<std::string, std::vector<uint64_t>> located_;  // by name; empty: there is none
  std::optional<std::vector<TypeWalk::NamedStruct>> structs_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_RUNTIME_TYPES_STATE_H_
