// Composition: Go's layout rule over a stored shape, with the sizes that its types have in another world.
//
// The shape (names, types, order) is what a build showed of the same source files; sizes of types held by value come
// from the world's own observations, recursively. What cannot be known ends the composition there: the fields before it
// still hold, since an offset depends on what comes before only. Composition in a build's own world gives back every
// stored layout; a test does that for the whole database. Rules: src cmd/compile/internal/types/size.go
// (CalcStructSize), cmd/compile/internal/abi (register assignment). Remembers what it composed; one thread at a time.
//
//   Composer composer(&world, &named);
//   GOOFFSETS_TRY(ComposedStruct composed, composer.Struct({seen, "net/http"}, "Request", layout));
//   composed.complete;   composed.layout.fields[0].offset;
#ifndef GOOFFSETS_RESOLVE_COMPOSER_H_
#define GOOFFSETS_RESOLVE_COMPOSER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "gooffsets/layout.h"
#include "gooffsets/result.h"
#include "gooffsets/version.h"
#include "resolve/named_types.h"
#include "resolve/world.h"

namespace gooffsets {

// Where a type's name was written: the package, in the build that saw it.
struct Scope {
  SeenPackage seen;
  std::string path;
};

struct ComposedStruct {
  StructLayout layout;  // its fields up to the first that is not known; size and align only if complete
  bool complete = false;
  Missing missing;  // why the next field is not known
  TypeFacts facts;  // if complete
};

// A struct as one program has it, and whether that is what was stored.
struct PlacedStruct {
  ComposedStruct composed;
  bool as_stored = false;
};

struct ComposedFunction {
  std::optional<FunctionLayout> layout;
  Missing missing;  // without a layout
};

class Composer {
 public:
  // `named` may be shared by composers of one reader. `own`: struct layouts that the program itself tells, which need
  // no observation; may be null.
  Composer(World* world, NamedTypes* named, const std::map<std::string, StructLayout>* own = nullptr)
      : world_(world), own_(own), named_(named) {}

  // `symbol` is the struct's name in the package of `scope`, or its full type where it has no package of its own.
  Result<ComposedStruct> Struct(const Scope& scope, std::string_view symbol, const StructLayout& stored, int depth = 0);
  // The same, composed once for all that ask of its fields. Its `facts` may say less than a later Struct().
  Result<std::shared_ptr<const PlacedStruct>> Placed(const Scope& scope, const std::string& symbol,
                                                     const StructLayout& stored);
  Result<ComposedFunction> Function(const Scope& scope, const FunctionLayout& stored, GoArch goarch, bool register_abi);

  // The struct that a field holds: where it is declared (or listed) and its stored shape. nullopt: `missing` says why.
  struct Held {
    Scope scope;
    std::string symbol;
    const StructLayout* stored;  // the reader's
  };
  Result<std::optional<Held>> FindHeld(const Scope& scope, const std::string& type, Missing* missing);

 private:
  // What was seen of a type where its name was written.
  Result<std::optional<TypeFacts>> Type(const Scope& scope, const std::string& type, const SeenType& seen,
                                        Missing* missing, int depth);
  Result<std::optional<TypeFacts>> NamedType(const Scope& scope, const std::string& type, const SeenType& seen,
                                             Missing* missing, int depth);
  Result<std::optional<TypeFacts>> ArrayOf(const Scope& scope, const std::vector<uint64_t>& dims,
                                           const std::string& elem, const SeenType& seen, Missing* missing, int depth);

  World* world_;
  const std::map<std::string, StructLayout>* own_;
  NamedTypes* named_;
  struct Remembered {
    std::optional<TypeFacts> facts;
    Missing missing;
  };
  std::map<std::tuple<int64_t, int64_t, std::string>, Remembered> types_;  // by build, state and type
  std::map<std::tuple<int64_t, int64_t, std::string>, std::shared_ptr<const PlacedStruct>> placed_;  // and symbol
};

}  // namespace gooffsets

#endif  // GOOFFSETS_RESOLVE_COMPOSER_H_
