#include "listen.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

#include "base/quote.h"

namespace gooffsets {

namespace {

constexpr int kBacklog = 4096;
constexpr std::string_view kMapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);  // RFC 4291 §2.5.5.2

std::string Unmapped(std::string bytes) {
  if (bytes.size() == 16 && bytes.starts_with(kMapped)) return bytes.substr(12);
  return bytes;
}

}  // namespace

Result<ListeningSocket> Listen(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) {
    return Fail(ErrorCode::kUsage, Quote(address) + " is no address to listen at", "127.0.0.1:7443, [::1]:7443");
  }
  std::string host = address.substr(0, colon);
  const std::string port = address.substr(colon + 1);
  // getaddrinfo() takes any number, and keeps its lower 16 bits.
  uint16_t parsed = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), parsed);
  if (error != std::errc() || end != port.data() + port.size()) {
    return Fail(ErrorCode::kUsage, Quote(address) + " is no address to listen at: " + Quote(port) + " is no port",
                "a number up to 65535; 0: any free port");
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int wrong = ::getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &hints, &found);
      wrong != 0) {
    return Fail(ErrorCode::kUsage, Quote(address) + " is no address to listen at: " + ::gai_strerror(wrong),
                "127.0.0.1:7443, [::1]:7443");
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, ::freeaddrinfo);
  const int one = 1;
  UniqueFd fd(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return ErrnoError(errno, "cannot make a socket");
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (::bind(fd.get(), found->ai_addr, found->ai_addrlen) != 0 || ::listen(fd.get(), kBacklog) != 0) {
    const int why = errno;
    tl::unexpected<Error> failed = ErrnoError(why, "cannot listen at " + address);
    if (why == EADDRNOTAVAIL) failed.value().hint = "an address that this machine has, or 0.0.0.0:" + port + " for all";
    if (why == EACCES) failed.value().hint = "a port from 1024 on, or the right to take lower ones";
    if (why == EADDRINUSE) failed.value().hint = "another program listens there: choose another port with --listen";
    return failed;
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0)
    return ErrnoError(errno, "cannot name the socket");
  const in_port_t number = bound.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(bound).sin6_port
                                                       : reinterpret_cast<const sockaddr_in&>(bound).sin_port;
  return ListeningSocket{std::move(fd), ntohs(number)};
}

std::string AddressBytes(const sockaddr* address) {
  if (address == nullptr) return {};
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    return {reinterpret_cast<const char*>(&v4->sin_addr), sizeof v4->sin_addr};
  }
  if (address->sa_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
    return Unmapped({reinterpret_cast<const char*>(&v6->sin6_addr), sizeof v6->sin6_addr});
  }
  return {};
}

std::string ParseAddress(const std::string& text) {
  std::string bytes(4, '\0');
  if (::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return bytes;
  bytes.resize(16);
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return Unmapped(bytes);
  return {};
}

std::string AddressText(const std::string& bytes) {
  char text[INET6_ADDRSTRLEN] = "";
  if (bytes.size() == 4) ::inet_ntop(AF_INET, bytes.data(), text, sizeof text);
  if (bytes.size() == 16) ::inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
  return text;
}

}  // namespace gooffsets
