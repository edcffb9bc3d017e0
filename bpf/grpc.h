/* gRPC servers and clients, unary calls and streams alike.
 *
 * Server: from Server.handleStream to http2Server.WriteStatus, which every call ends with; known by its stream's
 * address, so that concurrent streams never mix. Client: from newClientStream to clientStream.finish; the stream that
 * belongs to a call is learnt from withRetry, which newClientStream calls on the same goroutine. Sources:
 * google.golang.org/grpc server.go, stream.go, internal/transport/http2_server.go, internal/status/status.go.
 */
#ifndef GOOFFSETS_BPF_GRPC_H_
#define GOOFFSETS_BPF_GRPC_H_

#include "http_server.h"

/* The metadata of an incoming call: the value of the context that has the key mdIncomingKey. */
GT_INLINE u64 GtIncomingMetadata(struct gt_scratch* s, const struct gt_table* t, u64 itab, u64 data) {
  GT_NO_UNROLL
  for (int i = 0; i < 16; i++) {
    if (!itab || !data) return 0;
    u64 type = GtLinked(s, GtReadWord(itab + 8));
    s32 at;
    if (type == t->type[GT_TYPE_CTX_VALUE]) {
      u64 key = GtField(data, t->value[GT_CTX_VALUE_KEY]);
      if (key && GtLinked(s, key) == t->type[GT_TYPE_RPC_INCOMING]) {
        /* A map in an interface is its pointer (src: cmd/compile/internal/types/type.go, IsDirectIface). */
        return t->value[GT_CTX_VALUE_VAL] < 0 ? 0 : GtReadWord(data + t->value[GT_CTX_VALUE_VAL] + 8);
      }
      at = t->value[GT_CTX_VALUE_PARENT];
    } else if (type == t->type[GT_TYPE_CTX_CANCEL]) {
      at = t->value[GT_CTX_CANCEL_PARENT];
    } else if (type == t->type[GT_TYPE_CTX_TIMER]) {
      at = t->value[GT_CTX_TIMER_PARENT];
    } else {
      return 0;
    }
    if (at < 0) return 0;
    u64 next[2] = {};
    if (GtRead(next, sizeof(next), data + at)) return 0;
    itab = next[0];
    data = next[1];
  }
  return 0;
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
  if (type == t->type[GT_TYPE_TCP_ADDR] && at[GT_RPC_ADDR_IP] >= 0) {
    u64 ip[2] = {};
    if (GtRead(ip, sizeof(ip), data + at[GT_RPC_ADDR_IP]) || (ip[1] != 4 && ip[1] != 16)) return;
    GtAddString(span, GT_STR_PEER, ip[0], ip[1], 16);
    span->peer_port = (u16)GtField(data, at[GT_RPC_ADDR_PORT]);
    span->flags |= GT_FLAG_PEER_BYTES;
  } else if (type == t->type[GT_TYPE_UNIX_ADDR]) {
    GtAddGoString(span, GT_STR_PEER, data, at[GT_RPC_ADDR_NAME], GT_MAX_PEER);
  }
}

/* Code and message of the *spb.Status that a *status.Status holds; none means OK. */
GT_INLINE void GtAddStatus(const struct gt_table* t, struct gt_span* span, u64 status) {
  const s32* at = t->value + GT_BASE_GRPC;
  if (at[GT_RPC_STATUS_INNER] < 0 || at[GT_RPC_STATUS_CODE] < 0) return;
  u64 message = status ? GtReadWord(status + at[GT_RPC_STATUS_INNER]) : 0;
  if (!message) {
    span->status = 0;
    return;
  }
  span->status = (s32)GtReadWord(message + at[GT_RPC_STATUS_CODE]);
  GtAddGoString(span, GT_STR_MESSAGE, message, at[GT_RPC_STATUS_MESSAGE], GT_MAX_MESSAGE);
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
  u64 itab = GtArgument(s, at[GT_RPC_SRV_TRANSPORT_TYPE]);
  if (itab && GtLinked(s, GtReadWord(itab + 8)) == t->type[GT_TYPE_RPC_HTTP2_SERVER]) {
    call->writer = GtArgument(s, at[GT_RPC_SRV_TRANSPORT]);
  }
  call->context = ctx[1];
  struct gt_key key = {.pid = s->pid, .what = GT_CALL_STREAM, .id = stream};
  GtBeginServer(s, t, &key, GtIncomingMetadata(s, t, ctx[0], ctx[1]));
  return GtLeave(s);
}

SEC("uprobe")
int grpc_server_end(struct gt_context* context) {
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
  if (call->writer && at[GT_RPC_TRANSPORT_REMOTE] >= 0) {
    u64 address[2] = {};
    if (!GtRead(address, sizeof(address), call->writer + at[GT_RPC_TRANSPORT_REMOTE])) {
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
  if (!begun) return GtLeave(s);
  struct gt_client_call call = *begun;
  bpf_map_delete_elem(&client_calls, &key);
  key.what = GT_CALL_RPC;
  key.id = GtArgument(s, t->value[GT_BASE_GRPC + GT_RPC_RETRY_CS]);
  if (key.id && bpf_map_update_elem(&client_calls, &key, &call, BPF_ANY)) GtCount(GT_COUNT_NO_MAP);
  return GtLeave(s);
}

#define GT_EOF 0x464f45 /* "EOF": how a client that reads a stream to its end finishes it, which is a success */

SEC("uprobe")
int grpc_client_end(struct gt_context* context) {
  u64 now = bpf_ktime_get_boot_ns();
  const struct gt_table* t;
  struct gt_scratch* s = GtEnter(context, &t);
  if (!s) return 0;
  const s32* at = t->value + GT_BASE_GRPC;
  struct gt_key key = {.pid = s->pid, .what = GT_CALL_RPC, .id = GtArgument(s, at[GT_RPC_FINISH_CS])};
  struct gt_client_call* call = bpf_map_lookup_elem(&client_calls, &key);
  if (!call) return GtLeave(s); /* finished already: the first time counts */
  struct gt_span* span = &s->span;
  GtClearSpan(span);
  span->flags = GT_FLAG_END;
  __builtin_memcpy(span->ids.span, call->span, 8);
  bpf_map_delete_elem(&client_calls, &key);
  u64 itab = GtArgument(s, at[GT_RPC_FINISH_ERR_TYPE]), error = GtArgument(s, at[GT_RPC_FINISH_ERR]);
  if (!itab) {
    span->status = 0;
  } else {
    u64 type = GtLinked(s, GtReadWord(itab + 8));
    u64 text[2] = {};
    u32 word = 0;
    span->error_type = type;
    if (type == t->type[GT_TYPE_RPC_ERROR] && type) {
      if (at[GT_RPC_ERROR_STATUS] >= 0) GtAddStatus(t, span, GtField(error, at[GT_RPC_ERROR_STATUS]));
    } else if (type == t->type[GT_TYPE_ERROR_STRING] && type && !GtRead(text, sizeof(text), error) && text[1] == 3 &&
               !GtRead(&word, 3, text[0]) && word == GT_EOF) {
      span->status = 0;
    } else {
      span->status = 2; /* UNKNOWN: what status.Code says of an error that is no status */
    }
  }
  GtSendSpan(s, span, now);
  return GtLeave(s);
}

#endif
