// Answers in the form in which they are sent: body, encoding and headers put together once, queued any number of times.
//
// A Prepared belongs to whoever holds the shared_ptr; libmicrohttpd counts the connections that are still sending it.
// The cache keeps the answers of one snapshot, bounded in bytes, those used last. Safe from any thread.
//
//   std::shared_ptr<const Prepared> answer = cache.Find(key);
//   if (!answer) cache.Put(key, answer = Prepare(Handle(request, service), encoding));
//   MHD_queue_response(connection, answer->status(), answer->handle());
#ifndef GOOFFSETS_TOOLS_OFFSETD_PREPARED_H_
#define GOOFFSETS_TOOLS_OFFSETD_PREPARED_H_

#include <microhttpd.h>

#include <array>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "content.h"
#include "http.h"

namespace gooffsets {

class Prepared {
 public:
  ~Prepared() { MHD_destroy_response(response_); }
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;
  MHD_Response* handle() const { return response_; }
  unsigned status() const { return status_; }
  const std::string& etag() const { return etag_; }
  Caching caching() const { return caching_; }
  uint64_t bytes() const { return bytes_; }

 private:
  friend std::shared_ptr<const Prepared> Prepare(HttpResponse response, Encoding encoding, bool close);
  Prepared(MHD_Response* response, unsigned status) : response_(response), status_(status) {}
  MHD_Response* response_;
  unsigned status_;
  std::string etag_;
  Caching caching_ = Caching::kNever;
  uint64_t bytes_ = 0;
};

// In `encoding` if that makes it smaller. `close`: the connection ends with it. Null: out of memory.
std::shared_ptr<const Prepared> Prepare(HttpResponse response, Encoding encoding, bool close);
// "You have it already" (RFC 9110 §15.4.5).
HttpResponse NotModified(const Prepared& answer);

class ResponseCache {
 public:
  explicit ResponseCache(size_t limit) : limit_(limit / kShards) {}
  std::shared_ptr<const Prepared> Find(std::string_view key);
  void Put(std::string_view key, std::shared_ptr<const Prepared> answer);

 private:
  static constexpr size_t kShards = 16;
  struct Entry {
    std::string key;
    std::shared_ptr<const Prepared> answer;
    size_t cost = 0;
  };
  struct Shard {
    std::mutex mutex;
    std::list<Entry> used;  // last used first
    std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key;
    size_t cost = 0;
  };
  Shard& ShardOf(std::string_view key) { return shards_[std::hash<std::string_view>()(key) % kShards]; }
  size_t limit_;
  std::array<Shard, kShards> shards_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_OFFSETD_PREPARED_H_
