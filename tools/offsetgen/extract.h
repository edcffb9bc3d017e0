// Joins what DWARF says (libdw) with what go/types says (the helper) into the packages of a BuildRecord.
//
// DWARF is the authority; go/types and the ABI rules are the second derivations. A difference is recorded as a
// Disagreement, never resolved silently; what only one of them knows is counted as not compared.
// Parameters that DWARF leaves out (unnamed ones, mostly) keep their place: their type comes from go/types.
// Pure function of its inputs.
#ifndef OFFSETGEN_EXTRACT_H_
#define OFFSETGEN_EXTRACT_H_

#include <vector>

#include "dwarf/read_dwarf.h"
#include "keepgen.h"
#include "store/record.h"

namespace offsetgen {

// The names that ReadDwarf has to read for these packages.
gooffsets::DwarfWants WantsOf(const std::vector<KeptPackage>& facts);

// Fills record->packages, disagreements and counters. record->build must say go, goarch and goexperiment.
gooffsets::Result<void> Join(std::vector<KeptPackage> facts, const gooffsets::DwarfContents& dwarf,
                             gooffsets::BuildRecord* record);

}  // namespace offsetgen

#endif  // OFFSETGEN_EXTRACT_H_
