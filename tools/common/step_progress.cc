#include "common/step_progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/exit_code.h"
#include "common/terminal.h"

namespace gooffsets {
namespace {

constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::chrono::seconds kBetweenLines{10};

std::string Amount(double amount, const Step& step, bool with_unit) {
  if (!step.unit.empty()) return fmt::format("{:.0f}{}", amount, with_unit ? " " + step.unit : "");
  return fmt::format("{:.1f}{}", amount / 1e6, with_unit ? " MB" : "");
}

std::string Title(const Step& step) {
  if (step.total == 0) return step.what;
  return step.what + " " + Amount(static_cast<double>(step.total), step, true);
}

}  // namespace

StepProgress::StepProgress(FILE* out) : out_(out), live_(TakesLiveLines(out)) {}

void StepProgress::Erase() {
  if (!drawn_) return;
  drawn_ = false;
  fmt::print(out_, "\r\x1b[K");
  std::fflush(out_);
}

void StepProgress::Show(const Step& step) {
  const Clock::time_point now = Clock::now();
  const std::string title = Printable(Title(step));
  const bool fresh = title != current_;
  if (fresh) {
    current_ = title;
    begun_ = now;
    begun_with_ = step.done;
  } else if (now - said_ < (live_ ? Clock::duration(kRedraw) : Clock::duration(kBetweenLines))) {
    return;
  }
  said_ = now;
  std::string line = title;
  const double seconds = std::chrono::duration<double>(now - begun_).count();
  const double made = static_cast<double>(step.done - std::min(begun_with_, step.done));
  if (step.total != 0 && made > 0 && seconds > 0) {
    const double rate = made / seconds;
    const double left = static_cast<double>(step.total - std::min(step.done, step.total)) / rate;
    line +=
        fmt::format(": {} done, {} a second, {} left", Amount(static_cast<double>(step.done), step, false),
                    step.unit.empty() ? Amount(rate, step, true) : fmt::format("{:.1f}", rate), ShortDuration(left));
  }
  if (!live_) {
    fmt::print(out_, "{}\n", line);
  } else {
    fmt::print(out_, "\r{}\x1b[K", line.substr(0, TerminalColumns(out_) - 1));
    drawn_ = true;
  }
  std::fflush(out_);
}

}  // namespace gooffsets
