// Promoted fields on request: the path that Go's rule gives them, which is then resolved like any other.
#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "go/names.h"
#include "go/promotion.h"
#include "resolve/resolver_core.h"

namespace gooffsets {

Result<Resolved> ResolverCore::StructOf(const std::string& type) {
  SelfFacts facts;
  if (!options_.ignore_self && !source_->IsSilent()) {
    SelfQuestion question;
    question.structs.insert(type);
    GOOFFSETS_TRY(facts, source_->Tell(question));
  }
  return ResolveOne({ItemKind::kStruct, type, ""}, facts);
}

Result<std::optional<Item>> ResolverCore::WithoutPromotion(const Item& item, std::string* why) {
  std::map<std::string, Resolved> known;
  const auto struct_of = [&](const std::string& type) -> Result<const Resolved*> {
    auto found = known.find(type);
    if (found == known.end()) {
      GOOFFSETS_TRY(Resolved resolved, StructOf(type));
      found = known.emplace(type, std::move(resolved)).first;
    }
    return &found->second;
  };
  const auto embedded = [&](size_t, const std::string& type,
                            std::string* reason) -> Result<std::optional<EmbeddedStruct>> {
    GOOFFSETS_TRY(const Resolved* resolved, struct_of(type));
    if (resolved->structure) return std::optional<EmbeddedStruct>(std::in_place, *resolved->structure, size_t{0});
    *reason = resolved->reason;
    return std::optional<EmbeddedStruct>();
  };
  for (const std::string& prefix : TypePrefixes(item.symbol)) {
    if (prefix.size() == item.symbol.size()) continue;
    GOOFFSETS_TRY(const Resolved* outer, struct_of(prefix));
    if (!outer->structure) continue;
    const StructLayout* layout = &*outer->structure;
    std::string path = prefix;
    const std::vector<std::string_view> names = SplitPath(std::string_view(item.symbol).substr(prefix.size() + 1));
    for (size_t i = 0; i < names.size(); ++i) {
      const auto own = std::find_if(layout->fields.begin(), layout->fields.end(),
                                    [&](const Field& field) { return field.name == names[i] && field.name != "_"; });
      Field field;
      if (own != layout->fields.end()) {
        field = *own;
        path.append(".").append(names[i]);
      } else {
        GOOFFSETS_TRY(Promotion promoted, FindPromoted(*layout, names[i], embedded));
        if (promoted.kind != Promotion::Kind::kFound) {
          *why = std::move(promoted.why);
          return std::optional<Item>();
        }
        for (const std::string& name : promoted.path) path.append(".").append(name);
        field = std::move(promoted.field);
      }
      if (i + 1 == names.size()) break;
      if (field.kind != TypeKind::kStruct) return std::optional<Item>();
      GOOFFSETS_TRY(const Resolved* inner, struct_of(field.type));
      if (!inner->structure) return std::optional<Item>();
      layout = &*inner->structure;
    }
    if (path == item.symbol) return std::optional<Item>();
    return std::optional<Item>(Item{ItemKind::kField, std::move(path), ""});
  }
  return std::optional<Item>();
}

Result<void> ResolverCore::Promote(const Item& item, Resolved* resolved) {
  if (!item.promoted || resolved->found() || item.kind == ItemKind::kItab) return {};
  std::string why;
  GOOFFSETS_TRY(const std::optional<Item> path, WithoutPromotion(item, &why));
  if (!path) {
    if (!why.empty()) resolved->reason += ": " + why;
    return {};
  }
  GOOFFSETS_TRY(std::vector<Resolved> answers, ResolveAsWritten({*path}));
  Resolved& answer = answers.front();
  if (!answer.field) return {};
  answer.item.symbol = item.symbol;
  answer.item.promoted = true;
  answer.how += "; promoted: " + path->symbol;
  *resolved = std::move(answer);
  return {};
}

}  // namespace gooffsets
