// Makes a feed or adds the next version to it: snapshot, differences, manifest, signature, as a plain file tree.
//
// Every file is complete and verified (compressed, read back, compared) before the manifest that names it is signed and
// put in place; a kill leaves the feed as it was. Blobs of versions that clients may still be fetching stay. Answers
// that were published and change are refused unless they are listed as corrections. One publisher at a time (a lock).
//
//   GOOFFSETS_TRY(PublishedFeed done, PublishFeed({.database = "offsets.db", .feed = "feed", .key = key, .now = now}));
#ifndef GOOFFSETS_FEED_PUBLISH_FEED_H_
#define GOOFFSETS_FEED_PUBLISH_FEED_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "feed/minisign.h"
#include "gooffsets/feed.h"
#include "gooffsets/result.h"

namespace gooffsets {

struct PublishProgress {
  std::string what = {};
  uint64_t done = 0, total = 0;  // total 0: a step without a measure
  std::string unit = {};         // of what; empty: bytes
};

struct PublishOptions {
  std::string database = {};
  std::string feed = {};  // directory
  SecretKey key = {};
  std::string next_key = {};                     // public key to announce; empty: the announced one stays
  std::vector<std::string> revoked_keys = {};    // added to those that are revoked
  std::vector<FeedCorrection> corrections = {};  // added to those that are listed; `since` is filled in
  int64_t now = 0;
  int64_t lifetime = 30 * 86400;  // until the manifest expires
  unsigned deltas = 5;            // from so many earlier versions
  unsigned keep = 10;             // blobs of so many earlier versions stay
  int level = 19;
  bool new_key = false;  // the key need not be the one that the feed announced: clients have to be told otherwise
  std::function<void(const PublishProgress&)> progress = {};  // may be empty
};

struct PublishedFeed {
  bool changed = false;  // false: the same database, and the manifest has more than half of its lifetime left
  Manifest manifest;
  size_t builds_added = 0, builds_replaced = 0, builds_removed = 0;
  uint64_t corrected = 0;
  std::vector<std::string> new_versions;
};

Result<PublishedFeed> PublishFeed(const PublishOptions& options);

// "MODULE@VERSION SYMBOL: REASON"
Result<FeedCorrection> ParseCorrection(const std::string& text);

}  // namespace gooffsets

#endif  // GOOFFSETS_FEED_PUBLISH_FEED_H_
