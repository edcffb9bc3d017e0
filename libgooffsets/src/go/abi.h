// The Go ABI: which register or stack slot each parameter and result of a function lies in.
//
// One algorithm for both architectures and both conventions (src: Go's cmd/compile/abi-internal.md, "Function call
// argument and result passing"): a value goes wholly into registers or wholly onto the stack. ABI0, the convention of
// Go <= 1.16 and of assembly, is the same algorithm with no registers.
// Pure functions; safe from any thread.
//
//   FunctionLayout f;   // func f(a uint8, s string) error, with size, align and words filled in
//   AssignAbi(&f, GoArch::kAmd64, true);
//   RegisterName(GoArch::kAmd64, f.params[1].pieces[0]);   // "RBX": the string's pointer
#ifndef GOOFFSETS_GO_ABI_H_
#define GOOFFSETS_GO_ABI_H_

#include <optional>
#include <string_view>

#include "gooffsets/layout.h"
#include "gooffsets/version.h"

namespace gooffsets {

// Fills in `pieces` of every parameter (located at entry) and result (located at return) from size, align,
// register_assignable and words. A value on the stack is one piece that covers it whole; a value without size has no
// pieces. A stack offset that does not fit Piece (hostile sizes) leaves that value and the ones behind it without
// pieces.
void AssignAbi(FunctionLayout* function, GoArch arch, bool register_abi);

// Whether Go code built by this release passes arguments in registers: amd64 from 1.17 and arm64 from 1.18 on.
// In the first of these releases the build's GOEXPERIMENT could still turn it off: noregabi, noregabiargs, none.
bool UsesRegisterAbi(const Version& go, GoArch arch, std::string_view goexperiment = {});

// The ABI register that a DWARF register number stands for, as base and index; nullopt for a register that never
// carries arguments. Sources: System V x86-64 psABI figure 3.36, DWARF for the Arm 64-bit Architecture §4.1.
std::optional<Piece> RegisterPiece(GoArch arch, int dwarf_register);

}  // namespace gooffsets

#endif  // GOOFFSETS_GO_ABI_H_
