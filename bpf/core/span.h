/* Making a span in scratch memory: its ids, and its strings one behind the other. */
#ifndef GOOFFSETS_BPF_CORE_SPAN_H_
#define GOOFFSETS_BPF_CORE_SPAN_H_

#include "probe.h"

/* Ids are random; the Go SDK's ratio sampler looks at bytes 8 to 15 of the trace id, which are. */
GT_INLINE void GtRandom(u8* to, int words) {
  for (int i = 0; i < words; i++) {
    u32 value = bpf_get_prandom_u32();
    __builtin_memcpy(to + 4 * i, &value, 4);
  }
}

GT_INLINE void GtClearSpan(struct gt_span* span) {
  __builtin_memset(span, 0, __builtin_offsetof(struct gt_span, data));
  span->header.size = 0; /* while it is made: the bytes of strings */
  span->status = -1;
}

/* Adds up to `limit` bytes at `from`. Strings are added in the order of enum gt_string, each at most once. */
GT_INLINE void GtAddString(struct gt_span* span, int which, u64 from, u64 length, u32 limit) {
  if (!from || !length) return;
  u32 take = length > limit ? limit : (u32)length;
  u32 at = span->header.size;
  GT_BARRIER(at);
  at &= GT_SPAN_DATA - 1;
  GT_BARRIER(take);
  if (take > limit) return;
  if (GtRead(&span->data[at], take, from)) return;
  if (length > limit) span->truncated |= 1u << which;
  span->length[which] = take;
  span->header.size = at + take;
}

/* The same of a Go string at an address: pointer and length. */
GT_INLINE void GtAddGoString(struct gt_span* span, int which, u64 base, s32 offset, u32 limit) {
  if (offset < 0 || !base) return;
  u64 text[2] = {};
  if (GtRead(text, sizeof(text), base + offset)) return;
  GtAddString(span, which, text[0], text[1], limit);
}

/* Copies what a call in flight kept, from kernel memory. */
GT_INLINE void GtAddKept(struct gt_span* span, int which, const void* from, u32 length, u32 limit) {
  if (!length) return;
  u32 take = length > limit ? limit : length;
  u32 at = span->header.size;
  GT_BARRIER(at);
  at &= GT_SPAN_DATA - 1;
  GT_BARRIER(take);
  if (take > limit) return;
  if (bpf_probe_read_kernel(&span->data[at], take, from)) return;
  span->length[which] = take;
  span->header.size = at + take;
}

/* Ends the span now and sends it. */
GT_INLINE void GtSendSpan(struct gt_scratch* s, struct gt_span* span, u64 end) {
  u32 strings = span->header.size;
  GT_BARRIER(strings);
  strings &= GT_SPAN_DATA - 1;
  u32 size = __builtin_offsetof(struct gt_span, data) + strings;
  span->header.version = GT_EVENT_VERSION;
  span->header.event = GT_EVENT_SPAN;
  span->header.size = size;
  span->header.pid = s->pid;
  span->header.executable = s->executable;
  span->end = end;
  GtCount(GT_COUNT_SPANS);
  GtSend(span, size);
}

#endif
