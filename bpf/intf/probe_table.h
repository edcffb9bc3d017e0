/* The probe table: all that the kernel programs know of one executable. User space fills it from the resolver; the
 * programs themselves hold no offset.
 *
 * One array of 32-bit values, GT_NONE where a value is not known, and one of type addresses as linked (0: not known). A
 * field's value is its byte offset. An argument's value says where one of its words is at the probe: a register's
 * number, or GT_STACK + its distance from SP. Names (the second macro argument) are the `as` names of
 * tools/gotrace/wants/.
 */
#ifndef GOOFFSETS_BPF_INTF_PROBE_TABLE_H_
#define GOOFFSETS_BPF_INTF_PROBE_TABLE_H_

#include "limits.h"

#define GT_NONE (-1)
#define GT_STACK 0x10000 /* values from here on are stack places: distance from SP plus this */

/* How a map[string][]string lies in memory (src: internal/runtime/maps/group.go, runtime/map.go up to Go 1.23). */
enum gt_map_kind {
  GT_MAP_INTERLEAVED = 1, /* groups of 8 slots, each key followed by its element */
  GT_MAP_SPLIT = 2,       /* GOEXPERIMENT=mapsplitgroup: 8 keys, then 8 elements */
  GT_MAP_BUCKETS = 3,     /* up to Go 1.23: 8 keys, 8 elements, the overflow bucket */
};

/* What gRPC's errors hold: at first they were the spb.Status itself, then a pointer to it, now the *status.Status (src:
 * google.golang.org/grpc status/status.go up to 1.27, internal/status/status.go from 1.28, 1.30 and 1.40 on). */
enum gt_error_kind { GT_ERROR_IS_MESSAGE = 1, GT_ERROR_HAS_MESSAGE = 2, GT_ERROR_HAS_STATUS = 3 };

/* What belongs to the runtime and is the same for every library. */
#define GT_COMMON(X)                             \
  X(G_GOID, "g.goid")                            \
  X(G_PARENT, "g.parentGoid")                    \
  X(G_STACK_HI, "g.stack.hi")                    \
  X(G_PANIC, "g.panic")                          \
  X(MAP_KIND, "map.kind") /* enum gt_map_kind */ \
  X(MAP_DIR, "map.dirPtr")                       \
  X(MAP_DIR_LEN, "map.dirLen")                   \
  X(MAP_GROUPS, "map.groups")                    \
  X(MAP_LENGTH_MASK, "map.lengthMask")           \
  X(HMAP_FLAGS, "hmap.flags")                    \
  X(HMAP_B, "hmap.B")                            \
  X(HMAP_BUCKETS, "hmap.buckets")                \
  X(HMAP_OLD, "hmap.oldbuckets")                 \
  X(CTX_VALUE_PARENT, "valueCtx.parent")         \
  X(CTX_VALUE_KEY, "valueCtx.key")               \
  X(CTX_VALUE_VAL, "valueCtx.val")               \
  X(CTX_CANCEL_PARENT, "cancelCtx.parent")       \
  X(CTX_TIMER_PARENT, "timerCtx.parent")         \
  X(CTX_AFTER_PARENT, "afterFuncCtx.parent")     \
  X(CTX_STOP_PARENT, "stopCtx.parent")           \
  X(CTX_WITHOUT_PARENT, "withoutCancelCtx.parent")

/* An HTTP server, once for each of net/http's HTTP/1, its HTTP/2, and golang.org/x/net/http2. */
#define GT_SERVER(X)               \
  X(SRV_ARG_W, "arg.w")            \
  X(SRV_ARG_REQ, "arg.req")        \
  X(SRV_END_W, "end.w")            \
  X(SRV_W_STATE, "w.state")        \
  X(SRV_STATUS, "status")          \
  X(SRV_WROTE, "wroteHeader")      \
  X(SRV_W_CONN, "w.conn")          \
  X(SRV_HIJACKED, "conn.hijacked") \
  X(SRV_WRITTEN, "written")        \
  X(SRV_METHOD, "req.Method")      \
  X(SRV_URI, "req.RequestURI")     \
  X(SRV_HOST, "req.Host")          \
  X(SRV_REMOTE, "req.RemoteAddr")  \
  X(SRV_HEADER, "req.Header")      \
  X(SRV_CTX, "req.ctx")            \
  X(SRV_TLS, "req.TLS")            \
  X(SRV_MINOR, "req.ProtoMinor")   \
  X(SRV_PATTERN, "req.Pattern")    \
  X(SRV_HANDLER_REQ, "handler.req")  \
  X(SRV_MUX_REQ, "mux.req")        \
  X(SRV_MUX_URI, "mux.RequestURI") \
  X(SRV_MUX_PATTERN, "mux.Pattern")

/* An HTTP client: net/http's Transport, and x/net's HTTP/2 one. */
#define GT_CLIENT(X)                                                        \
  X(CLI_ARG_REQ, "arg.req")                                                 \
  X(CLI_SP_DELTA, "sp_delta") /* how far SP has moved at the entry probe */ \
  X(CLI_RET_RESP, "ret.resp")                                               \
  X(CLI_RET_ERR, "ret.err")                                                 \
  X(CLI_METHOD, "req.Method")                                               \
  X(CLI_URL, "req.URL")                                                     \
  X(CLI_HOST, "req.Host")                                                   \
  X(CLI_CTX, "req.ctx")                                                     \
  X(CLI_SCHEME, "url.Scheme")                                               \
  X(CLI_OPAQUE, "url.Opaque")                                               \
  X(CLI_URL_HOST, "url.Host")                                               \
  X(CLI_PATH, "url.Path")                                                   \
  X(CLI_RAW_PATH, "url.RawPath")                                            \
  X(CLI_QUERY, "url.RawQuery")                                              \
  X(CLI_STATUS, "resp.StatusCode")                                          \
  X(CLI_PROTO_MAJOR, "resp.ProtoMajor")                                     \
  X(CLI_PROTO_MINOR, "resp.ProtoMinor")

#define GT_GRPC(X)                                \
  X(RPC_SRV_STREAM, "arg.stream")                 \
  X(RPC_SRV_TRANSPORT_TYPE, "transport.itab")     \
  X(RPC_STREAM_INNER, "serverStream.inner")       \
  X(RPC_STREAM_METHOD, "stream.method")           \
  X(RPC_STREAM_CTX, "stream.ctx")                 \
  X(RPC_TRANSPORT_REMOTE, "transport.remoteAddr") \
  X(RPC_ADDR_IP, "TCPAddr.IP")                    \
  X(RPC_ADDR_PORT, "TCPAddr.Port")                \
  X(RPC_ADDR_NAME, "UnixAddr.Name")               \
  X(RPC_HANDLER_REQ, "handler.req")               \
  X(RPC_HANDLER_REMOTE, "handler.RemoteAddr")     \
  X(RPC_END_TRANSPORT, "end.transport")           \
  X(RPC_END_STREAM, "end.stream")                 \
  X(RPC_END_STATUS, "end.status")                 \
  X(RPC_STATUS_INNER, "status.inner")             \
  X(RPC_STATUS_CODE, "proto.Code")                \
  X(RPC_STATUS_MESSAGE, "proto.Message")          \
  X(RPC_ERROR_KIND, "error.kind")                 \
  X(RPC_ERROR_STATUS, "error.status")             \
  X(RPC_CLI_CTX_TYPE, "ctx.itab")                 \
  X(RPC_CLI_CTX, "ctx.data")                      \
  X(RPC_CLI_CC, "client.cc")                      \
  X(RPC_CLI_METHOD, "arg.method")                 \
  X(RPC_CLI_METHOD_LENGTH, "method.length")       \
  X(RPC_CC_TARGET, "cc.target")                   \
  X(RPC_NEW_ERR_TYPE, "new.err.itab")             \
  X(RPC_NEW_ERR, "new.err.data")                  \
  X(RPC_RETRY_CS, "arg.retry_cs")                 \
  X(RPC_FINISH_CS, "arg.finish_cs")               \
  X(RPC_FINISH_ERR_TYPE, "finish.err.itab")       \
  X(RPC_FINISH_ERR, "finish.err.data")

#define GT_NAME_(name, text) GT_##name,
/* Positions inside a group. */
enum { GT_COMMON(GT_NAME_) GT_COMMON_COUNT };
enum { GT_SERVER(GT_NAME_) GT_SERVER_COUNT };
enum { GT_CLIENT(GT_NAME_) GT_CLIENT_COUNT };
enum { GT_GRPC(GT_NAME_) GT_GRPC_COUNT };
#undef GT_NAME_

/* Where each group begins in gt_table.value. */
enum {
  GT_BASE_COMMON = 0,
  GT_BASE_H1 = GT_BASE_COMMON + GT_COMMON_COUNT,
  GT_BASE_H2 = GT_BASE_H1 + GT_SERVER_COUNT,
  GT_BASE_X2 = GT_BASE_H2 + GT_SERVER_COUNT,
  GT_BASE_TRANSPORT = GT_BASE_X2 + GT_SERVER_COUNT,
  GT_BASE_X2_CLIENT = GT_BASE_TRANSPORT + GT_CLIENT_COUNT,
  GT_BASE_GRPC = GT_BASE_X2_CLIENT + GT_CLIENT_COUNT,
  GT_VALUE_COUNT = GT_BASE_GRPC + GT_GRPC_COUNT,
};

#define GT_TYPES(X)                                  \
  X(TYPE_CTX_VALUE, "*context.valueCtx")             \
  X(TYPE_CTX_CANCEL, "*context.cancelCtx")           \
  X(TYPE_CTX_TIMER, "*context.timerCtx")             \
  X(TYPE_CTX_AFTER, "*context.afterFuncCtx")         \
  X(TYPE_CTX_STOP, "context.stopCtx")                \
  X(TYPE_CTX_STOP_PTR, "*context.stopCtx")           \
  X(TYPE_CTX_WITHOUT, "context.withoutCancelCtx")    \
  X(TYPE_H1_RESPONSE, "*net/http.response")          \
  X(TYPE_RPC_INCOMING, "metadata.mdIncomingKey")     \
  X(TYPE_RPC_ERROR, "*status.Error")                 \
  X(TYPE_RPC_HANDLER, "*transport.handlerTransport")   \
  X(TYPE_TCP_ADDR, "*net.TCPAddr")                   \
  X(TYPE_UNIX_ADDR, "*net.UnixAddr")                 \
  X(TYPE_ERROR_STRING, "*errors.errorString")

#define GT_NAME_(name, text) GT_##name,
enum { GT_TYPES(GT_NAME_) GT_TYPE_COUNT };
#undef GT_NAME_

/* Libraries that are attached in this executable (gt_table.libraries). */
#define GT_HAS_CLIENTS 1u /* some client library is attached: servers publish their contexts for it */

/* More than any type's address, all of which lack the highest bit. */
#define GT_NO_CONTEXT_TYPE 0x7fffffffffffffffull

struct gt_table {
  int value[GT_VALUE_COUNT];
  unsigned int libraries;
  unsigned long long type[GT_TYPE_COUNT];
  /* Contexts that are none of the standard ones, ascending by type, GT_NO_CONTEXT_TYPE behind them: where each holds
   * the context that it embeds. */
  unsigned long long context_type[GT_MAX_CONTEXT_TYPES];
  int context_parent[GT_MAX_CONTEXT_TYPES];
};

/* One traced process: whose table holds for it, and how far its image is from where it was linked (PIE). */
struct gt_process {
  unsigned int executable;
  unsigned int pad;
  unsigned long long bias;
};

#endif
