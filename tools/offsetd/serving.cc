#include "serving.h"

#include <algorithm>
#include <filesystem>

namespace gooffsets {

Serving::Serving(Options options, Metrics* metrics, Log log)
    : options_(std::move(options)),
      metrics_(metrics),
      log_(std::move(log)),
      current_(std::make_shared<Served>(nullptr, options_.cache_bytes)) {}

Serving::~Serving() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (watcher_.joinable()) watcher_.join();
}

Snapshot::Options Serving::SnapshotNow() const {
  Snapshot::Options now = options_.snapshot;
  const auto first = std::find_if(options_.places.begin(), options_.places.end(), [](const std::string& place) {
    std::error_code error;
    return std::filesystem::is_regular_file(place, error);
  });
  if (first != options_.places.end()) now.path = *first;
  return now;
}

Result<void> Serving::Reload() {
  const Snapshot::Options wanted = SnapshotNow();
  Result<FileIdentity> identity = IdentityOf(wanted.path);
  Result<std::shared_ptr<const Snapshot>> snapshot = Snapshot::Load(wanted);
  std::unique_lock lock(mutex_);
  if (!snapshot) {
    // A file that changed while it was read is tried again at the watcher's next look.
    const bool again = snapshot.error().code == ErrorCode::kBusy;
    tried_ = identity && !again ? std::optional(*identity) : std::nullopt;
    const bool known = last_error_ == snapshot.error().message;
    last_error_ = snapshot.error().message;
    lock.unlock();
    if (again) return tl::unexpected(snapshot.error());
    metrics_->last_swap_failed = 1;
    if (!known) {
      metrics_->swap_failures.fetch_add(1);
      const bool have = Current()->snapshot != nullptr;
      // Before it watches, its caller tells what became of the first one.
      if (watcher_.joinable())
        log_(snapshot.error().ToString() + (have ? "; the database loaded before is still served" : ""));
    }
    return tl::unexpected(snapshot.error());
  }
  tried_ = (*snapshot)->info().identity;
  last_error_.clear();
  lock.unlock();
  metrics_->last_swap_failed = 0;
  const std::shared_ptr<Served> before = Current();
  const Snapshot::Info& info = (*snapshot)->info();
  if (before->snapshot != nullptr && before->snapshot->info().sha256 == info.sha256 &&
      before->snapshot->info().path == info.path && before->snapshot->info().identity == info.identity) {
    return {};  // the very same file: the answers that are ready stay so
  }
  if (before->snapshot != nullptr) metrics_->swaps.fetch_add(1);
  current_.store(std::make_shared<Served>(*snapshot, options_.cache_bytes));
  log_("serving " + info.path + ": sha256 " + info.sha256 + ", " + std::to_string(info.modules) + " modules, " +
       std::to_string(info.builds) + " builds");
  return {};
}

void Serving::Watch() {
  watcher_ = std::thread([this] { Run(); });
}

void Serving::ReloadSoon() {
  {
    std::lock_guard lock(mutex_);
    asked_ = true;
  }
  wake_.notify_all();
}

std::string Serving::last_error() const {
  std::lock_guard lock(mutex_);
  return last_error_;
}

void Serving::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait_for(lock, options_.poll, [&] { return stop_ || asked_; });
    if (stop_) return;
    bool reload = std::exchange(asked_, false);
    if (!reload) {
      Result<FileIdentity> now = IdentityOf(SnapshotNow().path);
      // A path without a file is what a replacement looks like for a moment.
      reload = now && (!tried_ || *now != *tried_);
    }
    lock.unlock();
    if (reload) (void)Reload();
    lock.lock();
  }
}

}  // namespace gooffsets
