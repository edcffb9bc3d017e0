// Where a feed is read from: a web server, a directory or a bundle file. One interface, no trust in any of them.
//
// Names are relative ("manifest.json", "blobs/3f78..."). A source belongs to one thread.
//
//   GOOFFSETS_TRY(std::unique_ptr<FeedSource> source, OpenFeedSource("https://offsets.example/feed", http, &limits));
//   GOOFFSETS_TRY(FeedSource::Small manifest, source->ReadSmall("manifest.json", kMaxManifestSize, etag));
#ifndef GOOFFSETS_FEED_FEED_SOURCE_H_
#define GOOFFSETS_FEED_FEED_SOURCE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "feed/call_limits.h"
#include "feed/http_client.h"
#include "feed/output_file.h"
#include "gooffsets/result.h"

namespace gooffsets {

class FeedSource {
 public:
  struct Small {
    bool not_modified = false;  // it is still what had this etag
    std::string body, etag;
  };
  using Progress = std::function<void(uint64_t done)>;

  virtual ~FeedSource() = default;
  // For messages and the history.
  virtual std::string address() const = 0;
  // kNotFound: there is none.
  virtual Result<Small> ReadSmall(const std::string& name, uint64_t limit, const std::string& etag) = 0;
  // Appends what `out` lacks of a file of `size` bytes; never more.
  virtual Result<void> ReadBlob(const std::string& name, uint64_t size, OutputFile* out, const Progress& progress) = 0;
};

// http://, https://, file://, a directory, or a bundle file.
Result<std::unique_ptr<FeedSource>> OpenFeedSource(const std::string& address, const HttpOptions& http,
                                                   const CallLimits* limits);

}  // namespace gooffsets

#endif  // GOOFFSETS_FEED_FEED_SOURCE_H_
