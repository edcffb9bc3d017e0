#include "gotrace/pipeline/batch_processor.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace gooffsets::trace {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

// What the exporter did, seen from the test.
struct Seen {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> names;
  std::vector<size_t> batches;
  int entered = 0;
  bool open = true;  // false: Export() waits, until the deadline at most

  void Open() {
    const std::lock_guard lock(mutex);
    open = true;
    changed.notify_all();
  }
  void AwaitEntered(int count) {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, seconds(30), [&] { return entered >= count; }));
  }
};

class RecordingExporter : public Exporter {
 public:
  explicit RecordingExporter(Seen* seen) : seen_(seen) {}
  std::string_view name() const override { return "test"; }
  ExportOutcome Export(std::span<const Span> spans, Deadline* deadline) override {
    std::unique_lock lock(seen_->mutex);
    ++seen_->entered;
    seen_->changed.notify_all();
    while (!seen_->open) {
      if (Clock::now() >= deadline->at()) return {.failed = spans.size(), .error = "late"};
      seen_->changed.wait_for(lock, milliseconds(5));
    }
    for (const Span& span : spans) seen_->names.push_back(span.name);
    seen_->batches.push_back(spans.size());
    return {.exported = spans.size()};
  }

 private:
  Seen* const seen_;
};

Span Named(int number) {
  Span span;
  span.name = std::to_string(number);
  return span;
}

class BatchProcessorTest : public ::testing::Test {
 protected:
  std::unique_ptr<BatchProcessor> Make(const BatchSettings& settings) {
    return std::make_unique<BatchProcessor>(settings, std::make_unique<RecordingExporter>(&seen_), &metrics_);
  }
  uint64_t Count(const std::string& outcome) {
    return metrics_.AddCounter("gotrace_spans_total", "", {{"exporter", "test"}, {"outcome", outcome}})->value();
  }
  uint64_t CountAll() {
    uint64_t sum = 0;
    for (const char* outcome : {"exported", "rejected", "failed", "queue_full", "shutdown"}) sum += Count(outcome);
    return sum;
  }

  Seen seen_;
  Metrics metrics_;
};

TEST_F(BatchProcessorTest, ExportsInOrderAndInFullBatches) {
  auto processor = Make({.delay = seconds(3'600), .max_queue = 1'000, .max_batch = 10});
  for (int i = 0; i < 95; ++i) EXPECT_TRUE(processor->Offer(Named(i)));
  EXPECT_TRUE(processor->Shutdown(seconds(30)));
  ASSERT_EQ(seen_.names.size(), 95u);
  for (int i = 0; i < 95; ++i) EXPECT_EQ(seen_.names[static_cast<size_t>(i)], std::to_string(i));
  for (const size_t batch : seen_.batches) EXPECT_LE(batch, 10u);
  EXPECT_EQ(Count("exported"), 95u);
}

TEST_F(BatchProcessorTest, AFullBatchDoesNotWaitForTheDelay) {
  auto processor = Make({.delay = seconds(3'600), .max_queue = 100, .max_batch = 4});
  for (int i = 0; i < 4; ++i) processor->Offer(Named(i));
  seen_.AwaitEntered(1);
}

TEST_F(BatchProcessorTest, APartOfABatchGoesAfterTheDelay) {
  auto processor = Make({.delay = milliseconds(20), .max_queue = 100, .max_batch = 50});
  processor->Offer(Named(1));
  seen_.AwaitEntered(1);
}

TEST_F(BatchProcessorTest, AFullQueueWaitsOnceThenDropsAndCounts) {
  seen_.open = false;
  auto processor = Make({.delay = seconds(3'600), .max_queue = 50, .max_batch = 10});
  for (int i = 0; i < 10; ++i) processor->Offer(Named(i));
  seen_.AwaitEntered(1);  // ten are out of the queue, and stuck
  int taken = 0;
  const auto begin = Clock::now();
  for (int i = 0; i < 200; ++i) taken += processor->Offer(Named(i)) ? 1 : 0;
  EXPECT_GE(Clock::now() - begin, BatchProcessor::kBurst);
  EXPECT_LT(Clock::now() - begin, 50 * BatchProcessor::kBurst) << "every one of 150 has waited";
  EXPECT_EQ(taken, 50);
  EXPECT_EQ(Count("queue_full"), 150u);
  EXPECT_EQ(processor->queued(), 50u);
  EXPECT_NE(metrics_.Text().find("gotrace_queue_length{exporter=\"test\"} 50\n"), std::string::npos);
  seen_.Open();
  EXPECT_TRUE(processor->Shutdown(seconds(30)));
  EXPECT_EQ(Count("exported"), 60u);
  EXPECT_EQ(CountAll(), 210u);
}

TEST_F(BatchProcessorTest, AQueueThatIsSmallerThanABatchGoesWhenItIsFull) {
  auto processor = Make({.delay = seconds(3'600), .max_queue = 10, .max_batch = 512});
  for (int i = 0; i < 10; ++i) processor->Offer(Named(i));
  seen_.AwaitEntered(1);
}

TEST_F(BatchProcessorTest, FlushWaitsForWhatWasOfferedBefore) {
  auto processor = Make({.delay = seconds(3'600), .max_queue = 100, .max_batch = 50});
  for (int i = 0; i < 7; ++i) processor->Offer(Named(i));
  EXPECT_TRUE(processor->Flush(seconds(30)));
  EXPECT_EQ(Count("exported"), 7u);
  seen_.open = false;
  processor->Offer(Named(8));
  EXPECT_FALSE(processor->Flush(milliseconds(30)));
  seen_.Open();
  EXPECT_TRUE(processor->Flush(seconds(30)));
}

TEST_F(BatchProcessorTest, ShutdownKeepsItsDeadlineWhenNothingMoves) {
  seen_.open = false;
  auto processor = Make({.delay = seconds(3'600), .max_queue = 100, .max_batch = 10, .export_timeout = seconds(3'600)});
  for (int i = 0; i < 25; ++i) processor->Offer(Named(i));
  seen_.AwaitEntered(1);
  const auto begin = Clock::now();
  EXPECT_FALSE(processor->Shutdown(milliseconds(100)));
  EXPECT_LT(Clock::now() - begin, seconds(10));
  EXPECT_FALSE(processor->Offer(Named(99)));
  EXPECT_EQ(Count("failed"), 10u);    // those that were being exported
  EXPECT_EQ(Count("shutdown"), 16u);  // those that waited, and the late one
  EXPECT_EQ(CountAll(), 26u);
}

TEST_F(BatchProcessorTest, ManyThreadsLoseNothingUncounted) {
  auto processor = Make({.delay = milliseconds(1), .max_queue = 64, .max_batch = 16});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2'000; ++i) processor->Offer(Named(i));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(processor->Shutdown(seconds(30)));
  EXPECT_EQ(CountAll(), 8'000u);
  EXPECT_EQ(Count("exported"), seen_.names.size());
}

TEST(DeadlineTest, ASleepEndsWhenTheDeadlineComesCloser) {
  Deadline deadline;
  auto slept = std::async(std::launch::async, [&] { return deadline.Sleep(std::chrono::hours(1)); });
  deadline.MoveTo(Clock::now());
  EXPECT_FALSE(slept.get());
  EXPECT_FALSE(deadline.Sleep(milliseconds(1)));
  Deadline never;
  EXPECT_TRUE(never.Sleep(milliseconds(1)));
}

}  // namespace
}  // namespace gooffsets::trace
