// The chain for one program: the program's own word first, then the database's, compared where both speak.
//
// Knows a program only as BinaryInfo and a SelfSource, so that it can be tested with facts of real programs without
// opening any. All wanted names are collected first and asked for in one go. Borrows source and database; one thread at
// a time.
//
//   ResolverCore core(info, &source, &database, options);
//   GOOFFSETS_TRY(std::vector<Resolved> answers, core.ResolveItems(items));
#ifndef GOOFFSETS_RESOLVE_RESOLVER_CORE_H_
#define GOOFFSETS_RESOLVE_RESOLVER_CORE_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/database.h"
#include "gooffsets/resolve.h"
#include "resolve/database_side.h"
#include "resolve/self_facts.h"
#include "resolve/target.h"
#include "store/module_view_reader.h"

namespace gooffsets {

class ResolverCore {
 public:
  ResolverCore(BinaryInfo info, SelfSource* source, const Database* database, ResolveOptions options);
  ResolverCore(const ResolverCore&) = delete;
  ResolverCore& operator=(const ResolverCore&) = delete;

  Result<Resolution> Resolve(const WantList& wants);
  Result<std::vector<Resolved>> ResolveItems(const std::vector<Item>& items);
  Result<Explanation> Explain(const Item& item);

 private:
  // The program's own word on a field or struct.
  struct OwnWord {
    bool found = false, absent = false;
    ItemKind kind = ItemKind::kField;
    Field field;
    StructLayout structure;
    std::string how, reason, hint;
    std::string next;  // a struct type that the walk needs and that was not asked for yet
  };
  OwnWord Walk(const std::string& symbol, const SelfFacts& facts) const;
  // Asks the source for all items, and again for structs that fields lead into.
  Result<SelfFacts> Collect(const std::vector<Item>& items);

  // Items as they are spelled, without promotion.
  Result<std::vector<Resolved>> ResolveAsWritten(const std::vector<Item>& items);
  Result<Resolved> ResolveOne(const Item& item, const SelfFacts& facts);
  // resolver_promoted.cc: an item that asks for promoted fields and was not found as it is spelled.
  Result<void> Promote(const Item& item, Resolved* resolved);
  // The same field by its path through embedded structs; nullopt: it is not promoted, and `why` may say why not.
  Result<std::optional<Item>> WithoutPromotion(const Item& item, std::string* why);
  Result<Resolved> StructOf(const std::string& type);
  // resolver_suggest.cc: hints for what was not found.
  Result<void> Suggest(std::vector<Resolved>* answers);
  Result<Resolved> ResolveItab(const Item& item, const SelfFacts& facts) const;
  Result<Resolved> ResolveFunction(const Item& item, const SelfFacts& facts, std::optional<DatabaseAnswer> database);
  // The database's layout of a function that is there, unless what the program tells of its arguments refutes it.
  static void TakeArguments(DatabaseAnswer&& database, const ToldArguments* told, Resolved* resolved,
                            FunctionAnswerView* view);
  Resolved FromDatabase(const Item& item, DatabaseAnswer&& answer) const;
  Resolved FromSelf(const Item& item, const OwnWord& own, const DatabaseAnswer* other) const;
  // Why the policy refuses an answer of this source; empty: it does not.
  std::string Refusal(Source source, const std::string& how) const;
  std::vector<std::string> Notes(const SelfFacts& facts) const;
  ResolvedWant Choose(const Want& want, bool attach, std::vector<Resolved>* answers, size_t* next) const;

  BinaryInfo info_;
  SelfSource* source_;
  ResolveOptions options_;
  Target target_;
  std::shared_ptr<ModuleViewReader> reader_;  // the database's; null: no database
  std::unique_ptr<DatabaseSide> database_;
  std::vector<std::string> notes_;
  bool knows_functions_ = true;  // the program told which functions it holds
};

// What a hint begins with that names a near spelling.
inline constexpr std::string_view kDidYouMean = "did you mean ";

// Every prefix of a symbol that may be a type: "net/http.Request.URL" -> "net/http.Request.URL", "net/http.Request".
// Longest first; dots inside brackets do not count.
std::vector<std::string> TypePrefixes(const std::string& symbol);
// "offset 16, size 8, *net/url.URL"
std::string SaysOf(const Field& field);
// "exact (net/http of Go 1.26.8)"
std::string NameOf(const DatabaseAnswer& answer);

}  // namespace gooffsets

#endif  // GOOFFSETS_RESOLVE_RESOLVER_CORE_H_
