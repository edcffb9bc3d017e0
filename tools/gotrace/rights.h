// What the agent is allowed to do: which capabilities tracing needs, which of them it has, and giving up all others.
//
// Capabilities belong to threads: rights are given up before any other thread is started. Raw system calls; nothing is
// ever gained. src: Linux include/uapi/linux/capability.h, man 7 capabilities.
//
//   GOOFFSETS_TRY(const RightSet kept, DropRights(kernel.get(), {}));
#ifndef GOOFFSETS_TOOLS_GOTRACE_RIGHTS_H_
#define GOOFFSETS_TOOLS_GOTRACE_RIGHTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "gooffsets/result.h"
#include "gotrace/kernel.h"

namespace gooffsets::trace {

using RightSet = uint64_t;  // a bit for each capability
constexpr RightSet Right(int capability) { return RightSet{1} << capability; }

inline constexpr int kNetBindService = 10, kDacReadSearch = 2, kSysPtrace = 19, kSysAdmin = 21, kPerfmon = 38,
                     kBpf = 39;

// To load programs and to attach them, on kernels that ask for no more.
inline constexpr RightSet kToTrace = Right(kPerfmon) | Right(kBpf);
// To look into processes and files of other users.
inline constexpr RightSet kToLook = Right(kDacReadSearch) | Right(kSysPtrace);

// "CAP_BPF, CAP_PERFMON"; numbers of capabilities that have no name here.
std::string NamesOf(RightSet rights);
Result<RightSet> EffectiveRights();

// Gives up everything but `keep`, for good: effective, permitted, inheritable, ambient and bounding sets. Of this
// thread and those that it starts from now on.
Result<void> KeepOnly(RightSet keep);

// Gives up what tracing does not need once the programs are loaded. CAP_SYS_ADMIN is kept only where this kernel
// attaches no probe without it, which is tried. The rights that are left.
Result<RightSet> DropRights(Kernel* kernel, RightSet also);

// Attaches a probe to this program, where it never runs.
Result<Probe> TryProbe(Kernel* kernel);

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_RIGHTS_H_
