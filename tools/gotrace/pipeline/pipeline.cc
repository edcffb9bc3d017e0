#include "gotrace/pipeline/pipeline.h"

#include <thread>
#include <utility>

#include "gotrace/pipeline/text.h"

namespace gooffsets::trace {
namespace {

void CutValue(size_t limit, std::string* value) {
  if (value->size() > limit) value->resize(CutUtf8(*value, limit).size());
}

}  // namespace

void ApplyLimits(const SpanLimits& limits, Span* span) {
  if (span->attributes.size() > limits.attribute_count) {
    span->dropped_attributes += static_cast<uint32_t>(span->attributes.size() - limits.attribute_count);
    span->attributes.resize(limits.attribute_count);
  }
  if (limits.value_length == SpanLimits().value_length) return;
  for (Attribute& attribute : span->attributes) {
    if (auto* text = std::get_if<std::string>(&attribute.value)) CutValue(limits.value_length, text);
    if (auto* list = std::get_if<std::vector<std::string>>(&attribute.value)) {
      for (std::string& text : *list) CutValue(limits.value_length, &text);
    }
  }
}

Pipeline::Pipeline(const Settings& settings, Metrics* metrics, std::function<void(const std::string&)> on_error)
    : limits_(settings.limits), metrics_(metrics), on_error_(std::move(on_error)), sampler_(settings.sampler) {
  auto sampled = [&](const char* decision) {
    return metrics_->AddCounter("gotrace_sampling_total", "Finished spans by what the sampler said.",
                                {{"decision", decision}});
  };
  offered_ = sampled("keep");
  sampled_out_ = sampled("sampled_out");
  rate_limited_ = sampled("rate_limited");
}

void Pipeline::Add(std::unique_ptr<Exporter> exporter, const BatchSettings& batch) {
  processors_.push_back(std::make_unique<BatchProcessor>(batch, std::move(exporter), metrics_, on_error_));
}

bool Pipeline::Offer(Span&& span) {
  Sampling decision = Sampling::kKeep;
  {
    const std::lock_guard lock(sampler_mutex_);
    decision = sampler_.Decide(span, std::chrono::steady_clock::now());
  }
  if (decision != Sampling::kKeep) {
    (decision == Sampling::kSampledOut ? sampled_out_ : rate_limited_)->Add();
    return false;
  }
  offered_->Add();
  ApplyLimits(limits_, &span);
  bool taken = false;
  for (size_t i = 0; i < processors_.size(); ++i) {
    const bool last = i + 1 == processors_.size();
    taken |= processors_[i]->Offer(last ? std::move(span) : Span(span));
  }
  return taken;
}

bool Pipeline::AllAtOnce(const std::function<bool(BatchProcessor&)>& what) {
  std::vector<char> done(processors_.size(), 0);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < processors_.size(); ++i) {
    threads.emplace_back([&, i] { done[i] = what(*processors_[i]) ? 1 : 0; });
  }
  for (std::thread& thread : threads) thread.join();
  for (const char one : done) {
    if (one == 0) return false;
  }
  return true;
}

bool Pipeline::Flush(std::chrono::milliseconds limit) {
  return AllAtOnce([=](BatchProcessor& processor) { return processor.Flush(limit); });
}

uint64_t Pipeline::lost() const {
  uint64_t total = 0;
  for (const auto& processor : processors_) total += processor->lost();
  return total;
}

bool Pipeline::Shutdown(std::chrono::milliseconds limit) {
  return AllAtOnce([=](BatchProcessor& processor) { return processor.Shutdown(limit); });
}

}  // namespace gooffsets::trace
