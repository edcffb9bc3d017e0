// When a call has to end: its deadline, and the caller's wish to stop.
//
// Asked before every step and while waiting. One thread at a time.
//
//   CallLimits limits(std::chrono::seconds(600), cancelled);
//   GOOFFSETS_CHECK_OK(limits.Check());
#ifndef GOOFFSETS_FEED_CALL_LIMITS_H_
#define GOOFFSETS_FEED_CALL_LIMITS_H_

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>

#include "gooffsets/result.h"

namespace gooffsets {

class CallLimits {
 public:
  CallLimits(std::chrono::seconds deadline, std::function<bool()> cancelled)
      : end_(std::chrono::steady_clock::now() + deadline), cancelled_(std::move(cancelled)) {}

  bool Cancelled() const { return cancelled_ && cancelled_(); }
  std::chrono::milliseconds Left() const {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end_ - std::chrono::steady_clock::now());
    return std::max(left, std::chrono::milliseconds(0));
  }
  Result<void> Check() const {
    if (Cancelled()) return Fail(ErrorCode::kInterrupted, "interrupted");
    if (Left().count() == 0) return Fail(ErrorCode::kTimeout, "the time for it is over", "a longer --deadline");
    return {};
  }
  // False: the deadline comes first (then it does not wait at all), or the caller wants to stop.
  bool Wait(std::chrono::milliseconds time) const {
    if (time >= Left()) return false;
    const auto until = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < until) {
      if (Cancelled()) return false;
      std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(
          std::chrono::milliseconds(50), until - std::chrono::steady_clock::now()));
    }
    return true;
  }

 private:
  std::chrono::steady_clock::time_point end_;
  std::function<bool()> cancelled_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_FEED_CALL_LIMITS_H_
