// One answer for each wanted item of one binary, out of many sources, with where it came from or why there is none.
//
// In this order, for each item on its own: self (the binary's DWARF, else its runtime types), exact (the database has
// this version, made from the same files, with equal sizes of all types held by value), composed (Go's layout rule over
// the stored shape), inferred (the versions that fit everything the binary says agree), bracketed (the nearest observed
// versions on both sides agree), unknown. Sources that both answer are compared: a conflict is reported, and the binary's
// own word wins. Nothing is guessed: what cannot be known is kUnknown with a reason and what would fix it.
// A Resolver borrows the binary and the database; one thread at a time.
//
//   Result<Resolver> resolver = Resolver::Make(&binary, &database, {});
//   Result<Resolution> all = resolver->Resolve(wants);
//   all->probes[0].usable;   all->probes[0].wants[0].answer->field->offset;
#ifndef GOOFFSETS_RESOLVE_H_
#define GOOFFSETS_RESOLVE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/binary.h"
#include "gooffsets/database.h"
#include "gooffsets/layout.h"
#include "gooffsets/result.h"
#include "gooffsets/want_list.h"

namespace gooffsets {

// Strongest first.
enum class Source { kSelf, kExact, kComposed, kInferred, kBracketed, kUnknown };
std::string_view ToString(Source source);  // "self", "exact", ...
Result<Source> ParseSource(std::string_view text);

struct Policy {
  Source min_source = Source::kInferred;  // weaker answers are refused (the reason says what there was)
  bool allow_bracketed = false;           // bracketed answers only where the user says so
};

struct ResolveOptions {
  Policy policy;
  std::string debug_file;  // a separate debug file that belongs to this binary (find_debug_file.h); empty: none
  bool probe_points = true;  // also where to put probes: entry and returns of each function that has a body
  bool count_inlined = true;  // of functions without a body: in how many places they were inlined (one more pass)
  // Near spellings as hints for what is not found, by what the program has in that package (passes of their own).
  bool suggest = false;
  // Leaves the binary's own word out, to see what the other sources say. For tests and `explain`.
  bool ignore_self = false;
};

// Two sources that differ.
struct Conflict {
  std::string what;    // "offset", "type of field URL", "size"
  std::string kept;    // "self: 16"
  std::string refused;  // "exact: 24 (net/http of Go 1.26.8)"
};

// Where a function lies and where its probes go. From the binary itself, always.
struct FunctionBody {
  uint64_t address = 0, end = 0;
  std::optional<uint64_t> file_offset;
  // The cheapest place to see the arguments (docs/probe-points.md).
  uint64_t entry_address = 0;
  std::optional<uint64_t> entry_file_offset;
  bool entry_emulated = false;
  int32_t entry_sp_delta = 0;  // add to stack pieces there
  struct Return {
    uint64_t address = 0;
    std::optional<uint64_t> file_offset;
  };
  std::vector<Return> returns;
  std::vector<std::string> notes;
};

struct FunctionAnswerView {
  std::vector<FunctionBody> bodies;  // none: inlined everywhere, or not linked
  std::optional<uint64_t> inlined_sites;
  std::optional<FunctionLayout> layout;  // parameters and results; nullopt: layout_reason says why
  Source layout_source = Source::kUnknown;
  std::string layout_reason;
};

struct ItabView {
  uint64_t address = 0, type_address = 0;
  std::optional<uint64_t> file_offset;
};

// The answer to one item.
struct Resolved {
  Item item;                         // with the kind it turned out to be
  Source source = Source::kUnknown;
  std::string how;                   // "runtime types", "DWARF", "grpc 1.60.1 built with Go 1.26.8", "7 of 7 versions that fit"
  std::optional<Field> field;        // kField: offset from the start of the outermost struct
  std::optional<StructLayout> structure;
  std::optional<FunctionAnswerView> function;
  std::optional<ItabView> itab;
  std::vector<Evidence> evidence;
  std::vector<Conflict> conflicts;
  bool absent = false;               // it is known not to exist in this program; `reason` says by whom
  std::string reason;                // of unknown and absent
  std::string hint;                  // what would fix it
  bool found() const { return source != Source::kUnknown; }
};

struct ResolvedWant {
  Want want;
  std::optional<Resolved> answer;       // the first alternative that was found
  std::vector<Resolved> not_found;      // the others that were tried, with their reasons
};

struct ResolvedProbe {
  std::string name;
  bool usable = false;
  std::vector<std::string> disabled_by;  // "net/http.Request.Nope: no such field (runtime types)"
  std::vector<ResolvedWant> attach, wants;
};

struct Resolution {
  BinaryInfo binary;
  std::vector<ResolvedProbe> probes;
  std::vector<std::string> notes;  // about the whole: "the database has no Go 1.28.0"
};
// One JSON object; keys are documented in docs/formats.md, "resolve".
std::string ResolutionJson(const Resolution& resolution);

// Every source's word on one item.
struct Explanation {
  BinaryInfo binary;
  Resolved answer;
  struct Word {
    Source source = Source::kUnknown;
    std::string how;     // "DWARF", "runtime types", "database"
    std::string says;    // "offset 16, size 8, *net/url.URL", "no such field", "nothing: ..."
    bool found = false;
  };
  std::vector<Word> words;  // every source, strongest first, asked or not, with why not
};
std::string ExplanationJson(const Explanation& explanation);

class Resolver {
 public:
  // `database` may be null: then only the binary itself answers. Both must outlive the resolver.
  static Result<Resolver> Make(GoBinary* binary, const Database* database, ResolveOptions options);
  // Of a program that is elsewhere: only what its build info tells, and the database. Functions are answered with their
  // arguments and without bodies: where they lie, only the program's file tells. `database` may not be null.
  static Result<Resolver> ForFacts(const BinaryInfo& info, const Database* database, ResolveOptions options);
  Resolver(Resolver&&) noexcept;
  Resolver& operator=(Resolver&&) noexcept;
  ~Resolver();

  // One pass over names and one over types for all items together. Fails only where nothing can be read any more.
  Result<Resolution> Resolve(const WantList& wants);
  // The same for bare items, in the order asked.
  Result<std::vector<Resolved>> ResolveItems(const std::vector<Item>& items);
  Result<Explanation> Explain(const Item& item);

 private:
  class Impl;
  explicit Resolver(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Layouts that differ between two builds of a program: structs and functions that both describe. Of functions, arguments
// and results by DWARF where both programs have it, else what stripped programs tell of arguments; no closures and no
// instances of generics, whose names are numbered or made up anew by each compilation.
struct Difference {
  std::string symbol;   // "net/http.response", "net/http.(*Server).Serve"
  std::string what;     // "size", "offset of status", "field added: X", "arguments", "places of arguments", "argument words"
  std::string first, second;
};
// Structs first, then functions, each sorted by name.
Result<std::vector<Difference>> DiffBinaries(GoBinary* first, GoBinary* second);

}  // namespace gooffsets

#endif  // GOOFFSETS_RESOLVE_H_
