#include "gotrace/export/terminal.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <list>
#include <map>
#include <utility>
#include <vector>

namespace gooffsets::trace {
namespace {

constexpr size_t kMaxHeldSpans = 10'000;    // over all traces; about 10 MB
constexpr size_t kMaxSpansOfTrace = 1'000;  // a trace that is longer is shown in parts

class TerminalExporter : public Exporter {
 public:
  using Time = std::chrono::steady_clock::time_point;

  TerminalExporter(UniqueFd fd, const TerminalStyle& style, const TerminalTimes& times)
      : fd_(std::move(fd)), style_(style), times_(times) {}

  std::string_view name() const override { return "terminal"; }

  ExportOutcome Export(std::span<const Span> spans, Deadline* deadline) override {
    const Time now = std::chrono::steady_clock::now();
    std::string text;
    for (const Span& span : spans) Hold(span, now, &text);
    Write(text, deadline);
    // Held spans count as exported: from here on they are this view's business, and Finish() shows them all.
    return {.exported = spans.size()};
  }

  void Idle(Time now) override {
    std::string text;
    for (auto held = held_.begin(); held != held_.end();) {
      const auto next = std::next(held);
      if (now - held->last >= (held->root ? times_.settle : times_.wait)) Show(held, &text);
      held = next;
    }
    Deadline soon;  // a shutdown may be waiting
    soon.MoveTo(now + std::chrono::milliseconds(100));
    Write(text, &soon);
  }

  void Finish(Time until) override {
    std::string text;
    while (!held_.empty()) Show(held_.begin(), &text);
    Deadline deadline;
    deadline.MoveTo(until);
    Write(text, &deadline);
  }

 private:
  struct Held {
    TraceId id{};
    std::vector<Span> spans;
    bool root = false;
    Time last{};
  };

  void Hold(const Span& span, Time now, std::string* text) {
    auto it = by_id_.find(span.trace_id);
    if (it == by_id_.end()) {
      held_.push_back({.id = span.trace_id, .spans = {}, .root = false, .last = now});
      it = by_id_.emplace(span.trace_id, std::prev(held_.end())).first;
    }
    Held& held = *it->second;
    held.spans.push_back(span);
    held.last = now;
    held.root |= span.parent == ParentSource::kNone || span.parent == ParentSource::kHeader;
    ++count_;
    if (held.spans.size() >= kMaxSpansOfTrace) Show(it->second, text);
    while (count_ > kMaxHeldSpans) Show(held_.begin(), text);
  }

  void Show(std::list<Held>::iterator held, std::string* text) {
    *text += RenderTrace(held->spans, style_);
    count_ -= held->spans.size();
    by_id_.erase(held->id);
    held_.erase(held);
  }

  // A terminal that is stopped (Ctrl-S) must not stop the tracer: what cannot be shown in time is not shown.
  void Write(std::string_view text, const Deadline* deadline) {
    while (!text.empty()) {
      pollfd ready{.fd = fd_.get(), .events = POLLOUT, .revents = 0};
      if (poll(&ready, 1, 50) == 0) {
        if (std::chrono::steady_clock::now() >= deadline->at()) return;
        continue;
      }
      const ssize_t count = write(fd_.get(), text.data(), std::min<size_t>(text.size(), 4096));
      if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (count < 0) return;
      text.remove_prefix(static_cast<size_t>(count));
    }
  }

  const UniqueFd fd_;
  const TerminalStyle style_;
  const TerminalTimes times_;
  std::list<Held> held_;  // by the first span's arrival
  std::map<TraceId, std::list<Held>::iterator> by_id_;
  size_t count_ = 0;
};

}  // namespace

std::unique_ptr<Exporter> MakeTerminalExporter(UniqueFd fd, const TerminalStyle& style, const TerminalTimes& times) {
  return std::make_unique<TerminalExporter>(std::move(fd), style, times);
}

}  // namespace gooffsets::trace
