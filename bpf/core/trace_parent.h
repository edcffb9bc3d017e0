/* Where a new span belongs: the traceparent that came with it, the context that it was given, or its goroutine.
 *
 * Contexts are walked by type: each of the standard ones is followed through its own parent field, others through the
 * context that they embed, as the program's own type descriptors say; anything else ends the walk. An address is looked
 * up only for contexts that were published by a call in flight, so that Background, which all strangers share, links
 * nobody (src: context/context.go).
 */
#ifndef GOOFFSETS_BPF_CORE_TRACE_PARENT_H_
#define GOOFFSETS_BPF_CORE_TRACE_PARENT_H_

#include "headers.h"

/* traceparent: 00-<32>-<16>-<2>, later versions may go on behind a dash (W3C Trace Context, 3.2 and 4). */
#define GT_TRACEPARENT 55

GT_INLINE u64 GtUnaligned(const char* from) {
  u64 word;
  __builtin_memcpy(&word, from, 8);
  return word;
}

GT_INLINE int GtParseTraceparent(struct gt_scratch* s, struct gt_ids* ids, u32* flags) {
  char* text = s->traceparent_text;
  u64 length = s->traceparent_length;
  if (!s->traceparent || length < GT_TRACEPARENT) return 0;
  u32 take = length > GT_TRACEPARENT ? GT_TRACEPARENT + 1 : GT_TRACEPARENT;
  if (GtRead(text, GT_TRACEPARENT, s->traceparent)) return 0;
  if (take > GT_TRACEPARENT && GtRead(text + GT_TRACEPARENT, 1, s->traceparent + GT_TRACEPARENT)) return 0;
  if (text[2] != '-' || text[35] != '-' || text[52] != '-') return 0;
  u64 good = GT_EACH(0x80);
  u32 trace[4], parent[2];
  for (int i = 0; i < 4; i++) trace[i] = GtHexWord(GtUnaligned(text + 3 + 8 * i), &good);
  for (int i = 0; i < 2; i++) parent[i] = GtHexWord(GtUnaligned(text + 36 + 8 * i), &good);
  /* Version and flags, and four digits that change nothing. */
  u64 ends = (u64)(u8)text[0] | (u64)(u8)text[1] << 8 | (u64)(u8)text[53] << 16 | (u64)(u8)text[54] << 24;
  u32 version_flags = GtHexWord(ends | (u64)'0' << 32 | (u64)'0' << 40 | (u64)'0' << 48 | (u64)'0' << 56, &good);
  if (good != GT_EACH(0x80)) return 0;
  u32 version = version_flags & 0xff;
  if (version == 0xff) return 0;
  if (take > GT_TRACEPARENT && (!version || text[GT_TRACEPARENT] != '-')) return 0;
  if (!(trace[0] | trace[1] | trace[2] | trace[3]) || !(parent[0] | parent[1])) return 0;
  __builtin_memcpy(ids->trace, trace, 16);
  __builtin_memcpy(ids->parent, parent, 8);
  *flags |= GT_FLAG_REMOTE_ROOT;
  if (version_flags & 0x100) *flags |= GT_FLAG_SAMPLED;
  return 1;
}

GT_INLINE void GtNewRoot(struct gt_ids* ids) {
  GtRandom(ids->trace, 4);
  GtRandom(ids->span, 2);
  __builtin_memset(ids->parent, 0, 8);
}

GT_INLINE void GtAdopt(struct gt_ids* ids, u32* flags, const struct gt_owner* owner) {
  __builtin_memcpy(ids->trace, owner->trace, 16);
  __builtin_memcpy(ids->parent, owner->span, 8);
  *flags |= owner->flags & (GT_FLAG_REMOTE_ROOT | GT_FLAG_SAMPLED);
}

GT_INLINE void GtOwnerOf(struct gt_owner* owner, const struct gt_ids* ids, u32 flags) {
  __builtin_memcpy(owner->trace, ids->trace, 16);
  __builtin_memcpy(owner->span, ids->span, 8);
  owner->flags = flags & (GT_FLAG_REMOTE_ROOT | GT_FLAG_SAMPLED);
  owner->pad = 0;
}

/* Where a context of this type holds the one that it was made from; negative: it is none that is known. */
GT_INLINE s32 GtContextParent(const struct gt_table* t, u64 type) {
  if (type == t->type[GT_TYPE_CTX_VALUE]) return t->value[GT_CTX_VALUE_PARENT];
  if (type == t->type[GT_TYPE_CTX_CANCEL]) return t->value[GT_CTX_CANCEL_PARENT];
  if (type == t->type[GT_TYPE_CTX_TIMER]) return t->value[GT_CTX_TIMER_PARENT];
  if (type == t->type[GT_TYPE_CTX_AFTER]) return t->value[GT_CTX_AFTER_PARENT];
  if (type == t->type[GT_TYPE_CTX_STOP] || type == t->type[GT_TYPE_CTX_STOP_PTR]) return t->value[GT_CTX_STOP_PARENT];
  if (type == t->type[GT_TYPE_CTX_WITHOUT]) return t->value[GT_CTX_WITHOUT_PARENT];
  /* The types that are less than this one are counted by halves, without a branch: the kernel would check each way
   * through them. Addresses of programs, and what fills the rest of the list, have no highest bit. */
  u32 at = 0;
  _Pragma("unroll") for (u32 half = GT_MAX_CONTEXT_TYPES / 2; half; half /= 2) {
    u64 less = (t->context_type[(at + half - 1) & (GT_MAX_CONTEXT_TYPES - 1)] - type) >> 63;
    GT_BARRIER(less);
    at += (u32)less * half;
  }
  at &= GT_MAX_CONTEXT_TYPES - 1;
  if (t->context_type[at] == type) return t->context_parent[at];
  return GT_NONE;
}

/* Puts into s->walk the context that the one of this type at `data` was made from. 2: it is there; 0: the walk ends. */
GT_INLINE int GtOutwards(struct gt_scratch* s, const struct gt_table* t, u64 type, u64 data) {
  s32 at = GtContextParent(t, type);
  if (at < 0) return 0;
  u64 next[2] = {};
  if (GtRead(next, sizeof(next), data + at)) return 0;
  s->walk.at = next[0];
  s->walk.left = next[1];
  return 2;
}

/* One step outwards, from the context in s->walk: at its itab, left its data. 1: s->owner is the span it belongs to; 0:
 * the walk ends; 2: there is another. A function of its own, as those of headers.h. */
__noinline int GtContextStep(u32 executable, u32 scratch) {
  struct gt_scratch* s = bpf_map_lookup_elem(&scratches, &scratch);
  const struct gt_table* t = bpf_map_lookup_elem(&tables, &executable);
  if (!s || !t) return 0;
  u64 itab = s->walk.at, data = s->walk.left;
  if (!itab || !data) return 0;
  struct gt_key key = {.pid = s->pid, .what = 0, .id = data};
  struct gt_owner* owner = bpf_map_lookup_elem(&contexts, &key);
  if (owner) {
    s->owner = *owner;
    return 1;
  }
  u64 type = GtReadWord(itab + 8); /* src: internal/abi/iface.go, ITab.Type */
  if (!type) return 0;
  type = GtLinked(s, type);
  return GtOutwards(s, t, type, data);
}

/* The context interface (itab, data): walks outwards. 1: s->owner is the span it belongs to; 2: gave up; 0: none. */
__noinline int GtWalkContexts(u64 itab, u64 data, u32 executable, u32 scratch) {
  struct gt_scratch* s = bpf_map_lookup_elem(&scratches, &scratch);
  if (!s) return 0;
  s->walk.at = itab;
  s->walk.left = data;
  int found = 2;
  GT_NO_UNROLL
  for (u32 i = 0; i < GT_MAX_CONTEXTS && found == 2; i++) found = GtContextStep(executable, scratch);
  return found;
}

GT_INLINE int GtOwnerOfGoroutine(struct gt_scratch* s, u64 goid) {
  struct gt_key key = {.pid = s->pid, .what = GT_CALL_SERVER, .id = goid};
  if (!goid) return 0;
  struct gt_server_call* call = bpf_map_lookup_elem(&server_calls, &key);
  if (call) {
    GtOwnerOf(&s->owner, &call->ids, call->flags);
    return 1;
  }
  struct gt_owner* owner = bpf_map_lookup_elem(&goroutines, &key);
  if (!owner) return 0;
  s->owner = *owner;
  return 1;
}

/* The span that this goroutine, or the one that started it, serves: no proof of descent, and marked so. */
GT_INLINE int GtFromGoroutine(struct gt_scratch* s, const struct gt_table* t, struct gt_ids* ids, u32* flags) {
  if (!GtOwnerOfGoroutine(s, s->goid) && !GtOwnerOfGoroutine(s, GtField(s->g, t->value[GT_G_PARENT]))) return 0;
  GtAdopt(ids, flags, &s->owner);
  return 1;
}

/* The ids of a span that begins inside this process, and how it came by its parent. */
GT_INLINE u8 GtInnerIds(struct gt_scratch* s, const struct gt_table* t, u64 itab, u64 data, struct gt_ids* ids,
                        u32* flags) {
  GtNewRoot(ids);
  int found = GtWalkContexts(itab, data, s->executable, s->index);
  if (found == 1) {
    GtAdopt(ids, flags, &s->owner);
    return GT_PARENT_CONTEXT;
  }
  if (found == 2) *flags |= GT_FLAG_CUT_CONTEXTS;
  return GtFromGoroutine(s, t, ids, flags) ? GT_PARENT_GOROUTINE : GT_PARENT_NONE;
}

/* The ids of a server's span: those of its traceparent, else a new trace. The headers were scanned. */
GT_INLINE u8 GtServerIds(struct gt_scratch* s, struct gt_ids* ids, u32* flags) {
  GtNewRoot(ids);
  if (s->cut) *flags |= GT_FLAG_CUT_HEADERS;
  return GtParseTraceparent(s, ids, flags) ? GT_PARENT_HEADER : GT_PARENT_NONE;
}

#endif
