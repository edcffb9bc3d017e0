#include "gotrace/uprobe_multi.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace gooffsets::trace {

namespace {

// The part of union bpf_attr that such a link is made with; what older kernels' headers have of it ends before.
struct LinkCreate {
  uint32_t program_fd = 0;
  uint32_t target_fd = 0;
  uint32_t attach_type = kTraceUprobeMulti;
  uint32_t flags = 0;
  uint64_t path = 0;
  uint64_t offsets = 0;
  uint64_t reference_counter_offsets = 0;
  uint64_t cookies = 0;
  uint32_t count = 0;
  uint32_t uprobe_flags = 0;
  uint32_t pid = 0;  // 0: every process
  uint32_t padding = 0;
};
static_assert(sizeof(LinkCreate) == 64);

int Link(int program_fd, const char* path, std::span<const uint64_t> file_offsets) {
  LinkCreate attributes;
  attributes.program_fd = static_cast<uint32_t>(program_fd);
  attributes.path = reinterpret_cast<uint64_t>(path);
  attributes.offsets = reinterpret_cast<uint64_t>(file_offsets.data());
  attributes.count = static_cast<uint32_t>(file_offsets.size());
  return static_cast<int>(syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof attributes));
}

}  // namespace

bool HasUprobeMulti() {
  // A program that does nothing: r0 = 0; exit.
  const bpf_insn code[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
                           {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_KPROBE;
  attributes.expected_attach_type = kTraceUprobeMulti;
  attributes.insns = reinterpret_cast<uint64_t>(code);
  attributes.insn_cnt = 2;
  attributes.license = reinterpret_cast<uint64_t>("GPL");
  const UniqueFd program(static_cast<int>(syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes)));
  if (!program.valid()) return false;
  // A kernel that knows these links finds that "/" is no regular file; another one does not know the arguments.
  const uint64_t nowhere = 0;
  const UniqueFd link(Link(program.get(), "/", {&nowhere, 1}));
  return !link.valid() && errno == EBADF;
}

Result<UniqueFd> LinkUprobes(int program_fd, const std::string& path, std::span<const uint64_t> file_offsets) {
  UniqueFd link(Link(program_fd, path.c_str(), file_offsets));
  if (!link.valid()) return ErrnoError(errno, "cannot attach to " + path);
  return link;
}

}  // namespace gooffsets::trace
