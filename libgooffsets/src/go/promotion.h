// Promoted fields by Go's rule: of the fields that embedded structs have, the one at the shallowest depth, if it is the
// only one there (Go specification, "Selectors" and "Struct types").
//
// What lies behind an embedded pointer counts for the rule, and has no offset: it is in another block of memory. Where
// an embedded struct that could decide is not known, neither is the answer. Methods do not count: who names a field
// means the field. Pure, but for the caller's function; terminates for whatever that returns.
//
//   GOOFFSETS_TRY(Promotion found, FindPromoted(layout, "URL", [&](size_t scope, const std::string& type, auto* why) {
//     return LayoutOf(type, why);
//   }));
//   if (found.kind == Promotion::Kind::kFound) Use(found.path, found.field.offset);
#ifndef GOOFFSETS_GO_PROMOTION_H_
#define GOOFFSETS_GO_PROMOTION_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/layout.h"
#include "gooffsets/result.h"

namespace gooffsets {

// An embedded struct; `scope` is whatever its finder wants to be given back for the structs that it embeds.
struct EmbeddedStruct {
  StructLayout layout;
  size_t scope = 0;
};
// nullopt: not known, and `why` says why.
using FindEmbedded =
    std::function<Result<std::optional<EmbeddedStruct>>(size_t scope, const std::string& type, std::string* why)>;

struct Promotion {
  enum class Kind { kFound, kNone, kNotKnown } kind = Kind::kNone;
  std::vector<std::string> path;  // kFound: the embedded fields on the way, and the field
  Field field;                    // kFound: its offset counts from the beginning of the outer struct
  size_t scope = 0;               // kFound: of the struct that has it
  std::string why;                // kNone, if there is more to say than that no embedded struct has it; kNotKnown
};

// `outer` has no field of its own of this name; its scope is 0.
Result<Promotion> FindPromoted(const StructLayout& outer, std::string_view name, const FindEmbedded& find);

}  // namespace gooffsets

#endif  // GOOFFSETS_GO_PROMOTION_H_
