#include "gotrace/pipeline/metrics_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/file.h"
#include "base/quote.h"

namespace gooffsets::trace {
namespace {

constexpr unsigned kMaxConnections = 16;
constexpr unsigned kTimeoutSeconds = 10;

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

std::optional<Address> ParseAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  std::string host(colon == std::string_view::npos ? "" : text.substr(0, colon));
  const std::string_view port_text = colon == std::string_view::npos ? text : text.substr(colon + 1);
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  if (error != std::errc() || end != port_text.data() + port_text.size()) return std::nullopt;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);

  Address out;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (host.empty() || inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;  // "::" takes IPv4 as well
    v6.sin6_port = htons(port);
    std::memcpy(&out.storage, &v6, sizeof(v6));
    out.size = sizeof(v6);
  } else if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&out.storage, &v4, sizeof(v4));
    out.size = sizeof(v4);
  } else {
    return std::nullopt;
  }
  return out;
}

Result<UniqueFd> Listen(const Address& address, std::string_view text) {
  const auto* socket_address = reinterpret_cast<const sockaddr*>(&address.storage);
  UniqueFd fd(socket(socket_address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1, off = 0;
  bool done = fd.valid() && setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0;
  if (done && socket_address->sa_family == AF_INET6) {
    done = setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == 0;
  }
  done = done && bind(fd.get(), socket_address, address.size) == 0 && listen(fd.get(), kMaxConnections) == 0;
  if (!done) {
    const int error = errno;
    tl::unexpected<Error> failed = ErrnoError(error, "cannot listen on " + Quote(text));
    if (error == EADDRINUSE) failed.value().hint = "another program listens there: choose another port";
    return failed;
  }
  return fd;
}

MHD_Result Answer(void* context, MHD_Connection* connection, const char* url, const char* method, const char*,
                  const char*, size_t* upload_size, void** state) {
  // The first call of a request comes before its body: only the second one answers (microhttpd.h,
  // MHD_AccessHandlerCallback).
  static char seen;
  if (*state == nullptr) {
    *state = &seen;
    return MHD_YES;
  }
  *upload_size = 0;
  const bool reads = std::strcmp(method, "GET") == 0 || std::strcmp(method, "HEAD") == 0;
  const bool found = std::strcmp(url, "/metrics") == 0;
  const unsigned status = !reads ? MHD_HTTP_METHOD_NOT_ALLOWED : found ? MHD_HTTP_OK : MHD_HTTP_NOT_FOUND;
  const std::string text =
      status == MHD_HTTP_OK ? static_cast<const Metrics*>(context)->Text() : std::string("see /metrics\n");
  MHD_Response* response = MHD_create_response_from_buffer(text.size(), const_cast<char*>(text.data()),  // copied
                                                           MHD_RESPMEM_MUST_COPY);
  if (response == nullptr) return MHD_NO;
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                          status == MHD_HTTP_OK ? "text/plain; version=0.0.4; charset=utf-8" : "text/plain");
  if (!reads) MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
  const MHD_Result queued = MHD_queue_response(connection, status, response);
  MHD_destroy_response(response);
  return queued;
}

}  // namespace

Result<std::unique_ptr<MetricsServer>> MetricsServer::Start(std::string_view text, const Metrics* metrics) {
  const std::optional<Address> address = ParseAddress(text);
  if (!address) {
    return Fail(ErrorCode::kUsage, fmt::format("{} is no address to listen on", Quote(text)),
                ":9464, 127.0.0.1:9464 or [::1]:9464");
  }
  GOOFFSETS_TRY(UniqueFd fd, Listen(*address, text));
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  if (getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
    return ErrnoError(errno, "cannot listen on " + Quote(text));
  }
  std::unique_ptr<MetricsServer> server(new MetricsServer);
  sockaddr_in6 any{};  // the port lies at one place in both kinds of address
  std::memcpy(&any, &bound, sizeof(any));
  server->port_ = ntohs(any.sin6_port);
  server->daemon_ =
      MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO, 0, nullptr, nullptr, &Answer,
                       const_cast<Metrics*>(metrics), MHD_OPTION_LISTEN_SOCKET, fd.get(), MHD_OPTION_CONNECTION_LIMIT,
                       kMaxConnections, MHD_OPTION_CONNECTION_TIMEOUT, kTimeoutSeconds, MHD_OPTION_END);
  if (server->daemon_ == nullptr) return Fail(ErrorCode::kIo, "cannot start the server of " + Quote(text));
  fd.Release();  // the daemon closes it
  return server;
}

MetricsServer::~MetricsServer() {
  if (daemon_ != nullptr) MHD_stop_daemon(daemon_);
}

}  // namespace gooffsets::trace
