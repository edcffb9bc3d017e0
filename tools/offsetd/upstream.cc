#include "upstream.h"

#include <sodium.h>

#include <ctime>

namespace gooffsets {

Result<std::unique_ptr<Upstream>> Upstream::Start(UpdateOptions options, std::chrono::seconds interval,
                                                  Metrics* metrics, std::function<void()> changed, Log log) {
  std::unique_ptr<Upstream> upstream(new Upstream());
  options.cancelled = [upstream = upstream.get()] { return upstream->stop_.load(); };
  GOOFFSETS_TRY(UpdateClient client, UpdateClient::Make(std::move(options)));
  upstream->client_.emplace(std::move(client));
  upstream->interval_ = interval;
  upstream->metrics_ = metrics;
  upstream->changed_ = std::move(changed);
  upstream->log_ = std::move(log);
  upstream->thread_ = std::thread([upstream = upstream.get()] { upstream->Run(); });
  return upstream;
}

Upstream::~Upstream() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Upstream::State Upstream::state() const {
  std::lock_guard lock(mutex_);
  return state_;
}

void Upstream::AskSoon() {
  {
    std::lock_guard lock(mutex_);
    asked_ = true;
  }
  wake_.notify_all();
}

void Upstream::AskOnce() {
  Result<UpdateReport> report = client_->Update();
  std::unique_lock lock(mutex_);
  state_.failed = !report.has_value();
  if (!report) {
    if (report.error().code == ErrorCode::kInterrupted) return;
    const bool news = last_error_ != report.error().message;
    last_error_ = report.error().message;
    lock.unlock();
    metrics_->update_failures.fetch_add(1);
    if (news) log_("upstream: " + report.error().ToString());
    return;
  }
  last_error_.clear();
  state_.version = report->version;
  state_.checked = std::time(nullptr);
  lock.unlock();
  if (!report->changed) return;
  metrics_->updates.fetch_add(1);
  log_("upstream: version " + std::to_string(report->version) + " from " + report->source);
  changed_();
}

void Upstream::Run() {
  while (!stop_) {
    AskOnce();
    const auto tenth = static_cast<uint32_t>(interval_.count() / 10 + 1);
    const auto wait = interval_ - std::chrono::seconds(tenth) + std::chrono::seconds(randombytes_uniform(2 * tenth));
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, wait, [&] { return stop_ || asked_; });
    asked_ = false;
  }
}

}  // namespace gooffsets
