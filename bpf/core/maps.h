/* All maps, and the scratch memory that a program works in.
 *
 * Calls in flight are keyed by process and what identifies the call: a goroutine's id, which is never used twice in a
 * process, or the address of the stream that the call is. Nothing here is shared with user space but tables, processes,
 * events and counters.
 */
#ifndef GOOFFSETS_BPF_CORE_MAPS_H_
#define GOOFFSETS_BPF_CORE_MAPS_H_

#include "../intf/events.h"
#include "../intf/probe_table.h"
#include "platform.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, GT_MAX_EXECUTABLES);
  __type(key, u32);
  __type(value, struct gt_table);
} tables SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, GT_MAX_PROCESSES);
  __type(key, u32);
  __type(value, struct gt_process);
} processes SEC(".maps");

/* Processes that were told of by GT_EVENT_UNKNOWN. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 1024);
  __type(key, u32);
  __type(value, u64);
} reported SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 8 << 20);
} events SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, GT_COUNTERS);
  __type(key, u32);
  __type(value, u64);
} counters SEC(".maps");

/* What identifies a call in flight, a context, a goroutine: `what` keeps the three apart. */
enum { GT_CALL_SERVER = 1, GT_CALL_CLIENT = 2, GT_CALL_STREAM = 3, GT_CALL_RPC_START = 4, GT_CALL_RPC = 5 };
struct gt_key {
  u32 pid;
  u32 what;
  u64 id;
};

/* A server's call: what is known at its beginning. The rest is read when it ends, while the server still holds its
 * request. */
struct gt_server_call {
  u64 start;
  u64 request; /* *Request; gRPC: the stream */
  u64 writer;  /* what tells the status */
  u64 mux_request;
  u64 route, route_length; /* the string belongs to the mux, which keeps it */
  u64 context;
  u64 goid;
  struct gt_ids ids;
  u32 flags;
  u8 kind; /* enum gt_kind; 0: another call is this request's span */
  u8 parent;
  u16 agent_length;
  u16 state_length;
  u16 truncated;
  char agent[GT_MAX_AGENT];
};
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, GT_DEFAULT_CALLS);
  __type(key, struct gt_key);
  __type(value, struct gt_server_call);
} server_calls SEC(".maps");

/* A client's call: its strings are with user space already. */
struct gt_client_call {
  union {
    u64 depth;  /* of the stack at the call's beginning, to tell its own end from that of a call inside it */
    u64 stream; /* gRPC: the *clientStream, once there is one */
  };
  u64 frame; /* the word that lies there, which the caller's frame keeps unchanged */
  u8 span[8];
};
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, GT_DEFAULT_CALLS);
  __type(key, struct gt_key);
  __type(value, struct gt_client_call);
} client_calls SEC(".maps");

/* Which span a context belongs to: the key's id is the address that the interface points to. */
struct gt_owner {
  u8 trace[16];
  u8 span[8];
  u32 flags; /* GT_FLAG_REMOTE_ROOT, GT_FLAG_SAMPLED */
  u32 pad;
};
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, GT_DEFAULT_CALLS);
  __type(key, struct gt_key);
  __type(value, struct gt_owner);
} contexts SEC(".maps");

/* Which gRPC span a goroutine serves: the key's id is the goroutine's. HTTP servers' calls have that key themselves. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, GT_DEFAULT_CALLS);
  __type(key, struct gt_key);
  __type(value, struct gt_owner);
} goroutines SEC(".maps");

/* W3C tracestate of a server's call, for the few that have one. Same key as the call. */
struct gt_state {
  char text[GT_MAX_TRACESTATE];
};
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 2048);
  __type(key, struct gt_key);
  __type(value, struct gt_state);
} trace_states SEC(".maps");

#define GT_GROUP_BYTES 1344  /* four groups of a Swiss map, or a bucket */
#define GT_REQUEST_BYTES 512 /* of a request's struct; those of Go 1.17 to 1.27 have 248 to 280 */
/* Where a walk through a map is. */
struct gt_walk {
  u64 at, left; /* the next group or bucket, how many of this table are left */
  u64 directory,
      tables; /* the next table, how many are left; buckets: the next bucket that is no overflow, old buckets */
  u64 last;   /* the table before; buckets: the old buckets, until they are walked */
};
struct gt_scratch {
  u64 busy;
  u64 argument[GT_REGISTERS];
  u32 index, pad;
  u64 sp, g, goid;
  u32 pid, executable;
  u64 bias;
  /* What the header scan found. */
  u64 traceparent, traceparent_length;
  u64 tracestate, tracestate_length;
  u64 agent, agent_length;
  u32 cut, pad2;
  struct gt_walk walk;
  char traceparent_text[56];
  char request[2 * GT_REQUEST_BYTES]; /* as GtHoldRequest read it; twice the room, as GtReadWritten asks */
  struct gt_owner owner;
  struct gt_state state;
  struct gt_server_call server;
  struct gt_span span;
  char guard[GT_SPAN_DATA]; /* a string's bounds are checked by its begin and its length apart */
  char group[2 * GT_GROUP_BYTES];
};
/* A program may be interrupted by another one on its processor (kernels that preempt): each takes a free one of these.
 */
#define GT_SCRATCHES 3
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, GT_SCRATCHES);
  __type(key, u32);
  __type(value, struct gt_scratch);
} scratches SEC(".maps");

static __always_inline void GtCount(u32 which) {
  u64* value = bpf_map_lookup_elem(&counters, &which);
  if (value) *value += 1;
}

#endif
