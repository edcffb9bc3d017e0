#include "gotrace/assemble_grpc.h"

#include <arpa/inet.h>

#include <string>

namespace gooffsets::trace {

namespace {

// Which codes are a server's error (semantic conventions for gRPC, "gRPC status"): UNKNOWN, DEADLINE_EXCEEDED,
// UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS. For a client every code but OK is one.
bool IsServerError(int code) { return code == 2 || code == 4 || code == 12 || code == 13 || code == 14 || code == 15; }

// "dns:///example.com:443", "passthrough:///10.0.0.1:80", "unix:/run/x", "host:80" (gRPC naming, doc/naming.md).
Endpoint TargetEndpoint(std::string_view target) {
  if (target.starts_with("unix:"))
    return {std::string(target.substr(target.starts_with("unix://") ? 7 : 5)), std::nullopt};
  if (target.find("://") != std::string_view::npos) {
    target.remove_prefix(target.find("://") + 3);
    const size_t slash = target.find('/');
    target.remove_prefix(slash == std::string_view::npos ? 0 : slash + 1);
  }
  return SplitEndpoint(target);
}

Endpoint PeerEndpoint(const SpanRecord& record) {
  const std::string_view bytes = record.text[GT_STR_PEER];
  if (!(record.span->flags & GT_FLAG_PEER_BYTES)) return SplitEndpoint(bytes);
  // net.IP holds IPv4 addresses in 16 bytes as well (src: net/ip.go).
  constexpr std::string_view kMapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
  char text[INET6_ADDRSTRLEN] = {};
  const bool mapped = bytes.size() == 16 && bytes.starts_with(kMapped);
  const bool four = bytes.size() == 4 || mapped;
  if (!four && bytes.size() != 16) return {};
  inet_ntop(four ? AF_INET : AF_INET6, bytes.data() + (mapped ? 12 : 0), text, sizeof text);
  return {text, record.span->peer_port};
}

}  // namespace

void AssembleGrpc(const SpanRecord& record, const Surroundings&, Span* span) {
  const gt_span& raw = *record.span;
  const bool server = raw.kind == GT_GRPC_SERVER;
  span->kind = server ? SpanKind::kServer : SpanKind::kClient;
  span->library = "google.golang.org/grpc";
  auto add = [&](const char* key, auto value) { span->attributes.push_back({key, std::move(value)}); };
  add("rpc.system", std::string("grpc"));
  std::string_view method = record.text[GT_STR_METHOD];
  if (method.starts_with('/')) method.remove_prefix(1);
  span->name = method;
  const size_t slash = method.rfind('/');
  if (slash != std::string_view::npos) {
    add("rpc.service", std::string(method.substr(0, slash)));
    add("rpc.method", std::string(method.substr(slash + 1)));
  }
  const Endpoint host = TargetEndpoint(record.text[GT_STR_HOST]), peer = PeerEndpoint(record);
  if (!host.address.empty()) add("server.address", host.address);
  if (!record.text[GT_STR_AGENT].empty()) add("user_agent.original", std::string(record.text[GT_STR_AGENT]));
  if (host.port) add("server.port", *host.port);
  AddPeer(peer, raw.flags & GT_FLAG_PEER_UNIX || peer.IsUnixSocket() || (!server && host.IsUnixSocket()), span);
  if (raw.status >= 0) {
    add("rpc.grpc.status_code", int64_t{raw.status});
    if (server ? IsServerError(raw.status) : raw.status != 0) {
      span->status = StatusCode::kError;
      span->status_message = record.text[GT_STR_MESSAGE];
      add("error.type", std::to_string(raw.status));
    }
  }
}

}  // namespace gooffsets::trace
