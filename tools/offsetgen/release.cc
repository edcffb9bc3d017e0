#include "release.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/digest.h"
#include "base/file.h"
#include "store/export.h"
#include "store/shard.h"
#include "targets.h"
#include "version_sources.h"

namespace offsetgen {

namespace fs = std::filesystem;
using gooffsets::OpenMode;
using gooffsets::Result;
using gooffsets::Store;

std::vector<std::string> ShardFiles(const std::string& data_dir) {
  std::vector<std::string> out;
  std::error_code ec;
  for (auto it = fs::recursive_directory_iterator(data_dir, ec); !ec && it != fs::recursive_directory_iterator(); it.increment(ec)) {
    if (it->path().string().ends_with(".jsonl.zst")) out.push_back(it->path().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<ShardCounts> WriteShards(const std::string& db, const std::string& data_dir) {
  GOOFFSETS_TRY(Store store, Store::Open(db, OpenMode::kReadOnly));
  GOOFFSETS_TRY(std::vector<gooffsets::ShardName> names, gooffsets::Shards(&store));
  ShardCounts counts;
  for (const gooffsets::ShardName& name : names) {
    std::string path = data_dir + "/" + name.FileName(), fresh = path + ".new";
    std::error_code ec;
    fs::create_directories(fs::path(path).parent_path(), ec);
    if (ec) return gooffsets::ErrnoError(ec.value(), "cannot create " + fs::path(path).parent_path().string());
    GOOFFSETS_CHECK_OK(gooffsets::ExportShard(&store, name, fresh));
    auto before = gooffsets::Sha256HexOfFile(path), after = gooffsets::Sha256HexOfFile(fresh);
    bool same = before && after && *before == *after;
    if (same) {
      fs::remove(fresh, ec);
    } else {
      fs::rename(fresh, path, ec);
      if (ec) return gooffsets::ErrnoError(ec.value(), "cannot replace " + path);
    }
    ++(same ? counts.unchanged : counts.written);
    counts.bytes += fs::file_size(path, ec);
  }
  return counts;
}

Result<size_t> MakeRelease(const std::string& data_dir, const std::string& out) {
  std::error_code ec;
  fs::create_directories(fs::path(out).parent_path(), ec);
  std::string working = out + ".making-" + std::to_string(getpid());
  struct Cleanup {
    std::string path;
    ~Cleanup() {
      std::error_code ignored;
      for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(path + suffix, ignored);
    }
  } cleanup{working};
  size_t builds = 0;
  {
    GOOFFSETS_TRY(Store store, Store::Open(working, OpenMode::kCreate));
    for (const std::string& shard : ShardFiles(data_dir)) {
      GOOFFSETS_TRY(gooffsets::ImportCounts counts, gooffsets::ImportShard(&store, shard));
      builds += counts.builds_added;
    }
    // Known versions make gaps visible: "never built" is another answer than "no such version".
    GOOFFSETS_TRY(Targets targets, LoadTargets(data_dir + "/targets.toml"));
    for (const Target& target : targets.targets) {
      std::string list = data_dir + "/versions/" + VersionListName(target.module);
      auto text = gooffsets::ReadFile(list, 4 << 20);
      if (!text) continue;
      GOOFFSETS_TRY(auto known, ParseVersionList(*text, gooffsets::SchemeOf(target.module), list));
      std::vector<std::string> versions;
      for (const KnownVersion& v : known) versions.push_back(v.version.text());
      GOOFFSETS_CHECK_OK(store.AddKnownVersions(target.module, versions));
    }
    GOOFFSETS_CHECK_OK(gooffsets::Publish(&store, out));
  }
  return builds;
}

}  // namespace offsetgen
