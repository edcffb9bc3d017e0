// All symbols of a database by name: modules, packages, structs, fields and functions, for search as one types.
//
// Names only: what a symbol is at some version is asked of the Database. A symbol is in the index if any build showed a
// layout of it, in any version; what has none (generic types, aliases) is not. Made once for a database file (some
// tenths of a second) and never changed: any number of threads may search one index. It owns its memory and needs the
// database no longer.
//
//   Result<SymbolIndex> index = SymbolIndex::Make(database);
//   std::vector<Symbol> hits = index->Search({.text = "http.Req URL"}, 20);     // net/http.Request.URL, ...
//   std::vector<Symbol> all = index->WithPrefix("std", "net/http.Request.", 100);  // in byte order
#ifndef GOOFFSETS_SYMBOL_INDEX_H_
#define GOOFFSETS_SYMBOL_INDEX_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/database.h"
#include "gooffsets/result.h"

namespace gooffsets {

// The texts are valid as long as the index.
struct Symbol {
  SymbolKind kind = SymbolKind::kStruct;
  std::string_view module;
  std::string_view package;  // import path
  std::string_view name;     // without the package: "Request", "Request.URL", "(*Server).Serve"

  std::string Full() const { return std::string(package) + "." + std::string(name); }
};

// A package of a module, with how many symbols of each kind the index has of it.
struct IndexedPackage {
  std::string module, path;
  size_t structs = 0, fields = 0, functions = 0;
  std::string newest;  // the newest version in which a build saw it
};

struct SymbolSearch {
  // Words, of which all must be in the symbol's full name, whatever their case. A word may go across the dot between
  // package and name ("http.Request").
  std::string text;
  std::string module;              // empty: all
  std::optional<SymbolKind> kind;  // nullopt: all
};

class SymbolIndex {
 public:
  static Result<SymbolIndex> Make(const Database& database);
  SymbolIndex(SymbolIndex&&) noexcept;
  SymbolIndex& operator=(SymbolIndex&&) noexcept;
  ~SymbolIndex();

  // The best first: whole names, then beginnings of names, then other places; exported before unexported, short before
  // long. At most `limit`. A text without words finds nothing.
  std::vector<Symbol> Search(const SymbolSearch& search, size_t limit) const;
  // Symbols whose full name begins with `prefix`, as spelled, in byte order of module, package and name. An empty
  // module is every module. At most `limit`.
  std::vector<Symbol> WithPrefix(std::string_view module, std::string_view prefix, size_t limit) const;
  // By module and path.
  const std::vector<IndexedPackage>& Packages() const;
  // All symbols of a package in byte order; empty: there is no such package.
  std::vector<Symbol> Of(std::string_view module, std::string_view package) const;
  // The symbol with exactly this full name.
  std::optional<Symbol> Find(std::string_view module, std::string_view full_name) const;
  size_t size() const;
  size_t MemoryBytes() const;

 private:
  struct State;
  explicit SymbolIndex(std::unique_ptr<const State> state);
  std::unique_ptr<const State> state_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_SYMBOL_INDEX_H_
