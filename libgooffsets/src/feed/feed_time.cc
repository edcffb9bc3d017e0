#include "feed/feed_time.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/quote.h"

namespace gooffsets {

namespace {

// "2026-11-21T12:00:00Z": the digits at `at`.
int Number(std::string_view text, size_t at, size_t length) {
  int value = 0;
  for (char c : text.substr(at, length)) value = value * 10 + (c - '0');
  return value;
}

}  // namespace

std::string FeedTime(int64_t seconds) {
  constexpr int64_t kLast = 253402300799;  // 9999-12-31T23:59:59Z
  using std::chrono::floor;
  const std::chrono::sys_seconds time{std::chrono::seconds(std::clamp<int64_t>(seconds, 0, kLast))};
  const auto day = floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

Result<int64_t> ParseFeedTime(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00Z";
  bool fits = text.size() == kShape.size();
  for (size_t i = 0; fits && i < kShape.size(); ++i) {
    fits = kShape[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == kShape[i];
  }
  if (fits) {
    const std::chrono::year_month_day date{std::chrono::year(Number(text, 0, 4)),
                                           std::chrono::month(static_cast<unsigned>(Number(text, 5, 2))),
                                           std::chrono::day(static_cast<unsigned>(Number(text, 8, 2)))};
    const int hour = Number(text, 11, 2), minute = Number(text, 14, 2), second = Number(text, 17, 2);
    if (date.ok() && Number(text, 0, 4) >= 1970 && hour < 24 && minute < 60 && second < 60) {
      const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
      return days * 86400 + hour * 3600 + minute * 60 + second;
    }
  }
  return Fail(ErrorCode::kBadInput, Quote(text, 40) + " is no time like \"2026-11-21T12:00:00Z\"");
}

}  // namespace gooffsets
