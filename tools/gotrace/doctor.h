// `gotrace doctor`: what of the tracer will work on this machine, found out by trying it.
//
// Loads the kernel programs and attaches one probe to this very program, then lets go of both. Writes to standard
// output: for main() only.
#ifndef GOOFFSETS_TOOLS_GOTRACE_DOCTOR_H_
#define GOOFFSETS_TOOLS_GOTRACE_DOCTOR_H_

namespace gooffsets::trace {

int RunDoctor();  // an exit code: 0 tracing works, 4 it does not

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_DOCTOR_H_
