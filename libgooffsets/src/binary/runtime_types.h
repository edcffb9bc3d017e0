// What a binary's runtime type descriptors say: struct layouts and itabs, which survive stripping.
//
// Format: src internal/abi/type.go (Type, StructType, UncommonType, Name), runtime/type.go; what differs between
// releases is in docs/formats.md, "Runtime types". Names are as DWARF spells them: a type declared in a function is
// "main.T·1" from Go 1.19 on (before, "main.T" for all of them). Wanted names only, or all; memory grows with what is
// asked. A type that lives only on stacks has no descriptor: not found proves nothing. Hostile input (cycles,
// overflows, endless names) ends in kBadInput or in that one type being left out, never in a crash or a hang.
// Not thread-safe. Does not own the image.
//
//   GOOFFSETS_TRY(RuntimeTypes types, RuntimeTypes::Open(image, module));
//   GOOFFSETS_TRY(auto found, types.FindStructs({"net/http.Request"}));
#ifndef GOOFFSETS_BINARY_RUNTIME_TYPES_H_
#define GOOFFSETS_BINARY_RUNTIME_TYPES_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "binary/image.h"
#include "binary/moduledata.h"
#include "gooffsets/layout.h"
#include "gooffsets/result.h"

namespace gooffsets {

struct RuntimeType {
  std::string name;      // with import paths: "net/http.Request", "*net/url.URL", "[]uint8"
  uint64_t address = 0;  // of its descriptor
  uint64_t size = 0;
  uint32_t align = 1;
  TypeKind kind = TypeKind::kInvalid;
  StructLayout structure;  // kStruct
};

struct Itab {
  std::string type;       // "*net/http.response"
  std::string interface;  // "net/http.ResponseWriter"
  uint64_t address = 0;
  uint64_t type_address = 0;  // of the descriptor of `type`: what itab._type holds (itabs may also be made at run time)
  // fun[]: addresses of the methods, in the interface's order; runtime.unreachableMethod's where nothing calls it.
  std::vector<uint64_t> methods;
};

class RuntimeTypes {
 public:
  static Result<RuntimeTypes> Open(const Image& image, const Moduledata& module);
  RuntimeTypes(RuntimeTypes&&) noexcept;
  RuntimeTypes& operator=(RuntimeTypes&&) noexcept;
  ~RuntimeTypes();

  // Named types, in the order asked; nullopt: no descriptor. In at most one pass over all descriptors, and for few
  // names by binary search before where the release has sorted links. Several different types of one name (two local
  // types of one package) are left out: `ambiguous` lists them.
  struct Found {
    std::vector<std::optional<RuntimeType>> types;
    std::vector<std::string> ambiguous;
  };
  Result<Found> FindTypes(std::span<const std::string> names);
  // Looks for all these names at once, for FindTypes and MethodsOf that ask for some of them later.
  Result<void> Locate(std::span<const std::string> names);
  // Every named struct, ascending by descriptor address, until `each` returns false.
  Result<void> ForEachStruct(const std::function<bool(const RuntimeType&)>& each);

  // Those of packages that `wanted` knows by their import paths, with all but the spelling of the fields' types.
  // Nothing is read of other packages' structs, once the descriptors were walked.
  Result<void> ForEachStructOf(const std::function<bool(const std::string& package)>& wanted,
                               const std::function<void(const std::string& package, const RuntimeType&)>& each);

  // The itab of each (type, interface), in the order asked; nullopt: none was made at link time.
  struct ItabWant {
    std::string type, interface;
  };
  Result<std::vector<std::optional<Itab>>> FindItabs(std::span<const ItabWant> wants);
  Result<void> ForEachItab(const std::function<bool(const Itab&)>& each);
  // Descriptors of the types that have an itab with an interface that `wanted` knows by its descriptor; each once,
  // ascending. Nothing is named.
  Result<std::vector<uint64_t>> TypesWithItab(const std::function<bool(uint64_t interface)>& wanted);

  // Parameters and results of methods of named types by their descriptors, types with import paths, in the order asked.
  // nullopt: not described, which holds for every method that the linker found no use of by reflection or interfaces
  // (src: cmd/link/internal/ld/deadcode.go).
  struct MethodWant {
    std::string type;  // "net/http.Header", "*net/http.Server"
    std::string method;
  };
  struct MethodType {
    std::vector<RuntimeType> params, results;  // without the receiver
    bool variadic = false;
  };
  Result<std::optional<MethodType>> MethodOf(const std::string& type, const std::string& method);
  // Many together, for checking function layouts: among the types that were located or walked before, else in the
  // sorted links. No pass is made for this alone.
  Result<std::vector<std::optional<MethodType>>> MethodsOf(std::span<const MethodWant> wants);

 private:
  struct State;
  explicit RuntimeTypes(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_RUNTIME_TYPES_H_
