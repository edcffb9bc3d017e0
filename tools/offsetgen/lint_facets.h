// A layout as a list of named facts, so that two of them can be compared item by item and told to a person.
//
// Pure; safe from any thread.
//
//   for (const Facet& facet : FacetsOf(layout)) Print(facet.item, facet.value);   // "Key", "offset 8, size 16, string"
#ifndef OFFSETGEN_LINT_FACETS_H_
#define OFFSETGEN_LINT_FACETS_H_

#include <string>
#include <vector>

#include "store/record.h"

namespace offsetgen {

struct Facet {
  // Structs: "" for size and alignment, then field names; blank fields have none, and show in what they move.
  // Functions: "param 0", "result 0" and, of wrappers, "wrapper".
  std::string item;
  std::string value;
};
std::vector<Facet> FacetsOf(const gooffsets::Layout& layout);

}  // namespace offsetgen

#endif  // OFFSETGEN_LINT_FACETS_H_
