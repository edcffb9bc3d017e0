#include "metrics.h"

#include <fmt/format.h>

#include <algorithm>

namespace gooffsets {

namespace {

void AppendHead(std::string* out, std::string_view name, std::string_view type, std::string_view help) {
  fmt::format_to(std::back_inserter(*out), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

}  // namespace

void AppendMetric(std::string* out, std::string_view name, std::string_view type, std::string_view help, double value) {
  AppendHead(out, name, type, help);
  fmt::format_to(std::back_inserter(*out), "{} {}\n", name, value);
}

void Metrics::Count(Endpoint endpoint, int status, uint64_t bytes, double seconds) {
  PerEndpoint& counts = endpoints_[static_cast<size_t>(endpoint)];
  const auto known = std::find(kStatuses.begin(), kStatuses.end() - 1, status);
  counts.by_status[static_cast<size_t>(known - kStatuses.begin())].fetch_add(1, std::memory_order_relaxed);
  const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), seconds);
  counts.durations[static_cast<size_t>(bound - kBounds.begin())].fetch_add(1, std::memory_order_relaxed);
  counts.nanoseconds.fetch_add(static_cast<uint64_t>(seconds * 1e9), std::memory_order_relaxed);
  counts.bytes.fetch_add(bytes, std::memory_order_relaxed);
}

std::string Metrics::Text() const {
  std::string out;
  const auto append = [&out]<typename... T>(fmt::format_string<T...> format, T&&... arguments) {
    fmt::format_to(std::back_inserter(out), format, std::forward<T>(arguments)...);
  };
  AppendHead(&out, "offsetd_requests_total", "counter", "Answers by endpoint and status.");
  for (size_t e = 0; e < kEndpoints; ++e) {
    for (size_t s = 0; s < kStatuses.size(); ++s) {
      const uint64_t count = endpoints_[e].by_status[s];
      if (count == 0) continue;
      append("offsetd_requests_total{{endpoint=\"{}\",status=\"{}\"}} {}\n", ToString(static_cast<Endpoint>(e)),
             kStatuses[s] == 0 ? "other" : std::to_string(kStatuses[s]), count);
    }
  }
  AppendHead(&out, "offsetd_response_bytes_total", "counter", "Bytes of answers, without headers.");
  for (size_t e = 0; e < kEndpoints; ++e) {
    if (const uint64_t bytes = endpoints_[e].bytes; bytes != 0) {
      append("offsetd_response_bytes_total{{endpoint=\"{}\"}} {}\n", ToString(static_cast<Endpoint>(e)), bytes);
    }
  }
  AppendHead(&out, "offsetd_request_duration_seconds", "histogram",
             "From a request's headers to the end of its answer.");
  for (size_t e = 0; e < kEndpoints; ++e) {
    const std::string_view name = ToString(static_cast<Endpoint>(e));
    uint64_t total = 0;
    for (const auto& count : endpoints_[e].durations) total += count;
    if (total == 0) continue;
    uint64_t below = 0;
    for (size_t b = 0; b < kBounds.size(); ++b) {
      below += endpoints_[e].durations[b];
      append("offsetd_request_duration_seconds_bucket{{endpoint=\"{}\",le=\"{}\"}} {}\n", name, kBounds[b], below);
    }
    below += endpoints_[e].durations[kBounds.size()];
    append("offsetd_request_duration_seconds_bucket{{endpoint=\"{}\",le=\"+Inf\"}} {}\n", name, below);
    append("offsetd_request_duration_seconds_sum{{endpoint=\"{}\"}} {}\n", name,
           static_cast<double>(endpoints_[e].nanoseconds) * 1e-9);
    append("offsetd_request_duration_seconds_count{{endpoint=\"{}\"}} {}\n", name, below);
  }
  const auto counter = [&](std::string_view name, std::string_view help, const std::atomic<uint64_t>& value) {
    AppendMetric(&out, name, "counter", help, static_cast<double>(value));
  };
  const auto gauge = [&](std::string_view name, std::string_view help, double value) {
    AppendMetric(&out, name, "gauge", help, value);
  };
  counter("offsetd_cache_hits_total", "Answers that were ready.", cache_hits);
  counter("offsetd_cache_misses_total", "Cacheable answers that had to be made.", cache_misses);
  counter("offsetd_not_modified_total", "Answers with status 304.", not_modified);
  counter("offsetd_rate_limited_total", "Requests refused by the rate limit.", rate_limited);
  counter("offsetd_slow_clients_total", "Connections ended because a client exceeded its deadline.", slow_clients);
  counter("offsetd_bodies_refused_total", "Request bodies refused for their size.", bodies_refused);
  counter("offsetd_log_lines_dropped_total", "Access log lines that could not be written in time.", log_lines_dropped);
  counter("offsetd_connections_accepted_total", "Connections accepted.", connections_accepted);
  gauge("offsetd_connections", "Connections open now.", static_cast<double>(connections));
  gauge("offsetd_requests_in_flight", "Requests being answered now.", static_cast<double>(requests_in_flight));
  counter("offsetd_swaps_total", "Databases put in the place of another.", swaps);
  counter("offsetd_swap_failures_total", "New database files that could not be served.", swap_failures);
  gauge("offsetd_last_swap_failed", "1: the file at hand cannot be served, an older database still is.",
        static_cast<double>(last_swap_failed));
  counter("offsetd_updates_total", "Newer databases brought from upstream.", updates);
  counter("offsetd_update_failures_total", "Checks of the upstream feed that failed.", update_failures);
  return out;
}

}  // namespace gooffsets
