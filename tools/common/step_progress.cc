#include "common/step_progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "common/exit_code.h"

namespace gooffsets {
namespace {

constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::chrono::seconds kBetweenLines{10};

size_t Columns(FILE* out) {
  winsize size{};
  return ::ioctl(::fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

std::string Amount(double amount, const Step& step, bool with_unit) {
  if (!step.unit.empty()) return fmt::format("{:.0f}{}", amount, with_unit ? " " + step.unit : "");
  return fmt::format("{:.1f}{}", amount / 1e6, with_unit ? " MB" : "");
}

std::string Title(const Step& step) {
  if (step.total == 0) return step.what;
  return step.what + " " + Amount(static_cast<double>(step.total), step, true);
}

}  // namespace

std::string ShortDuration(double seconds) {
  const auto s = static_cast<long>(seconds);
  if (s < 60) return fmt::format("{}s", s);
  if (s < 3600) return fmt::format("{}m{:02}s", s / 60, s % 60);
  return fmt::format("{}h{:02}m", s / 3600, s % 3600 / 60);
}

StepProgress::StepProgress(FILE* out) : out_(out) {
  const char* term = std::getenv("TERM");
  live_ = ::isatty(::fileno(out)) != 0 && term != nullptr && std::string_view(term) != "dumb";
}

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
    fmt::print(out_, "\r{}\x1b[K", line.substr(0, Columns(out_) - 1));
    drawn_ = true;
  }
  std::fflush(out_);
}

}  // namespace gooffsets
