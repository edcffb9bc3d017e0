/* Processes that begin another program or end, as the kernel tells it: the agent need not look through /proc for them.
 */
#ifndef GOOFFSETS_BPF_PROCESS_H_
#define GOOFFSETS_BPF_PROCESS_H_

#include "core/probe.h"

SEC("raw_tracepoint/sched_process_exec")
int process_exec(void* context) {
  u32 pid = bpf_get_current_pid_tgid() >> 32;
  /* The old program's table does not hold for the new one. */
  bpf_map_delete_elem(&processes, &pid);
  bpf_map_delete_elem(&reported, &pid);
  GtSendHeader(GT_EVENT_EXEC, pid);
  return 0;
}

SEC("raw_tracepoint/sched_process_exit")
int process_exit(void* context) {
  u64 id = bpf_get_current_pid_tgid();
  u32 pid = id >> 32;
  if (pid != (u32)id || !bpf_map_lookup_elem(&processes, &pid)) return 0;
  GtSendHeader(GT_EVENT_EXIT, pid);
  return 0;
}

#endif
