#include "gotrace/pipeline/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace gooffsets::trace {
namespace {

// In label values backslash, quote and line feed are escaped; in help texts backslash and line feed.
std::string Escaped(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\\' || (quotes && c == '"')) {
      out += '\\';
      out += c;
    } else {
      out += c;
    }
  }
  return out;
}

std::string Written(const Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    out += fmt::format("{}{}=\"{}\"", out.empty() ? "{" : ",", name, Escaped(value, true));
  }
  return out.empty() ? out : out + "}";
}

// The labels with one more: {a="b"} and le="1" make {a="b",le="1"}.
std::string With(const std::string& labels, const std::string& more) {
  return labels.empty() ? "{" + more + "}" : labels.substr(0, labels.size() - 1) + "," + more + "}";
}

}  // namespace

void Histogram::Observe(double seconds) {
  const size_t bucket =
      static_cast<size_t>(std::lower_bound(kBounds.begin(), kBounds.end(), seconds) - kBounds.begin());
  counts_[bucket].fetch_add(1, std::memory_order_relaxed);
  sum_us_.fetch_add(static_cast<uint64_t>(std::max(0.0, seconds) * 1e6), std::memory_order_relaxed);
}

Metrics::Series* Metrics::Find(std::string_view name, std::string_view help, std::string_view type,
                               const Labels& labels) {
  auto it = families_.find(name);
  if (it == families_.end()) it = families_.emplace(name, Family{std::string(help), std::string(type), {}}).first;
  const std::string written = Written(labels);
  std::vector<Series>& series = it->second.series;
  const auto same = std::find_if(series.begin(), series.end(), [&](const Series& s) { return s.labels == written; });
  if (same != series.end()) return &*same;
  series.emplace_back();
  series.back().labels = written;
  return &series.back();
}

Counter* Metrics::AddCounter(std::string_view name, std::string_view help, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  Series* series = Find(name, help, "counter", labels);
  if (!series->counter) series->counter = std::make_unique<Counter>();
  return series->counter.get();
}

Histogram* Metrics::AddHistogram(std::string_view name, std::string_view help, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  Series* series = Find(name, help, "histogram", labels);
  if (!series->histogram) series->histogram = std::make_unique<Histogram>();
  return series->histogram.get();
}

void Metrics::AddGauge(std::string_view name, std::string_view help, const Labels& labels,
                       std::function<double()> read) {
  const std::lock_guard lock(mutex_);
  Find(name, help, "gauge", labels)->gauge = std::move(read);
}

void Metrics::RemoveGauge(std::string_view name, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  const auto it = families_.find(name);
  if (it == families_.end()) return;
  const std::string written = Written(labels);
  std::erase_if(it->second.series, [&](const Series& s) { return s.gauge && s.labels == written; });
  if (it->second.series.empty()) families_.erase(it);
}

std::string Metrics::Text() const {
  const std::lock_guard lock(mutex_);
  std::string text;
  auto out = std::back_inserter(text);
  for (const auto& [name, family] : families_) {
    fmt::format_to(out, "# HELP {} {}\n# TYPE {} {}\n", name, Escaped(family.help, false), name, family.type);
    for (const Series& series : family.series) {
      if (series.counter) fmt::format_to(out, "{}{} {}\n", name, series.labels, series.counter->value());
      if (series.gauge) fmt::format_to(out, "{}{} {}\n", name, series.labels, series.gauge());
      if (!series.histogram) continue;
      uint64_t total = 0;
      for (size_t i = 0; i <= Histogram::kBounds.size(); ++i) {
        total += series.histogram->counts_[i].load(std::memory_order_relaxed);
        const std::string bound = i < Histogram::kBounds.size() ? fmt::format("{}", Histogram::kBounds[i]) : "+Inf";
        fmt::format_to(out, "{}_bucket{} {}\n", name, With(series.labels, fmt::format("le=\"{}\"", bound)), total);
      }
      const double sum = static_cast<double>(series.histogram->sum_us_.load(std::memory_order_relaxed)) / 1e6;
      fmt::format_to(out, "{}_sum{} {}\n{}_count{} {}\n", name, series.labels, sum, name, series.labels, total);
    }
  }
  return text;
}

}  // namespace gooffsets::trace
