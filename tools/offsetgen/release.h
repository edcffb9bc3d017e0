// The released data: shards below data/, written from a database, and the database that the build makes from them.
#ifndef OFFSETGEN_RELEASE_H_
#define OFFSETGEN_RELEASE_H_

#include <string>
#include <vector>

#include "gooffsets/result.h"

namespace offsetgen {

struct ShardCounts {
  size_t written = 0, unchanged = 0;
  uint64_t bytes = 0;  // of all shards of the database
};

// Writes a shard for each minor line that the database has builds of; files whose content would not change stay.
gooffsets::Result<ShardCounts> WriteShards(const std::string& db, const std::string& data_dir);

// Makes a published database at `out` from every shard and version list below `data_dir`.
gooffsets::Result<size_t> MakeRelease(const std::string& data_dir, const std::string& out);

// All *.jsonl.zst below `data_dir`, sorted.
std::vector<std::string> ShardFiles(const std::string& data_dir);

}  // namespace offsetgen

#endif  // OFFSETGEN_RELEASE_H_
