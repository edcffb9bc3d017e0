#include "base/zstd.h"

#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace gooffsets {
namespace {

constexpr int kMaxWindowLog = 27;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};
using CompressContext = std::unique_ptr<ZSTD_CCtx, FreeContext>;
using DecompressContext = std::unique_ptr<ZSTD_DCtx, FreeContext>;

tl::unexpected<Error> TooLarge(const std::string& what, uint64_t limit) {
  return Fail(ErrorCode::kBadInput,
              what + " decompresses to more than the " + std::to_string(limit) + " bytes it may have");
}

Result<DecompressContext> NewDecompressContext() {
  DecompressContext context(ZSTD_createDCtx());
  if (!context || ZSTD_isError(ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kMaxWindowLog))) {
    return Fail(ErrorCode::kInternal, "cannot set up zstd");
  }
  return context;
}

}  // namespace

Result<std::string> ZstdCompress(std::string_view data, const ZstdOptions& options) {
  if (options.level < 1 || options.level > ZSTD_maxCLevel()) return Fail(ErrorCode::kUsage, "no such zstd level");
  if (options.window_log != 0 && (options.window_log < 10 || options.window_log > kMaxWindowLog)) {
    return Fail(ErrorCode::kUsage, "a zstd window has between 2^10 and 2^27 bytes");
  }
  CompressContext context(ZSTD_createCCtx());
  if (!context) return Fail(ErrorCode::kInternal, "cannot set up zstd");
  size_t set = ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, options.level);
  if (!ZSTD_isError(set)) set = ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  if (!ZSTD_isError(set) && options.window_log != 0) {
    set = ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, options.window_log);
    if (!ZSTD_isError(set)) set = ZSTD_CCtx_setParameter(context.get(), ZSTD_c_enableLongDistanceMatching, 1);
  }
  if (ZSTD_isError(set)) return Fail(ErrorCode::kInternal, std::string("zstd: ") + ZSTD_getErrorName(set));
  std::string packed(ZSTD_compressBound(data.size()), '\0');
  size_t size = ZSTD_compress2(context.get(), packed.data(), packed.size(), data.data(), data.size());
  if (ZSTD_isError(size)) return Fail(ErrorCode::kInternal, std::string("zstd: ") + ZSTD_getErrorName(size));
  packed.resize(size);
  packed.shrink_to_fit();
  return packed;
}

Result<std::string> ZstdDecompress(std::string_view data, uint64_t limit) {
  GOOFFSETS_TRY(DecompressContext context, NewDecompressContext());
  std::string out;
  std::vector<char> buffer(ZSTD_DStreamOutSize());
  ZSTD_inBuffer in{data.data(), data.size(), 0};
  size_t left = 1;  // 0 exactly at the end of a frame
  // A full output buffer may leave output inside zstd although all input is used: go on until it is not full.
  for (bool more = true; in.pos < in.size || more;) {
    ZSTD_outBuffer chunk{buffer.data(), buffer.size(), 0};
    left = ZSTD_decompressStream(context.get(), &chunk, &in);
    if (ZSTD_isError(left)) {
      return Fail(ErrorCode::kBadInput, std::string("not valid zstd data: ") + ZSTD_getErrorName(left));
    }
    if (chunk.pos > limit - out.size()) return TooLarge("zstd data", limit);
    out.append(buffer.data(), chunk.pos);
    more = chunk.pos == chunk.size && left != 0;
  }
  if (left != 0) return Fail(ErrorCode::kBadInput, "zstd data is cut off");
  return out;
}

struct ZstdLineReader::State {
  std::string path;
  ZstdLimits limits;
  UniqueFd fd;
  DecompressContext context;
  std::vector<char> input;
  ZSTD_inBuffer in{nullptr, 0, 0};
  bool file_ended = false;
  bool frame_ended = false;  // an empty file is no frame
  bool output_full = false;
  uint64_t total = 0;
  std::string text;    // decompressed, from `start` on not yet handed out
  size_t start = 0;    // of the next line
  size_t scanned = 0;  // no line end before this
  std::optional<Error> failure;

  Result<bool> Fill();  // false: nothing more will come
  Result<std::optional<std::string_view>> Line();
};

Result<bool> ZstdLineReader::State::Fill() {
  while (in.pos == in.size && !output_full) {
    if (file_ended) {
      if (!frame_ended) return Fail(ErrorCode::kBadInput, path + ": zstd data is cut off");
      return false;
    }
    ssize_t got = ::read(fd.get(), input.data(), input.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoError(errno, "cannot read " + path);
    if (got == 0) file_ended = true;
    in = {input.data(), static_cast<size_t>(got), 0};
  }
  text.erase(0, start);
  scanned -= start;
  start = 0;
  size_t used = text.size();
  text.resize(used + ZSTD_DStreamOutSize());
  ZSTD_outBuffer chunk{text.data() + used, text.size() - used, 0};
  size_t left = ZSTD_decompressStream(context.get(), &chunk, &in);
  text.resize(used + (ZSTD_isError(left) ? 0 : chunk.pos));
  if (ZSTD_isError(left)) {
    return Fail(ErrorCode::kBadInput, path + ": not valid zstd data: " + ZSTD_getErrorName(left));
  }
  frame_ended = left == 0;
  output_full = chunk.pos == chunk.size && left != 0;
  if (chunk.pos > limits.total - total) return TooLarge(path, limits.total);
  total += chunk.pos;
  return true;
}

Result<std::optional<std::string_view>> ZstdLineReader::State::Line() {
  auto too_long = [&] {
    return Fail(ErrorCode::kBadInput,
                path + " has a line longer than the " + std::to_string(limits.line) + " bytes it may have");
  };
  while (true) {
    size_t end = text.find('\n', scanned);
    if (end != std::string::npos) {
      if (end - start > limits.line) return too_long();
      std::string_view line = std::string_view(text).substr(start, end - start);
      start = scanned = end + 1;
      return line;
    }
    scanned = text.size();
    if (text.size() - start > limits.line) return too_long();
    GOOFFSETS_TRY(bool more, Fill());
    if (more) continue;
    if (start == text.size()) return std::nullopt;
    std::string_view line = std::string_view(text).substr(start);
    start = scanned = text.size();
    return line;
  }
}

Result<ZstdLineReader> ZstdLineReader::Open(const std::string& path, const ZstdLimits& limits) {
  auto state = std::make_unique<State>();
  state->path = path;
  state->limits = limits;
  GOOFFSETS_TRY(state->fd, OpenForReading(path));
  GOOFFSETS_TRY(state->context, NewDecompressContext());
  state->input.resize(ZSTD_DStreamInSize());
  return ZstdLineReader(std::move(state));
}

Result<std::optional<std::string_view>> ZstdLineReader::Next() {
  if (state_->failure) return tl::unexpected<Error>(*state_->failure);
  auto line = state_->Line();
  if (!line) state_->failure = line.error();
  return line;
}

ZstdLineReader::ZstdLineReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
ZstdLineReader::ZstdLineReader(ZstdLineReader&&) noexcept = default;
ZstdLineReader& ZstdLineReader::operator=(ZstdLineReader&&) noexcept = default;
ZstdLineReader::~ZstdLineReader() = default;

}  // namespace gooffsets
