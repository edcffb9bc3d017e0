// Zstandard: whole buffers, and a reader that hands out the lines of a compressed file one by one.
//
// What a frame says about its own size is never believed: every decompression has a limit that the caller names, so
// that a small hostile file cannot fill the memory. Frames that need a window above 2^27 bytes are refused (the
// format's own recommendation for decoders). A ZstdLineReader belongs to one thread; the free functions may be called
// from any.
//
//   Result<std::string> packed = ZstdCompress(text, {.level = 19, .window_log = 27});
//   Result<ZstdLineReader> lines = ZstdLineReader::Open("1.60.jsonl.zst", {.total = 1 << 30, .line = 1 << 26});
//   while (true) {
//     Result<std::optional<std::string_view>> line = lines->Next();
//     if (!line || !*line) break;   // an error, or the end
//     Use(**line);
//   }
#ifndef GOOFFSETS_BASE_ZSTD_H_
#define GOOFFSETS_BASE_ZSTD_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"
#include "gooffsets/result.h"

namespace gooffsets {

struct ZstdOptions {
  int level = 3;       // 1 .. 19; 22 with much memory
  int window_log = 0;  // 0: as the level says; else 10 .. 27, and long-distance matching is on
};

// One frame with a content checksum. Equal input, options and library version give equal bytes.
Result<std::string> ZstdCompress(std::string_view data, const ZstdOptions& options = {});
// All frames of `data`. More than `limit` bytes, trailing bytes that are no frame, and a cut-off frame are kBadInput.
Result<std::string> ZstdDecompress(std::string_view data, uint64_t limit);

struct ZstdLimits {
  uint64_t total = 0;                  // of the decompressed file
  uint64_t line = uint64_t{64} << 20;  // of one line
};

class ZstdLineReader {
 public:
  static Result<ZstdLineReader> Open(const std::string& path, const ZstdLimits& limits);
  ZstdLineReader(ZstdLineReader&&) noexcept;
  ZstdLineReader& operator=(ZstdLineReader&&) noexcept;
  ~ZstdLineReader();

  // The next line without its "\n", valid until the next call; nullopt at the end of the file. A last line without "\n"
  // counts. After an error every further call fails the same way.
  Result<std::optional<std::string_view>> Next();

 private:
  struct State;
  explicit ZstdLineReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_BASE_ZSTD_H_
