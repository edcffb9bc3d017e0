#include "store/shard_file.h"

#include <zstd.h>

#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/byte_reader.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/quote.h"
#include "store/json_text.h"
#include "store/layout_json.h"

namespace gooffsets {

namespace {

constexpr int kLevel = 19;
// Equal parts lie as far apart as the base is long.
constexpr int kWindowLog = 27;
constexpr uint64_t kMaxFile = uint64_t{256} << 20;
constexpr uint64_t kMaxLines = uint64_t{1} << 30;
constexpr uint32_t kSkippable = 0x184D2A55;  // one of the sixteen magic numbers of skippable frames

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

void AppendLittleEndian32(std::string* out, uint32_t value) {
  for (int i = 0; i < 4; ++i) out->push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

struct BaseName {
  std::string minor_line, digest;
};

// What lies behind the data: nothing, or the name of the base.
Result<std::optional<BaseName>> ParseTrailer(std::string_view trailer) {
  if (trailer.empty()) return std::optional<BaseName>();
  CheckedReader reader(trailer);
  std::optional<uint32_t> magic = reader.U32();
  std::optional<uint32_t> size = reader.U32();
  if (!magic || *magic != kSkippable || !size || *size != reader.remaining()) {
    return Fail(ErrorCode::kBadInput, "not a shard: something follows its data");
  }
  nlohmann::json json = nlohmann::json::parse(trailer.substr(8), nullptr, false);
  JsonReader members(json, "base");
  BaseName base;
  GOOFFSETS_TRY(base.minor_line, members.Text("base"));
  GOOFFSETS_TRY(base.digest, members.Text("digest"));
  if (base.minor_line.find_first_not_of("0123456789.") != std::string::npos) {
    return Fail(ErrorCode::kBadInput, "not a shard: its base is no version");
  }
  return std::optional<BaseName>(std::move(base));
}

Result<std::string> Decompress(std::string_view frame, const std::string& prefix) {
  std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  if (!context || ZSTD_isError(ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kWindowLog)) ||
      ZSTD_isError(ZSTD_DCtx_refPrefix(context.get(), prefix.data(), prefix.size()))) {
    return Fail(ErrorCode::kInternal, "cannot set up zstd");
  }
  std::string out;
  std::vector<char> buffer(ZSTD_DStreamOutSize());
  ZSTD_inBuffer in{frame.data(), frame.size(), 0};
  while (true) {
    ZSTD_outBuffer chunk{buffer.data(), buffer.size(), 0};
    size_t left = ZSTD_decompressStream(context.get(), &chunk, &in);
    if (ZSTD_isError(left)) {
      return Fail(ErrorCode::kBadInput, std::string("not valid zstd data: ") + ZSTD_getErrorName(left));
    }
    if (chunk.pos > kMaxLines - out.size()) return Fail(ErrorCode::kBadInput, "decompresses to more than a shard may have");
    out.append(buffer.data(), chunk.pos);
    if (left == 0) return out;
    if (in.pos == in.size && chunk.pos < chunk.size) return Fail(ErrorCode::kBadInput, "cut off");
  }
}

Result<std::string> ReadLines(const std::string& path, bool may_have_base) {
  GOOFFSETS_TRY(std::string file, ReadFile(path, kMaxFile));
  auto wrong = [&](const std::string& what) {
    return Fail(ErrorCode::kBadInput, Quote(path) + ": " + what, "restore the file from version control");
  };
  const size_t data = ZSTD_findFrameCompressedSize(file.data(), file.size());
  if (ZSTD_isError(data)) return wrong("not valid zstd data, or cut off");
  Result<std::optional<BaseName>> name = ParseTrailer(std::string_view(file).substr(data));
  if (!name) return wrong(name.error().message);
  std::string prefix;
  if (*name) {
    if (!may_have_base) return wrong("a base has a base");
    const size_t slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
    const std::string base = folder + (*name)->minor_line + ".jsonl.zst";
    Result<std::string> lines = ReadLines(base, false);
    if (!lines) {
      return Fail(lines.error().code, Quote(path) + " needs " + Quote(base) + ": " + lines.error().message,
                  lines.error().hint);
    }
    if (Blake2b128Hex(*lines) != (*name)->digest) {
      return wrong("made against another " + base + " than the one that is there");
    }
    prefix = std::move(*lines);
  }
  Result<std::string> lines = Decompress(std::string_view(file).substr(0, data), prefix);
  if (!lines) return wrong(lines.error().message);
  return lines;
}

}  // namespace

std::optional<std::string> BaseOf(const std::string& minor_line) {
  const size_t dot = minor_line.find('.');
  if (dot == std::string::npos) return std::nullopt;
  uint64_t minor = 0;
  const char* end = minor_line.data() + minor_line.size();
  auto [stop, error] = std::from_chars(minor_line.data() + dot + 1, end, minor);
  if (error != std::errc() || stop != end || minor % 10 == 0) return std::nullopt;
  return minor_line.substr(0, dot + 1) + std::to_string(minor - minor % 10);
}

Result<std::string> PackShard(const std::string& lines, const std::optional<ShardBase>& base) {
  std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  size_t set = context ? ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel) : 0;
  if (!ZSTD_isError(set)) set = ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  if (!ZSTD_isError(set)) set = ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, kWindowLog);
  if (!ZSTD_isError(set)) set = ZSTD_CCtx_setParameter(context.get(), ZSTD_c_enableLongDistanceMatching, 1);
  if (!ZSTD_isError(set) && base) set = ZSTD_CCtx_refPrefix(context.get(), base->lines.data(), base->lines.size());
  if (!context || ZSTD_isError(set)) return Fail(ErrorCode::kInternal, "cannot set up zstd");
  std::string file(ZSTD_compressBound(lines.size()), '\0');
  const size_t size = ZSTD_compress2(context.get(), file.data(), file.size(), lines.data(), lines.size());
  if (ZSTD_isError(size)) return Fail(ErrorCode::kInternal, std::string("zstd: ") + ZSTD_getErrorName(size));
  file.resize(size);
  if (!base) return file;
  std::string json;
  JsonObject object(&json);
  object.Text("base", base->minor_line);
  object.Text("digest", Blake2b128Hex(base->lines));
  object.Close();
  AppendLittleEndian32(&file, kSkippable);
  AppendLittleEndian32(&file, static_cast<uint32_t>(json.size()));
  return file + json;
}

Result<std::string> ReadShardFile(const std::string& path) { return ReadLines(path, true); }

}  // namespace gooffsets
