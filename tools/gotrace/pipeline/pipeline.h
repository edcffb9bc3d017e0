// The whole way of a span: sampled, cut to the limits, and handed to every exporter through a queue of its own.
//
// A slow receiver costs only its own spans, never those of the terminal beside it. Thread-safe; Offer() waits
// for no exporter but for a moment in a burst (batch_processor.h).
//
//   Pipeline pipeline(settings, &metrics);
//   pipeline.Add(MakeTerminalExporter(...), {.delay = std::chrono::milliseconds(200)});
//   pipeline.Offer(std::move(span));
//   pipeline.Shutdown(std::chrono::seconds(5));   // on SIGTERM
#ifndef GOOFFSETS_TOOLS_GOTRACE_PIPELINE_PIPELINE_H_
#define GOOFFSETS_TOOLS_GOTRACE_PIPELINE_PIPELINE_H_

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gotrace/pipeline/batch_processor.h"
#include "gotrace/pipeline/metrics.h"
#include "gotrace/pipeline/sampler.h"
#include "gotrace/pipeline/settings.h"

namespace gooffsets::trace {

class Pipeline {
 public:
  Pipeline(const Settings& settings, Metrics* metrics, std::function<void(const std::string&)> on_error = {});

  // Before the first span is offered.
  void Add(std::unique_ptr<Exporter> exporter, const BatchSettings& batch);

  // False: no exporter took it.
  bool Offer(Span&& span);
  // All exporters at once: together they take no longer than one.
  bool Flush(std::chrono::milliseconds limit);
  bool Shutdown(std::chrono::milliseconds limit);
  // Spans that did not reach a receiver, up to now, over all exporters.
  uint64_t lost() const;

 private:
  bool AllAtOnce(const std::function<bool(BatchProcessor&)>& what);

  const SpanLimits limits_;
  Metrics* const metrics_;
  const std::function<void(const std::string&)> on_error_;
  Counter *offered_, *sampled_out_, *rate_limited_;
  std::mutex sampler_mutex_;
  Sampler sampler_;
  std::vector<std::unique_ptr<BatchProcessor>> processors_;
};

// Removes attributes beyond the limit and cuts string values, both as OpenTelemetry's "Common specification concepts",
// attribute limits, asks: the first ones stay, what is cut is not marked.
void ApplyLimits(const SpanLimits& limits, Span* span);

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_PIPELINE_PIPELINE_H_
