/* Looks for traceparent, tracestate and User-Agent in a map[string][]string, whichever way that Go release lays out
 * maps.
 *
 * A lookup by key is not possible, as the hash is seeded; so all slots are looked at, in groups or buckets of 8 that
 * are read at once, up to GT_MAX_GROUPS of them. Only keys of the right length are read themselves. Sources: Go
 * internal/runtime/maps (Swiss maps, from 1.24), runtime/map.go (up to 1.23).
 */
#ifndef GOOFFSETS_BPF_CORE_HEADERS_H_
#define GOOFFSETS_BPF_CORE_HEADERS_H_

#include "span.h"

#define GT_EACH(byte) (0x0101010101010101ull * (byte))
#define GT_LOWER GT_EACH(0x20)
#define GT_WORD(a, b, c, d, e, f, g, h)                                                                            \
  ((u64)(a) | (u64)(b) << 8 | (u64)(c) << 16 | (u64)(d) << 24 | (u64)(e) << 32 | (u64)(f) << 40 | (u64)(g) << 48 | \
   (u64)(h) << 56)
/* Letters are compared in lower case; 0x20 is set in '-' already. */
#define GT_TRACEPAR GT_WORD('t', 'r', 'a', 'c', 'e', 'p', 'a', 'r')
#define GT_CEPARENT GT_WORD('c', 'e', 'p', 'a', 'r', 'e', 'n', 't')
#define GT_TRACESTA GT_WORD('t', 'r', 'a', 'c', 'e', 's', 't', 'a')
#define GT_ACESTATE GT_WORD('a', 'c', 'e', 's', 't', 'a', 't', 'e')
#define GT_USER_AGE GT_WORD('u', 's', 'e', 'r', '-', 'a', 'g', 'e')
#define GT_ER_AGENT GT_WORD('e', 'r', '-', 'a', 'g', 'e', 'n', 't')

#define GT_SLOTS 8
#define GT_SWISS_GROUP (8 + GT_SLOTS * 40) /* control bytes, slots of 16 and 24 bytes */
#define GT_SWISS_AT_ONCE 4                 /* groups; a table has one, two, or a multiple of four */
#define GT_MAX_TABLES 32
#define GT_BUCKET (8 + GT_SLOTS * (16 + 24) + 8) /* tophash, keys, elements, overflow */

/* One live slot whose key has the length of one of the three, and its first eight letters. A function of its own: the
 * kernel checks it once. */
__noinline int GtLookAtSlot(u32 scratch, u64 head, u64 key, u64 values, u64 count) {
  struct gt_scratch* s = bpf_map_lookup_elem(&scratches, &scratch);
  if (!s || !count) return 0;
  u64 tail = 0, text[2] = {};
  if (GtRead(&tail, 8, key + (head == GT_TRACEPAR ? 3 : 2)) || GtRead(text, sizeof(text), values)) return 0;
  tail |= GT_LOWER;
  if (head == GT_TRACEPAR) {
    if (tail != GT_CEPARENT || count != 1) return 0; /* two are none (W3C Trace Context, 3.2) */
    s->traceparent = text[0];
    s->traceparent_length = text[1];
  } else if (head == GT_TRACESTA) {
    if (tail != GT_ACESTATE || count != 1) return 0;
    s->tracestate = text[0];
    s->tracestate_length = text[1];
  } else if (tail == GT_ER_AGENT) {
    s->agent = text[0];
    s->agent_length = text[1];
  }
  return 0;
}

/* A live slot. Most keys are of another length, and most of the others begin in another way: that is asked first. */
GT_INLINE void GtLookAtKey(struct gt_scratch* s, u32 scratch, const u64* key, const u64* values) {
  u64 length = key[1], head = 0;
  if (length != 10 && length != 11) return;
  if (GtRead(&head, sizeof(head), key[0])) return;
  head |= GT_LOWER;
  if (length == 11 ? head != GT_TRACEPAR : head != GT_TRACESTA && head != GT_USER_AGE) return;
  GtLookAtSlot(scratch, head, key[0], values[0], values[1]);
}

/* A group or bucket that lies in s->group: `at` of those that were read at once. */
__noinline int GtLookAtGroup(u32 scratch, u32 kind, u32 at) {
  struct gt_scratch* s = bpf_map_lookup_elem(&scratches, &scratch);
  if (!s) return 0;
  u64 begin = (at & (GT_SWISS_AT_ONCE - 1)) * GT_SWISS_GROUP;
  GT_BARRIER(begin);
  const u8* controls = (const u8*)s->group + begin;
  const u64* words = (const u64*)controls;
  if (kind == GT_MAP_INTERLEAVED) {
    if (!(~words[0] & GT_EACH(0x80))) return 0; /* empty or deleted, all of them */
    _Pragma("unroll") for (u32 i = 0; i < GT_SLOTS; i++) {
      if (!(controls[i] & 0x80)) GtLookAtKey(s, scratch, words + 1 + i * 5, words + 3 + i * 5);
    }
  } else {
    _Pragma("unroll") for (u32 i = 0; i < GT_SLOTS; i++) {
      u8 control = controls[i];
      if (kind == GT_MAP_BUCKETS ? control < 5 : control & 0x80) continue; /* empty, deleted, moved */
      GtLookAtKey(s, scratch, words + 1 + i * 2, words + 17 + i * 3);
    }
  }
  return 0;
}

/* One step of a walk each, which say whether there may be another. They are functions of their own, and keep where they
 * are in scratch memory: the kernel checks their code once, not once for each round of the loop that calls them. */
__noinline int GtSwissStep(u32 executable, u32 scratch) {
  struct gt_scratch* s = bpf_map_lookup_elem(&scratches, &scratch);
  const struct gt_table* t = bpf_map_lookup_elem(&tables, &executable);
  if (!s || !t) return 0;
  struct gt_walk* w = &s->walk;
  if (w->left) {
    u32 groups = w->left > GT_SWISS_AT_ONCE ? GT_SWISS_AT_ONCE : (u32)w->left;
    GT_BARRIER(groups);
    if (groups > GT_SWISS_AT_ONCE || GtReadWritten(s->group, groups * GT_SWISS_GROUP, GT_GROUP_BYTES, w->at)) return 0;
    _Pragma("unroll") for (u32 i = 0; i < GT_SWISS_AT_ONCE; i++) {
      if (i < groups) GtLookAtGroup(scratch, t->value[GT_MAP_KIND], i);
    }
    w->at += groups * GT_SWISS_GROUP;
    w->left -= groups;
    return w->left || w->tables;
  }
  if (!w->tables) return 0;
  w->tables--;
  u64 table = GtReadWord(w->directory);
  w->directory += 8;
  if (!table || table == w->last) return 1; /* neighbours in the directory may be one table */
  w->last = table;
  w->at = GtField(table, t->value[GT_MAP_GROUPS]);
  w->left = GtField(table, t->value[GT_MAP_LENGTH_MASK]) + 1;
  return 1;
}

GT_INLINE void GtScanSwiss(struct gt_scratch* s, const struct gt_table* t, u64 map) {
  struct gt_walk* w = &s->walk;
  u64 directory[2] = {};
  if (t->value[GT_MAP_DIR] >= 0 && t->value[GT_MAP_DIR_LEN] == t->value[GT_MAP_DIR] + 8) {
    GtRead(directory, sizeof(directory), map + t->value[GT_MAP_DIR]); /* neighbours, in one read */
  } else {
    directory[0] = GtField(map, t->value[GT_MAP_DIR]);
    directory[1] = GtField(map, t->value[GT_MAP_DIR_LEN]);
  }
  w->at = directory[0];
  w->tables = directory[1];
  w->directory = w->at;
  w->left = w->tables ? 0 : 1; /* of a small map the directory is its one group */
  w->last = 0;
  if (!w->at) return;
  GT_NO_UNROLL
  for (u32 i = 0; i < GT_MAX_GROUPS / GT_SWISS_AT_ONCE + GT_MAX_TABLES; i++) {
    if (!GtSwissStep(s->executable, s->index)) return;
  }
  s->cut = 1;
}

#define GT_SAME_SIZE_GROW 8 /* src: runtime/map.go, hmap.flags */

/* Each bucket with its overflow chain; while the map grows, the old buckets after the new ones. */
__noinline int GtBucketStep(u32 scratch) {
  struct gt_scratch* s = bpf_map_lookup_elem(&scratches, &scratch);
  if (!s) return 0;
  struct gt_walk* w = &s->walk;
  if (GtReadWritten(s->group, GT_BUCKET, GT_GROUP_BYTES, w->at)) return 0;
  GtLookAtGroup(scratch, GT_MAP_BUCKETS, 0);
  w->at = *(const u64*)&s->group[GT_BUCKET - 8];
  if (w->at) return 1;
  w->left--;
  w->directory += GT_BUCKET;
  if (!w->left) {
    if (!w->last || !w->tables) return 0;
    w->directory = w->last;
    w->left = w->tables;
    w->last = 0;
  }
  w->at = w->directory;
  return 1;
}

GT_INLINE void GtScanBuckets(struct gt_scratch* s, const struct gt_table* t, u64 map) {
  struct gt_walk* w = &s->walk;
  u8 b = GtByte(map, t->value[GT_HMAP_B]);
  w->directory = GtField(map, t->value[GT_HMAP_BUCKETS]);
  w->at = w->directory;
  w->last = GtField(map, t->value[GT_HMAP_OLD]);
  w->left = 1ull << (b & 31);
  w->tables = GtByte(map, t->value[GT_HMAP_FLAGS]) & GT_SAME_SIZE_GROW ? w->left : w->left / 2;
  if (!w->at) return;
  GT_NO_UNROLL
  for (u32 i = 0; i < GT_MAX_GROUPS; i++) {
    if (!GtBucketStep(s->index)) return;
  }
  s->cut = 1;
}

/* Leaves in scratch memory where the three values are. */
__noinline int GtScanHeaders(u64 map, u32 executable, u32 scratch) {
  struct gt_scratch* s = bpf_map_lookup_elem(&scratches, &scratch);
  const struct gt_table* t = bpf_map_lookup_elem(&tables, &executable);
  if (!s || !t) return 0;
  s->traceparent = s->tracestate = s->agent = 0;
  s->cut = 0;
  if (!map) return 0;
  switch (t->value[GT_MAP_KIND]) {
    case GT_MAP_INTERLEAVED:
    case GT_MAP_SPLIT:
      GtScanSwiss(s, t, map);
      break;
    case GT_MAP_BUCKETS:
      GtScanBuckets(s, t, map);
      break;
  }
  return 0;
}

/* Eight hexadecimal digits, the first in the lowest byte, to four bytes; every byte is looked at in one step, without a
 * branch. `good` keeps the highest bit of each byte only if all are digits; upper case is none (W3C Trace Context,
 * 3.2.2.3). A sum tells whether a byte is at least some character: it reaches 0x80, and no byte carries into the next.
 */
#define GT_AT_LEAST(word, character) ((word) + GT_EACH(0x80 - (character)))
GT_INLINE u32 GtHexWord(u64 word, u64* good) {
  u64 digit = GT_AT_LEAST(word, '0') & ~GT_AT_LEAST(word, '9' + 1);
  u64 letter = GT_AT_LEAST(word, 'a') & ~GT_AT_LEAST(word, 'f' + 1);
  *good &= (digit | letter) & ~word;
  u64 nibbles = (word & GT_EACH(0xf)) + 9 * ((letter >> 7) & GT_EACH(1));
  u64 bytes = ((nibbles << 4) | (nibbles >> 8)) & 0x00ff00ff00ff00ffull;
  bytes = (bytes | (bytes >> 8)) & 0x0000ffff0000ffffull;
  return (u32)(bytes | (bytes >> 16));
}

#endif
