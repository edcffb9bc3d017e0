// The agent's own health: counters, gauges and histograms, written as Prometheus reads them.
//
// Whoever counts asks for a metric by name and labels, once, and keeps the pointer, which lives as long as the
// registry; asking again gives the same one. Counting is one relaxed atomic addition. Thread-safe. Text format:
// "Exposition formats", version 0.0.4, of the Prometheus documentation.
//
//   Metrics metrics;
//   Counter* lost = metrics.AddCounter("gotrace_events_lost_total", "Events that the ring buffer had no room for.",
//                                      {{"reason", "ring_full"}});
//   lost->Add(3);
//   std::string page = metrics.Text();
#ifndef GOOFFSETS_TOOLS_GOTRACE_PIPELINE_METRICS_H_
#define GOOFFSETS_TOOLS_GOTRACE_PIPELINE_METRICS_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gooffsets::trace {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Counter {
 public:
  void Add(uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
  // For counters that the kernel keeps: the last total that was read.
  void Set(uint64_t total) { value_.store(total, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_ = 0;
};

// How long something took, in buckets that fit network requests.
class Histogram {
 public:
  static constexpr std::array<double, 10> kBounds = {0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30};  // seconds
  void Observe(double seconds);

 private:
  friend class Metrics;
  std::array<std::atomic<uint64_t>, kBounds.size() + 1> counts_{};
  std::atomic<uint64_t> sum_us_ = 0;
};

class Metrics {
 public:
  Counter* AddCounter(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram* AddHistogram(std::string_view name, std::string_view help, const Labels& labels = {});
  // `read` is called, under the registry's lock, whenever the text is made. What it captures must outlive the registry
  // or be removed before.
  void AddGauge(std::string_view name, std::string_view help, const Labels& labels, std::function<double()> read);
  void RemoveGauge(std::string_view name, const Labels& labels);

  // All metrics by name, then by labels in the order of their registration.
  std::string Text() const;

 private:
  struct Series {
    std::string labels;  // as written: {a="b"}
    std::unique_ptr<Counter> counter;
    std::unique_ptr<Histogram> histogram;
    std::function<double()> gauge;
  };
  struct Family {
    std::string help, type;
    std::vector<Series> series;
  };
  Series* Find(std::string_view name, std::string_view help, std::string_view type, const Labels& labels);

  mutable std::mutex mutex_;
  std::map<std::string, Family, std::less<>> families_;
};

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_PIPELINE_METRICS_H_
