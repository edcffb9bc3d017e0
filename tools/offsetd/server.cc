#include "server.h"

#include <microhttpd.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "base/digest.h"
#include "listen.h"
#include "prepared.h"
#include "problem.h"
#include "rate_limit.h"
#include "router.h"
#include "target.h"

namespace gooffsets {

namespace {

// A connection's buffer: the request line and all headers must fit. Pages that are not touched cost nothing.
constexpr size_t kConnectionMemory = size_t{16} << 10;
constexpr size_t kThreadStack = size_t{1} << 20;

std::string_view HeaderOf(MHD_Connection* connection, const char* name) {
  const char* value = nullptr;
  size_t size = 0;
  if (MHD_lookup_connection_value_n(connection, MHD_HEADER_KIND, name, std::strlen(name), &value, &size) != MHD_YES)
    return {};
  return value == nullptr ? std::string_view() : std::string_view(value, size);
}

}  // namespace

class Server::Impl {
 public:
  ServerOptions options;
  ServiceSettings settings;
  Serving* serving = nullptr;
  Metrics* metrics = nullptr;
  AccessLog* access_log = nullptr;
  std::function<void(std::string_view)> log;
  std::function<std::string()> status_json;
  std::unique_ptr<RateLimit> rate_limit;
  std::unique_ptr<Connections> connections;
  std::vector<std::string> trusted;  // addresses as bytes
  std::atomic<size_t> body_bytes{0};
  MHD_Daemon* daemon = nullptr;
  uint16_t port = 0;

  MHD_Result OnRequest(MHD_Connection* handle, const char* method, const char* data, size_t* size,
                       ClientConnection* connection);
  void OnCompleted(MHD_Connection* handle, ClientConnection* connection);

 private:
  MHD_Result TakeBody(ClientConnection* connection, const char* data, size_t* size);
  std::shared_ptr<const Prepared> AnswerTo(MHD_Connection* handle, const char* method, ClientConnection* connection);
  std::shared_ptr<const Prepared> Make(const IncomingRequest& request, Encoding encoding,
                                       const Serving::Served& served);
  std::string ClientOf(MHD_Connection* handle, const ClientConnection& connection) const;
};

std::string Server::Impl::ClientOf(MHD_Connection* handle, const ClientConnection& connection) const {
  if (trusted.empty() || std::find(trusted.begin(), trusted.end(), connection.address) == trusted.end())
    return connection.address;
  // Each proxy appends the peer it saw: the last one is what ours says, the others anybody could have written.
  std::string_view forwarded = HeaderOf(handle, "X-Forwarded-For");
  if (const size_t comma = forwarded.rfind(','); comma != std::string_view::npos) forwarded.remove_prefix(comma + 1);
  while (forwarded.starts_with(' ')) forwarded.remove_prefix(1);
  const std::string bytes = ParseAddress(std::string(forwarded.substr(0, 64)));
  return bytes.empty() ? connection.address : bytes;
}

std::shared_ptr<const Prepared> Server::Impl::Make(const IncomingRequest& request, Encoding encoding,
                                                   const Serving::Served& served) {
  Service service;
  service.snapshot = served.snapshot.get();
  service.settings = &settings;
  service.draining = connections->draining();
  service.status_json = status_json;
  service.metrics_text = [this] { return metrics->Text(); };
  service.log = log;
  return Prepare(Handle(request, service), encoding, service.draining);
}

std::shared_ptr<const Prepared> Server::Impl::AnswerTo(MHD_Connection* handle, const char* method,
                                                       ClientConnection* connection) {
  const std::shared_ptr<Serving::Served> served = serving->Current();
  IncomingRequest request;
  request.method = method;
  request.target = connection->target;
  request.body = connection->body;
  request.accept_encoding = HeaderOf(handle, MHD_HTTP_HEADER_ACCEPT_ENCODING);
  request.if_none_match = HeaderOf(handle, MHD_HTTP_HEADER_IF_NONE_MATCH);
  request.authorization = HeaderOf(handle, MHD_HTTP_HEADER_AUTHORIZATION);
  const bool get = request.method == "GET" || request.method == "HEAD";
  const Encoding encoding =
      request.accept_encoding.empty() ? Encoding::kIdentity : ChooseEncoding(request.accept_encoding);
  const bool draining = connections->draining();

  // What decides about a cacheable answer: the encoding and the target, or the body of a resolve request.
  std::string& key = connection->key;
  key.assign(1, static_cast<char>('0' + static_cast<int>(encoding)));
  const Endpoint endpoint = EndpointOf(request.target);
  const bool resolve = endpoint == Endpoint::kResolve && request.method == "POST";
  if (resolve) {
    key += 'P';
    key += Blake2b128Hex(request.body);
    key += Blake2b128Hex(request.authorization);
  }
  key += request.target;
  std::shared_ptr<const Prepared> answer;
  if ((get || resolve) && !draining) {
    answer = served->cache.Find(key);
    if (answer != nullptr) metrics->cache_hits.fetch_add(1, std::memory_order_relaxed);
  }
  if (answer == nullptr) {
    if (endpoint == Endpoint::kFeed) {
      request.range = HeaderOf(handle, MHD_HTTP_HEADER_RANGE);
      request.if_range = HeaderOf(handle, MHD_HTTP_HEADER_IF_RANGE);
    }
    answer = Make(request, encoding, *served);
    if (answer == nullptr) return nullptr;
    if (answer->status() == 200 && (resolve || answer->caching() == Caching::kSnapshot) && !draining) {
      metrics->cache_misses.fetch_add(1, std::memory_order_relaxed);
      served->cache.Put(key, answer);
    }
  }
  const bool has_it = get && !request.if_none_match.empty() && answer->status() < 300 &&
                      HasMatch(request.if_none_match, answer->etag());
  if (!has_it) return answer;
  metrics->not_modified.fetch_add(1, std::memory_order_relaxed);
  return Prepare(NotModified(*answer), Encoding::kIdentity, draining);
}

MHD_Result Server::Impl::TakeBody(ClientConnection* connection, const char* data, size_t* size) {
  connection->body_seen += *size;
  const uint64_t limit = settings.max_body;
  if (!connection->body_refused && connection->body.size() + *size <= limit &&
      EndpointOf(connection->target) == Endpoint::kResolve) {
    if (body_bytes.fetch_add(*size) + *size > options.max_bodies) {
      connection->body_refused = true;
    }
    connection->body.append(data, *size);
  } else if (EndpointOf(connection->target) == Endpoint::kResolve) {
    connection->body_refused = true;
  }
  *size = 0;
  // A little more is read and thrown away, so that the client can see the answer; a client that goes on is cut off.
  return connection->body_seen > limit * 2 + (size_t{1} << 20) ? MHD_NO : MHD_YES;
}

MHD_Result Server::Impl::OnRequest(MHD_Connection* handle, const char* method, const char* data, size_t* size,
                                   ClientConnection* connection) {
  if (!connection->counted) {  // the headers have come
    connection->counted = true;
    connection->method = method;
    connections->RequestBegins(connection, SteadyNow());
    // libmicrohttpd lets a request with a body be answered before it was read only by ending the connection.
    const std::string_view length = HeaderOf(handle, MHD_HTTP_HEADER_CONTENT_LENGTH);
    uint64_t announced = 0;
    std::from_chars(length.data(), length.data() + length.size(), announced);
    if (announced > settings.max_body) {
      metrics->bodies_refused.fetch_add(1, std::memory_order_relaxed);
      const auto answer =
          Prepare(Problem(413, "usage", "the body is larger than " + std::to_string(settings.max_body) + " bytes"),
                  Encoding::kIdentity, true);
      if (answer == nullptr) return MHD_NO;
      connection->status = 413;
      connection->bytes = answer->bytes();
      return MHD_queue_response(handle, answer->status(), answer->handle());
    }
    return MHD_YES;
  }
  if (*size != 0) return TakeBody(connection, data, size);
  std::shared_ptr<const Prepared> answer;
  if (rate_limit != nullptr && !rate_limit->Take(ClientOf(handle, *connection), connection->started)) {
    metrics->rate_limited.fetch_add(1, std::memory_order_relaxed);
    HttpResponse response = Problem(429, "busy", "this address asks too often", "wait as long as Retry-After says");
    response.headers.emplace_back("Retry-After", "1");
    answer = Prepare(std::move(response), Encoding::kIdentity, connections->draining());
  } else if (connection->body_refused) {
    metrics->bodies_refused.fetch_add(1, std::memory_order_relaxed);
    const bool large = connection->body_seen > settings.max_body;
    HttpResponse response =
        large ? Problem(413, "usage", "the body is larger than " + std::to_string(settings.max_body) + " bytes")
              : Problem(503, "busy", "too many large requests are being read", "wait as long as Retry-After says");
    if (!large) response.headers.emplace_back("Retry-After", "1");
    answer = Prepare(std::move(response), Encoding::kIdentity, true);
  } else {
    answer = AnswerTo(handle, method, connection);
  }
  if (answer == nullptr) return MHD_NO;
  connection->status = static_cast<int>(answer->status());
  connection->bytes = answer->bytes();
  connections->AnswerBegins(connection, answer->bytes());
  return MHD_queue_response(handle, answer->status(), answer->handle());
}

void Server::Impl::OnCompleted(MHD_Connection* handle, ClientConnection* connection) {
  if (!connection->body.empty()) {
    body_bytes.fetch_sub(connection->body.size());
    std::string().swap(connection->body);
  }
  if (connection->counted) {
    const int64_t now = SteadyNow();
    const double seconds = static_cast<double>(now - connection->started) * 1e-9;
    if (connection->status != 0) {
      metrics->Count(EndpointOf(connection->target), connection->status, connection->bytes, seconds);
      if (access_log != nullptr) {
        access_log->Write({.client = AddressText(ClientOf(handle, *connection)),
                           .method = connection->method,
                           .target = connection->target,
                           .agent = HeaderOf(handle, MHD_HTTP_HEADER_USER_AGENT),
                           .status = connection->status,
                           .bytes = connection->bytes,
                           .seconds = seconds});
      }
    }
    connections->RequestEnds(connection, now);
  }
  connection->counted = false;
  connection->body_refused = false;
  connection->body_seen = 0;
  connection->status = 0;
  connection->target.clear();
}

namespace {

// The glue between libmicrohttpd's C callbacks and the above.

ClientConnection* ConnectionOf(MHD_Connection* handle) {
  const MHD_ConnectionInfo* info = MHD_get_connection_info(handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info == nullptr ? nullptr : static_cast<ClientConnection*>(info->socket_context);
}

void OnConnection(void* impl, MHD_Connection* handle, void** context, MHD_ConnectionNotificationCode code) {
  auto* server = static_cast<Server::Impl*>(impl);
  if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
    if (*context != nullptr) server->connections->Remove(static_cast<ClientConnection*>(*context));
    *context = nullptr;
    return;
  }
  const int fd = MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
  ClientConnection* connection = server->connections->Add(fd);
  connection->address = AddressBytes(MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
  *context = connection;
}

// The request line has come: the only place where the target is seen as it was sent.
void* OnTarget(void*, const char* target, MHD_Connection* handle) {
  ClientConnection* connection = ConnectionOf(handle);
  if (connection != nullptr) connection->target = target;
  return connection;
}

MHD_Result OnRequest(void* impl, MHD_Connection* handle, const char*, const char* method, const char*, const char* data,
                     size_t* size, void** context) {
  if (*context == nullptr) return MHD_NO;
  return static_cast<Server::Impl*>(impl)->OnRequest(handle, method, data, size,
                                                     static_cast<ClientConnection*>(*context));
}

void OnCompleted(void* impl, MHD_Connection* handle, void** context, MHD_RequestTerminationCode) {
  if (*context == nullptr) return;
  static_cast<Server::Impl*>(impl)->OnCompleted(handle, static_cast<ClientConnection*>(*context));
  *context = nullptr;
}

// Targets are decoded by ParseRequestTarget(), from their raw form.
size_t KeepEscapes(void*, MHD_Connection*, char* text) { return std::strlen(text); }

void OnMessage(void* impl, const char* format, va_list arguments) {
  char text[512];
  std::vsnprintf(text, sizeof text, format, arguments);
  static_cast<Server::Impl*>(impl)->log(LogText(text));
}

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(const ServerOptions& options, const ServiceSettings& settings,
                                              Serving* serving, Metrics* metrics, AccessLog* access_log,
                                              std::function<void(std::string_view)> log,
                                              std::function<std::string()> status_json) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  impl->settings = settings;
  impl->serving = serving;
  impl->metrics = metrics;
  impl->access_log = access_log;
  impl->log = std::move(log);
  impl->status_json = std::move(status_json);
  for (const std::string& proxy : options.trusted_proxies) {
    impl->trusted.push_back(ParseAddress(proxy));
    if (impl->trusted.back().empty())
      return Fail(ErrorCode::kUsage, proxy + " is no IP address", "--trusted-proxy 127.0.0.1");
  }
  if (options.rate > 0)
    impl->rate_limit = std::make_unique<RateLimit>(RateLimit::Options{options.rate, std::max(1.0, options.burst)});
  GOOFFSETS_TRY(ListeningSocket socket, Listen(options.listen));
  impl->port = socket.port;
  impl->connections = std::make_unique<Connections>(options.deadlines, metrics);
  const unsigned threads = std::max(1U, options.threads);
  std::vector<MHD_OptionItem> items = {
      {MHD_OPTION_LISTEN_SOCKET, socket.fd.get(), nullptr},
      {MHD_OPTION_THREAD_STACK_SIZE, static_cast<intptr_t>(kThreadStack), nullptr},
      {MHD_OPTION_CONNECTION_MEMORY_LIMIT, static_cast<intptr_t>(kConnectionMemory), nullptr},
      {MHD_OPTION_CONNECTION_LIMIT, static_cast<intptr_t>(std::max(options.max_connections, threads)), nullptr},
      {MHD_OPTION_PER_IP_CONNECTION_LIMIT, static_cast<intptr_t>(options.max_connections_per_address), nullptr},
      {MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, nullptr},
      {MHD_OPTION_NOTIFY_CONNECTION, reinterpret_cast<intptr_t>(&OnConnection), impl.get()},
      {MHD_OPTION_NOTIFY_COMPLETED, reinterpret_cast<intptr_t>(&OnCompleted), impl.get()},
      {MHD_OPTION_URI_LOG_CALLBACK, reinterpret_cast<intptr_t>(&OnTarget), impl.get()},
      {MHD_OPTION_UNESCAPE_CALLBACK, reinterpret_cast<intptr_t>(&KeepEscapes), nullptr},
  };
  // A pool of one would be one thread more than a server without a pool.
  if (threads > 1) items.push_back({MHD_OPTION_THREAD_POOL_SIZE, static_cast<intptr_t>(threads), nullptr});
  items.push_back({MHD_OPTION_END, 0, nullptr});
  impl->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG | MHD_USE_TURBO, 0,
                                  nullptr, nullptr, &gooffsets::OnRequest, impl.get(), MHD_OPTION_EXTERNAL_LOGGER,
                                  &OnMessage, impl.get(), MHD_OPTION_ARRAY, items.data(), MHD_OPTION_END);
  if (impl->daemon == nullptr)
    return Fail(ErrorCode::kIo, "the HTTP server at " + options.listen + " cannot be started");
  socket.fd.Release();  // closed with the daemon
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() { Stop(std::chrono::nanoseconds(0)); }

uint16_t Server::port() const { return impl_->port; }

bool Server::Stop(std::chrono::nanoseconds limit) {
  if (impl_->daemon == nullptr) return true;
  // The listening socket is ours again, and closed at once: new clients go elsewhere.
  const UniqueFd listening(MHD_quiesce_daemon(impl_->daemon));
  ::shutdown(listening.get(), SHUT_RDWR);
  const bool all = impl_->connections->Drain(limit);
  MHD_stop_daemon(impl_->daemon);
  impl_->daemon = nullptr;
  return all;
}

}  // namespace gooffsets
