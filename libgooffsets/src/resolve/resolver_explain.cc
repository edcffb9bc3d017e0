// Every source's word on one item, strongest first, asked or not.
#include <string>
#include <utility>

#include "resolve/resolver_core.h"

namespace gooffsets {
namespace {

using Kind = DatabaseAnswer::Kind;

}  // namespace

Result<Explanation> ResolverCore::Explain(const Item& asked) {
  Item item = asked;
  GOOFFSETS_TRY(SelfFacts facts, Collect({item}));
  Explanation explanation;
  explanation.binary = info_;
  GOOFFSETS_TRY(explanation.answer, ResolveOne(item, facts));
  if (asked.promoted && !explanation.answer.found()) {
    // Every source is asked for the path.
    std::string why;
    GOOFFSETS_TRY(const std::optional<Item> path, WithoutPromotion(item, &why));
    if (path) {
      item = *path;
      GOOFFSETS_TRY(facts, Collect({item}));
    }
    GOOFFSETS_CHECK_OK(Promote(asked, &explanation.answer));
  }
  if (options_.suggest) {
    std::vector<Resolved> answers = {std::move(explanation.answer)};
    GOOFFSETS_CHECK_OK(Suggest(&answers));
    explanation.answer = std::move(answers.front());
  }
  auto add = [&](Source source, std::string how, std::string says, bool found) {
    explanation.words.push_back({source, std::move(how), std::move(says), found});
  };
  const Resolved& answer = explanation.answer;
  if (options_.ignore_self) {
    add(Source::kSelf, "program", "nothing: it was left out", false);
  } else if (item.kind == ItemKind::kItab) {
    add(Source::kSelf, "itabs",
        answer.itab ? "itab at " + std::to_string(answer.itab->address) : "nothing: " + answer.reason, answer.found());
    return explanation;
  } else if (answer.item.kind == ItemKind::kFunction) {
    auto self = facts.functions.find(item.symbol);
    const bool named = self != facts.functions.end() && self->second.named;
    std::string says = named ? std::to_string(self->second.bodies.size()) + " bodies" : "no such function";
    if (named && self->second.inlined_sites)
      says += ", inlined at " + std::to_string(*self->second.inlined_sites) + " sites";
    if (named) says += self->second.layout ? ", with arguments" : ", nothing of its arguments";
    add(Source::kSelf, "pclntab", facts.no_functions.empty() ? says : "nothing: " + facts.no_functions, named);
  } else {
    const OwnWord own = Walk(item.symbol, facts);
    std::string says = own.reason;
    if (own.found && own.kind == ItemKind::kField) says = SaysOf(own.field);
    if (own.found && own.kind == ItemKind::kStruct) {
      says =
          "size " + std::to_string(own.structure.size) + ", " + std::to_string(own.structure.fields.size()) + " fields";
    }
    if (!own.found && !own.absent) says = "nothing: " + says;
    add(Source::kSelf, own.how.empty() ? "program" : own.how, std::move(says), own.found);
  }
  if (!database_) {
    for (Source source : {Source::kExact, Source::kComposed, Source::kInferred, Source::kBracketed}) {
      add(source, "database", "nothing: there is no database", false);
    }
    return explanation;
  }
  GOOFFSETS_TRY(DatabaseAnswer direct, database_->Direct(item));
  const bool composed = direct.kind == Kind::kFound && direct.source == Source::kComposed;
  const std::string how = direct.how.empty() ? "database" : direct.how;
  add(Source::kExact, composed ? "database" : how,
      composed ? "nothing: a type held by value has another size in this program" : direct.Says(),
      direct.kind == Kind::kFound && !composed);
  add(Source::kComposed, composed ? how : "database",
      composed                      ? direct.Says()
      : direct.kind == Kind::kFound ? "nothing: there was nothing to compose"
                                    : direct.Says(),
      composed);
  // What holds for the very program leaves nothing to weaker sources, which may speak of its other modules.
  const bool known = direct.kind == Kind::kFound;
  GOOFFSETS_TRY(DatabaseAnswer inferred, database_->Inferred(item));
  const bool fits = inferred.kind == Kind::kFound;
  add(Source::kInferred, inferred.how.empty() ? "database" : inferred.how,
      known && !fits ? "nothing: there was nothing to infer" : inferred.Says(), fits);
  if (known) {
    add(Source::kBracketed, "database", "nothing: there was nothing to bracket", false);
    return explanation;
  }
  GOOFFSETS_TRY(DatabaseAnswer bracketed, database_->Bracketed(item));
  add(Source::kBracketed, bracketed.how.empty() ? "database" : bracketed.how, bracketed.Says(),
      bracketed.kind == Kind::kFound);
  return explanation;
}

}  // namespace gooffsets
