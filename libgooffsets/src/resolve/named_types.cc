#include "resolve/named_types.h"

#include <string_view>
#include <utility>
#include <variant>

#include "store/shard_codec.h"

namespace gooffsets {

SeenType SeenTypeOf(const Field& field) {
  SeenType seen;
  seen.facts.size = field.size;
  seen.facts.align = field.align;
  seen.kind = field.kind;
  seen.dims = field.dims;
  seen.elem = field.elem;
  seen.facts.words_known = field.kind != TypeKind::kStruct && field.kind != TypeKind::kArray;
  if (seen.facts.words_known) seen.facts = FactsByKind(field.kind, field.size, field.align);
  return seen;
}

SeenType SeenTypeOf(const Parameter& param) {
  SeenType seen;
  seen.facts = {param.size, param.align, true, param.register_assignable, param.words};
  return seen;
}

std::optional<TypeFacts> FactsBySpelling(const std::string& type) {
  static const ShardTypes kSpelled;  // nothing was said: what it knows follows from the spelling
  std::optional<ParameterFacts> facts = kSpelled.Param(type);
  if (!facts) return std::nullopt;
  return TypeFacts{facts->size, facts->align, true, facts->register_assignable, std::move(facts->words)};
}

std::optional<StructLayout> ShapeBySpelling(const std::string& type) {
  constexpr std::string_view kBegin = "struct { ", kEnd = " }";
  if (!type.starts_with(kBegin) || !type.ends_with(kEnd) || type.find('"') != std::string::npos) return std::nullopt;
  StructLayout shape;
  const size_t end = type.size() - kEnd.size();
  int depth = 0;
  for (size_t i = kBegin.size(), begin = i; i <= end; ++i) {
    const char c = i == end ? ';' : type[i];
    depth += static_cast<int>(c == '(' || c == '[' || c == '{') - static_cast<int>(c == ')' || c == ']' || c == '}');
    if (c != ';' || depth != 0) continue;
    const size_t space = type.find(' ', begin);
    if (space >= i || type.substr(begin, space - begin).find_first_of("*.[(") != std::string::npos) return std::nullopt;
    Field field;
    field.name = type.substr(begin, space - begin);
    field.type = type.substr(space + 1, i - space - 1);
    if (!FactsBySpelling(field.type)) return std::nullopt;
    shape.fields.push_back(std::move(field));
    begin = i + 2;  // behind "; "
  }
  return shape;
}

TypeFacts FactsByKind(TypeKind kind, uint64_t size, uint32_t align) {
  TypeFacts facts{size, align, true, true, {}};
  const auto width = static_cast<uint32_t>(size);
  switch (kind) {
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      facts.words = {{0, width, true}};
      break;
    case TypeKind::kComplex64:
    case TypeKind::kComplex128:
      facts.words = {{0, width / 2, true}, {width / 2, width / 2, true}};
      break;
    case TypeKind::kString:
    case TypeKind::kInterface:
      facts.words = {{0, 8, false}, {8, 8, false}};
      break;
    case TypeKind::kSlice:
      facts.words = {{0, 8, false}, {8, 8, false}, {16, 8, false}};
      break;
    default:
      facts.words = {{0, width, false}};
  }
  return facts;
}

Result<std::optional<SeenType>> NamedTypes::Find(int64_t state, const std::string& type) {
  GOOFFSETS_TRY(const CatalogReader::State* read, reader_->State(state));
  auto index = by_layout_.find(read->package_layout);
  if (index == by_layout_.end()) {
    Index made;
    auto add = [&](const std::string& name, SeenType seen) {
      auto [known, fresh] = made.try_emplace(name, seen);
      if (fresh || !known->second) return;
      if (known->second->facts.size != seen.facts.size || known->second->facts.align != seen.facts.align) {
        known->second.reset();
      } else if (!known->second->facts.words_known) {
        known->second->facts = seen.facts;
      }
    };
    GOOFFSETS_TRY(const std::vector<PackageEntry>* entries, reader_->Entries(state));
    for (const PackageEntry& entry : *entries) {
      if (entry.layout == 0) continue;
      GOOFFSETS_TRY(const Layout* layout, reader_->LayoutOf(entry.layout));
      if (const auto* structure = std::get_if<StructLayout>(layout)) {
        for (const Field& field : structure->fields) add(field.type, SeenTypeOf(field));
      } else {
        const auto& function = std::get<FunctionLayout>(*layout);
        for (const auto* list : {&function.params, &function.results}) {
          for (const Parameter& param : *list) add(param.type, SeenTypeOf(param));
        }
      }
    }
    index = by_layout_.emplace(read->package_layout, std::move(made)).first;
  }
  auto found = index->second.find(type);
  return found == index->second.end() ? std::optional<SeenType>() : found->second;
}

}  // namespace gooffsets
