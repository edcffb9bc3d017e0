// What the process counts, and its Prometheus text.
//
// Counters are atomics in fixed arrays: no series can be made by a request. Safe from any thread; a reading is of each
// counter, not of all at one moment.
//
//   metrics.Count(Endpoint::kOffsets, 200, 153, 0.0001);
//   std::string text = metrics.Text();
#ifndef GOOFFSETS_TOOLS_OFFSETD_METRICS_H_
#define GOOFFSETS_TOOLS_OFFSETD_METRICS_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "router.h"

namespace gooffsets {

class Metrics {
 public:
  void Count(Endpoint endpoint, int status, uint64_t bytes, double seconds);

  std::atomic<uint64_t> cache_hits{0}, cache_misses{0}, not_modified{0};
  std::atomic<uint64_t> rate_limited{0}, slow_clients{0}, bodies_refused{0}, log_lines_dropped{0};
  std::atomic<uint64_t> connections_accepted{0}, connections{0}, requests_in_flight{0};
  std::atomic<uint64_t> swaps{0}, swap_failures{0}, updates{0}, update_failures{0};
  std::atomic<int64_t> last_swap_failed{0};  // 1: the newest file could not be loaded, an older one is served

  // Everything above.
  std::string Text() const;

 private:
  static constexpr std::array<int, 19> kStatuses = {200, 204, 206, 303, 304, 308, 400, 401, 403, 404,
                                                    405, 413, 414, 416, 422, 429, 500, 503, 0};
  static constexpr std::array<double, 9> kBounds = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.01, 0.05, 0.25, 1};
  struct PerEndpoint {
    std::array<std::atomic<uint64_t>, kStatuses.size()> by_status{};
    std::array<std::atomic<uint64_t>, kBounds.size() + 1> durations{};
    std::atomic<uint64_t> nanoseconds{0}, bytes{0};
  };
  std::array<PerEndpoint, kEndpoints> endpoints_;
};

// One metric of one series without labels, with its help: "# HELP ...\n# TYPE ...\nname value\n".
void AppendMetric(std::string* out, std::string_view name, std::string_view type, std::string_view help, double value);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_OFFSETD_METRICS_H_
