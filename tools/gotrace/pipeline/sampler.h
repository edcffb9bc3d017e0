// Which spans are kept: the standard samplers of OpenTelemetry, and a limit of traces a second.
//
// A decision depends on the trace id and on what the traceparent said, so all spans of a trace get one answer although
// children end before their parents. traceidratio decides as the Go SDK does (sdk/trace/sampling.go,
// traceIDRatioSampler): a trace that passes through an instrumented program and through a traced one is whole or not
// there. Samplers belong to one thread; the pipeline serialises its calls.
//
//   Sampler sampler({.kind = SamplerKind::kParentBasedTraceIdRatio, .ratio = 0.1});
//   if (sampler.Decide(span, now) != Sampling::kKeep) return;
#ifndef GOOFFSETS_TOOLS_GOTRACE_PIPELINE_SAMPLER_H_
#define GOOFFSETS_TOOLS_GOTRACE_PIPELINE_SAMPLER_H_

#include <chrono>
#include <cstdint>
#include <vector>

#include "gotrace/span.h"

namespace gooffsets::trace {

// The values of OTEL_TRACES_SAMPLER that mean something to a tracer of other programs.
enum class SamplerKind {
  kAlwaysOn,
  kAlwaysOff,
  kTraceIdRatio,
  kParentBasedAlwaysOn,
  kParentBasedAlwaysOff,
  kParentBasedTraceIdRatio,
};

struct SamplerSettings {
  SamplerKind kind = SamplerKind::kParentBasedAlwaysOn;  // the specification's default
  double ratio = 1;                                      // of the traceidratio samplers
  double max_traces_per_second = 0;                      // 0: no limit
};

enum class Sampling { kKeep, kSampledOut, kRateLimited };

// The Go SDK's TraceIDRatioBased.
class TraceIdRatio {
 public:
  explicit TraceIdRatio(double ratio);
  bool Keeps(const TraceId& id) const;

 private:
  uint64_t bound_ = 0;  // of 2^63; above every id for a ratio of 1
};

class Sampler {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Sampler(const SamplerSettings& settings);
  Sampling Decide(const Span& span, Time now);

 private:
  bool Standard(const Span& span) const;
  bool WithinRate(const TraceId& id, Time now);

  // What the limit said of a trace: its other spans get the same answer as long as it is remembered.
  struct Remembered {
    TraceId id{};
    bool kept = false;
  };

  SamplerSettings settings_;
  TraceIdRatio ratio_;
  double tokens_ = 0;
  Time refilled_{};
  std::vector<Remembered> remembered_;  // a direct-mapped table; empty without a limit
};

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_PIPELINE_SAMPLER_H_
