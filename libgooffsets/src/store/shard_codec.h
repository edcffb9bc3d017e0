// The short spelling of a package's symbols in a shard: what Go's rules foretell is left out, what they do not is said.
//
// Names and types are written; sizes, alignments, offsets, words and locations follow from them, given facts about each
// named type, by Go's layout and calling rules. An encoder writes a symbol short only after decoding it again to the very
// same layout; else it writes the layout in full. So nothing is ever lost, whatever the input. docs/formats.md, "shard".
// A coder remembers type facts from package to package, in the order of the shard; one thread.
//
//   ShardEncoder encoder;
//   std::string line = encoder.Encode("net/http", symbols, ShardAbi::kAmd64, {});
//   ShardDecoder decoder;
//   Result<std::vector<ShardSymbol>> same = decoder.Decode(nlohmann::json::parse(line));
#ifndef GOOFFSETS_STORE_SHARD_CODEC_H_
#define GOOFFSETS_STORE_SHARD_CODEC_H_

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gooffsets/result.h"
#include "store/record.h"

namespace gooffsets {

// By which calling convention the locations in a package follow.
enum class ShardAbi { kAmd64, kArm64, kStack };
std::string_view ToString(ShardAbi abi);

// What the fields of one type have in common, and what its parameters have.
struct FieldFacts {
  uint64_t size = 0;
  uint32_t align = 1;
  TypeKind kind = TypeKind::kInvalid;
  bool by_value = false;
  std::vector<uint64_t> dims;
  std::string elem;
  bool operator==(const FieldFacts&) const = default;
};
struct ParameterFacts {
  uint64_t size = 0;
  uint32_t align = 1;
  bool register_assignable = true;
  std::vector<Word> words;
  bool operator==(const ParameterFacts&) const = default;
};

// Facts by type name: those that were said, and those that the spelling of a type implies.
class ShardTypes {
 public:
  std::optional<FieldFacts> Field(const std::string& type) const;
  std::optional<ParameterFacts> Param(const std::string& type) const;
  void Set(const std::string& type, FieldFacts facts) { fields_[type] = std::move(facts); }
  void Set(const std::string& type, ParameterFacts facts) { params_[type] = std::move(facts); }

 private:
  std::optional<FieldFacts> Guess(const std::string& type, int depth) const;

  std::unordered_map<std::string, FieldFacts> fields_;
  std::unordered_map<std::string, ParameterFacts> params_;
};

using SymbolMap = std::map<std::string, SymbolEntry>;

class ShardEncoder {
 public:
  // The members "abi", "types" and "add" of a package line, for these symbols, without the braces around them.
  std::string Encode(const std::string& package, const SymbolMap& symbols);

 private:
  ShardTypes types_;
};

class ShardDecoder {
 public:
  Result<SymbolMap> Decode(const std::string& package, const nlohmann::json& line);

 private:
  ShardTypes types_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_STORE_SHARD_CODEC_H_
