// What a stripped program tells of a function's arguments, and whether a layout from elsewhere agrees with it.
//
// Three things are left of arguments without DWARF: the words that tracebacks print (argument info), how many bytes the
// caller keeps for them (_func.args), and the types of methods that interfaces or reflection may call. None is a
// layout; each refutes a wrong one. A program that tells nothing agrees with everything, which is then not said.
// Pure; safe from any thread.
//
//   ArgumentVerdict verdict = CheckArguments(layout, told);
//   if (verdict.conflict) Refuse(*verdict.conflict); else Say(verdict.confirmed_by);   // "argument info, method type"
#ifndef GOOFFSETS_RESOLVE_SELF_ARGUMENTS_H_
#define GOOFFSETS_RESOLVE_SELF_ARGUMENTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "binary/arg_info.h"
#include "gooffsets/layout.h"

namespace gooffsets {

// What a program without DWARF tells of one function.
struct ToldArguments {
  // Of one body: a function that assembly calls, too, has a second one with all arguments on the stack.
  struct Body {
    std::optional<uint32_t> bytes;     // of arguments, results on the stack and spill slots
    std::optional<ArgumentInfo> info;  // nullopt: there is none, which says nothing
  };
  std::vector<Body> bodies;
  struct Value {
    std::string type;
    uint64_t size = 0;
    uint32_t align = 1;
    TypeKind kind = TypeKind::kInvalid;
  };
  struct Method {
    std::vector<Value> params, results;  // without the receiver
  };
  std::optional<Method> method;
};

struct ArgumentVerdict {
  struct Disagreement {
    std::string what;          // "argument 2"
    std::string told, layout;  // what each says of it
  };
  std::optional<Disagreement> conflict;
  std::string confirmed_by;  // empty: there was nothing to compare
};

// `layout` has pieces for this program's ABI. One body that agrees is enough: the others are wrappers of another ABI.
ArgumentVerdict CheckArguments(const FunctionLayout& layout, const ToldArguments& told);

}  // namespace gooffsets

#endif  // GOOFFSETS_RESOLVE_SELF_ARGUMENTS_H_
