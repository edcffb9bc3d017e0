// Databases on their way: compressed whole, or as the difference to an older one (zstd with the old file as prefix).
//
// What is written is exactly what was announced: decoding stops with an error at the first byte too many, so neither a
// frame's own size nor its window is believed. A difference needs the old file in memory, a whole snapshot needs 128
// MiB at most. Full snapshots can be read with `zstd -d`, differences with `zstd -d --long=31 --patch-from=OLD`. Free
// functions; safe from any thread.
//
//   GOOFFSETS_CHECK_OK(CompressSnapshot("offsets.db", "offsets.db.zst", 19));
//   GOOFFSETS_TRY(std::string sha256, DecodeSnapshot("offsets.db.zst", "", 0, "new.db", size));
#ifndef GOOFFSETS_FEED_SNAPSHOT_CODEC_H_
#define GOOFFSETS_FEED_SNAPSHOT_CODEC_H_

#include <cstdint>
#include <functional>
#include <string>

#include "gooffsets/result.h"

namespace gooffsets {

using CodecProgress = std::function<void(uint64_t done, uint64_t total)>;  // bytes of `file`

// Level 1 to 22, as in ZSTD_compress. `progress` may be empty.
Result<void> CompressSnapshot(const std::string& file, const std::string& out, int level,
                              const CodecProgress& progress = {});
Result<void> MakeSnapshotDelta(const std::string& old_file, const std::string& file, const std::string& out, int level,
                               const CodecProgress& progress = {});

// Writes `out` anew, exactly `size` bytes, and gives its SHA-256. `old_file` is empty for a whole snapshot; `old_size`
// is how large it must be. The file is synced. After an error it is removed.
Result<std::string> DecodeSnapshot(const std::string& file, const std::string& old_file, uint64_t old_size,
                                   const std::string& out, uint64_t size);

}  // namespace gooffsets

#endif  // GOOFFSETS_FEED_SNAPSHOT_CODEC_H_
