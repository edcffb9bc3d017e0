// A function's answer: where it lies is the program's own word, its arguments are the program's or the database's.
#include <string>
#include <tuple>
#include <utility>

#include "resolve/resolver_core.h"

namespace gooffsets {

using Kind = DatabaseAnswer::Kind;

void ResolverCore::TakeArguments(DatabaseAnswer&& database, const ToldArguments* told, Resolved* resolved,
                                 FunctionAnswerView* view) {
  ArgumentVerdict verdict;
  if (told != nullptr) verdict = CheckArguments(database.function, *told);
  resolved->evidence = std::move(database.evidence);
  if (verdict.conflict) {
    const ArgumentVerdict::Disagreement& found = *verdict.conflict;
    resolved->conflicts.push_back({found.what, "self: " + found.told, NameOf(database) + ": " + found.layout});
    view->layout_reason = "the program contradicts what the database has (" + NameOf(database) + "): " + found.what +
                          ": " + found.told + ", not " + found.layout;
    return;
  }
  resolved->how += (resolved->how.empty() ? "" : "; arguments: ") + database.how;
  if (!verdict.confirmed_by.empty()) resolved->how += ", confirmed by " + verdict.confirmed_by;
  if (resolved->source == Source::kUnknown) resolved->source = database.source;
  view->layout_source = database.source;
  view->layout = std::move(database.function);
}

Result<Resolved> ResolverCore::ResolveFunction(const Item& item, const SelfFacts& facts,
                                               std::optional<DatabaseAnswer> database) {
  Resolved resolved;
  resolved.item = item;
  resolved.item.kind = ItemKind::kFunction;
  FunctionAnswerView view;
  auto self = facts.functions.find(item.symbol);
  const bool named = self != facts.functions.end() && self->second.named;
  if (!named && facts.no_functions.empty()) {
    resolved.absent = true;
    resolved.reason = "no such function in this program (pclntab)";
    if (database && database->kind == Kind::kAbsent) resolved.reason += "; database: " + database->missing.reason;
    return resolved;
  }
  if (named) {
    view.bodies = self->second.bodies;
    view.inlined_sites = self->second.inlined_sites;
    resolved.source = Source::kSelf;
    resolved.how = "pclntab";
  }
  const bool own_layout = named && self->second.layout && !options_.ignore_self;
  if (own_layout) {
    view.layout = self->second.layout;
    view.layout_source = Source::kSelf;
  }
  if (!database) {
    if (!own_layout) view.layout_reason = "the program does not tell its arguments, and there is no database";
  } else if (database->kind != Kind::kFound || database->item != ItemKind::kFunction) {
    if (!own_layout) {
      view.layout_reason =
          database->missing.reason.empty() ? "the database knows it as no function" : database->missing.reason;
      resolved.hint = database->missing.hint;
    }
  } else if (own_layout) {
    // Names differ where Go leaves a parameter unnamed; places must not.
    auto places = [](const std::vector<Parameter>& list) {
      std::string text;
      for (const Parameter& p : list) text += std::to_string(p.size) + "/" + std::to_string(p.pieces.size()) + " ";
      return text;
    };
    const FunctionLayout& own = *view.layout;
    for (const auto& [what, a, b] : {std::tuple("arguments", &own.params, &database->function.params),
                                     std::tuple("results", &own.results, &database->function.results)}) {
      bool same = a->size() == b->size();
      for (size_t i = 0; same && i < a->size(); ++i)
        same = (*a)[i].size == (*b)[i].size && (*a)[i].pieces == (*b)[i].pieces;
      if (!same) resolved.conflicts.push_back({what, "self: " + places(*a), NameOf(*database) + ": " + places(*b)});
    }
    resolved.evidence = database->evidence;
  } else if (std::string refusal = Refusal(database->source, database->how); !refusal.empty()) {
    view.layout_reason = std::move(refusal);
  } else {
    TakeArguments(std::move(*database), named ? &self->second.told : nullptr, &resolved, &view);
  }
  if (!resolved.found()) {
    resolved.reason = facts.no_functions.empty() ? view.layout_reason : facts.no_functions;
    return resolved;
  }
  resolved.function = std::move(view);
  return resolved;
}

}  // namespace gooffsets
