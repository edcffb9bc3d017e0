#include "prepared.h"

#include <utility>

namespace gooffsets {

namespace {

// What an entry costs beside its texts: the list and map nodes, the response object and its headers.
constexpr size_t kEntryOverhead = 1200;

void FreeString(void* text) { delete static_cast<std::string*>(text); }

}  // namespace

std::shared_ptr<const Prepared> Prepare(HttpResponse response, Encoding encoding, bool close) {
  const bool compressible = !response.file && IsCompressible(response.content_type);
  Encoding used = Encoding::kIdentity;
  if (compressible && encoding != Encoding::kIdentity && response.body.size() >= kSmallestCompressed) {
    if (std::optional<std::string> packed = Compress(encoding, response.body)) {
      response.body = std::move(*packed);
      used = encoding;
    }
  }
  MHD_Response* handle = nullptr;
  uint64_t bytes = 0;
  if (response.file) {
    bytes = response.file->size;
    handle = MHD_create_response_from_fd_at_offset64(bytes, response.file->fd.get(), response.file->offset);
    if (handle != nullptr) response.file->fd.Release();  // closed with the response
  } else {
    bytes = response.body.size();
    auto* body = new std::string(std::move(response.body));
    handle = MHD_create_response_from_buffer_with_free_callback_cls(body->size(), body->data(), FreeString, body);
    if (handle == nullptr) delete body;
  }
  if (handle == nullptr) return nullptr;
  std::shared_ptr<Prepared> prepared(new Prepared(handle, static_cast<unsigned>(response.status)));
  prepared->bytes_ = bytes;
  prepared->caching_ = response.caching;
  prepared->etag_ = EtagOf(response.etag, used);
  const auto add = [&](const char* name, const std::string& value) {
    MHD_add_response_header(handle, name, value.c_str());
  };
  if (!response.content_type.empty()) add("Content-Type", response.content_type);
  if (used != Encoding::kIdentity) add("Content-Encoding", std::string(ToString(used)));
  add("Cache-Control", std::string(CacheControl(response.caching)));
  if (!prepared->etag_.empty()) add("ETag", prepared->etag_);
  if (compressible) add("Vary", "Accept-Encoding");
  add("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : response.headers) add(name.c_str(), value);
  if (close) add("Connection", "close");
  return prepared;
}

HttpResponse NotModified(const Prepared& answer) {
  HttpResponse response;
  response.status = 304;
  response.content_type.clear();
  response.caching = answer.caching();
  response.etag = answer.etag();
  response.headers.emplace_back("Vary", "Accept-Encoding");
  return response;
}

std::shared_ptr<const Prepared> ResponseCache::Find(std::string_view key) {
  Shard& shard = ShardOf(key);
  std::lock_guard lock(shard.mutex);
  const auto found = shard.by_key.find(key);
  if (found == shard.by_key.end()) return nullptr;
  shard.used.splice(shard.used.begin(), shard.used, found->second);
  return found->second->answer;
}

void ResponseCache::Put(std::string_view key, std::shared_ptr<const Prepared> answer) {
  const size_t cost = kEntryOverhead + key.size() + answer->bytes();
  if (cost > limit_ / 4) return;  // one answer never empties the cache
  Shard& shard = ShardOf(key);
  std::list<Entry> removed;  // destroyed behind the lock
  std::lock_guard lock(shard.mutex);
  if (shard.by_key.contains(key)) return;
  shard.used.push_front({std::string(key), std::move(answer), cost});
  shard.by_key.emplace(shard.used.front().key, shard.used.begin());
  shard.cost += cost;
  while (shard.cost > limit_) {
    const auto last = std::prev(shard.used.end());
    shard.cost -= last->cost;
    shard.by_key.erase(last->key);
    removed.splice(removed.begin(), shard.used, last);
  }
}

}  // namespace gooffsets
