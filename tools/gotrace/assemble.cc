#include "gotrace/assemble.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "gotrace/assemble_grpc.h"

namespace gooffsets::trace {

namespace {

// The methods that semantic conventions know; others are "_OTHER" (HTTP spans, http.request.method).
constexpr std::string_view kMethods[] = {"GET",     "HEAD",    "POST",  "PUT",   "DELETE",
                                         "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"};

// Room for as many as nearly all spans have, with a size that malloc has at hand: from 1,024 bytes on it sorts all that
// was freed first (src: glibc malloc/malloc.c, MIN_LARGE_SIZE).
constexpr size_t kAttributes = 960 / sizeof(Attribute);

void Add(Span* span, const char* key, std::string_view value) {
  if (!value.empty()) span->attributes.push_back({key, std::string(value)});
}
void Add(Span* span, const char* key, int64_t value) { span->attributes.push_back({key, value}); }

void AddMethod(Span* span, std::string_view method) {
  if (method.empty()) method = "GET";  // what an empty method means to a client (src: net/http/request.go)
  if (std::find(std::begin(kMethods), std::end(kMethods), method) != std::end(kMethods)) {
    Add(span, "http.request.method", method);
    span->name = method;
  } else {
    Add(span, "http.request.method", "_OTHER");
    Add(span, "http.request.method_original", method);
    span->name = "HTTP";
  }
}

void AddEndpoint(Span* span, const char* address_key, const char* port_key, std::string_view text,
                 std::optional<int64_t> default_port = {}) {
  const Endpoint endpoint = SplitEndpoint(text);
  Add(span, address_key, endpoint.address);
  if (endpoint.address.empty()) return;
  if (endpoint.port) {
    Add(span, port_key, *endpoint.port);
  } else if (default_port) {
    Add(span, port_key, *default_port);
  }
}

// "GET /items/{id}" and "example.com/items/" of net/http's mux: the path is the route (src: net/http/pattern.go).
std::string_view RouteOf(std::string_view pattern) {
  const size_t space = pattern.find_first_of(" \t");
  if (space != std::string_view::npos) {
    pattern.remove_prefix(space);
    pattern.remove_prefix(std::min(pattern.find_first_not_of(" \t"), pattern.size()));
  }
  const size_t slash = pattern.find('/');
  return slash == std::string_view::npos ? std::string_view() : pattern.substr(slash);
}

void SetError(Span* span, std::string_view type) {
  span->status = StatusCode::kError;
  if (!type.empty()) Add(span, "error.type", type);
}

void AddProtocol(Span* span, const gt_span& record) {
  if (record.proto_major == 1) {
    Add(span, "network.protocol.version", record.proto_minor == 0 ? "1.0" : "1.1");
  } else if (record.proto_major) {
    Add(span, "network.protocol.version", std::to_string(record.proto_major));
  }
}

void HttpServer(const SpanRecord& record, Span* span) {
  const gt_span& raw = *record.span;
  const auto& text = record.text;
  span->kind = SpanKind::kServer;
  span->library = raw.kind == GT_X2_SERVER ? "golang.org/x/net/http2" : "net/http";
  AddMethod(span, text[GT_STR_METHOD]);
  const bool tls = raw.flags & GT_FLAG_TLS;
  Add(span, "url.scheme", tls ? "https" : "http");
  // The target is a path with a query; a proxy's request has a whole URL, CONNECT an authority, OPTIONS "*" (RFC
  // 9112, 3.2).
  std::string_view target = text[GT_STR_TARGET];
  if (const size_t scheme = target.find("://"); !target.starts_with('/') && scheme != std::string_view::npos) {
    const size_t path = target.find_first_of("/?", scheme + 3);
    target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
  }
  if (text[GT_STR_METHOD] != "CONNECT") {
    const size_t query = target.find('?');
    Add(span, "url.path", target.substr(0, query));
    if (query != std::string_view::npos) Add(span, "url.query", target.substr(query + 1));
  }
  AddEndpoint(span, "server.address", "server.port", text[GT_STR_HOST], tls ? 443 : 80);
  const Endpoint peer = SplitEndpoint(text[GT_STR_PEER]);
  AddPeer(peer, peer.IsUnixSocket(), span);
  if (!peer.IsUnixSocket()) Add(span, "client.address", peer.address);
  Add(span, "user_agent.original", text[GT_STR_AGENT]);
  AddProtocol(span, raw);
  if (const std::string_view route = RouteOf(text[GT_STR_ROUTE]);
      !route.empty() && !(raw.truncated & 1 << GT_STR_ROUTE)) {
    Add(span, "http.route", route);
    span->name.append(" ").append(route);
  }
  const bool panicked = raw.flags & GT_FLAG_PANICKED, hijacked = raw.flags & GT_FLAG_HIJACKED;
  if (raw.flags & GT_FLAG_WROTE_STATUS) {
    if (raw.status > 0) Add(span, "http.response.status_code", raw.status);
    if (raw.status >= 500 && !panicked) SetError(span, std::to_string(raw.status));
  } else if (!panicked && !hijacked) {
    Add(span, "http.response.status_code", 200);  // what net/http sends for a handler that wrote none
  }
  if (panicked) SetError(span, "panic");
}

std::string UrlOf(const SpanRecord& record) {
  const auto& text = record.text;
  const bool raw_path = record.span->flags & GT_FLAG_RAW_PATH;
  std::string url(text[GT_STR_SCHEME]);
  if (!url.empty()) url += ":";
  if (!text[GT_STR_OPAQUE].empty()) {
    url += text[GT_STR_OPAQUE];
  } else {
    if (!text[GT_STR_HOST].empty()) url.append("//").append(text[GT_STR_HOST]);
    if (raw_path) {
      url += text[GT_STR_TARGET];
    } else {
      // As url.URL.EscapedPath does where there is no RawPath (src: net/url/url.go, shouldEscape).
      constexpr std::string_view kPlain = "-_.~$&+,/:;=@!*'()[]";
      for (const char c : text[GT_STR_TARGET]) {
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            kPlain.find(c) != std::string_view::npos) {
          url += c;
        } else {
          constexpr char kDigits[] = "0123456789ABCDEF";
          url += '%';
          url += kDigits[static_cast<unsigned char>(c) >> 4];
          url += kDigits[c & 15];
        }
      }
    }
  }
  if (!text[GT_STR_QUERY].empty()) url.append("?").append(text[GT_STR_QUERY]);
  return url;
}

void HttpClient(const SpanRecord& record, const Surroundings& surroundings, Span* span) {
  const gt_span& raw = *record.span;
  const auto& text = record.text;
  span->kind = SpanKind::kClient;
  span->library = raw.kind == GT_X2_CLIENT ? "golang.org/x/net/http2" : "net/http";
  AddMethod(span, text[GT_STR_METHOD]);
  Add(span, "url.full", UrlOf(record));
  const bool tls = text[GT_STR_SCHEME] == "https";
  AddEndpoint(span, "server.address", "server.port", text[GT_STR_HOST], tls ? 443 : 80);
  if (raw.status > 0) {
    AddProtocol(span, raw);
    Add(span, "http.response.status_code", raw.status);
    if (raw.status >= 400) SetError(span, std::to_string(raw.status));
  }
  if (raw.flags & GT_FLAG_ERROR) {
    std::string type = surroundings.type_name ? surroundings.type_name(raw.error_type) : "";
    SetError(span, type.empty() ? "_OTHER" : type);
  }
}

// Names of strings in gotrace.truncated: the attribute that is cut.
std::vector<std::string> Truncated(const gt_span& record) {
  const bool client = record.kind == GT_HTTP_CLIENT || record.kind == GT_X2_CLIENT;
  const char* const names[GT_STR_COUNT] = {"http.request.method",
                                           client ? "url.full" : "url.path",
                                           "server.address",
                                           "network.peer.address",
                                           "user_agent.original",
                                           "http.route",
                                           "url.full",
                                           "url.full",
                                           "url.full",
                                           "rpc.message",
                                           "tracestate"};
  std::vector<std::string> cut;
  for (int i = 0; i < GT_STR_COUNT; ++i) {
    if (record.truncated & 1 << i) cut.emplace_back(names[i]);
  }
  cut.erase(std::unique(cut.begin(), cut.end()), cut.end());
  return cut;
}

// "PRI *", which a server of HTTP/1 hands to its handler as if it were a request (RFC 9113, 3.4); the handler of
// golang.org/x/net/http2/h2c takes such connections over.
bool IsConnectionPreface(const SpanRecord& record) {
  return record.span->kind == GT_HTTP1_SERVER && record.text[GT_STR_METHOD] == "PRI" &&
         record.text[GT_STR_TARGET] == "*";
}

}  // namespace

std::optional<SpanRecord> ReadSpanRecord(const gt_header& header, size_t size) {
  constexpr size_t kHead = offsetof(gt_span, data);
  if (header.version != GT_EVENT_VERSION || header.event != GT_EVENT_SPAN || size < kHead || header.size < kHead ||
      header.size > size) {
    return std::nullopt;
  }
  SpanRecord record;
  record.span = reinterpret_cast<const gt_span*>(&header);
  const char* at = record.span->data;
  size_t left = header.size - kHead;
  for (int i = 0; i < GT_STR_COUNT; ++i) {
    const size_t length = record.span->length[i];
    if (length > left) return std::nullopt;
    record.text[static_cast<size_t>(i)] = std::string_view(at, length);
    at += length;
    left -= length;
  }
  if (IsConnectionPreface(record)) return std::nullopt;
  return record;
}

Endpoint SplitEndpoint(std::string_view text) {
  // Unix sockets have no port; an IPv6 address without brackets is one as a whole.
  if (text.empty() || text.front() == '/' || text.front() == '@') return {std::string(text), std::nullopt};
  const size_t colon = text.rfind(':');
  const bool bracketed = text.front() == '[';
  const size_t close = bracketed ? text.find(']') : std::string_view::npos;
  if (bracketed && close == std::string_view::npos) return {std::string(text), std::nullopt};
  if (colon == std::string_view::npos || (bracketed && colon < close) || (!bracketed && text.find(':') != colon)) {
    return {std::string(bracketed ? text.substr(1, close - 1) : text), std::nullopt};
  }
  int port = 0;
  const std::string_view digits = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  const std::string_view host = bracketed ? text.substr(1, close - 1) : text.substr(0, colon);
  if (error != std::errc() || end != digits.data() + digits.size() || port < 0 || port > 65535) {
    return {std::string(host), std::nullopt};
  }
  return {std::string(host), port};
}

void AddPeer(const Endpoint& peer, bool unix_socket, Span* span) {
  if (unix_socket) Add(span, "network.transport", "unix");
  if (unix_socket && peer.address == "@") return;
  Add(span, "network.peer.address", peer.address);
  if (peer.port && !peer.address.empty()) Add(span, "network.peer.port", *peer.port);
}

Span AssembleSpan(const SpanRecord& record, const Surroundings& surroundings) {
  const gt_span& raw = *record.span;
  Span span;
  span.attributes.reserve(kAttributes);
  std::memcpy(span.trace_id.data(), raw.ids.trace, span.trace_id.size());
  std::memcpy(span.span_id.data(), raw.ids.span, span.span_id.size());
  std::memcpy(span.parent_span_id.data(), raw.ids.parent, span.parent_span_id.size());
  span.parent = static_cast<ParentSource>(std::min<int>(raw.parent, GT_PARENT_GOROUTINE));
  span.trace_state = record.text[GT_STR_TRACESTATE];
  span.remote_root = raw.flags & GT_FLAG_REMOTE_ROOT;
  span.sampled_by_parent = raw.flags & GT_FLAG_SAMPLED;
  span.start_ns = surroundings.interval.start_ns;
  span.end_ns = surroundings.interval.end_ns;
  span.resource = surroundings.resource;
  switch (raw.kind) {
    case GT_HTTP1_SERVER:
    case GT_HTTP2_SERVER:
    case GT_X2_SERVER:
      HttpServer(record, &span);
      break;
    case GT_HTTP_CLIENT:
    case GT_X2_CLIENT:
      HttpClient(record, surroundings, &span);
      break;
    default:
      AssembleGrpc(record, surroundings, &span);
  }
  if (span.parent == ParentSource::kGoroutine) span.attributes.push_back({"gotrace.parent.inferred", true});
  if (std::vector<std::string> cut = Truncated(raw); !cut.empty()) {
    span.attributes.push_back({"gotrace.truncated", std::move(cut)});
  }
  if (raw.flags & (GT_FLAG_CUT_HEADERS | GT_FLAG_CUT_CONTEXTS)) {
    span.attributes.push_back({"gotrace.parent.search_cut", true});
  }
  if (surroundings.version) span.library_version = surroundings.version(span.library);
  return span;
}

}  // namespace gooffsets::trace
