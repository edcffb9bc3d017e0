// The database's word on one item of one program: exact, composed, inferred or bracketed, absent, or why it has none.
//
// A stronger answer is always tried first. Inferred answers need what the program tells of itself (a SelfSource);
// bracketed ones are given whether or not a policy wants them: the resolver decides. Borrows everything; one thread at
// a time; remembers what it read for this one program.
//
//   DatabaseSide side(&reader, &target, &self);
//   GOOFFSETS_TRY(DatabaseAnswer answer, side.Ask(item));
//   if (answer.kind == DatabaseAnswer::Kind::kFound) Use(answer.source, answer.field.offset);
#ifndef GOOFFSETS_RESOLVE_DATABASE_SIDE_H_
#define GOOFFSETS_RESOLVE_DATABASE_SIDE_H_

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "resolve/composer.h"
#include "resolve/self_facts.h"
#include "resolve/target_world.h"

namespace gooffsets {

// A struct that an answer went through. What lies behind the field does not touch its offset, and may be unknown here
// and known there: it does not count.
struct WalkedStruct {
  std::shared_ptr<const PlacedStruct> structure;
  size_t fields = 0;   // that count
  bool whole = false;  // the struct itself is the answer
  bool operator==(const WalkedStruct& other) const;
};

struct DatabaseAnswer {
  enum class Kind { kFound, kAbsent, kUnknown } kind = Kind::kUnknown;
  Source source = Source::kUnknown;
  ItemKind item = ItemKind::kField;  // what it turned out to be
  Field field;
  StructLayout structure;
  FunctionLayout function;
  std::string how;
  std::vector<Evidence> evidence;
  Missing missing;                   // unknown and absent
  std::vector<WalkedStruct> walked;  // what was composed on the way, for comparing neighbours of a version
  std::string package, rest;         // how the symbol was split

  // The same item with the same numbers.
  bool SameAs(const DatabaseAnswer& other) const;
  // The same but for how field types are spelled: an alias may be another type's name in another build's release.
  bool SameNumbersAs(const DatabaseAnswer& other) const;
  // "offset 16, size 8, *net/url.URL"
  std::string Says() const;
};

// A program as the database sees it under some assumptions.
struct ProgramView {
  TargetWorld world;
  Composer composer;
  ProgramView(ModuleViewReader* reader, const Target* target, Assumptions assumptions, NamedTypes* named)
      : world(reader, target, std::move(assumptions)), composer(&world, named) {}
};

class DatabaseSide {
 public:
  // `self` may be null: then nothing can be inferred.
  DatabaseSide(ModuleViewReader* reader, const Target* target, SelfSource* self);

  // The strongest answer there is. Not for itabs.
  Result<DatabaseAnswer> Ask(const Item& item);
  // Each on its own, for explanations.
  Result<DatabaseAnswer> Direct(const Item& item);  // exact or composed
  Result<DatabaseAnswer> Inferred(const Item& item);
  Result<DatabaseAnswer> Bracketed(const Item& item);

  // A symbol that is stored of that package, or a package, that is spelled nearly so; empty: none.
  Result<std::string> NearSymbol(const std::string& symbol);

  // "google.golang.org/grpc/internal/transport.Stream.method" -> package and rest, by the packages that are known.
  Result<std::pair<std::string, std::string>> Split(const std::string& symbol);

 private:
  Result<DatabaseAnswer> AskIn(ProgramView* view, const Item& item);
  Result<std::pair<std::string, std::string>> SplitIn(ProgramView* view, const std::string& symbol);
  // One observation's word.
  Result<DatabaseAnswer> AskSighting(ProgramView* view, const Scope& scope, const std::string& rest, int64_t* layout);
  Result<DatabaseAnswer> WalkFields(ProgramView* view, const Scope& scope, const std::string& symbol,
                                    const StructLayout& stored, std::string_view path);

  // fitting_versions.cc: the stored versions of a module that fit what the program tells.
  struct Candidate {
    std::string version;
    std::shared_ptr<ProgramView> view;
    bool as_stored = false;  // its world is one stored build
    size_t compared = 0;     // layouts and functions
  };
  struct Fitting {
    std::vector<Candidate> left;        // that nothing refutes
    std::vector<Candidate> fit;         // of these, that could be compared
    std::vector<std::string> versions;  // of these, ascending
    size_t compared = 0;                // of the best of them
    std::string why_none;
  };
  // What the program tells of a module, and the stored versions that are compared with it.
  struct ToldOfModule {
    std::vector<std::string> versions;
    std::set<std::string> refused;                           // by the go command of a Go as old as the program's
    std::map<std::string, PackageFacts> written, generated;  // by import path; by people, by protoc
  };
  // An inference: of what, and whether the packages alone that may have been built otherwise are compared.
  struct Inference {
    ModuleVersion owner;
    bool in_doubt = false;
    auto operator<=>(const Inference&) const = default;
  };
  Result<std::map<std::string, PackageFacts>> TellFacts(const Inference& inference,
                                                        const std::vector<std::string>& versions);
  Result<void> LeaveOutNotCompiling(const std::string& module, ToldOfModule* told);
  Result<ToldOfModule*> TellModule(const Inference& inference);
  // For items of `package`. Without a version: of all stored ones.
  Result<const Fitting*> FittingVersions(const Inference& inference, const std::string& package);
  // `before`: what an earlier comparison left; null: every version, in every set of other modules it was built with.
  Result<Fitting> Compare(const std::string& module, const std::vector<std::string>& versions,
                          const std::map<std::string, PackageFacts>& facts, const std::vector<Candidate>* before);
  Result<void> AddCandidates(const std::string& module, const std::string& version, std::vector<Candidate>* candidates);
  static Assumptions Assume(const std::string& module, const std::string& version);
  Result<std::vector<std::string>> PossibleVersions(const std::string& module);
  Result<std::vector<Assumptions>> AssumptionsFor(const std::string& module, const std::string& version);
  Result<std::optional<size_t>> CompareStructs(ProgramView* view, const std::map<std::string, PackageFacts>& facts);

  // bracketed.cc: the program with the nearest observed versions below, and with those above, of what was not observed.
  struct Bracket {
    std::string below, above;                // what stands for the first of them: "Go 1.26.7"
    std::unique_ptr<ProgramView> low, high;  // null: `missing` says why
    Missing missing;
  };
  Result<Bracket> MakeBracket(const ModuleVersion& owner);
  Result<const Bracket*> BracketOf(const ModuleVersion& owner);

  ModuleViewReader* reader_;
  const Target* target_;
  SelfSource* self_;
  NamedTypes named_;
  ProgramView strict_;
  std::map<Inference, ToldOfModule> told_;
  std::map<std::pair<Inference, std::string>, Fitting> fitting_;  // and by the generated package that counts
  std::map<ModuleVersion, Bracket> brackets_;
};

// Whether protoc-gen-go or gogo/protobuf wrote this struct.
bool IsGeneratedMessage(const StructLayout& layout);

// "1.33.2, 1.33.3"; of many the first and the last: "0.5.0, ..., 0.9.0".
std::string ListOf(const std::vector<std::string>& versions);

// "field", "struct" or "function" of a program, in words: "Go 1.26.8", "google.golang.org/grpc 1.60.1".
std::string NameOf(const ModuleVersion& version);

}  // namespace gooffsets

#endif  // GOOFFSETS_RESOLVE_DATABASE_SIDE_H_
