// A token bucket for each client address, in memory that never grows.
//
// Each address may make `burst` requests at once and `rate` a second. The table has a fixed number of places: addresses
// that fall on one place share its bucket, so a flood of addresses costs others some of their rate, and never memory.
// Which do is decided by a keyed hash, so that nobody can choose to. IPv6 clients are told apart by their /64. Safe
// from any thread.
//
//   RateLimit limit({.rate = 200, .burst = 1000});
//   if (!limit.Take(address, now_ns)) -> 429
#ifndef GOOFFSETS_TOOLS_OFFSETD_RATE_LIMIT_H_
#define GOOFFSETS_TOOLS_OFFSETD_RATE_LIMIT_H_

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace gooffsets {

class RateLimit {
 public:
  struct Options {
    double rate = 0;  // requests a second; 0: no limit
    double burst = 0;
    size_t places = 1 << 14;
  };
  explicit RateLimit(const Options& options);
  // `address`: an IPv4 or IPv6 address as bytes (4 or 16), or any text that names the client. `now`: nanoseconds of a
  // steady clock.
  bool Take(std::string_view address, int64_t now);

 private:
  struct Bucket {
    double tokens = 0;
    int64_t updated = INT64_MIN;  // never used: full
  };
  Options options_;
  std::array<unsigned char, 16> key_;
  std::vector<Bucket> buckets_;
  std::array<std::mutex, 16> mutexes_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_OFFSETD_RATE_LIMIT_H_
