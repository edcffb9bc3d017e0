// The compressed form of a shard: one zstd frame, and for most shards the name of the shard it was compressed against.
//
// Neighbouring minor lines are nearly equal: grpc 1.82 alone has 132 kB, as a difference to 1.81 it has 2 kB. So the lines
// of a shard whose minor number is no multiple of ten are compressed with the lines of its base, the last multiple of ten
// before it, as a prefix (what `zstd --patch-from` does). A base stands alone; so does a shard whose base is not there.
// A skippable frame (RFC 8878 §3.1.2) behind the data names the base and the digest of its lines.
// Safe from any thread; input is hostile, limits are explicit.
//
//   Result<std::string> file = PackShard(lines, ShardBase{"1.60", base_lines});
//   Result<std::string> same = ReadShardFile("data/google.golang.org_grpc/1.61.jsonl.zst");
#ifndef GOOFFSETS_STORE_SHARD_FILE_H_
#define GOOFFSETS_STORE_SHARD_FILE_H_

#include <optional>
#include <string>

#include "gooffsets/result.h"

namespace gooffsets {

struct ShardBase {
  std::string minor_line;
  std::string lines;
};

// "1.60" for "1.67"; nullopt for a line that stands alone.
std::optional<std::string> BaseOf(const std::string& minor_line);

Result<std::string> PackShard(const std::string& lines, const std::optional<ShardBase>& base);
// The lines of the shard at `path`; its base is read from the same directory.
Result<std::string> ReadShardFile(const std::string& path);

}  // namespace gooffsets

#endif  // GOOFFSETS_STORE_SHARD_FILE_H_
