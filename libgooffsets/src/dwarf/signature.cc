#include "dwarf/signature.h"

#include <algorithm>

namespace gooffsets {
namespace {

// Names of results are unique: Go calls those without one "~r0", "~r1" (src: cmd/compile/internal/ir/func.go,
// declareParams), and only blank ones, of other compilers, share theirs.
bool IsSecondCopy(const DwarfParameter& result, const std::vector<const DwarfParameter*>& before) {
  if (result.name.empty() || result.name == "_") return false;
  return std::any_of(before.begin(), before.end(), [&](const DwarfParameter* b) {
    return b->name == result.name && b->type == result.type;
  });
}

}  // namespace

DwarfSignature SignatureOf(const DwarfFunction& function) {
  DwarfSignature signature;
  for (const DwarfParameter& p : function.params) {
    if (!p.is_result) {
      signature.params.push_back(&p);
    } else if (!IsSecondCopy(p, signature.results)) {
      signature.results.push_back(&p);
    }
  }
  return signature;
}

}  // namespace gooffsets
