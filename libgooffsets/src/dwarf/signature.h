// The parameters and results of a function, each once, out of the variables that DWARF lists for it.
//
// Go 1.18 to 1.26 list the results of functions with `defer` twice, under one name and type. This is the one place that
// knows it. Pointers into the given function, which must outlive them; pure; safe from any thread.
//
//   DwarfSignature signature = SignatureOf(function);   // of "func f(a int) (n int, err error)": 1 param, 2 results
#ifndef GOOFFSETS_DWARF_SIGNATURE_H_
#define GOOFFSETS_DWARF_SIGNATURE_H_

#include <vector>

#include "dwarf/read_dwarf.h"

namespace gooffsets {

struct DwarfSignature {
  std::vector<const DwarfParameter*> params, results;  // in DWARF's order, which is that of the declaration
};

DwarfSignature SignatureOf(const DwarfFunction& function);

}  // namespace gooffsets

#endif  // GOOFFSETS_DWARF_SIGNATURE_H_
