#include "gotrace/probe_map.h"

#include <vector>

#include "bpf/intf/probe_table.h"

namespace gooffsets::trace {

namespace {

constexpr Attachment kAttachments[] = {
    {"h1", "begin", "h1_begin", Where::kEntry},
    {"h1", "end", "h1_end", Where::kEntry},
    {"h1", "deferred", "h1_deferred", Where::kEntry},
    {"h1", "mux", "http_mux", Where::kEntry},
    {"h1", "handler", "http_handler", Where::kEntry},
    {"h2", "begin", "h2_begin", Where::kEntry},
    {"h2", "deferred", "h2_deferred", Where::kEntry},
    {"x2", "begin", "x2_begin", Where::kEntry},
    {"x2", "deferred", "x2_deferred", Where::kEntry},
    {"client", "call", "client_begin", Where::kEntry},
    {"client", "call", "client_end", Where::kReturns},
    {"x2_client", "call", "x2_client_begin", Where::kEntry},
    {"x2_client", "call", "x2_client_end", Where::kReturns},
    {"grpc_server", "begin", "grpc_server_begin", Where::kEntry},
    {"grpc_server", "end", "grpc_server_end", Where::kEntry},
    {"grpc_handler", "end", "grpc_handler_end", Where::kEntry},
    {"grpc_client", "begin", "grpc_client_begin", Where::kEntry},
    {"grpc_client", "begin", "grpc_client_begun", Where::kReturns},
    {"grpc_client", "stream", "grpc_client_stream", Where::kEntry},
    {"grpc_client", "finish", "grpc_client_end", Where::kEntry},
};

constexpr ArgumentWord kArgumentWords[] = {
    // serverHandler.ServeHTTP(sh serverHandler, rw ResponseWriter, req *Request): the interface's two words.
    {"h1", "begin", 1, 0, false, "w.state"},
    {"h1", "begin", 1, 8, false, "arg.w"},
    {"h1", "begin", 2, 0, false, "arg.req"},
    {"h1", "end", 0, 0, false, "end.w"},
    {"h1", "mux", 2, 0, false, "mux.req"},
    {"h1", "handler", 2, 0, false, "handler.req"},
    // runHandler(sc *serverConn, rw *responseWriter, req *Request, handler func)
    {"h2", "begin", 1, 0, false, "arg.w"},
    {"h2", "begin", 2, 0, false, "arg.req"},
    {"x2", "begin", 1, 0, false, "arg.w"},
    {"x2", "begin", 2, 0, false, "arg.req"},
    // roundTrip(t *Transport, req *Request) (*Response, error)
    {"client", "call", 1, 0, false, "arg.req"},
    {"client", "call", 0, 0, true, "ret.resp"},
    {"client", "call", 1, 0, true, "ret.err"},
    {"x2_client", "call", 1, 0, false, "arg.req"},
    {"x2_client", "call", 0, 0, true, "ret.resp"},
    {"x2_client", "call", 1, 0, true, "ret.err"},
    // handleStream(s *Server, t transport.ServerTransport, stream *transport.ServerStream)
    {"grpc_server", "begin", 1, 0, false, "transport.itab"},
    {"grpc_server", "begin", 2, 0, false, "arg.stream"},
    // WriteStatus(t *http2Server, s *ServerStream, st *status.Status); of serverHandlerTransport likewise
    {"grpc_server", "end", 0, 0, false, "end.transport"},
    {"grpc_server", "end", 1, 0, false, "end.stream"},
    {"grpc_server", "end", 2, 0, false, "end.status"},
    // newClientStream(ctx context.Context, desc *StreamDesc, cc *ClientConn, method string, opts ...CallOption)
    // (ClientStream, error)
    {"grpc_client", "begin", 0, 0, false, "ctx.itab"},
    {"grpc_client", "begin", 0, 8, false, "ctx.data"},
    {"grpc_client", "begin", 2, 0, false, "client.cc"},
    {"grpc_client", "begin", 3, 0, false, "arg.method"},
    {"grpc_client", "begin", 3, 8, false, "method.length"},
    {"grpc_client", "begin", 1, 0, true, "new.err.itab"},
    {"grpc_client", "begin", 1, 8, true, "new.err.data"},
    // withRetry(cs *clientStream, ...), finish(cs *clientStream, err error)
    {"grpc_client", "stream", 0, 0, false, "arg.retry_cs"},
    {"grpc_client", "finish", 0, 0, false, "arg.finish_cs"},
    {"grpc_client", "finish", 1, 0, false, "finish.err.itab"},
    {"grpc_client", "finish", 1, 8, false, "finish.err.data"},
};

#define GT_INDEX_(name, text) {GT_##name, text},
constexpr Slot kCommon[] = {GT_COMMON(GT_INDEX_)};
constexpr Slot kServer[] = {GT_SERVER(GT_INDEX_)};
constexpr Slot kClient[] = {GT_CLIENT(GT_INDEX_)};
constexpr Slot kGrpc[] = {GT_GRPC(GT_INDEX_)};
constexpr Slot kTypes[] = {GT_TYPES(GT_INDEX_)};
#undef GT_INDEX_

std::vector<Slot> Moved(std::span<const Slot> slots, int base) {
  std::vector<Slot> moved(slots.begin(), slots.end());
  for (Slot& slot : moved) slot.index += base;
  return moved;
}

}  // namespace

std::span<const Attachment> Attachments() { return kAttachments; }
std::span<const ArgumentWord> ArgumentWords() { return kArgumentWords; }
std::span<const Slot> TypeSlots() { return kTypes; }

std::span<const Slot> SlotsOf(std::string_view probe) {
  static const std::vector<Slot> h1 = Moved(kServer, GT_BASE_H1), h2 = Moved(kServer, GT_BASE_H2),
                                 x2 = Moved(kServer, GT_BASE_X2), client = Moved(kClient, GT_BASE_TRANSPORT),
                                 x2_client = Moved(kClient, GT_BASE_X2_CLIENT), grpc = Moved(kGrpc, GT_BASE_GRPC);
  if (probe == "h1") return h1;
  if (probe == "h2") return h2;
  if (probe == "x2") return x2;
  if (probe == "client") return client;
  if (probe == "x2_client") return x2_client;
  if (probe.starts_with("grpc_")) return grpc;
  return kCommon;
}

}  // namespace gooffsets::trace
