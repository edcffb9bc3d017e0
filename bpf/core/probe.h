/* How each program begins and ends: which process and executable this is, the registers, scratch memory.
 *
 *   struct gt_scratch* s = GtEnter(context, &t);   // null: not ours, or nothing to work in
 *   if (!s) return 0;
 *   ...
 *   return GtLeave(s);
 */
#ifndef GOOFFSETS_BPF_CORE_PROBE_H_
#define GOOFFSETS_BPF_CORE_PROBE_H_

#include "maps.h"

#define GT_INLINE static __always_inline

/* Sends a record without waking the reader, which looks by itself every few milliseconds, unless the buffer fills up.
 */
GT_INLINE void GtSend(void* record, u64 size) {
  u64 flags = BPF_RB_NO_WAKEUP;
  if (bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > bpf_ringbuf_query(&events, BPF_RB_RING_SIZE) / 2) {
    flags = BPF_RB_FORCE_WAKEUP;
  }
  if (bpf_ringbuf_output(&events, record, size, flags)) GtCount(GT_COUNT_LOST);
}

GT_INLINE void GtSendHeader(u16 event, u32 pid) {
  struct gt_header header = {
      .version = GT_EVENT_VERSION, .event = event, .size = sizeof(struct gt_header), .pid = pid, .executable = 0};
  GtSend(&header, sizeof(header));
}

/* A page that nobody has written yet, or that the kernel is moving, cannot be read from a probe; what is read is zero
 * then. Counted, so that what may be missing is known to be. */
GT_INLINE int GtRead(void* to, u32 size, u64 from) {
  if (!bpf_probe_read_user(to, size, (const void*)from)) return 0;
  GtCount(GT_COUNT_READ);
  return 1;
}

#define GT_PAGE 4096 /* the smallest one: pages of other sizes are multiples of it */

/* Reads a large struct of at most `most` bytes (a page at most) into twice as much room. Its end may lie on a page that
 * nobody has written yet, as in fresh memory of the heap: the kernel has none there, a read across fails, and the
 * program itself would read zeroes. */
GT_INLINE int GtReadWritten(char* to, u64 size, u64 most, u64 from) {
  if (!bpf_probe_read_user(to, size, (const void*)from)) return 0;
  u64 first = GT_PAGE - (from & (GT_PAGE - 1)), rest = size - first;
  GT_BARRIER(first);
  GT_BARRIER(rest);
  if (first > most || rest > most || bpf_probe_read_user(to, first, (const void*)from)) {
    GtCount(GT_COUNT_READ);
    return 1;
  }
  /* What cannot be read is filled with zeroes (src: Linux kernel/trace/bpf_trace.c, bpf_probe_read_user_common). */
  bpf_probe_read_user(to + first, rest, (const void*)(from + first));
  return 0;
}

GT_INLINE u64 GtReadWord(u64 from) {
  u64 value = 0;
  if (from) GtRead(&value, sizeof(value), from);
  return value;
}

/* The word at a field that may be unknown; 0 then. */
GT_INLINE u64 GtField(u64 base, s32 offset) { return offset < 0 || !base ? 0 : GtReadWord(base + offset); }

GT_INLINE u8 GtByte(u64 base, s32 offset) {
  u8 value = 0;
  if (offset >= 0 && base) GtRead(&value, 1, base + offset);
  return value;
}

/* An argument's word, by what the table says of its place. */
GT_INLINE u64 GtArgument(struct gt_scratch* s, s32 place) {
  if (place < 0) return 0;
  if (place >= GT_STACK) return GtReadWord(s->sp + (u32)(place - GT_STACK));
  return s->argument[place & (GT_REGISTERS - 1)];
}

GT_INLINE struct gt_scratch* GtEnter(struct gt_context* context, const struct gt_table** table) {
  u32 pid = bpf_get_current_pid_tgid() >> 32;
  struct gt_process* process = bpf_map_lookup_elem(&processes, &pid);
  if (!process) {
    if (!bpf_map_lookup_elem(&reported, &pid)) {
      u64 one = 1;
      bpf_map_update_elem(&reported, &pid, &one, BPF_ANY);
      GtSendHeader(GT_EVENT_UNKNOWN, pid);
    }
    return 0;
  }
  u32 executable = process->executable;
  const struct gt_table* t = bpf_map_lookup_elem(&tables, &executable);
  if (!t) return 0;
  struct gt_scratch* s = 0;
  u32 index = 0;
  GT_NO_UNROLL
  for (int i = 0; i < GT_SCRATCHES; i++) {
    index = i;
    struct gt_scratch* candidate = bpf_map_lookup_elem(&scratches, &index);
    if (candidate && !candidate->busy) {
      s = candidate;
      break;
    }
  }
  if (!s) {
    GtCount(GT_COUNT_NO_SCRATCH);
    return 0;
  }
  s->busy = 1;
  s->index = index;
  GtCopyRegisters(s->argument, context);
  s->sp = GT_SP(context);
  s->g = GT_G(context);
  s->pid = pid;
  s->executable = executable;
  s->bias = process->bias;
  s->goid = GtField(s->g, t->value[GT_G_GOID]);
  *table = t;
  return s;
}

GT_INLINE int GtLeave(struct gt_scratch* s) {
  s->busy = 0;
  return 0;
}

/* The type a word of an interface or itab says, as linked. */
GT_INLINE u64 GtLinked(struct gt_scratch* s, u64 address) { return address - s->bias; }

/* Distance from the top of the goroutine's stack: the same before and after the stack was moved. */
GT_INLINE u64 GtDepth(struct gt_scratch* s, const struct gt_table* t) {
  return GtField(s->g, t->value[GT_G_STACK_HI]) - s->sp;
}

#endif
