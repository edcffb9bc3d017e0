// The offsets database: opens a file, answers lookups from observations only, with evidence or a reason.
//
// Thread-safety: a Database may be moved between threads but used by one at a time; open one per thread.
// A released snapshot is opened immutable, a working database (WAL) read-only. A database written by a newer gooffsets
// is refused with kTooNew and never touched.
//
//   Result<Database> db = Database::Open("offsets.db");
//   Query q{.module = "std", .version = "1.26.8", .goarch = GoArch::kAmd64, .symbol = "net/http.Request.URL"};
//   Result<Answer> a = db->Lookup(q);   // a->status == Status::kFound, a->values[0].field.offset == 16
//   std::string json = AnswerJson(*a);
#ifndef GOOFFSETS_DATABASE_H_
#define GOOFFSETS_DATABASE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gooffsets/layout.h"
#include "gooffsets/result.h"

namespace gooffsets {

struct Query {
  std::string module;   // "std" or a module path
  std::string version;  // module version; for std the Go release; "v"/"go" prefix accepted
  std::string go;       // Go release the program was built with; empty: any, and the answers must agree
  GoArch goarch = GoArch::kAmd64;
  std::string symbol;     // full: "net/http.Request.URL", "net/http.(*Server).Serve", "net/http.Request"
  bool promoted = false;  // also find fields promoted from embedded structs (by value)
};

enum class Status { kFound, kAmbiguous, kAbsent, kUnknown };
std::string_view ToString(Status status);
int ExitStatus(Status status);  // 0, 1, 1, 6

enum class SymbolKind { kField, kStruct, kFunction };
std::string_view ToString(SymbolKind kind);

struct Evidence {
  std::string build;  // build id
  std::string go;     // Go release of that build
  auto operator<=>(const Evidence&) const = default;
};

// What some builds showed of one item.
struct Value {
  SymbolKind kind = SymbolKind::kField;
  Field field;              // kField; field.offset is from the start of the outermost struct
  StructLayout structure;   // kStruct
  FunctionLayout function;  // kFunction
  // Not empty: these builds prove that the item is not there, and this says why. Only in ambiguous answers.
  std::string absent_reason;
  std::vector<Evidence> evidence;
  std::vector<std::string> go;  // Go releases whose builds showed this value, ascending

  bool SameAs(const Value& other) const;  // equal but for evidence and go
};

struct Answer {
  Status status = Status::kUnknown;
  Query query;                     // as normalised: canonical version, no prefixes
  std::vector<Value> values;       // kFound: one; kAmbiguous: several, ordered by first Go release; else none
  std::string reason;              // kAbsent, kUnknown
  std::vector<Evidence> evidence;  // kAbsent: the builds that prove it
  std::string hint;                // kUnknown: the command that would fix it ("offsetgen --module ... --versions ...")
  std::vector<std::string> similar;  // near spellings that exist
};
// One JSON object on one line; its keys and their order are documented in docs/formats.md, "lookup".
std::string AnswerJson(const Answer& answer);

// A maximal range of observed versions with one answer. It never covers a version that was not observed: one without an
// observation ends it and is listed as a gap. A run of releases says nothing about the pre-releases in its range, as
// version constraints do not; those without an observation are listed as gaps all the same.
struct Run {
  std::string first, last;
  size_t observations = 0;
  std::optional<Value> value;  // nullopt: absent in all of them (then `absent_reason` is set)
  std::string absent_reason;
  std::vector<std::string> go;  // of the builds behind it
};
struct Gap {
  std::string version;
  std::string reason;  // "never built", "build failed: ...", "not available from the proxy"
};
struct Timeline {
  Query query;
  std::vector<Run> runs;  // by version; where Go releases matter one version can be in two runs of different `go`
  std::vector<Gap> gaps;  // known versions without an observation
};
std::string TimelineJson(const Timeline& timeline);

// One known version of a module on one architecture: what was tried and what came of it.
struct VersionCoverage {
  struct Arch {
    size_t builds = 0;            // that succeeded, of this version itself
    std::vector<std::string> go;  // their Go releases, ascending
    size_t packages = 0;          // that any build saw, also one of another module that links this one
    std::string failure;          // why no build of this version succeeded; empty: one did, or none was tried
  };
  std::string version;
  bool listed = false;  // a version list names it; otherwise only builds do
  Arch amd64, arm64;
  const Arch& Of(GoArch arch) const { return arch == GoArch::kAmd64 ? amd64 : arm64; }
};

// A struct of a package, as the builds that saw the package show it: several layouts where these differ.
struct PackageStruct {
  std::string name;  // without the package
  std::vector<StructLayout> layouts;
};

class Database {
 public:
  static Result<Database> Open(const std::string& path);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  Result<Answer> Lookup(const Query& query) const;
  // One symbol over all versions (query.version is ignored).
  Result<Timeline> AllVersions(const Query& query) const;

  Result<std::vector<std::string>> Modules() const;
  Result<std::vector<std::string>> Versions(const std::string& module) const;  // observed, ascending
  // All known versions, ascending, with or without observations. Empty: the module is not known.
  Result<std::vector<VersionCoverage>> Coverage(const std::string& module) const;
  // All structs of a package at a version, by name. Empty: no build saw the package.
  Result<std::vector<PackageStruct>> Structs(const std::string& module, const std::string& version, GoArch goarch,
                                             const std::string& package) const;

  class Impl;
  const Impl& impl() const { return *impl_; }

 private:
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_DATABASE_H_
