// A point in time by which work must end, that another thread may move closer while the work waits.
//
// So a shutdown ends a wait before a retry at once, and a running request within a few tens of milliseconds.
// Thread-safe.
//
//   Deadline deadline;                                  // never, yet
//   deadline.MoveTo(Deadline::Clock::now() + 3s);       // by the thread that shuts down
//   if (!deadline.Sleep(backoff)) return;               // by the thread that works: false, the time is up
#ifndef GOOFFSETS_TOOLS_GOTRACE_PIPELINE_DEADLINE_H_
#define GOOFFSETS_TOOLS_GOTRACE_PIPELINE_DEADLINE_H_

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace gooffsets::trace {

class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  // Only ever closer.
  void MoveTo(Clock::time_point at) {
    {
      const std::lock_guard lock(mutex_);
      at_ = std::min(at_, at);
    }
    moved_.notify_all();
  }

  Clock::time_point at() const {
    const std::lock_guard lock(mutex_);
    return at_;
  }

  // Sleeps so long, but not beyond the deadline; whether there was time for all of it.
  bool Sleep(Clock::duration duration) {
    std::unique_lock lock(mutex_);
    const Clock::time_point end = Clock::now() + duration;
    while (end <= at_ && Clock::now() < end) moved_.wait_until(lock, end);
    return end <= at_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable moved_;
  Clock::time_point at_ = Clock::time_point::max();
};

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_PIPELINE_DEADLINE_H_
