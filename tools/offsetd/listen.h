// A listening TCP socket for "127.0.0.1:7443", "[::]:7443" or "localhost:0". Safe from any thread.
//
//   Result<ListeningSocket> socket = Listen("127.0.0.1:0");
//   socket->port;   // the one the kernel chose
#ifndef GOOFFSETS_TOOLS_OFFSETD_LISTEN_H_
#define GOOFFSETS_TOOLS_OFFSETD_LISTEN_H_

#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "base/file.h"
#include "gooffsets/result.h"

namespace gooffsets {

struct ListeningSocket {
  UniqueFd fd;
  uint16_t port = 0;
};
Result<ListeningSocket> Listen(const std::string& address);

// The bytes of an IPv4 or IPv6 address (an IPv4 address mapped into IPv6 as IPv4); empty: another family, or none.
std::string AddressBytes(const sockaddr* address);
std::string ParseAddress(const std::string& text);
std::string AddressText(const std::string& bytes);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_OFFSETD_LISTEN_H_
