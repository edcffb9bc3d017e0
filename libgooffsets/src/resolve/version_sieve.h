// Many stored versions of a module against what one program tells: which cannot be it, found without composing any.
//
// Versions share most of their packages' layouts, so each distinct package layout is read and compared once, and each
// distinct struct layout once for each struct of the program. A stored layout that differs is only a suspicion, because
// composition may give it another shape in the program's world: the caller confirms it. Goes package by package, those
// first of which the program tells most, and reads a package only for versions that are still left. Borrows everything;
// one thread at a time.
//
//   VersionSieve sieve(&reader, module, target, &facts, versions);
//   GOOFFSETS_CHECK_OK(sieve.Run(&candidates, hooks));
#ifndef GOOFFSETS_RESOLVE_VERSION_SIEVE_H_
#define GOOFFSETS_RESOLVE_VERSION_SIEVE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
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
    Composer* composer = nullptr;
    // Its world is one stored build, in which composition gives back what was stored.
    bool as_stored = false;
    bool left = true;
    size_t structs = 0, functions = 0;  // compared; structs only where `as_stored`
  };
  // The world of a version by itself, for what it declares.
  using WorldOf = std::function<Result<TargetWorld::Sightings>(const std::string& version, const std::string& path)>;

  VersionSieve(ModuleViewReader* reader, std::string module, GoArch goarch,
               const std::map<std::string, PackageFacts>* facts, std::vector<std::string> versions, WorldOf world_of)
      : reader_(reader),
        module_(std::move(module)),
        goarch_(goarch),
        facts_(facts),
        versions_(std::move(versions)),
        world_of_(std::move(world_of)) {}

  // Clears `left` of every candidate that does not fit.
  Result<void> Run(std::vector<Candidate>* candidates);

 private:
  // What the program tells of one package, by the database's numbers.
  struct Told {
    struct Struct {
      int64_t symbol = 0;
      const std::string* name = nullptr;
      const StructLayout* layout = nullptr;
      std::string shape;  // ShapeText of it
    };
    const std::string* path = nullptr;
    std::vector<Struct> structs;      // whose names the database knows
    std::vector<int64_t> functions;   // likewise
  };
  // One package layout's word on it.
  struct Verdict {
    std::vector<std::pair<size_t, int64_t>> suspects;  // struct of the program, and the stored layout that differs
    std::vector<int64_t> missing;                      // functions that are not there
    size_t structs = 0, functions = 0;                 // that are
  };
  Result<Told> Translate(const std::string& path, const PackageFacts& facts);
  Result<Verdict> Judge(const Told& told, int64_t package_layout);
  Result<bool> Differs(const Told& told, const Verdict& verdict, const Scope& scope, const Candidate& candidate);
  // Whether some version declares one of these: assembly has symbols that no Go file declares, and these say nothing.
  Result<bool> Declared(const Told& told, const std::vector<int64_t>& functions);

  ModuleViewReader* reader_;
  std::string module_;
  GoArch goarch_;
  const std::map<std::string, PackageFacts>* facts_;
  std::vector<std::string> versions_;
  WorldOf world_of_;
  // Of the package in hand.
  std::map<std::pair<size_t, int64_t>, int> same_;  // struct and stored layout: 1 the same, 0 not, -1 no struct
  bool declared_known_ = false;
  std::unordered_set<int64_t> declared_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_RESOLVE_VERSION_SIEVE_H_
