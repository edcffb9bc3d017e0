// Upstream mode: keeps the database that is served fresh, with the same client as update-offsets.
//
// Asks the feed at once and then every `interval`, give or take a tenth, so that many servers do not ask at one moment.
// What is brought is verified and installed by UpdateClient before it is loaded; where that fails, what is installed is
// served on. One thread of its own; state() is safe from any thread.
//
//   Result<std::unique_ptr<Upstream>> upstream = Upstream::Start(options, interval, &metrics, [&] {
//   serving.ReloadSoon(); }, log);
#ifndef GOOFFSETS_TOOLS_OFFSETD_UPSTREAM_H_
#define GOOFFSETS_TOOLS_OFFSETD_UPSTREAM_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "gooffsets/feed.h"
#include "metrics.h"

namespace gooffsets {

class Upstream {
 public:
  struct State {
    uint64_t version = 0;  // of the feed, as installed; 0: none yet
    int64_t checked = 0;   // when the feed last answered, seconds since 1970
    bool failed = false;   // the last time it was asked
  };
  using Log = std::function<void(std::string_view)>;

  static Result<std::unique_ptr<Upstream>> Start(UpdateOptions options, std::chrono::seconds interval, Metrics* metrics,
                                                 std::function<void()> changed, Log log);
  ~Upstream();
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  State state() const;
  void AskSoon();

 private:
  Upstream() = default;
  void Run();
  void AskOnce();

  std::optional<UpdateClient> client_;
  std::chrono::seconds interval_{};
  Metrics* metrics_ = nullptr;
  std::function<void()> changed_;
  Log log_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  State state_;
  std::string last_error_;
  std::atomic<bool> stop_{false};
  bool asked_ = false;
  std::thread thread_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_OFFSETD_UPSTREAM_H_
