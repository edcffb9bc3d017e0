#include "gotrace/pipeline/batch_processor.h"

#include <signal.h>

#include <algorithm>
#include <utility>

namespace gooffsets::trace {

BatchProcessor::BatchProcessor(const BatchSettings& settings, std::unique_ptr<Exporter> exporter, Metrics* metrics,
                               std::function<void(const std::string&)> on_error)
    : settings_(settings),
      enough_(std::min(settings.max_batch, settings.max_queue)),
      exporter_(std::move(exporter)),
      metrics_(metrics),
      on_error_(std::move(on_error)),
      labels_{{"exporter", std::string(exporter_->name())}},
      exported_(Outcome("exported")),
      rejected_(Outcome("rejected")),
      failed_(Outcome("failed")),
      queue_full_(Outcome("queue_full")),
      shut_down_(Outcome("shutdown")),
      errors_(metrics->AddCounter("gotrace_export_errors_total", "Batches of which something was lost.", labels_)),
      retries_(metrics->AddCounter("gotrace_export_retries_total", "Requests that were sent again.", labels_)),
      durations_(
          metrics->AddHistogram("gotrace_export_duration_seconds", "Time a batch took, with all tries.", labels_)) {
  metrics_->AddGauge("gotrace_queue_length", "Spans that wait for their export.", labels_,
                     [this] { return static_cast<double>(queued()); });
  metrics_->AddGauge("gotrace_queue_capacity", "Spans that may wait for their export.", labels_,
                     [this] { return static_cast<double>(settings_.max_queue); });
  // Signals are for the tool's own threads; and a reader that closes its end of a pipe is EPIPE here, not SIGPIPE.
  if (on_error_) exporter_->TellTo(on_error_);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  thread_ = std::thread([this] { Run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

BatchProcessor::~BatchProcessor() {
  Shutdown(std::chrono::milliseconds(0));
  metrics_->RemoveGauge("gotrace_queue_length", labels_);
  metrics_->RemoveGauge("gotrace_queue_capacity", labels_);
}

Counter* BatchProcessor::Outcome(const std::string& outcome) {
  Labels labels = labels_;
  labels.emplace_back("outcome", outcome);
  return metrics_->AddCounter("gotrace_spans_total", "Spans by what became of them.", labels);
}

bool BatchProcessor::Offer(Span&& span) {
  bool wake = false;
  {
    std::unique_lock lock(mutex_);
    const bool room = queued_ < settings_.max_queue || WaitForRoom(&lock);
    if (stopping_) {
      shut_down_->Add();
      return false;
    }
    if (!room) {
      queue_full_->Add();
      return false;
    }
    if (batches_.empty() || batches_.back().size() >= settings_.max_batch) {
      batches_.push_back(std::exchange(spare_, {}));
    }
    batches_.back().push_back(std::move(span));
    ++offered_;
    wake = ++queued_ == enough_;  // once a batch, not once a span
  }
  if (wake) work_.notify_one();
  return true;
}

bool BatchProcessor::WaitForRoom(std::unique_lock<std::mutex>* lock) {
  const Clock::time_point now = Clock::now();
  if (patient_until_ == Clock::time_point{}) patient_until_ = now + kBurst;
  if (now >= patient_until_) return false;
  work_.notify_one();
  const auto has_room = [&] { return stopping_ || queued_ < settings_.max_queue; };
  return room_.wait_until(*lock, patient_until_, has_room) && !stopping_;
}

bool BatchProcessor::Flush(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  const uint64_t target = offered_;
  flush_to_ = std::max(flush_to_, target);
  work_.notify_one();
  return done_.wait_for(lock, limit, [&] { return finished_ >= target || ended_; }) && finished_ >= target;
}

bool BatchProcessor::Shutdown(std::chrono::milliseconds limit) {
  const Clock::time_point by = Clock::now() + limit;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    stop_by_ = std::min(stop_by_, by);
    if (running_) running_->MoveTo(stop_by_);
  }
  work_.notify_one();
  room_.notify_all();
  {
    const std::lock_guard lock(join_mutex_);
    if (thread_.joinable()) thread_.join();
  }
  const std::lock_guard lock(mutex_);
  const size_t left = std::exchange(queued_, 0);
  shut_down_->Add(left);
  finished_ += left;
  batches_.clear();
  return left == 0;
}

size_t BatchProcessor::queued() const {
  const std::lock_guard lock(mutex_);
  return queued_;
}

uint64_t BatchProcessor::lost() const {
  return rejected_->value() + failed_->value() + queue_full_->value() + shut_down_->value();
}

bool BatchProcessor::MustExport() const { return stopping_ || queued_ >= enough_ || finished_ < flush_to_; }

void BatchProcessor::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    work_.wait_for(lock, std::max(settings_.delay, std::chrono::milliseconds(1)), [&] { return MustExport(); });
    if (stopping_ && (batches_.empty() || Clock::now() >= stop_by_)) break;
    if (!batches_.empty()) {
      std::vector<Span> batch = std::move(batches_.front());
      batches_.pop_front();
      const size_t count = batch.size();
      queued_ -= count;
      if (queued_ <= settings_.max_queue / 2) patient_until_ = {};
      room_.notify_all();
      running_ = std::make_shared<Deadline>();
      running_->MoveTo(std::min(stop_by_, Clock::now() + settings_.export_timeout));
      lock.unlock();
      ExportBatch(&batch);
      batch.clear();
      lock.lock();
      if (spare_.capacity() < batch.capacity()) spare_ = std::move(batch);
      running_.reset();
      finished_ += count;
      done_.notify_all();
    }
    lock.unlock();
    exporter_->Idle(Clock::now());
    lock.lock();
  }
  const Clock::time_point until = stop_by_;
  lock.unlock();
  exporter_->Finish(until);
  if (untold_ > 0) on_error_(std::to_string(untold_) + " batches more had trouble since the last word");
  lock.lock();
  ended_ = true;
  done_.notify_all();
}

void BatchProcessor::ExportBatch(std::vector<Span>* batch) {
  const Clock::time_point begin = Clock::now();
  const ExportOutcome outcome = exporter_->Export(*batch, running_.get());
  durations_->Observe(std::chrono::duration<double>(Clock::now() - begin).count());
  exported_->Add(outcome.exported);
  rejected_->Add(outcome.rejected);
  failed_->Add(outcome.failed);
  retries_->Add(outcome.retries);
  if (outcome.failed > 0 || outcome.rejected > 0) errors_->Add();
  if (outcome.error.empty()) return;
  Tell(outcome.failed == 0 ? outcome.error
                           : outcome.error + " (" + std::to_string(outcome.failed) + " spans are lost)");
}

void BatchProcessor::Tell(std::string message) {
  if (!on_error_) return;
  const Clock::time_point now = Clock::now();
  if (told_ != Clock::time_point{} && now - told_ < kQuiet) {
    ++untold_;
    return;
  }
  if (untold_ > 0)
    message += "; and " + std::to_string(std::exchange(untold_, 0)) + " batches more since the last word";
  told_ = now;
  on_error_(message);
}

}  // namespace gooffsets::trace
