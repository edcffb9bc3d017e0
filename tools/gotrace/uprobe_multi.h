// One kernel program at many places of one file through one kernel object: multi-uprobe links (Linux 6.6 and later).
//
// They are attached and taken away together, with one wait of the kernel for all, and a hit costs less than through
// perf events. The C library and libbpf of older systems do not know them, so the system call is made here (src: Linux
// include/uapi/linux/bpf.h, union bpf_attr, link_create.uprobe_multi). Any thread.
//
//   if (HasUprobeMulti()) bpf_program__set_expected_attach_type(program, kTraceUprobeMulti);   // before it is loaded
//   GOOFFSETS_TRY(UniqueFd link, LinkUprobes(bpf_program__fd(program), "/proc/42/exe", offsets));
#ifndef GOOFFSETS_TOOLS_GOTRACE_UPROBE_MULTI_H_
#define GOOFFSETS_TOOLS_GOTRACE_UPROBE_MULTI_H_

#include <linux/bpf.h>

#include <cstdint>
#include <span>
#include <string>

#include "base/file.h"
#include "gooffsets/result.h"

namespace gooffsets::trace {

// BPF_TRACE_UPROBE_MULTI, which older headers lack.
inline constexpr auto kTraceUprobeMulti = static_cast<bpf_attach_type>(48);

// Asked of the kernel by trying.
bool HasUprobeMulti();

// The program must have been loaded with kTraceUprobeMulti. All of the places, or none.
Result<UniqueFd> LinkUprobes(int program_fd, const std::string& path, std::span<const uint64_t> file_offsets);

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_UPROBE_MULTI_H_
