/* HTTP clients: net/http's Transport, and golang.org/x/net/http2's where it is used by itself.
 *
 * A span is one roundTrip: redirects are spans of their own, retries that the transport makes by itself are not.
 * Nothing that runs at the end of every roundTrip knows its outcome, so each return has a probe (docs/probe-points.md).
 * Sources: net/http/transport.go, net/url/url.go.
 *
 * Of calls inside each other on one goroutine (Transport hands HTTP/2 on to another RoundTripper) the outermost is the
 * span.
 */
#ifndef GOOFFSETS_BPF_HTTP_CLIENT_H_
#define GOOFFSETS_BPF_HTTP_CLIENT_H_

#include "core/trace_parent.h"

/* Whether a call that begins at `depth` runs inside the remembered one. One that ended by a panic was never forgotten;
 * its place on the stack has been used again. */
GT_INLINE int GtInside(struct gt_scratch* s, const struct gt_table* t, const struct gt_client_call* outer, u64 depth) {
  if (outer->depth >= depth) return 0;
  return GtReadWord(GtField(s->g, t->value[GT_G_STACK_HI]) - outer->depth) == outer->frame;
}

GT_INLINE int GtClientBegin(struct gt_context* context, int base, u8 kind) {
  u64 now = bpf_ktime_get_boot_ns();
  const struct gt_table* t;
  struct gt_scratch* s = GtEnter(context, &t);
  if (!s) return 0;
  const s32* at = t->value + base;
  if (at[GT_CLI_SP_DELTA] >= 0) s->sp += at[GT_CLI_SP_DELTA];
  struct gt_key key = {.pid = s->pid, .what = GT_CALL_CLIENT, .id = s->goid ? s->goid : s->g};
  u64 depth = GtDepth(s, t);
  struct gt_client_call* known = bpf_map_lookup_elem(&client_calls, &key);
  if (known && GtInside(s, t, known, depth)) return GtLeave(s);
  if (at[GT_CLI_SP_DELTA] >= 0) s->sp -= at[GT_CLI_SP_DELTA];
  u64 request = GtArgument(s, at[GT_CLI_ARG_REQ]);
  if (!request) return GtLeave(s);
  struct gt_span* span = &s->span;
  GtClearSpan(span);
  span->start = now;
  span->goid = s->goid;
  span->kind = kind;
  u64 ctx[2] = {};
  if (at[GT_CLI_CTX] >= 0) GtRead(ctx, sizeof(ctx), request + at[GT_CLI_CTX]);
  u32 flags = GT_FLAG_BEGIN;
  span->parent = GtInnerIds(s, t, ctx[0], ctx[1], &span->ids, &flags);
  u64 url = GtField(request, at[GT_CLI_URL]);
  u64 raw_path = at[GT_CLI_RAW_PATH] < 0 || !url ? 0 : GtReadWord(url + at[GT_CLI_RAW_PATH] + 8);
  if (raw_path) flags |= GT_FLAG_RAW_PATH;
  span->flags = flags;
  GtAddGoString(span, GT_STR_METHOD, request, at[GT_CLI_METHOD], GT_MAX_METHOD);
  GtAddGoString(span, GT_STR_TARGET, url, raw_path ? at[GT_CLI_RAW_PATH] : at[GT_CLI_PATH], GT_MAX_TARGET);
  GtAddGoString(span, GT_STR_HOST, url, at[GT_CLI_URL_HOST], GT_MAX_HOST);
  GtAddGoString(span, GT_STR_SCHEME, url, at[GT_CLI_SCHEME], GT_MAX_METHOD);
  GtAddGoString(span, GT_STR_QUERY, url, at[GT_CLI_QUERY], GT_MAX_TARGET);
  GtAddGoString(span, GT_STR_OPAQUE, url, at[GT_CLI_OPAQUE], GT_MAX_TARGET);
  struct gt_client_call call = {.depth = depth};
  call.frame = GtReadWord(GtField(s->g, t->value[GT_G_STACK_HI]) - depth);
  __builtin_memcpy(call.span, span->ids.span, 8);
  if (bpf_map_update_elem(&client_calls, &key, &call, BPF_ANY)) GtCount(GT_COUNT_NO_MAP);
  GtSendSpan(s, span, now);
  return GtLeave(s);
}

GT_INLINE int GtClientEnd(struct gt_context* context, int base) {
  u64 now = bpf_ktime_get_boot_ns();
  const struct gt_table* t;
  struct gt_scratch* s = GtEnter(context, &t);
  if (!s) return 0;
  const s32* at = t->value + base;
  struct gt_key key = {.pid = s->pid, .what = GT_CALL_CLIENT, .id = s->goid ? s->goid : s->g};
  struct gt_client_call* call = bpf_map_lookup_elem(&client_calls, &key);
  if (!call || call->depth != GtDepth(s, t)) return GtLeave(s);
  struct gt_span* span = &s->span;
  GtClearSpan(span);
  __builtin_memcpy(span->ids.span, call->span, 8);
  bpf_map_delete_elem(&client_calls, &key);
  u32 flags = GT_FLAG_END;
  u64 error = GtArgument(s, at[GT_CLI_RET_ERR]);
  u64 response = GtArgument(s, at[GT_CLI_RET_RESP]);
  if (error) {
    flags |= GT_FLAG_ERROR;
    span->error_type = GtLinked(s, GtReadWord(error + 8));
  } else if (response) {
    if (at[GT_CLI_STATUS] >= 0) span->status = (s32)GtField(response, at[GT_CLI_STATUS]);
    span->proto_major = GtByte(response, at[GT_CLI_PROTO_MAJOR]);
    span->proto_minor = GtByte(response, at[GT_CLI_PROTO_MINOR]);
  }
  span->flags = flags;
  GtSendSpan(s, span, now);
  return GtLeave(s);
}

SEC("uprobe")
int client_begin(struct gt_context* context) { return GtClientBegin(context, GT_BASE_TRANSPORT, GT_HTTP_CLIENT); }
SEC("uprobe")
int client_end(struct gt_context* context) { return GtClientEnd(context, GT_BASE_TRANSPORT); }
SEC("uprobe")
int x2_client_begin(struct gt_context* context) { return GtClientBegin(context, GT_BASE_X2_CLIENT, GT_X2_CLIENT); }
SEC("uprobe")
int x2_client_end(struct gt_context* context) { return GtClientEnd(context, GT_BASE_X2_CLIENT); }

#endif
