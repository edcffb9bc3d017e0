// GET /metrics, for Prometheus: the agent's health over HTTP.
//
// Answers from a thread of its own, for a few connections at a time and each only for seconds, so that no scraper can
// hold the agent. The registry must outlive the server; the destructor ends the thread.
//
//   GOOFFSETS_TRY(auto server, MetricsServer::Start("127.0.0.1:9464", &metrics));
#ifndef GOOFFSETS_TOOLS_GOTRACE_PIPELINE_METRICS_SERVER_H_
#define GOOFFSETS_TOOLS_GOTRACE_PIPELINE_METRICS_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gooffsets/result.h"
#include "gotrace/pipeline/metrics.h"

struct MHD_Daemon;

namespace gooffsets::trace {

class MetricsServer {
 public:
  // ":9464" (all addresses), "9464", "127.0.0.1:9464", "[::1]:9464"; names are not looked up. Port 0: any that is free.
  static Result<std::unique_ptr<MetricsServer>> Start(std::string_view address, const Metrics* metrics);
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  uint16_t port() const { return port_; }

 private:
  MetricsServer() = default;

  MHD_Daemon* daemon_ = nullptr;
  uint16_t port_ = 0;
};

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_PIPELINE_METRICS_SERVER_H_
