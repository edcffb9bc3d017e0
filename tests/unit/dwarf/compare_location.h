// Compares where DWARF says parameters lie at function entry with where the Go ABI puts them.
//
// DWARF describes variables, the ABI arguments; at the first instruction both are the same thing, with one exception
// that is no contradiction: for a parameter that is passed in registers, the compiler may already name its home slot,
// the stack space the caller reserves for the callee to spill it to (src: abi-internal.md, "spill space"), as Go 1.17
// does for parameters it spills and every release for unused ones. Such pieces, and missing ones, are not compared;
// every other piece must be exactly where the ABI puts it. Pure function; safe from any thread.
//
//   std::vector<const DwarfParameter*> described = ...;   // one for each layout.params, nullptr when DWARF has none
//   std::vector<LocationVerdict> verdicts = CompareLocations(described, layout, GoArch::kAmd64);
#ifndef GOOFFSETS_TESTS_UNIT_DWARF_COMPARE_LOCATION_H_
#define GOOFFSETS_TESTS_UNIT_DWARF_COMPARE_LOCATION_H_

#include <vector>

#include "dwarf/read_dwarf.h"
#include "gooffsets/layout.h"

namespace gooffsets {

enum class LocationVerdict { kSame, kDiffers, kNotCompared };

// One verdict for each of layout.params, whose pieces are the ABI's (AssignAbi). `described` is as long.
std::vector<LocationVerdict> CompareLocations(const std::vector<const DwarfParameter*>& described,
                                              const FunctionLayout& layout, GoArch arch);

}  // namespace gooffsets

#endif  // GOOFFSETS_TESTS_UNIT_DWARF_COMPARE_LOCATION_H_
