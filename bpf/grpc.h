/* gRPC servers and clients, unary calls and streams alike.
 *
 * Server: from Server.handleStream to http2Server.WriteStatus, which every call ends with; known by its stream's
 * address, so that concurrent streams never mix. The same calls behind net/http's server (Server.ServeHTTP) end with
 * serverHandlerTransport.WriteStatus. Client: from newClientStream to clientStream.finish; the stream that belongs to a
 * call is learnt from withRetry, which newClientStream calls on the same goroutine. A call without a stream, and one
 * that newClientStream gives up without finish, ends with its return. Sources: google.golang.org/grpc server.go,
 * stream.go, internal/transport/{http2,handler}_server.go, internal/status/status.go.
 */
#ifndef GOOFFSETS_BPF_GRPC_H_
#define GOOFFSETS_BPF_GRPC_H_

#include "http_server.h"

/* One step outwards to an incoming call's metadata, from the context in s->walk: at its itab, left its data. 1: it is
 * in s->walk.last; 0: the walk ends; 2: there is another. A function of its own, as those of core/headers.h. */
__noinline int GtMetadataStep(u32 executable, u32 scratch) {
  struct gt_scratch* s = bpf_map_lookup_elem(&scratches, &scratch);
  const struct gt_table* t = bpf_map_lookup_elem(&tables, &executable);
  if (!s || !t) return 0;
  u64 itab = s->walk.at, data = s->walk.left;
  if (!itab || !data) return 0;
  u64 type = GtLinked(s, GtReadWord(itab + 8));
  if (type == t->type[GT_TYPE_CTX_VALUE]) {
    u64 key = GtField(data, t->value[GT_CTX_VALUE_KEY]);
    if (key && GtLinked(s, key) == t->type[GT_TYPE_RPC_INCOMING]) {
      /* A map in an interface is its pointer (src: cmd/compile/internal/types/type.go, IsDirectIface). */
      s->walk.last = t->value[GT_CTX_VALUE_VAL] < 0 ? 0 : GtReadWord(data + t->value[GT_CTX_VALUE_VAL] + 8);
      return 1;
    }
  }
  return GtOutwards(s, t, type, data);
}

/* The metadata of an incoming call: the value of the context that has the key mdIncomingKey. */
GT_INLINE u64 GtIncomingMetadata(struct gt_scratch* s, u64 itab, u64 data) {
  s->walk.at = itab;
  s->walk.left = data;
  int found = 2;
  GT_NO_UNROLL
  for (u32 i = 0; i < 16 && found == 2; i++) found = GtMetadataStep(s->executable, s->index);
  return found == 1 ? s->walk.last : 0;
}

GT_INLINE u64 GtInnerStream(const struct gt_table* t, u64 stream) {
  s32 inner = t->value[GT_BASE_GRPC + GT_RPC_STREAM_INNER];
  return inner < 0 ? stream : GtField(stream, inner);
}

/* The peer's address, out of net.Addr: bytes and port of TCP, the name of a unix socket. */
GT_INLINE void GtAddPeer(struct gt_scratch* s, const struct gt_table* t, struct gt_span* span, u64 itab, u64 data) {
  const s32* at = t->value + GT_BASE_GRPC;
  if (!itab || !data) return;
  u64 type = GtLinked(s, GtReadWord(itab + 8));
  if (type == t->type[GT_TYPE_TCP_ADDR] && type && at[GT_RPC_ADDR_IP] >= 0) {
    u64 ip[2] = {};
    if (GtRead(ip, sizeof(ip), data + at[GT_RPC_ADDR_IP]) || (ip[1] != 4 && ip[1] != 16)) return;
    GtAddString(span, GT_STR_PEER, ip[0], ip[1], 16);
    span->peer_port = (u16)GtField(data, at[GT_RPC_ADDR_PORT]);
    span->flags |= GT_FLAG_PEER_BYTES;
  } else if (type == t->type[GT_TYPE_UNIX_ADDR] && type) {
    span->flags |= GT_FLAG_PEER_UNIX;
    GtAddGoString(span, GT_STR_PEER, data, at[GT_RPC_ADDR_NAME], GT_MAX_PEER);
  }
}

/* Code and message of an spb.Status; none means OK. */
GT_INLINE void GtAddMessage(const struct gt_table* t, struct gt_span* span, u64 message) {
  const s32* at = t->value + GT_BASE_GRPC;
  if (at[GT_RPC_STATUS_CODE] < 0) return;
  if (!message) {
    span->status = 0;
    return;
  }
  span->status = (s32)GtReadWord(message + at[GT_RPC_STATUS_CODE]);
  GtAddGoString(span, GT_STR_MESSAGE, message, at[GT_RPC_STATUS_MESSAGE], GT_MAX_MESSAGE);
}

/* The same of a *status.Status, which holds a *spb.Status. */
GT_INLINE void GtAddStatus(const struct gt_table* t, struct gt_span* span, u64 status) {
  s32 inner = t->value[GT_BASE_GRPC + GT_RPC_STATUS_INNER];
  if (inner >= 0) GtAddMessage(t, span, status ? GtReadWord(status + inner) : 0);
}

#define GT_EOF 0x464f45 /* "EOF": how a client that reads a stream to its end finishes it, which is a success */

/* What a client's call ended with: an error, or none. */
GT_INLINE void GtAddError(struct gt_scratch* s, const struct gt_table* t, struct gt_span* span, u64 itab, u64 error) {
  const s32* at = t->value + GT_BASE_GRPC;
  u64 text[2] = {};
  u32 word = 0;
  if (!itab) {
    span->status = 0;
    return;
  }
  u64 type = GtLinked(s, GtReadWord(itab + 8));
  span->error_type = type;
  if (type == t->type[GT_TYPE_RPC_ERROR] && type) {
    u64 held = GtField(error, at[GT_RPC_ERROR_STATUS]);
    switch (at[GT_RPC_ERROR_KIND]) {
      case GT_ERROR_IS_MESSAGE:
        GtAddMessage(t, span, error);
        break;
      case GT_ERROR_HAS_MESSAGE:
        GtAddMessage(t, span, held);
        break;
      case GT_ERROR_HAS_STATUS:
        GtAddStatus(t, span, held);
        break;
    }
  } else if (type == t->type[GT_TYPE_ERROR_STRING] && type && !GtRead(text, sizeof(text), error) && text[1] == 3 &&
             !GtRead(&word, 3, text[0]) && word == GT_EOF) {
    span->status = 0;
  } else {
    span->status = 2; /* UNKNOWN: what status.Code says of an error that is no status */
  }
}

SEC("uprobe")
int grpc_server_begin(struct gt_context* context) {
  u64 now = bpf_ktime_get_boot_ns();
  const struct gt_table* t;
  struct gt_scratch* s = GtEnter(context, &t);
  if (!s) return 0;
  const s32* at = t->value + GT_BASE_GRPC;
  u64 stream = GtArgument(s, at[GT_RPC_SRV_STREAM]);
  if (!stream) return GtLeave(s);
  u64 ctx[2] = {};
  u64 inner = GtInnerStream(t, stream);
  if (at[GT_RPC_STREAM_CTX] >= 0 && inner) GtRead(ctx, sizeof(ctx), inner + at[GT_RPC_STREAM_CTX]);
  struct gt_server_call* call = &s->server;
  call->start = now;
  call->kind = GT_GRPC_SERVER;
  call->request = stream;
  call->writer = 0;
  call->context = ctx[1];
  /* Behind net/http's server the call belongs to a request that has a span of its own. */
  struct gt_owner outer = {};
  int has_outer = 0;
  u64 itab = GtArgument(s, at[GT_RPC_SRV_TRANSPORT_TYPE]);
  if (itab && t->type[GT_TYPE_RPC_HANDLER] && GtLinked(s, GtReadWord(itab + 8)) == t->type[GT_TYPE_RPC_HANDLER]) {
    has_outer = GtWalkContexts(ctx[0], ctx[1], s->executable, s->index) == 1;
    if (has_outer) outer = s->owner;
  }
  struct gt_key key = {.pid = s->pid, .what = GT_CALL_STREAM, .id = stream};
  GtBeginServer(s, t, &key, GtIncomingMetadata(s, ctx[0], ctx[1]));
  if (has_outer) {
    GtAdopt(&call->ids, &call->flags, &outer);
    call->parent = GT_PARENT_CONTEXT;
    GtPublish(s, t, call);
    bpf_map_update_elem(&server_calls, &key, call, BPF_ANY);
  }
  return GtLeave(s);
}

GT_INLINE int GtRpcServerEnd(struct gt_context* context, int handler) {
  u64 now = bpf_ktime_get_boot_ns();
  const struct gt_table* t;
  struct gt_scratch* s = GtEnter(context, &t);
  if (!s) return 0;
  const s32* at = t->value + GT_BASE_GRPC;
  u64 stream = GtArgument(s, at[GT_RPC_END_STREAM]);
  struct gt_key key = {.pid = s->pid, .what = GT_CALL_STREAM, .id = stream};
  struct gt_server_call* call = bpf_map_lookup_elem(&server_calls, &key);
  if (!call) return GtLeave(s); /* a status is written once more for a stream that was reset */
  struct gt_span* span = &s->span;
  GtServerSpan(span, call);
  GtAddGoString(span, GT_STR_METHOD, GtInnerStream(t, stream), at[GT_RPC_STREAM_METHOD], GT_MAX_TARGET);
  u64 transport = GtArgument(s, at[GT_RPC_END_TRANSPORT]);
  if (handler) {
    GtAddGoString(span, GT_STR_PEER, GtField(transport, at[GT_RPC_HANDLER_REQ]), at[GT_RPC_HANDLER_REMOTE],
                  GT_MAX_PEER);
  } else if (transport && at[GT_RPC_TRANSPORT_REMOTE] >= 0) {
    u64 address[2] = {};
    if (!GtRead(address, sizeof(address), transport + at[GT_RPC_TRANSPORT_REMOTE])) {
      GtAddPeer(s, t, span, address[0], address[1]);
    }
  }
  GtAddKept(span, GT_STR_AGENT, call->agent, call->agent_length, GT_MAX_AGENT);
  GtAddStatus(t, span, GtArgument(s, at[GT_RPC_END_STATUS]));
  GtServerState(s, span, &key, call->state_length);
  GtForget(s, t, call);
  GtSendSpan(s, span, now);
  bpf_map_delete_elem(&server_calls, &key);
  return GtLeave(s);
}

SEC("uprobe")
int grpc_server_end(struct gt_context* context) { return GtRpcServerEnd(context, 0); }
SEC("uprobe")
int grpc_handler_end(struct gt_context* context) { return GtRpcServerEnd(context, 1); }

SEC("uprobe")
int grpc_client_begin(struct gt_context* context) {
  u64 now = bpf_ktime_get_boot_ns();
  const struct gt_table* t;
  struct gt_scratch* s = GtEnter(context, &t);
  if (!s) return 0;
  const s32* at = t->value + GT_BASE_GRPC;
  struct gt_span* span = &s->span;
  GtClearSpan(span);
  span->start = now;
  span->goid = s->goid;
  span->kind = GT_GRPC_CLIENT;
  u32 flags = GT_FLAG_BEGIN;
  span->parent =
      GtInnerIds(s, t, GtArgument(s, at[GT_RPC_CLI_CTX_TYPE]), GtArgument(s, at[GT_RPC_CLI_CTX]), &span->ids, &flags);
  span->flags = flags;
  GtAddString(span, GT_STR_METHOD, GtArgument(s, at[GT_RPC_CLI_METHOD]), GtArgument(s, at[GT_RPC_CLI_METHOD_LENGTH]),
              GT_MAX_TARGET);
  GtAddGoString(span, GT_STR_HOST, GtArgument(s, at[GT_RPC_CLI_CC]), at[GT_RPC_CC_TARGET], GT_MAX_HOST);
  struct gt_key key = {.pid = s->pid, .what = GT_CALL_RPC_START, .id = s->goid ? s->goid : s->g};
  struct gt_client_call call = {};
  __builtin_memcpy(call.span, span->ids.span, 8);
  if (bpf_map_update_elem(&client_calls, &key, &call, BPF_ANY)) GtCount(GT_COUNT_NO_MAP);
  GtSendSpan(s, span, now);
  return GtLeave(s);
}

SEC("uprobe")
int grpc_client_stream(struct gt_context* context) {
  const struct gt_table* t;
  struct gt_scratch* s = GtEnter(context, &t);
  if (!s) return 0;
  struct gt_key key = {.pid = s->pid, .what = GT_CALL_RPC_START, .id = s->goid ? s->goid : s->g};
  struct gt_client_call* begun = bpf_map_lookup_elem(&client_calls, &key);
  if (!begun || begun->stream) return GtLeave(s); /* not inside newClientStream, or its stream is known */
  begun->stream = GtArgument(s, t->value[GT_BASE_GRPC + GT_RPC_RETRY_CS]);
  struct gt_client_call call = *begun;
  key.what = GT_CALL_RPC;
  key.id = call.stream;
  if (key.id && bpf_map_update_elem(&client_calls, &key, &call, BPF_ANY)) GtCount(GT_COUNT_NO_MAP);
  return GtLeave(s);
}

GT_INLINE void GtRpcClientEnd(struct gt_scratch* s, const struct gt_table* t, const struct gt_client_call* call,
                              u64 itab, u64 error, u64 now) {
  struct gt_span* span = &s->span;
  GtClearSpan(span);
  span->flags = GT_FLAG_END;
  __builtin_memcpy(span->ids.span, call->span, 8);
  GtAddError(s, t, span, itab, error);
  GtSendSpan(s, span, now);
}

/* newClientStream returns. */
SEC("uprobe")
int grpc_client_begun(struct gt_context* context) {
  u64 now = bpf_ktime_get_boot_ns();
  const struct gt_table* t;
  struct gt_scratch* s = GtEnter(context, &t);
  if (!s) return 0;
  const s32* at = t->value + GT_BASE_GRPC;
  struct gt_key key = {.pid = s->pid, .what = GT_CALL_RPC_START, .id = s->goid ? s->goid : s->g};
  struct gt_client_call* begun = bpf_map_lookup_elem(&client_calls, &key);
  if (!begun) return GtLeave(s);
  struct gt_client_call call = *begun;
  bpf_map_delete_elem(&client_calls, &key);
  u64 itab = GtArgument(s, at[GT_RPC_NEW_ERR_TYPE]);
  if (!itab) return GtLeave(s);
  if (call.stream) {
    key.what = GT_CALL_RPC;
    key.id = call.stream;
    if (!bpf_map_lookup_elem(&client_calls, &key)) return GtLeave(s); /* finished already */
    bpf_map_delete_elem(&client_calls, &key);
  }
  GtRpcClientEnd(s, t, &call, itab, GtArgument(s, at[GT_RPC_NEW_ERR]), now);
  return GtLeave(s);
}

SEC("uprobe")
int grpc_client_end(struct gt_context* context) {
  u64 now = bpf_ktime_get_boot_ns();
  const struct gt_table* t;
  struct gt_scratch* s = GtEnter(context, &t);
  if (!s) return 0;
  const s32* at = t->value + GT_BASE_GRPC;
  struct gt_key key = {.pid = s->pid, .what = GT_CALL_RPC, .id = GtArgument(s, at[GT_RPC_FINISH_CS])};
  struct gt_client_call* known = bpf_map_lookup_elem(&client_calls, &key);
  if (!known) return GtLeave(s); /* finished already: the first time counts */
  struct gt_client_call call = *known;
  bpf_map_delete_elem(&client_calls, &key);
  GtRpcClientEnd(s, t, &call, GtArgument(s, at[GT_RPC_FINISH_ERR_TYPE]), GtArgument(s, at[GT_RPC_FINISH_ERR]), now);
  return GtLeave(s);
}

#endif
