// The HTTP server: libmicrohttpd, with limits of time, size, number and rate on everything a client can do.
//
// Each worker thread takes connections and answers from what Serving has at that moment. Finished answers come from the
// snapshot's cache without touching the database. Stop() drains: no new connections, answers that have begun are sent.
// One thread starts and stops it.
//
//   Result<std::unique_ptr<Server>> server = Server::Start(options, settings, &serving, &metrics, log);
//   (*server)->port();
//   (*server)->Stop(std::chrono::seconds(10));
#ifndef GOOFFSETS_TOOLS_OFFSETD_SERVER_H_
#define GOOFFSETS_TOOLS_OFFSETD_SERVER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "access_log.h"
#include "connections.h"
#include "metrics.h"
#include "service.h"
#include "serving.h"

namespace gooffsets {

struct ServerOptions {
  std::string listen = "127.0.0.1:7443";  // address:port, [address]:port; port 0: any free one
  unsigned threads = 2;
  unsigned max_connections = 10'000;
  unsigned max_connections_per_address = 1'000;  // 0: no limit
  double rate = 0, burst = 0;                    // requests a second of each address; 0: no limit
  Deadlines deadlines;
  size_t max_bodies = size_t{32} << 20;  // all request bodies together
  // Peers whose X-Forwarded-For is believed: its last address is then the client's.
  std::vector<std::string> trusted_proxies;
};

class Server {
 public:
  static Result<std::unique_ptr<Server>> Start(const ServerOptions& options, const ServiceSettings& settings,
                                               Serving* serving, Metrics* metrics, AccessLog* access_log,
                                               std::function<void(std::string_view)> log,
                                               std::function<std::string()> status_json);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  uint16_t port() const;
  // False: some connections had to be cut off.
  bool Stop(std::chrono::nanoseconds limit);

  class Impl;

 private:
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_OFFSETD_SERVER_H_
