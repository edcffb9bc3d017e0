#include "cache.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "base/file.h"

namespace offsetgen {

namespace fs = std::filesystem;
using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::Result;
using gooffsets::UniqueFd;

namespace {

uint64_t TreeSize(const fs::path& dir) {
  uint64_t total = 0;
  std::error_code ec;
  for (auto it = fs::recursive_directory_iterator(dir, fs::directory_options::skip_permission_denied, ec);
       !ec && it != fs::recursive_directory_iterator(); it.increment(ec)) {
    struct stat st;
    if (lstat(it->path().c_str(), &st) == 0) total += static_cast<uint64_t>(st.st_blocks) * 512;
  }
  return total;
}

std::string StampPath(const std::string& unit_dir) { return unit_dir + ".used"; }

// A toolchain does not change once it is there, so its size is kept in the stamp; a build cache is measured anew.
uint64_t UnitSize(const std::string& unit_dir, bool immutable) {
  if (immutable) {
    std::ifstream in(StampPath(unit_dir));
    uint64_t size = 0;
    if (in >> size && size > 0) return size;
    size = TreeSize(unit_dir);
    std::error_code ec;
    auto time = fs::last_write_time(StampPath(unit_dir), ec);
    std::ofstream(StampPath(unit_dir)) << size;
    if (!ec) fs::last_write_time(StampPath(unit_dir), time, ec);
    return size;
  }
  return TreeSize(unit_dir);
}

// Removes the oldest entries of Go's build caches in `dirs` until `excess` bytes are free or only entries remain that a
// running build may need. A build that finds an entry sets its modification time, unless that is less than an hour old
// (src: cmd/go/internal/cache, mtimeInterval), and takes an entry that is gone as never built.
void TrimBuildCaches(const std::vector<std::string>& dirs, uint64_t excess) {
  constexpr time_t kKept = 2 * 3600;
  struct Entry {
    time_t used;
    uint64_t size;
    std::string path;
  };
  std::vector<Entry> entries;
  std::error_code ec;
  for (const std::string& dir : dirs) {
    for (auto it = fs::recursive_directory_iterator(dir, ec); !ec && it != fs::recursive_directory_iterator(); it.increment(ec)) {
      struct stat st;
      if (it.depth() != 1 || lstat(it->path().c_str(), &st) != 0 || !S_ISREG(st.st_mode)) continue;
      if (st.st_mtime + kKept > time(nullptr)) continue;
      entries.push_back({st.st_mtime, static_cast<uint64_t>(st.st_blocks) * 512, it->path().string()});
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.used < b.used; });
  uint64_t freed = 0;
  for (const Entry& entry : entries) {
    if (freed >= excess) return;
    if (unlink(entry.path.c_str()) == 0) freed += entry.size;
  }
}

}  // namespace

void RemoveTree(const std::string& path) {
  std::error_code ec;
  for (auto it = fs::recursive_directory_iterator(path, fs::directory_options::skip_permission_denied, ec);
       !ec && it != fs::recursive_directory_iterator(); it.increment(ec)) {
    if (it->is_directory(ec) && !it->is_symlink(ec)) chmod(it->path().c_str(), 0755);
  }
  fs::remove_all(path, ec);
}

Cache::Cache(std::string dir, uint64_t limit) : dir_(std::move(dir)), limit_(limit) {}
Cache::Cache(Cache&& other) noexcept
    : dir_(std::move(other.dir_)), limit_(other.limit_), in_use_(std::move(other.in_use_)) {}

Result<Cache> Cache::Open(const std::string& dir, uint64_t limit) {
  std::error_code ec;
  std::string absolute = fs::absolute(dir, ec).lexically_normal().string();
  for (const char* sub : {"toolchains", "gocache", "mod", "nomod", "raw", "logs", "work", "closures", "helper"}) {
    fs::create_directories(absolute + "/" + sub, ec);
    if (ec) {
      return gooffsets::ErrnoError(ec.value(), "cannot create the cache directory " + absolute + "/" + sub);
    }
  }
  // The go command finds overlaid files by the real path of the directory it runs in (src: cmd/go/internal/fsys): by way
  // of a symbolic link they would not be there.
  absolute = fs::canonical(absolute, ec).string();
  if (ec) return gooffsets::ErrnoError(ec.value(), "cannot use the cache directory " + dir);
  // Work directories are named PID-NAME: those of processes that are gone were left by a kill.
  for (const auto& entry : fs::directory_iterator(absolute + "/work", ec)) {
    int pid = atoi(entry.path().filename().c_str());
    if (pid > 0 && kill(pid, 0) != 0 && errno == ESRCH) RemoveTree(entry.path());
  }
  return Cache(absolute, limit);
}

void Cache::Use(const std::string& unit) {
  std::lock_guard<std::mutex> lock(mutex_);
  Held& held = in_use_[unit];
  std::string stamp = StampPath(Path(unit));
  if (++held.count == 1) {
    held.lock = UniqueFd(open(stamp.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (held.lock.valid()) flock(held.lock.get(), LOCK_SH);
  }
  std::error_code ec;
  fs::last_write_time(stamp, fs::file_time_type::clock::now(), ec);
}

void Cache::Release(const std::string& unit) {
  std::lock_guard<std::mutex> lock(mutex_);
  auto it = in_use_.find(unit);
  if (it != in_use_.end() && --it->second.count <= 0) in_use_.erase(it);
}

void Cache::Evict() {
  if (limit_ == 0) return;
  std::lock_guard<std::mutex> lock(mutex_);
  struct Unit {
    std::string name;
    uint64_t size;
    fs::file_time_type used;
  };
  std::vector<Unit> units;
  uint64_t total = 0;
  std::error_code ec;
  for (const char* kind : {"toolchains", "gocache"}) {
    for (const auto& entry : fs::directory_iterator(Path(kind), ec)) {
      if (!entry.is_directory(ec)) continue;
      std::string name = std::string(kind) + "/" + entry.path().filename().string();
      uint64_t size = UnitSize(Path(name), std::string_view(kind) == "toolchains");
      fs::file_time_type used = fs::last_write_time(StampPath(Path(name)), ec);
      if (ec) used = fs::file_time_type::min();
      total += size;
      units.push_back({name, size, used});
    }
  }
  std::sort(units.begin(), units.end(), [](const Unit& a, const Unit& b) { return a.used < b.used; });
  std::vector<std::string> used_build_caches;
  for (const Unit& unit : units) {
    if (total <= limit_) return;
    UniqueFd stamp(open(StampPath(Path(unit.name)).c_str(), O_RDWR | O_CLOEXEC));
    if (in_use_.contains(unit.name) || (stamp.valid() && flock(stamp.get(), LOCK_EX | LOCK_NB) != 0)) {
      if (unit.name.starts_with("gocache/")) used_build_caches.push_back(Path(unit.name));
      continue;
    }
    // Renamed first: a kill in the middle of the removal must not leave half a toolchain under its name.
    std::string doomed = Path("work/" + std::to_string(getpid()) + "-evict-" + fs::path(unit.name).filename().string());
    fs::rename(Path(unit.name), doomed, ec);
    if (ec) continue;
    fs::remove(StampPath(Path(unit.name)), ec);
    RemoveTree(doomed);
    total -= unit.size;
  }
  if (total > limit_) TrimBuildCaches(used_build_caches, total - limit_);
}

Result<std::string> Cache::MakeWork(const std::string& name) {
  static std::atomic<int> counter{0};
  std::string path = Path("work/" + std::to_string(getpid()) + "-" + std::to_string(counter++) + "-" + name);
  std::error_code ec;
  fs::create_directories(path, ec);
  if (ec) return gooffsets::ErrnoError(ec.value(), "cannot create " + path);
  return path;
}

void Cache::RemoveWork(const std::string& path) {
  if (path.starts_with(Path("work/"))) RemoveTree(path);
}

}  // namespace offsetgen
