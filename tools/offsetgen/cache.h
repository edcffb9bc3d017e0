// The cache directory: where toolchains, module sources, Go's build caches and raw records live, and what goes first
// when it grows over its limit.
//
//   DIR/toolchains/go1.26.8/    an unpacked toolchain (a unit of eviction)
//   DIR/gocache/go1.26.8/       Go's build cache of that release (a unit of eviction; in use, its old entries go)
//   DIR/mod/                    module cache that downloads go to; probe builds use DIR/nomod, so that overlays into
//                               DIR/mod are allowed (the go command refuses overlays below the current GOMODCACHE)
//   DIR/raw/<build id>.jsonl.zst  what was read out of a build; never evicted
//   DIR/logs/<build id>.log     output of failed builds
//   DIR/work/                   directories of running jobs; a dead process' are removed
// Thread-safe where noted.
#ifndef OFFSETGEN_CACHE_H_
#define OFFSETGEN_CACHE_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "base/file.h"
#include "gooffsets/result.h"

namespace offsetgen {

class Cache {
 public:
  // `limit` bytes for toolchains and build caches together; 0 means no limit. Module sources, raw records and logs are
  // small beside them and stay.
  static gooffsets::Result<Cache> Open(const std::string& dir, uint64_t limit);
  Cache(Cache&&) noexcept;

  const std::string& dir() const { return dir_; }
  std::string Path(const std::string& rest) const { return dir_ + "/" + rest; }

  // A unit ("toolchains/go1.26.8") in use is not evicted, not by another process either (a shared flock on its stamp).
  // Thread-safe.
  void Use(const std::string& unit);
  void Release(const std::string& unit);
  // Removes least recently used units until the cache is within its limit; if that is not enough, what builds have not
  // asked for lately out of the build caches in use. Reads every directory: for every few minutes, not for every build.
  // Thread-safe.
  void Evict();

  // A fresh directory below work/, removed by RemoveWork. Thread-safe.
  gooffsets::Result<std::string> MakeWork(const std::string& name);
  void RemoveWork(const std::string& path);

 private:
  Cache(std::string dir, uint64_t limit);
  std::string dir_;
  uint64_t limit_;
  std::mutex mutex_;
  struct Held {
    int count = 0;
    gooffsets::UniqueFd lock;
  };
  std::map<std::string, Held> in_use_;
};

// Removes a tree whose directories may be read-only, as Go's module cache is.
void RemoveTree(const std::string& path);

}  // namespace offsetgen

#endif  // OFFSETGEN_CACHE_H_
