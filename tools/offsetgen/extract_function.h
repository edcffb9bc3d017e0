// One function's layout from DWARF's parameters and the declared signature.
//
// Positions and names are the declaration's, types and sizes DWARF's where it has the parameter, locations the ABI
// rules'; DWARF's locations at the entry are compared with these. Pure function.
#ifndef OFFSETGEN_EXTRACT_FUNCTION_H_
#define OFFSETGEN_EXTRACT_FUNCTION_H_

#include <vector>

#include "dwarf/read_dwarf.h"
#include "keepgen.h"

namespace offsetgen {

struct FunctionJoin {
  gooffsets::FunctionLayout layout;
  std::vector<gooffsets::Disagreement> disagreements;  // symbol left empty
  size_t compared = 0, not_compared = 0;               // parameters, by location
};

FunctionJoin JoinFunction(const gooffsets::DwarfFunction& dwarf, const FunctionFacts& facts, gooffsets::GoArch arch,
                          bool register_abi);

}  // namespace offsetgen

#endif  // OFFSETGEN_EXTRACT_FUNCTION_H_
