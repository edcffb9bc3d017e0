#include "rate_limit.h"

#include <sodium.h>

#include <algorithm>

namespace gooffsets {

RateLimit::RateLimit(const Options& options)
    : options_(options), buckets_(options.rate > 0 ? std::max<size_t>(1, options.places) : 0) {
  static_assert(crypto_shorthash_KEYBYTES == 16);
  crypto_shorthash_keygen(key_.data());
}

bool RateLimit::Take(std::string_view address, int64_t now) {
  if (options_.rate <= 0) return true;
  if (address.size() == 16) address = address.substr(0, 8);
  uint64_t hash = 0;
  static_assert(crypto_shorthash_BYTES == sizeof(hash));
  crypto_shorthash(reinterpret_cast<unsigned char*>(&hash), reinterpret_cast<const unsigned char*>(address.data()),
                   address.size(), key_.data());
  const size_t place = hash % buckets_.size();
  std::lock_guard lock(mutexes_[place % mutexes_.size()]);
  Bucket& bucket = buckets_[place];
  if (bucket.updated == INT64_MIN) {
    bucket.tokens = options_.burst;
  } else if (now > bucket.updated) {
    bucket.tokens =
        std::min(options_.burst, bucket.tokens + static_cast<double>(now - bucket.updated) * 1e-9 * options_.rate);
  }
  bucket.updated = std::max(bucket.updated, now);
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

}  // namespace gooffsets
