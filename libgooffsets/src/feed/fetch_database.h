// Brings the database that a manifest describes: difference or full snapshot, resumed, verified, decompressed, opened.
//
// What it returns is a file whose size and digest are those that were signed and that the library opens; nothing else
// of what was downloaded was ever opened as a database. One thread at a time.
//
//   GOOFFSETS_TRY(FetchedDatabase made, FetchDatabase(source, manifest, request));
#ifndef GOOFFSETS_FEED_FETCH_DATABASE_H_
#define GOOFFSETS_FEED_FETCH_DATABASE_H_

#include <string>
#include <vector>

#include "feed/feed_source.h"
#include "feed/installation.h"
#include "gooffsets/feed.h"

namespace gooffsets {

struct FetchRequest {
  Installation* place = nullptr;
  std::string base;    // the database a difference may start from; empty: none
  FeedBlob base_blob;  // what it is
  bool full_only = false;
  const std::function<void(const UpdateProgress&)>* progress = nullptr;
};

struct FetchedDatabase {
  std::string path;
  bool delta = false;
  uint64_t downloaded = 0;
  std::vector<std::string> notes;
};

Result<FetchedDatabase> FetchDatabase(FeedSource* source, const Manifest& manifest, const FetchRequest& request);

// Downloads a blob to `path` (continuing what is there) and verifies it. Gives the bytes that were transferred.
Result<uint64_t> FetchBlob(FeedSource* source, const FeedBlob& blob, const std::string& path,
                           const FeedSource::Progress& progress);

// The difference that `base` can be brought up to date with; null: none.
const FeedDelta* FindDelta(const Manifest& manifest, const FeedBlob& base);

}  // namespace gooffsets

#endif  // GOOFFSETS_FEED_FETCH_DATABASE_H_
