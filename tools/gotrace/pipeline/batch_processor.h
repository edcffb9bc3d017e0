// Between whoever makes spans and one exporter: a bounded queue, and a thread that exports batches of it.
//
// Memory is bounded by the queue and one batch, whatever the receiver does: a span that finds the queue full is dropped
// and counted. Every span that was offered ends in exactly one of the counters of
// gotrace_spans_total{exporter,outcome}. Offer() may be called from any thread and is a move under a lock; only where a
// burst has filled the queue does it wait, for kBurst at most, and not again before the queue has half emptied. Flush()
// and Shutdown() from any thread. The destructor shuts down without time for what waits.
//
//   BatchProcessor processor(settings.batch, MakeFileExporter(...), &metrics);
//   processor.Offer(std::move(span));
//   processor.Shutdown(std::chrono::seconds(5));
#ifndef GOOFFSETS_TOOLS_GOTRACE_PIPELINE_BATCH_PROCESSOR_H_
#define GOOFFSETS_TOOLS_GOTRACE_PIPELINE_BATCH_PROCESSOR_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gotrace/export/exporter.h"
#include "gotrace/pipeline/metrics.h"
#include "gotrace/pipeline/settings.h"
#include "gotrace/span.h"

namespace gooffsets::trace {

class BatchProcessor {
 public:
  // So long the reader's own buffer holds what comes meanwhile.
  static constexpr std::chrono::milliseconds kBurst{200};
  // How long after a word about a batch the next ones are only counted.
  static constexpr std::chrono::seconds kQuiet{30};

  // `on_error` gets what went wrong with a batch, on the exporting thread.
  BatchProcessor(const BatchSettings& settings, std::unique_ptr<Exporter> exporter, Metrics* metrics,
                 std::function<void(const std::string&)> on_error = {});
  ~BatchProcessor();
  BatchProcessor(const BatchProcessor&) = delete;
  BatchProcessor& operator=(const BatchProcessor&) = delete;

  // False: dropped, and counted.
  bool Offer(Span&& span);
  // Waits until what was offered before has been dealt with; false if that took longer.
  bool Flush(std::chrono::milliseconds limit);
  // Exports what waits, for so long; the rest is dropped and counted. What is offered from now on is dropped. True if
  // nothing was left.
  bool Shutdown(std::chrono::milliseconds limit);

  size_t queued() const;
  // Spans that did not reach the receiver, whatever the reason.
  uint64_t lost() const;

 private:
  using Clock = Deadline::Clock;

  void Run();
  bool MustExport() const;  // with the lock held
  bool WaitForRoom(std::unique_lock<std::mutex>* lock);
  void ExportBatch(std::vector<Span>* batch);
  void Tell(std::string message);
  Counter* Outcome(const std::string& outcome);

  const BatchSettings settings_;
  const size_t enough_;  // spans that are not kept waiting
  const std::unique_ptr<Exporter> exporter_;
  Metrics* const metrics_;
  const std::function<void(const std::string&)> on_error_;
  const Labels labels_;
  Counter *exported_, *rejected_, *failed_, *queue_full_, *shut_down_, *errors_, *retries_;
  Histogram* durations_;

  mutable std::mutex mutex_;
  std::condition_variable work_, done_, room_;
  // What waits, in batches that are handed to the exporter as they are: only the last is not full. Nothing is moved,
  // and the room of a batch is used again.
  std::deque<std::vector<Span>> batches_;
  std::vector<Span> spare_;  // empty, with the room of the batch before
  size_t queued_ = 0;
  uint64_t offered_ = 0;   // accepted into the queue
  uint64_t finished_ = 0;  // left it, with an outcome
  uint64_t flush_to_ = 0;  // do not wait for a full batch up to here
  bool stopping_ = false, ended_ = false;
  // Of the exporting thread alone: when a batch's trouble was told last, and how often it was not since.
  Clock::time_point told_{};
  uint64_t untold_ = 0;
  Clock::time_point patient_until_{};  // for the burst that fills the queue now; zero: there is none
  std::shared_ptr<Deadline> running_;  // of the batch that is being exported
  Clock::time_point stop_by_ = Clock::time_point::max();
  std::mutex join_mutex_;
  std::thread thread_;
};

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_PIPELINE_BATCH_PROCESSOR_H_
