// From the kernel's clock to real time, with one offset for both ends of a span.
//
// Events carry CLOCK_BOOTTIME. The offset to CLOCK_REALTIME changes when somebody sets the clock, so it is measured
// again and again; a span whose ends were made with two offsets could end before it begins, so an offset is taken once
// for a span. An offset is the middle between two readings of one clock around a reading of the other, the closest of
// several tries. Measure() belongs to one thread; ToUnix() may be called from any.
//
//   RealTimeClock clock;
//   clock.MeasureIfOlderThan(std::chrono::seconds(10));
//   UnixInterval when = clock.ToUnix(event.start_boot_ns, event.end_boot_ns);
#ifndef GOOFFSETS_TOOLS_GOTRACE_PIPELINE_CLOCK_H_
#define GOOFFSETS_TOOLS_GOTRACE_PIPELINE_CLOCK_H_

#include <atomic>
#include <chrono>
#include <cstdint>

namespace gooffsets::trace {

struct UnixInterval {
  uint64_t start_ns = 0, end_ns = 0;
};

class RealTimeClock {
 public:
  RealTimeClock() { Measure(); }

  void Measure();
  // The measurement costs a few microseconds; true if it was made.
  bool MeasureIfOlderThan(std::chrono::nanoseconds age);

  // Real time minus boot time, in nanoseconds.
  int64_t offset_ns() const { return offset_ns_.load(std::memory_order_relaxed); }
  // How far the offset may be off: half the time that the closest try took.
  int64_t uncertainty_ns() const { return uncertainty_ns_.load(std::memory_order_relaxed); }

  // Never negative, never wraps; an end before the start counts as the start.
  UnixInterval ToUnix(uint64_t start_boot_ns, uint64_t end_boot_ns) const;

 private:
  std::atomic<int64_t> offset_ns_ = 0, uncertainty_ns_ = 0;
  int64_t measured_at_ns_ = 0;  // CLOCK_BOOTTIME
};

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_PIPELINE_CLOCK_H_
