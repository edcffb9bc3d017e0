#include "resolve/composer.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>
#include <variant>

#include "go/abi.h"

namespace gooffsets {
namespace {

// Structs inside structs: Go code has a handful of levels, a hostile database must end.
constexpr int kMaxDepth = 64;
// Words of one value: far more than there are registers.
constexpr size_t kMaxWords = 4096;
constexpr uint64_t kMaxSize = uint64_t{1} << 48;

std::optional<uint64_t> RoundUp(uint64_t value, uint64_t align) {
  if (align <= 1) return value;
  if (value > kMaxSize || align > kMaxSize) return std::nullopt;
  return (value + align - 1) / align * align;
}

// The compiler aligns these empty structs to 8 by their names (src: cmd/compile/internal/types/size.go, "align64").
bool IsAlign64(std::string_view path, std::string_view symbol) {
  return symbol == "align64" &&
         (path == "sync/atomic" || path == "runtime/internal/atomic" || path == "internal/runtime/atomic");
}

// The words of `facts` at `offset` of a larger value, appended.
void AppendWords(TypeFacts* whole, const TypeFacts& facts, uint64_t offset) {
  if (!facts.words_known) whole->words_known = false;
  if (!facts.register_assignable) whole->register_assignable = false;
  if (!whole->words_known || !whole->register_assignable) return;
  if (whole->words.size() + facts.words.size() > kMaxWords || offset > std::numeric_limits<uint32_t>::max()) {
    whole->words_known = false;
    return;
  }
  for (const Word& word : facts.words) {
    whole->words.push_back({static_cast<uint32_t>(offset) + word.at, word.size, word.is_float});
  }
}

// A value that holds something never passed in registers is not flattened.
void Settle(TypeFacts* facts) {
  if (!facts->register_assignable || !facts->words_known) facts->words.clear();
}

}  // namespace

Result<ComposedStruct> Composer::Struct(const Scope& scope, std::string_view symbol, const StructLayout& stored,
                                        int depth) {
  ComposedStruct composed;
  if (depth > kMaxDepth) {
    return Fail(ErrorCode::kBadInput, "the database is damaged: " + std::string(symbol) + " holds itself",
                "make it again from the shards, or with offsetgen");
  }
  uint64_t end = 0;
  composed.layout.align = IsAlign64(scope.path, symbol) ? 8 : 1;
  composed.layout.fields.reserve(stored.fields.size());
  for (const Field& shape : stored.fields) {
    GOOFFSETS_TRY(std::optional<TypeFacts> facts, Type(scope, shape.type, SeenTypeOf(shape), &composed.missing, depth));
    if (!facts) return composed;
    Field field = shape;
    field.size = facts->size;
    field.align = facts->align;
    const std::optional<uint64_t> offset = RoundUp(end, field.align);
    if (!offset || field.size > kMaxSize) {
      composed.missing.reason = "the size of " + shape.type + " is out of range";
      return composed;
    }
    field.offset = *offset;
    end = field.offset + field.size;
    composed.layout.align = std::max(composed.layout.align, field.align);
    AppendWords(&composed.facts, *facts, field.offset);
    composed.layout.fields.push_back(std::move(field));
  }
  // A pointer to a last field of no size must not point behind the struct (src: size.go, "zero-sized field at the
  // end").
  if (!stored.fields.empty() && composed.layout.fields.back().size == 0 && end > 0) ++end;
  const std::optional<uint64_t> size = RoundUp(end, composed.layout.align);
  if (!size) {
    composed.missing.reason = "the size of " + std::string(symbol) + " is out of range";
    return composed;
  }
  composed.layout.size = *size;
  composed.complete = true;
  composed.facts.size = composed.layout.size;
  composed.facts.align = composed.layout.align;
  Settle(&composed.facts);
  return composed;
}

Result<std::shared_ptr<const PlacedStruct>> Composer::Placed(const Scope& scope, const std::string& symbol,
                                                             const StructLayout& stored) {
  auto [known, fresh] = placed_.try_emplace(std::tuple(scope.seen.build, scope.seen.state, symbol));
  if (!fresh && known->second) return known->second;
  PlacedStruct placed;
  GOOFFSETS_TRY(placed.composed, Struct(scope, symbol, stored));
  placed.as_stored = placed.composed.complete && placed.composed.layout == stored;
  known->second = std::make_shared<const PlacedStruct>(std::move(placed));
  return known->second;
}

Result<std::optional<TypeFacts>> Composer::Type(const Scope& scope, const std::string& type, const SeenType& seen,
                                                Missing* missing, int depth) {
  if (std::optional<TypeFacts> facts = FactsBySpelling(type)) return facts;
  if (type.starts_with('[')) {
    if (!seen.dims.empty()) return ArrayOf(scope, seen.dims, seen.elem, seen, missing, depth);
    // A parameter's array: the outermost length is read, the element may be an array again.
    uint64_t length = 0;
    auto [at, error] = std::from_chars(type.data() + 1, type.data() + type.size(), length);
    if (error == std::errc() && at != type.data() + type.size() && *at == ']') {
      return ArrayOf(scope, {length}, std::string(at + 1, type.data() + type.size()), seen, missing, depth);
    }
  }
  const auto key = std::tuple(scope.seen.build, scope.seen.state, type);
  if (auto known = types_.find(key); known != types_.end()) {
    const std::optional<TypeFacts>& facts = known->second.facts;
    if (!facts) *missing = known->second.missing;
    // What an array showed of its element may be less than what a parameter of that type shows now.
    if (!facts || facts->words_known || !seen.facts.words_known) return facts;
  }
  GOOFFSETS_TRY(std::optional<TypeFacts> facts, NamedType(scope, type, seen, missing, depth));
  if (own_ != nullptr) {
    // The program's own word on a size is better than any of ours; how the value is passed it does not tell.
    auto own = own_->find(type);
    if (own != own_->end() && (!facts || facts->size != own->second.size || facts->align != own->second.align)) {
      facts = TypeFacts{own->second.size, own->second.align, false, true, {}};
    }
  }
  types_[key] = {facts, facts ? Missing() : *missing};
  return facts;
}

Result<std::optional<TypeFacts>> Composer::ArrayOf(const Scope& scope, const std::vector<uint64_t>& dims,
                                                   const std::string& elem, const SeenType& seen, Missing* missing,
                                                   int depth) {
  uint64_t count = 1;
  bool one_each = true;
  for (uint64_t dim : dims) {
    if (dim > 1) one_each = false;
    if (dim != 0 && count > kMaxSize / dim) {
      missing->reason = "an array of " + elem + " is out of range";
      return std::optional<TypeFacts>();
    }
    count *= dim;
  }
  SeenType inner;
  inner.facts.size = count == 0 ? 0 : seen.facts.size / count;
  inner.facts.align = seen.facts.align;
  inner.facts.words_known = count == 1 && seen.facts.words_known;
  if (inner.facts.words_known) {
    inner.facts.words = seen.facts.words;
    inner.facts.register_assignable = seen.facts.register_assignable;
  }
  if (depth > kMaxDepth) {
    missing->reason = elem + " is nested too deeply";
    return std::optional<TypeFacts>();
  }
  GOOFFSETS_TRY(std::optional<TypeFacts> facts, Type(scope, elem, inner, missing, depth + 1));
  if (!facts) return facts;
  if (facts->size != 0 && count > kMaxSize / facts->size) {
    missing->reason = "an array of " + elem + " is out of range";
    return std::optional<TypeFacts>();
  }
  TypeFacts array{facts->size * count, facts->align, facts->words_known, facts->register_assignable, {}};
  // Arrays of length 0 have no words, of length 1 those of the element; longer ones stay in memory.
  if (count == 0) {
    array.words_known = array.register_assignable = true;
  } else if (!one_each) {
    array.words_known = true;
    array.register_assignable = false;
  } else {
    array.words = std::move(facts->words);
  }
  return std::optional<TypeFacts>(std::move(array));
}

Result<std::optional<Composer::Held>> Composer::FindHeld(const Scope& scope, const std::string& type,
                                                         Missing* missing) {
  // Types without a package of their own (instances of generics, struct types) are listed, under their full name, with
  // the package that holds them.
  GOOFFSETS_TRY(std::optional<PackageEntry> listed, world_->reader()->Find(scope.seen.state, type));
  if (listed && listed->layout != 0) {
    GOOFFSETS_TRY(const Layout* layout, world_->reader()->LayoutOf(listed->layout));
    const auto* structure = std::get_if<StructLayout>(layout);
    if (structure == nullptr) return std::optional<Held>();
    if (type.find('[') != std::string::npos && !type.starts_with("struct {")) {
      GOOFFSETS_TRY(World::Named generic, world_->Split(type));
      if (!generic.choice.seen) {
        *missing = generic.choice.missing;
        return std::optional<Held>();
      }
      GOOFFSETS_TRY(bool same, world_->SameSource(scope.seen, generic.package, *generic.choice.seen));
      if (!same) {
        missing->reason = type + " was seen only with other source files of " + generic.package;
        return std::optional<Held>();
      }
    }
    return std::optional<Held>(Held{scope, type, structure});
  }
  GOOFFSETS_TRY(World::Named named, world_->Split(type));
  // The struct's own package is the one that is being read, whatever else the world would choose.
  if (named.package == scope.path) named.choice = {scope.seen, {}};
  if (!named.choice.seen) {
    *missing = named.choice.missing;
    return std::optional<Held>();
  }
  GOOFFSETS_TRY(std::optional<PackageEntry> entry, world_->reader()->Find(named.choice.seen->state, named.name));
  if (!entry || entry->layout == 0) return std::optional<Held>();
  GOOFFSETS_TRY(const Layout* layout, world_->reader()->LayoutOf(entry->layout));
  const auto* structure = std::get_if<StructLayout>(layout);
  if (structure == nullptr) return std::optional<Held>();
  return std::optional<Held>(Held{{*named.choice.seen, named.package}, named.name, structure});
}

Result<std::optional<TypeFacts>> Composer::NamedType(const Scope& scope, const std::string& type, const SeenType& seen,
                                                     Missing* missing, int depth) {
  Missing why;
  GOOFFSETS_TRY(std::optional<Held> held, FindHeld(scope, type, &why));
  if (held) {
    GOOFFSETS_TRY(ComposedStruct composed, Struct(held->scope, held->symbol, *held->stored, depth + 1));
    if (composed.complete) return std::optional<TypeFacts>(std::move(composed.facts));
    *missing = composed.missing;
    return std::optional<TypeFacts>();
  }
  // Not every build that uses a struct type without a name lists it.
  if (const std::optional<StructLayout> shape = ShapeBySpelling(type)) {
    GOOFFSETS_TRY(ComposedStruct composed, Struct(scope, type, *shape, depth + 1));
    if (composed.complete) return std::optional<TypeFacts>(std::move(composed.facts));
  }
  if (!why.reason.empty()) {
    *missing = why;
    return std::optional<TypeFacts>();
  }
  GOOFFSETS_TRY(World::Named named, world_->Split(type));
  const bool own_package = named.package == scope.path;
  bool same = own_package;
  if (!own_package && named.choice.seen) {
    GOOFFSETS_TRY(same, world_->SameSource(scope.seen, named.package, *named.choice.seen));
  }
  // No struct here and none there, and the same declaration: what was seen of it holds. An array's element may differ.
  if (same && seen.kind != TypeKind::kStruct) {
    if (!seen.dims.empty()) return ArrayOf(scope, seen.dims, seen.elem, seen, missing, depth + 1);
    if (seen.facts.words_known) return std::optional<TypeFacts>(seen.facts);
    GOOFFSETS_TRY(std::optional<SeenType> shown, named_->Find(scope.seen.state, type));
    const bool better = shown && shown->facts.words_known && shown->facts.size == seen.facts.size;
    return std::optional<TypeFacts>(better ? shown->facts : seen.facts);
  }
  if (named.choice.seen && !own_package) {
    GOOFFSETS_TRY(std::optional<SeenType> shown, named_->Find(named.choice.seen->state, type));
    if (shown && shown->kind != TypeKind::kStruct) {
      if (!shown->dims.empty()) {
        return ArrayOf({*named.choice.seen, named.package}, shown->dims, shown->elem, *shown, missing, depth + 1);
      }
      return std::optional<TypeFacts>(shown->facts);
    }
  }
  missing->reason = "the size of " + type + " is not known for this program";
  return std::optional<TypeFacts>();
}

Result<ComposedFunction> Composer::Function(const Scope& scope, const FunctionLayout& stored, GoArch goarch,
                                            bool register_abi) {
  ComposedFunction composed;
  FunctionLayout function = stored;
  for (auto* list : {&function.params, &function.results}) {
    for (Parameter& param : *list) {
      GOOFFSETS_TRY(std::optional<TypeFacts> facts, Type(scope, param.type, SeenTypeOf(param), &composed.missing, 0));
      if (!facts) return composed;
      if (!facts->words_known) {
        composed.missing.reason = "how a value of " + param.type + " is passed is not known for this program";
        return composed;
      }
      param.size = facts->size;
      param.align = facts->align;
      param.register_assignable = facts->register_assignable;
      param.words = std::move(facts->words);
    }
  }
  AssignAbi(&function, goarch, register_abi);
  composed.layout = std::move(function);
  return composed;
}

}  // namespace gooffsets
