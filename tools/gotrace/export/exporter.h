// Where spans go: one batch after the other, from one thread.
//
// An exporter keeps no span that it was given longer than it must, never throws, and returns by the deadline. What it
// says became of the spans is what the pipeline counts: every span is exported, rejected or failed.
//
//   class Null : public Exporter {
//     std::string_view name() const override { return "null"; }
//     ExportOutcome Export(std::span<const Span> spans, Deadline*) override { return {.exported = spans.size()}; }
//   };
#ifndef GOOFFSETS_TOOLS_GOTRACE_EXPORT_EXPORTER_H_
#define GOOFFSETS_TOOLS_GOTRACE_EXPORT_EXPORTER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "gotrace/pipeline/deadline.h"
#include "gotrace/span.h"

namespace gooffsets::trace {

struct ExportOutcome {
  size_t exported = 0;
  size_t rejected = 0;  // the receiver took the batch, but not these
  size_t failed = 0;    // could not be delivered
  uint32_t retries = 0;
  std::string error = {};  // of the last try, one line; empty: none
};

class Exporter {
 public:
  virtual ~Exporter() = default;
  virtual std::string_view name() const = 0;  // in metrics: "otlp", "file", "terminal"
  virtual ExportOutcome Export(std::span<const Span> spans, Deadline* deadline) = 0;
  // Called between batches, at least once in a batch delay: the time for what waits.
  virtual void Idle(std::chrono::steady_clock::time_point) {}
  // Called once, behind the last batch; to be done by then.
  virtual void Finish(std::chrono::steady_clock::time_point) {}

  // Who hears of trouble while a batch is still being tried. Set before the first batch; called on the exporting
  // thread.
  void TellTo(std::function<void(const std::string&)> tell) { tell_ = std::move(tell); }

 protected:
  void Tell(const std::string& message) const {
    if (tell_) tell_(message);
  }

 private:
  std::function<void(const std::string&)> tell_;
};

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_EXPORT_EXPORTER_H_
