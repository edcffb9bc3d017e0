// Decisions are compared with the Go SDK's own in tests/e2e/otlp_sampler_test.py; here is what it has no counterpart
// for.
#include "gotrace/pipeline/sampler.h"

#include <gtest/gtest.h>

#include <cmath>

namespace gooffsets::trace {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

const Sampler::Time kStart = Sampler::Time(seconds(1'000));

TraceId Id(uint64_t low) {
  TraceId id{1};
  for (size_t i = 0; i < 8; ++i) id[15 - i] = static_cast<uint8_t>(low >> (8 * i));
  return id;
}

Span Child(uint64_t low, bool remote_root, bool flag) {
  Span span;
  span.trace_id = Id(low);
  span.parent = ParentSource::kContext;
  span.remote_root = remote_root;
  span.sampled_by_parent = flag;
  return span;
}

TEST(TraceIdRatioTest, TakesTheLowHalfOfTheIdWithoutItsLastBit) {
  const TraceIdRatio half(0.5);
  EXPECT_TRUE(half.Keeps(Id(0x7fffffffffffffff)));
  EXPECT_FALSE(half.Keeps(Id(0x8000000000000000)));
  EXPECT_TRUE(TraceIdRatio(1).Keeps(Id(UINT64_MAX)));
  EXPECT_TRUE(TraceIdRatio(1.5).Keeps(Id(UINT64_MAX)));
  for (const double none : {0.0, -1.0, std::nan("")}) EXPECT_FALSE(TraceIdRatio(none).Keeps(Id(0))) << none;
}

TEST(SamplerTest, ARemoteParentsFlagDecidesForTheWholeLocalTree) {
  Sampler on({.kind = SamplerKind::kParentBasedAlwaysOn});
  Sampler off({.kind = SamplerKind::kParentBasedAlwaysOff});
  EXPECT_EQ(on.Decide(Child(1, true, false), kStart), Sampling::kSampledOut);
  EXPECT_EQ(off.Decide(Child(1, true, true), kStart), Sampling::kKeep);
  // A tree without a remote parent: the root sampler's word, for children as for roots.
  EXPECT_EQ(on.Decide(Child(1, false, false), kStart), Sampling::kKeep);
  EXPECT_EQ(off.Decide(Child(1, false, true), kStart), Sampling::kSampledOut);
  Span header = Child(1, false, true);
  header.parent = ParentSource::kHeader;
  EXPECT_EQ(off.Decide(header, kStart), Sampling::kKeep);
}

TEST(SamplerTest, ParentsMeanNothingToTheOthers) {
  Sampler on({.kind = SamplerKind::kAlwaysOn});
  EXPECT_EQ(on.Decide(Child(1, true, false), kStart), Sampling::kKeep);
  Sampler ratio({.kind = SamplerKind::kTraceIdRatio, .ratio = 0.5});
  EXPECT_EQ(ratio.Decide(Child(UINT64_MAX, true, true), kStart), Sampling::kSampledOut);
  EXPECT_EQ(ratio.Decide(Child(0, true, false), kStart), Sampling::kKeep);
}

TEST(SamplerTest, TheLimitCountsTracesAndKeepsThemWhole) {
  Sampler sampler({.kind = SamplerKind::kAlwaysOn, .max_traces_per_second = 8});
  int kept = 0;
  for (uint64_t trace = 1; trace <= 100; ++trace) {
    const Sampling first = sampler.Decide(Child(trace, false, false), kStart);
    kept += first == Sampling::kKeep ? 1 : 0;
    for (int i = 0; i < 5; ++i) EXPECT_EQ(sampler.Decide(Child(trace, false, false), kStart), first);
  }
  EXPECT_EQ(kept, 8);
  for (uint64_t trace = 101; trace <= 164; ++trace) {  // a second in steps that have no rounding
    const auto now = kStart + nanoseconds(seconds(trace - 100)) / 64;
    kept += sampler.Decide(Child(trace, false, false), now) == Sampling::kKeep ? 1 : 0;
  }
  EXPECT_EQ(kept, 16);
}

}  // namespace
}  // namespace gooffsets::trace
