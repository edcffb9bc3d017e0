// Shards: the builds of one minor line of one module in one small file, from which databases are made.
//
// A shard is deterministic (equal content, equal bytes) and never changes once its minor line and its base are complete
// (shard_file.h: every tenth minor line is the base of those behind it, which are compressed against it). It holds no
// digest that can be computed from the rest, but one over all of them, so that a reader notices any change. Failures that
// may pass (network, disk, time) are of this machine and this day, and stay out. One thread a store.
//
//   GOOFFSETS_TRY(std::vector<ShardName> names, Shards(&store));
//   GOOFFSETS_CHECK_OK(ExportShard(&store, names[0], "data/" + names[0].FileName()));
//   GOOFFSETS_TRY(ImportCounts counts, ImportShard(&other_store, "data/std/1.26.jsonl.zst"));
#ifndef GOOFFSETS_STORE_SHARD_H_
#define GOOFFSETS_STORE_SHARD_H_

#include <compare>
#include <string>
#include <vector>

#include "gooffsets/result.h"
#include "store/export.h"
#include "store/store.h"

namespace gooffsets {

struct ShardName {
  std::string module;      // "google.golang.org/grpc"
  std::string minor_line;  // "1.60"
  std::string FileName() const;  // "google.golang.org_grpc/1.60.jsonl.zst"
  auto operator<=>(const ShardName&) const = default;
};

// The shards that the store's builds belong to, by their root, in the order of versions.
Result<std::vector<ShardName>> Shards(Store* store);

// The lines of a shard before compression; kNotFound when the store has no build of it.
Result<std::string> ShardLines(Store* store, const ShardName& name);
// The file. Its base is taken from the store too, so that a directory of shards is to be written from one store.
Result<void> ExportShard(Store* store, const ShardName& name, const std::string& path);
// The same.
Result<void> ExportShard(Store* store, const std::string& module, const std::string& minor_line, const std::string& path);

// Reads the base, if the shard has one, from the same directory; what is stored is only the shard itself.
Result<ImportCounts> ImportShard(Store* store, const std::string& path);

}  // namespace gooffsets

#endif  // GOOFFSETS_STORE_SHARD_H_
