// Ways out of and into a store: the canonical JSON document, shards, and the published snapshot.
//
// Exports are deterministic: equal content gives equal bytes, whatever order it was added in and on whatever machine; no
// times, no local notes. Imports are one transaction, verify every digest, and add to what is there by the rules of
// Store::Add; both work in bounded memory. A file is written beside its final place and renamed, never left half.
// One store belongs to one thread at a time.
//
//   Result<void> done = ExportJsonFile(&store, "offsets.json");
//   for (const ShardName& shard : *Shards(&store)) ExportShard(&store, shard, "data/" + shard.FileName());
//   Result<void> published = Publish(&store, "share/gooffsets/offsets.db");
#ifndef GOOFFSETS_STORE_EXPORT_H_
#define GOOFFSETS_STORE_EXPORT_H_

#include <compare>
#include <cstddef>
#include <istream>
#include <ostream>
#include <string>
#include <vector>

#include "gooffsets/result.h"
#include "store/store.h"

namespace gooffsets {

// The whole store as one JSON document (schema/offsets.schema.json).
Result<void> ExportJson(Store* store, std::ostream* out);
Result<void> ExportJsonFile(Store* store, const std::string& path);

struct ImportCounts {
  size_t builds_added = 0;
  size_t builds_there = 0;  // were there already, or something better was
};
Result<ImportCounts> ImportJson(Store* store, std::istream* in);
Result<ImportCounts> ImportJsonFile(Store* store, const std::string& path);

// A consistent copy of the database without local notes, in journal mode DELETE, renamed into place: what is released
// and opened immutable.
Result<void> Publish(Store* store, const std::string& path);

}  // namespace gooffsets

#endif  // GOOFFSETS_STORE_EXPORT_H_
