#include "gotrace/pipeline/clock.h"

#include <ctime>
#include <limits>

namespace gooffsets::trace {
namespace {

constexpr int kTries = 7;

int64_t Now(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

uint64_t Shift(uint64_t boot_ns, int64_t offset_ns) {
  const auto shift = static_cast<uint64_t>(offset_ns);
  const uint64_t sum = boot_ns + shift;  // modulo 2^64: right for negative offsets, too
  if (offset_ns < 0) return sum > boot_ns ? 0 : sum;
  return sum < boot_ns ? std::numeric_limits<uint64_t>::max() : sum;
}

}  // namespace

void RealTimeClock::Measure() {
  int64_t best_gap = std::numeric_limits<int64_t>::max();
  for (int i = 0; i < kTries; ++i) {
    const int64_t before = Now(CLOCK_BOOTTIME);
    const int64_t real = Now(CLOCK_REALTIME);
    const int64_t after = Now(CLOCK_BOOTTIME);
    if (after - before >= best_gap) continue;
    best_gap = after - before;
    offset_ns_.store(real - (before + best_gap / 2), std::memory_order_relaxed);
    measured_at_ns_ = after;
  }
  uncertainty_ns_.store(best_gap / 2 + 1, std::memory_order_relaxed);
}

bool RealTimeClock::MeasureIfOlderThan(std::chrono::nanoseconds age) {
  if (Now(CLOCK_BOOTTIME) - measured_at_ns_ <= age.count()) return false;
  Measure();
  return true;
}

UnixInterval RealTimeClock::ToUnix(uint64_t start_boot_ns, uint64_t end_boot_ns) const {
  const int64_t offset = offset_ns();
  const uint64_t start = Shift(start_boot_ns, offset);
  return {start, end_boot_ns < start_boot_ns ? start : Shift(end_boot_ns, offset)};
}

}  // namespace gooffsets::trace
