/* HTTP servers: net/http's HTTP/1 and HTTP/2, and golang.org/x/net/http2.
 *
 * A span begins where the server calls the handler and ends where it is done with it: both are entries of functions,
 * cheap to probe, and no return is. Sources: net/http/server.go (conn.serve, response.finishRequest),
 * net/http/h2_bundle.go and internal/http2/server.go (runHandler, handlerDone).
 *
 * A handler that panics, calls runtime.Goexit or takes the connection over never gets to that end; then the deferred
 * function of the server, which runs on the same goroutine, ends the span.
 */
#ifndef GOOFFSETS_BPF_HTTP_SERVER_H_
#define GOOFFSETS_BPF_HTTP_SERVER_H_

#include "core/trace_parent.h"

GT_INLINE void GtForget(struct gt_scratch* s, const struct gt_table* t, const struct gt_server_call* call) {
  struct gt_key key = {.pid = s->pid, .what = 0, .id = call->context};
  if (!(t->libraries & GT_HAS_CLIENTS)) return;
  if (call->context) bpf_map_delete_elem(&contexts, &key);
  if (call->kind != GT_GRPC_SERVER) return;
  key.what = GT_CALL_SERVER;
  key.id = call->goid;
  bpf_map_delete_elem(&goroutines, &key);
}

/* Lets clients find this call: by its context, and by its goroutine, which is the key of an HTTP call itself. */
GT_INLINE void GtPublish(struct gt_scratch* s, const struct gt_table* t, struct gt_server_call* call) {
  struct gt_key key = {.pid = s->pid, .what = 0, .id = call->context};
  if (!(t->libraries & GT_HAS_CLIENTS)) return;
  GtOwnerOf(&s->owner, &call->ids, call->flags);
  if (call->context) bpf_map_update_elem(&contexts, &key, &s->owner, BPF_ANY);
  if (call->kind != GT_GRPC_SERVER || !call->goid) return;
  key.what = GT_CALL_SERVER;
  key.id = call->goid;
  bpf_map_update_elem(&goroutines, &key, &s->owner, BPF_ANY);
}

/* What the headers said: ids, User-Agent, tracestate. The call is remembered under `key`. */
GT_INLINE void GtBeginServer(struct gt_scratch* s, const struct gt_table* t, struct gt_key* key, u64 headers) {
  struct gt_server_call* call = &s->server;
  call->mux_request = 0;
  call->route = call->route_length = 0;
  call->flags = 0;
  call->truncated = 0;
  call->agent_length = 0;
  call->state_length = 0;
  call->goid = s->goid;
  GtScanHeaders(headers, s->executable, s->index);
  call->parent = GtServerIds(s, &call->ids, &call->flags);
  if (s->agent && s->agent_length) {
    u32 take = s->agent_length > GT_MAX_AGENT ? GT_MAX_AGENT : (u32)s->agent_length;
    GT_BARRIER(take);
    if (take <= GT_MAX_AGENT && !GtRead(call->agent, take, s->agent)) {
      call->agent_length = take;
      if (s->agent_length > GT_MAX_AGENT) call->truncated |= 1u << GT_STR_AGENT;
    }
  }
  if (call->parent == GT_PARENT_HEADER && s->tracestate && s->tracestate_length) {
    u32 take = s->tracestate_length > GT_MAX_TRACESTATE ? GT_MAX_TRACESTATE : (u32)s->tracestate_length;
    GT_BARRIER(take);
    if (take <= GT_MAX_TRACESTATE && !GtRead(s->state.text, take, s->tracestate) &&
        !bpf_map_update_elem(&trace_states, key, &s->state, BPF_ANY)) {
      call->state_length = take;
      if (s->tracestate_length > GT_MAX_TRACESTATE) call->truncated |= 1u << GT_STR_TRACESTATE;
    }
  }
  GtPublish(s, t, call);
  if (bpf_map_update_elem(&server_calls, key, call, BPF_ANY)) GtCount(GT_COUNT_NO_MAP);
}

/* The call's share of its span. */
GT_INLINE void GtServerSpan(struct gt_span* span, const struct gt_server_call* call) {
  GtClearSpan(span);
  span->start = call->start;
  span->goid = call->goid;
  span->ids = call->ids;
  span->flags = call->flags;
  span->kind = call->kind;
  span->parent = call->parent;
  span->truncated = call->truncated;
}

GT_INLINE void GtServerState(struct gt_scratch* s, struct gt_span* span, struct gt_key* key, u32 length) {
  if (!length) return;
  struct gt_state* state = bpf_map_lookup_elem(&trace_states, key);
  if (!state) return;
  GtAddKept(span, GT_STR_TRACESTATE, state->text, length, GT_MAX_TRACESTATE);
  bpf_map_delete_elem(&trace_states, key);
}

/* One word of what s->request holds. */
GT_INLINE u64 GtHeldWord(struct gt_scratch* s, s32 at) {
  u32 offset = at;
  GT_BARRIER(offset);
  return offset <= GT_REQUEST_BYTES - 8 ? *(const u64*)&s->request[offset] : 0;
}

/* Two words of one struct, with one read where they lie near each other: a read costs more than what it copies. Places
 * that are not known give 0. */
GT_INLINE void GtTwoWords(struct gt_scratch* s, u64 base, s32 first, s32 second, u64* words) {
  s32 low = first < second ? first : second, high = first < second ? second : first;
  u64 size = (u32)(high + 8 - low);
  GT_BARRIER(size);
  if (first < 0 || second < 0 || !base || size > GT_REQUEST_BYTES) {
    words[0] = GtField(base, first);
    words[1] = GtField(base, second);
    return;
  }
  if (GtReadWritten(s->request, size, GT_REQUEST_BYTES, base + low)) return;
  words[0] = GtHeldWord(s, first - low);
  words[1] = GtHeldWord(s, second - low);
}

/* A request of HTTP/1.1 that an HTTP/2 server is given began with `Upgrade: h2c` (golang.org/x/net/http2/h2c): the
 * handler of net/http's server, which started this goroutine, keeps it until the connection ends. That call has no
 * span. */
GT_INLINE void GtReplaceUpgraded(struct gt_scratch* s, const struct gt_table* t, const s32* at, u64 request) {
  if (at[GT_SRV_MINOR] < 0 || !(u8)GtField(request, at[GT_SRV_MINOR])) return;
  struct gt_key key = {.pid = s->pid, .what = GT_CALL_SERVER, .id = GtField(s->g, t->value[GT_G_PARENT])};
  struct gt_server_call* outer = bpf_map_lookup_elem(&server_calls, &key);
  if (!outer || outer->kind != GT_HTTP1_SERVER) return;
  /* Go 1.27 copies the request; its headers are the same map. */
  u64 headers = GtField(request, at[GT_SRV_HEADER]);
  if (headers && headers == GtField(outer->request, t->value[GT_BASE_H1 + GT_SRV_HEADER])) outer->kind = 0;
}

GT_INLINE int GtHttpBegin(struct gt_context* context, int base, u8 kind) {
  u64 now = bpf_ktime_get_boot_ns();
  const struct gt_table* t;
  struct gt_scratch* s = GtEnter(context, &t);
  if (!s) return 0;
  const s32* at = t->value + base;
  struct gt_server_call* call = &s->server;
  u64 writer = GtArgument(s, at[GT_SRV_ARG_W]);
  call->request = GtArgument(s, at[GT_SRV_ARG_REQ]);
  if (kind == GT_HTTP1_SERVER) {
    /* HTTP/2 calls the same function, of net/http as well: told apart by the ResponseWriter's type. */
    u64 itab = GtArgument(s, at[GT_SRV_W_STATE]);
    if (!itab || GtLinked(s, GtReadWord(itab + 8)) != t->type[GT_TYPE_H1_RESPONSE]) return GtLeave(s);
  }
  if (kind != GT_HTTP1_SERVER) GtReplaceUpgraded(s, t, at, call->request);
  call->start = now;
  call->kind = kind;
  call->writer = kind == GT_HTTP1_SERVER ? writer : GtField(writer, at[GT_SRV_W_STATE]);
  u64 words[2] = {};
  GtTwoWords(s, call->request, at[GT_SRV_CTX] < 0 ? GT_NONE : at[GT_SRV_CTX] + 8, at[GT_SRV_HEADER], words);
  call->context = words[0];
  struct gt_key key = {.pid = s->pid, .what = GT_CALL_SERVER, .id = s->goid ? s->goid : s->g};
  GtBeginServer(s, t, &key, words[1]);
  return GtLeave(s);
}

/* Reads the struct of a request as far as its fields are known, once for all of them: a read costs more than what it
 * copies. */
GT_INLINE void GtHoldRequest(struct gt_scratch* s, const s32* at, u64 request) {
  /* Where each field ends: strings have two words, the others one. */
  const s32 ends[] = {at[GT_SRV_METHOD] + 16, at[GT_SRV_URI] + 16,  at[GT_SRV_HOST] + 16,   at[GT_SRV_REMOTE] + 16,
                      at[GT_SRV_TLS] + 8,     at[GT_SRV_MINOR] + 8, at[GT_SRV_PATTERN] + 16};
  u32 size = 0;
  for (u32 i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
    if (ends[i] > (s32)size) size = ends[i];
  }
  GT_BARRIER(size);
  if (size > GT_REQUEST_BYTES) size = GT_REQUEST_BYTES;
  GtReadWritten(s->request, size, GT_REQUEST_BYTES, request); /* what cannot be read is zero then */
}

GT_INLINE void GtAddHeldString(struct gt_scratch* s, struct gt_span* span, int which, s32 at, u32 limit) {
  u32 offset = at;
  GT_BARRIER(offset);
  if (offset > GT_REQUEST_BYTES - 16) return;
  const u64* text = (const u64*)&s->request[offset];
  GtAddString(span, which, text[0], text[1], limit);
}

GT_INLINE void GtHttpSend(struct gt_scratch* s, const struct gt_table* t, int base, struct gt_key* key,
                          const struct gt_server_call* call, u64 now, u32 flags) {
  const s32* at = t->value + base;
  struct gt_span* span = &s->span;
  u64 request = call->request;
  GtServerSpan(span, call);
  span->flags |= flags;
  u64 answer[2] = {};
  GtTwoWords(s, call->writer, at[GT_SRV_WROTE], at[GT_SRV_STATUS], answer);
  if ((u8)answer[0]) {
    span->flags |= GT_FLAG_WROTE_STATUS;
    if (at[GT_SRV_STATUS] >= 0) span->status = (s32)answer[1];
  }
  GtHoldRequest(s, at, request);
  if (GtHeldWord(s, at[GT_SRV_TLS])) span->flags |= GT_FLAG_TLS;
  span->proto_minor = (u8)GtHeldWord(s, at[GT_SRV_MINOR]);
  span->proto_major = call->kind == GT_HTTP1_SERVER ? 1 : 2;
  GtAddHeldString(s, span, GT_STR_METHOD, at[GT_SRV_METHOD], GT_MAX_METHOD);
  GtAddHeldString(s, span, GT_STR_TARGET, at[GT_SRV_URI], GT_MAX_TARGET);
  GtAddHeldString(s, span, GT_STR_HOST, at[GT_SRV_HOST], GT_MAX_HOST);
  GtAddHeldString(s, span, GT_STR_PEER, at[GT_SRV_REMOTE], GT_MAX_PEER);
  GtAddKept(span, GT_STR_AGENT, call->agent, call->agent_length, GT_MAX_AGENT);
  GtAddHeldString(s, span, GT_STR_ROUTE, at[GT_SRV_PATTERN], GT_MAX_ROUTE);
  u16 own_route = span->length[GT_STR_ROUTE];
  if (!own_route) GtAddString(span, GT_STR_ROUTE, call->route, call->route_length, GT_MAX_ROUTE);
  if (!span->length[GT_STR_ROUTE] && call->mux_request && call->mux_request != request) {
    /* A handler in front of the mux made a copy of the request. It may be gone by now: it is the copy only if the
     * request line in it is still the same string. */
    u64 copy[2] = {};
    u64 own = GtHeldWord(s, at[GT_SRV_URI]), own_length = GtHeldWord(s, at[GT_SRV_URI] + 8);
    if (own && at[GT_SRV_MUX_URI] >= 0 && !GtRead(copy, 16, call->mux_request + at[GT_SRV_MUX_URI]) && own == copy[0] &&
        own_length == copy[1]) {
      GtAddGoString(span, GT_STR_ROUTE, call->mux_request, at[GT_SRV_MUX_PATTERN], GT_MAX_ROUTE);
    }
  }
  if (!own_route && span->length[GT_STR_ROUTE]) span->flags |= GT_FLAG_ROUTE_COPIED;
  GtServerState(s, span, key, call->state_length);
  GtForget(s, t, call);
  GtSendSpan(s, span, now);
  bpf_map_delete_elem(&server_calls, key);
}

/* The server is done with the handler, or (`deferred`) its deferred function runs. */
GT_INLINE int GtHttpEnd(struct gt_context* context, int base, int deferred) {
  u64 now = bpf_ktime_get_boot_ns();
  const struct gt_table* t;
  struct gt_scratch* s = GtEnter(context, &t);
  if (!s) return 0;
  const s32* at = t->value + base;
  struct gt_key key = {.pid = s->pid, .what = GT_CALL_SERVER, .id = s->goid ? s->goid : s->g};
  struct gt_server_call* call = bpf_map_lookup_elem(&server_calls, &key);
  if (!call) {
    if (!deferred) GtCount(GT_COUNT_NO_CALL);
    return GtLeave(s);
  }
  if (!call->kind) {
    bpf_map_delete_elem(&server_calls, &key);
    return GtLeave(s);
  }
  u32 flags = 0;
  if (deferred) {
    if (at[GT_SRV_HIJACKED] >= 0 && GtByte(GtField(call->writer, at[GT_SRV_W_CONN]), at[GT_SRV_HIJACKED])) {
      flags |= GT_FLAG_HIJACKED;
    }
    if (t->value[GT_G_PANIC] < 0 ? !flags : GtField(s->g, t->value[GT_G_PANIC]) != 0) flags |= GT_FLAG_PANICKED;
  }
  GtHttpSend(s, t, base, &key, call, now, flags);
  return GtLeave(s);
}

/* (*ServeMux).ServeHTTP: the request whose Pattern the mux is about to set, where that is a copy. */
GT_INLINE int GtHttpMux(struct gt_context* context) {
  const struct gt_table* t;
  struct gt_scratch* s = GtEnter(context, &t);
  if (!s) return 0;
  struct gt_key key = {.pid = s->pid, .what = GT_CALL_SERVER, .id = s->goid ? s->goid : s->g};
  struct gt_server_call* call = bpf_map_lookup_elem(&server_calls, &key);
  if (call) call->mux_request = GtArgument(s, t->value[GT_BASE_H1 + GT_SRV_MUX_REQ]);
  return GtLeave(s);
}

/* HandlerFunc.ServeHTTP: behind the mux the request has its Pattern. Nothing else is read of a request that may be a
 * copy. */
GT_INLINE int GtHttpHandler(struct gt_context* context) {
  const struct gt_table* t;
  struct gt_scratch* s = GtEnter(context, &t);
  if (!s) return 0;
  struct gt_key key = {.pid = s->pid, .what = GT_CALL_SERVER, .id = s->goid ? s->goid : s->g};
  struct gt_server_call* call = bpf_map_lookup_elem(&server_calls, &key);
  s32 pattern = t->value[GT_BASE_H1 + GT_SRV_PATTERN];
  if (call && !call->route_length && call->mux_request && pattern >= 0) {
    u64 request = GtArgument(s, t->value[GT_BASE_H1 + GT_SRV_HANDLER_REQ]);
    u64 text[2] = {};
    if (request == call->mux_request && !GtRead(text, sizeof(text), request + pattern)) {
      call->route = text[0];
      call->route_length = text[1];
    }
  }
  return GtLeave(s);
}

SEC("uprobe")
int h1_begin(struct gt_context* context) { return GtHttpBegin(context, GT_BASE_H1, GT_HTTP1_SERVER); }
SEC("uprobe")
int h1_end(struct gt_context* context) { return GtHttpEnd(context, GT_BASE_H1, 0); }
SEC("uprobe")
int h1_deferred(struct gt_context* context) { return GtHttpEnd(context, GT_BASE_H1, 1); }
SEC("uprobe")
int h2_begin(struct gt_context* context) { return GtHttpBegin(context, GT_BASE_H2, GT_HTTP2_SERVER); }
SEC("uprobe")
int h2_deferred(struct gt_context* context) { return GtHttpEnd(context, GT_BASE_H2, 1); }
SEC("uprobe")
int x2_begin(struct gt_context* context) { return GtHttpBegin(context, GT_BASE_X2, GT_X2_SERVER); }
SEC("uprobe")
int x2_deferred(struct gt_context* context) { return GtHttpEnd(context, GT_BASE_X2, 1); }
SEC("uprobe")
int http_handler(struct gt_context* context) { return GtHttpHandler(context); }
SEC("uprobe")
int http_mux(struct gt_context* context) { return GtHttpMux(context); }

#endif
