// Times as the feed writes them: RFC 3339 in UTC, to the second ("2026-11-21T12:00:00Z").
//
// Pure functions; safe from any thread.
//
//   Result<int64_t> seconds = ParseFeedTime("2026-11-21T12:00:00Z");
#ifndef GOOFFSETS_FEED_FEED_TIME_H_
#define GOOFFSETS_FEED_FEED_TIME_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "gooffsets/result.h"

namespace gooffsets {

// Years 1970 to 9999; times outside are moved to the nearest.
std::string FeedTime(int64_t seconds);
Result<int64_t> ParseFeedTime(std::string_view text);

}  // namespace gooffsets

#endif  // GOOFFSETS_FEED_FEED_TIME_H_
