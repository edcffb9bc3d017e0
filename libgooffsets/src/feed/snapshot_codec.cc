#include "feed/snapshot_codec.h"

#include <zstd.h>

#include <algorithm>
#include <memory>

#include "base/digest.h"
#include "base/file.h"
#include "feed/output_file.h"

namespace gooffsets {
namespace {

// `zstd -d` accepts windows up to 2^27 by itself; a prefix must lie inside the window, and 31 is the format's limit
// here.
constexpr int kSnapshotWindow = 27, kMaxWindow = 31;
constexpr uint64_t kMaxPrefix = (uint64_t{1} << kMaxWindow) / 2;
constexpr size_t kPiece = size_t{1} << 20;

struct FreeCompressor {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
struct FreeDecompressor {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};
using Compressor = std::unique_ptr<ZSTD_CCtx, FreeCompressor>;
using Decompressor = std::unique_ptr<ZSTD_DCtx, FreeDecompressor>;

tl::unexpected<Error> ZstdError(const std::string& what, size_t code) {
  return Fail(ErrorCode::kBadInput, what + ": " + ZSTD_getErrorName(code));
}

int LogOf(uint64_t size) {
  int log = 10;
  while (log < kMaxWindow && (uint64_t{1} << log) < size) ++log;
  return log;
}

Result<void> Compress(const std::string& file, const std::string& prefix, const std::string& out, int level, int window,
                      const CodecProgress& progress) {
  GOOFFSETS_TRY(UniqueFd in, OpenForReading(file));
  GOOFFSETS_TRY(const uint64_t size, FileSize(in, file));
  GOOFFSETS_TRY(OutputFile target, OutputFile::Open(out, OutputFile::Mode::kNew));
  Compressor context(ZSTD_createCCtx());
  if (!context) return Fail(ErrorCode::kIo, "not enough memory to compress " + file);
  ZSTD_CCtx* c = context.get();
  for (size_t code :
       {ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, level), ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, window),
        ZSTD_CCtx_setParameter(c, ZSTD_c_enableLongDistanceMatching, 1),
        ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1), ZSTD_CCtx_setPledgedSrcSize(c, size),
        ZSTD_CCtx_refPrefix(c, prefix.data(), prefix.size())}) {
    if (ZSTD_isError(code) != 0) return ZstdError("cannot compress " + file, code);
  }
  std::string piece(kPiece, '\0'), packed(ZSTD_CStreamOutSize(), '\0');
  for (uint64_t at = 0;;) {
    if (progress) progress(at, size);
    const size_t count = static_cast<size_t>(std::min<uint64_t>(kPiece, size - at));
    GOOFFSETS_CHECK_OK(ReadAt(in, at, piece.data(), count, file));
    at += count;
    ZSTD_inBuffer source{piece.data(), count, 0};
    const bool last = at == size;
    size_t left = 0;
    do {
      ZSTD_outBuffer sink{packed.data(), packed.size(), 0};
      left = ZSTD_compressStream2(c, &sink, &source, last ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left) != 0) return ZstdError("cannot compress " + file, left);
      GOOFFSETS_CHECK_OK(target.Write(std::string_view(packed).substr(0, sink.pos)));
    } while (last ? left != 0 : source.pos < source.size);
    if (last) break;
  }
  return target.Sync();
}

Result<std::string> Decode(const std::string& file, const std::string& prefix, OutputFile* out, uint64_t size) {
  GOOFFSETS_TRY(UniqueFd in, OpenForReading(file));
  GOOFFSETS_TRY(const uint64_t packed_size, FileSize(in, file));
  Decompressor context(ZSTD_createDCtx());
  if (!context) return Fail(ErrorCode::kIo, "not enough memory to decompress " + file);
  ZSTD_DCtx* d = context.get();
  const int window = prefix.empty() ? kSnapshotWindow : LogOf(prefix.size() + size + 1);
  for (size_t code : {ZSTD_DCtx_setParameter(d, ZSTD_d_windowLogMax, std::max(window, kSnapshotWindow)),
                      ZSTD_DCtx_refPrefix(d, prefix.data(), prefix.size())}) {
    if (ZSTD_isError(code) != 0) return ZstdError("cannot decompress " + file, code);
  }
  Sha256 digest;
  std::string piece(kPiece, '\0'), plain(ZSTD_DStreamOutSize(), '\0');
  size_t more = 1;  // 0 at the end of the one frame
  for (uint64_t at = 0; at < packed_size;) {
    const size_t count = static_cast<size_t>(std::min<uint64_t>(kPiece, packed_size - at));
    GOOFFSETS_CHECK_OK(ReadAt(in, at, piece.data(), count, file));
    at += count;
    ZSTD_inBuffer source{piece.data(), count, 0};
    bool full = true;
    while (source.pos < source.size || full) {
      if (more == 0) return Fail(ErrorCode::kBadInput, file + " goes on behind its end");
      ZSTD_outBuffer sink{plain.data(), plain.size(), 0};
      more = ZSTD_decompressStream(d, &sink, &source);
      if (ZSTD_isError(more) != 0) return ZstdError("cannot decompress " + file, more);
      if (sink.pos > size - out->size()) return Fail(ErrorCode::kBadInput, file + " holds more than was signed");
      const std::string_view bytes = std::string_view(plain).substr(0, sink.pos);
      digest.Update(bytes);
      GOOFFSETS_CHECK_OK(out->Write(bytes));
      full = sink.pos == plain.size() && more != 0;
    }
  }
  if (more != 0 || out->size() != size) return Fail(ErrorCode::kBadInput, file + " holds less than was signed");
  GOOFFSETS_CHECK_OK(out->Sync());
  return ToHex(digest.Finish());
}

}  // namespace

Result<void> CompressSnapshot(const std::string& file, const std::string& out, int level,
                              const CodecProgress& progress) {
  return Compress(file, "", out, level, kSnapshotWindow, progress);
}

Result<void> MakeSnapshotDelta(const std::string& old_file, const std::string& file, const std::string& out, int level,
                               const CodecProgress& progress) {
  GOOFFSETS_TRY(const std::string prefix, ReadFile(old_file, kMaxPrefix));
  GOOFFSETS_TRY(UniqueFd in, OpenForReading(file));
  GOOFFSETS_TRY(const uint64_t size, FileSize(in, file));
  return Compress(file, prefix, out, level, LogOf(prefix.size() + size + 1), progress);
}

Result<std::string> DecodeSnapshot(const std::string& file, const std::string& old_file, uint64_t old_size,
                                   const std::string& out, uint64_t size) {
  std::string prefix;
  if (!old_file.empty()) {
    if (old_size > kMaxPrefix) return Fail(ErrorCode::kUnsupported, old_file + " is too large for a difference");
    GOOFFSETS_TRY(prefix, ReadFile(old_file, old_size));
    if (prefix.size() != old_size) return Fail(ErrorCode::kBadInput, old_file + " is not the file it was");
  }
  GOOFFSETS_TRY(OutputFile target, OutputFile::Open(out, OutputFile::Mode::kNew));
  Result<std::string> digest = Decode(file, prefix, &target, size);
  if (!digest) static_cast<void>(RemoveFile(out));
  return digest;
}

}  // namespace gooffsets
