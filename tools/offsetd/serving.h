// What is served at the moment, and how another takes its place.
//
// Reload() loads the file at the path and swaps it in atomically; requests that have begun keep what they began with. A
// file that cannot be served (broken, newer than this program, gone) changes nothing: the old snapshot stays, and the
// reason is logged and counted. The watcher looks at the path every `poll` and reloads when another file is there, also
// by rename. Each snapshot has its own cache of answers. Current() is safe from any thread; Reload() from one at a
// time.
//
//   Serving serving(options, &metrics, log);
//   GOOFFSETS_CHECK_OK(serving.Reload());
//   serving.Watch();
//   std::shared_ptr<Serving::Served> served = serving.Current();
#ifndef GOOFFSETS_TOOLS_OFFSETD_SERVING_H_
#define GOOFFSETS_TOOLS_OFFSETD_SERVING_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "metrics.h"
#include "prepared.h"
#include "snapshot.h"

namespace gooffsets {

class Serving {
 public:
  struct Options {
    Snapshot::Options snapshot;
    // Paths by preference: the first where there is a file is served instead of snapshot.path, also when it comes
    // later.
    std::vector<std::string> places = {};
    size_t cache_bytes = size_t{16} << 20;
    std::chrono::milliseconds poll{1000};
  };
  struct Served {
    Served(std::shared_ptr<const Snapshot> s, size_t cache_bytes) : snapshot(std::move(s)), cache(cache_bytes) {}
    std::shared_ptr<const Snapshot> snapshot;  // null: none yet
    ResponseCache cache;
  };
  using Log = std::function<void(std::string_view)>;

  Serving(Options options, Metrics* metrics, Log log);
  ~Serving();
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  std::shared_ptr<Served> Current() const { return current_.load(); }
  Result<void> Reload();
  void Watch();                    // starts the watcher
  void ReloadSoon();               // wakes it
  std::string last_error() const;  // of the newest file; empty: it is served

 private:
  void Run();
  Snapshot::Options SnapshotNow() const;

  const Options options_;
  Metrics* metrics_;
  Log log_;
  std::atomic<std::shared_ptr<Served>> current_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<FileIdentity> tried_;  // the file that was tried last, served or not
  std::string last_error_;
  bool stop_ = false, asked_ = false;
  std::thread watcher_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_OFFSETD_SERVING_H_
