#include "gotrace/pipeline/sampler.h"

#include <algorithm>
#include <limits>

namespace gooffsets::trace {
namespace {

// Traces whose answer is remembered: 1.1 MiB, and enough for a second at any rate that a limit makes sense for.
constexpr size_t kRememberedTraces = size_t{1} << 16;

// Bytes 8 to 15: those that the W3C recommends to be random (Trace Context Level 2, "randomness of trace-id").
uint64_t LowHalf(const TraceId& id) {
  uint64_t value = 0;
  for (size_t i = 8; i < 16; ++i) value = value << 8 | id[i];
  return value;
}

}  // namespace

TraceIdRatio::TraceIdRatio(double ratio) {
  if (ratio >= 1) {
    bound_ = std::numeric_limits<uint64_t>::max();
  } else if (ratio > 0) {                                           // false for NaN
    bound_ = static_cast<uint64_t>(ratio * 9223372036854775808.0);  // 2^63
  }
}

bool TraceIdRatio::Keeps(const TraceId& id) const { return LowHalf(id) >> 1 < bound_; }

Sampler::Sampler(const SamplerSettings& settings) : settings_(settings), ratio_(settings.ratio) {
  if (settings_.max_traces_per_second > 0) {
    remembered_.resize(kRememberedTraces);
    tokens_ = std::max(1.0, settings_.max_traces_per_second);
  }
}

Sampling Sampler::Decide(const Span& span, Time now) {
  if (!Standard(span)) return Sampling::kSampledOut;
  if (!remembered_.empty() && !WithinRate(span.trace_id, now)) return Sampling::kRateLimited;
  return Sampling::kKeep;
}

bool Sampler::Standard(const Span& span) const {
  switch (settings_.kind) {
    case SamplerKind::kAlwaysOn:
      return true;
    case SamplerKind::kAlwaysOff:
      return false;
    case SamplerKind::kTraceIdRatio:
      return ratio_.Keeps(span.trace_id);
    case SamplerKind::kParentBasedAlwaysOn:
    case SamplerKind::kParentBasedAlwaysOff:
    case SamplerKind::kParentBasedTraceIdRatio:
      break;
  }
  // ParentBased: a remote parent's flag decides. A local parent was itself decided so, up to the local root, which has
  // the remote parent's flag or, without one, what the root sampler says of this same trace id.
  if (span.remote_root || span.parent == ParentSource::kHeader) return span.sampled_by_parent;
  if (settings_.kind == SamplerKind::kParentBasedTraceIdRatio) return ratio_.Keeps(span.trace_id);
  return settings_.kind == SamplerKind::kParentBasedAlwaysOn;
}

bool Sampler::WithinRate(const TraceId& id, Time now) {
  Remembered& slot = remembered_[LowHalf(id) % remembered_.size()];
  if (slot.id == id && id != TraceId{}) return slot.kept;
  if (refilled_ == Time{}) refilled_ = now;
  const double elapsed = std::max(0.0, std::chrono::duration<double>(now - refilled_).count());
  refilled_ = std::max(refilled_, now);
  tokens_ =
      std::min(std::max(1.0, settings_.max_traces_per_second), tokens_ + elapsed * settings_.max_traces_per_second);
  slot.id = id;
  slot.kept = tokens_ >= 1;
  if (slot.kept) tokens_ -= 1;
  return slot.kept;
}

}  // namespace gooffsets::trace
