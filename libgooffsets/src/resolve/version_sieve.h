// Many stored versions of a module against what one program tells: which cannot be it, found without composing any.
//
// Versions share most of their packages' layouts, so each distinct package layout is read and compared once, and each
// distinct struct layout once for each struct of the program. A stored layout that differs is only a suspicion, because
// composition may give it another shape in the program's world: the caller confirms it. Goes package by package, those
// first of which the program tells most, and reads a package only for versions that are still left. Borrows everything;
// one thread at a time.
//
//   VersionSieve sieve(&reader, module, goarch, facts, versions, world_of);
//   GOOFFSETS_CHECK_OK(sieve.Run(&candidates));
#ifndef GOOFFSETS_RESOLVE_VERSION_SIEVE_H_
#define GOOFFSETS_RESOLVE_VERSION_SIEVE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "resolve/composer.h"
#include "resolve/self_facts.h"
#include "resolve/target_world.h"

namespace gooffsets {

// Functions whose name the program and the declarations spell alike: no methods (the compiler makes more of them), no
// closures.
bool IsPlainFunction(std::string_view name);
// The same size, and fields of the same names, offsets and sizes. Types are compared by size only: descriptors and
// DWARF spell some of them differently.
bool SameLayout(const StructLayout& a, const StructLayout& b);

class VersionSieve {
 public:
  struct Candidate {
    std::string version;
    TargetWorld* world = nullptr;
    // Null: of a layout only what composition never changes counts, the names of the fields. So versions are sieved
    // before it is asked with which other modules they were built.
    Composer* composer = nullptr;
    // Its world is one stored build, in which composition gives back what was stored.
    bool as_stored = false;
    bool left = true;
    size_t structs = 0, functions = 0;  // compared; structs only where `as_stored`
  };
  // The world of a version by itself, for what it declares.
  using WorldOf = std::function<TargetWorld*(const std::string& version)>;

  // `facts` by import path, and `versions`: all that are compared.
  VersionSieve(ModuleViewReader* reader, std::string module, GoArch goarch,
               const std::map<std::string, PackageFacts>& facts, std::vector<std::string> versions, WorldOf world_of);

  // Clears `left` of every candidate that does not fit. What was read for one call serves the next.
  Result<void> Run(std::vector<Candidate>* candidates);

 private:
  // What the program tells of one package, by the database's numbers.
  struct Told {
    struct Struct {
      int64_t symbol = 0;
      const std::string* name = nullptr;
      const StructLayout* layout = nullptr;
      StructShape shape;
    };
    std::vector<Struct> structs;     // whose names the database knows
    std::vector<int64_t> functions;  // likewise
  };
  // One package layout's word on it.
  struct Verdict {
    std::vector<std::pair<size_t, int64_t>> suspects;  // struct of the program, and the stored layout that differs
    bool other_names = false;                          // of the fields of one of them
    std::vector<int64_t> missing;                      // functions that are not there
    size_t structs = 0, functions = 0;                 // that are
  };
  enum class Same { kNoStruct, kSame, kOtherNumbers, kOtherNames };
  struct Package {
    const std::string* path = nullptr;
    const PackageFacts* facts = nullptr;
    std::optional<Told> told;
    std::map<int64_t, Verdict> verdicts;                  // by package layout
    std::map<std::pair<size_t, int64_t>, Same> same;      // by struct and stored layout
    std::optional<std::unordered_set<int64_t>> declared;  // functions that some version declares
  };
  Result<Told> Translate(const PackageFacts& facts);
  Result<const Verdict*> Judge(Package* package, int64_t package_layout);
  Result<bool> Differs(const Package& package, const Verdict& verdict, const SeenPackage& seen,
                       const Candidate& candidate);
  // Whether some version declares one of these: assembly has symbols that no Go file declares, and these say nothing.
  Result<bool> Declared(Package* package, const std::vector<int64_t>& functions);

  ModuleViewReader* reader_;
  std::string module_;
  GoArch goarch_;
  std::vector<std::string> versions_;
  WorldOf world_of_;
  std::vector<Package> packages_;  // those first of which the program tells most
};

}  // namespace gooffsets

#endif  // GOOFFSETS_RESOLVE_VERSION_SIEVE_H_
