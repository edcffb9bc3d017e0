#include "content.h"

#include <zlib.h>

#include <algorithm>

#include "base/zstd.h"

namespace gooffsets {

namespace {

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool EqualNoCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return (x >= 'A' && x <= 'Z' ? x - 'A' + 'a' : x) == (y >= 'A' && y <= 'Z' ? y - 'A' + 'a' : y);
  });
}

// "0.5" -> 500; what is no quality counts as 0, so that a malformed element is left out.
int Quality(std::string_view text) {
  if (text.empty() || (text[0] != '0' && text[0] != '1') || text.size() > 5) return 0;
  if (text.size() > 1 && text[1] != '.') return 0;
  int value = (text[0] - '0') * 1000;
  int unit = 100;
  for (size_t i = 2; i < text.size(); ++i, unit /= 10) {
    if (text[i] < '0' || text[i] > '9') return 0;
    value += (text[i] - '0') * unit;
  }
  return std::min(value, 1000);
}

std::optional<std::string> Gzip(const std::string& text) {
  z_stream stream{};
  // 15 window bits, and 16 for the gzip wrapper (zlib.h, deflateInit2).
  if (deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return std::nullopt;
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const bool done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (!done) return std::nullopt;
  return packed;
}

}  // namespace

std::string_view ToString(Encoding encoding) {
  switch (encoding) {
    case Encoding::kIdentity:
      return "identity";
    case Encoding::kGzip:
      return "gzip";
    case Encoding::kZstd:
      return "zstd";
  }
  return "identity";
}

Encoding ChooseEncoding(std::string_view accept_encoding) {
  int gzip = -1, zstd = -1, any = 0;
  while (!accept_encoding.empty()) {
    const size_t comma = std::min(accept_encoding.find(','), accept_encoding.size());
    std::string_view element = Trimmed(accept_encoding.substr(0, comma));
    accept_encoding.remove_prefix(std::min(comma + 1, accept_encoding.size()));
    int quality = 1000;
    if (const size_t semicolon = element.find(';'); semicolon != std::string_view::npos) {
      const std::string_view parameter = Trimmed(element.substr(semicolon + 1));
      if (parameter.starts_with("q=") || parameter.starts_with("Q=")) quality = Quality(parameter.substr(2));
      element = Trimmed(element.substr(0, semicolon));
    }
    if (EqualNoCase(element, "gzip") || EqualNoCase(element, "x-gzip")) gzip = quality;
    if (EqualNoCase(element, "zstd")) zstd = quality;
    if (element == "*") any = quality;
  }
  if (gzip < 0) gzip = any;
  if (zstd < 0) zstd = any;
  if (zstd > 0 && zstd >= gzip) return Encoding::kZstd;
  return gzip > 0 ? Encoding::kGzip : Encoding::kIdentity;
}

bool IsCompressible(std::string_view content_type) {
  return content_type.starts_with("text/") || content_type.starts_with("application/json") ||
         content_type.starts_with("application/problem+json") || content_type.starts_with("application/yaml") ||
         content_type.starts_with("image/svg+xml");
}

std::optional<std::string> Compress(Encoding encoding, const std::string& text) {
  std::optional<std::string> packed;
  if (encoding == Encoding::kGzip) packed = Gzip(text);
  if (encoding == Encoding::kZstd) {
    if (Result<std::string> frame = ZstdCompress(text)) packed = std::move(*frame);
  }
  if (packed && packed->size() >= text.size()) packed.reset();
  return packed;
}

std::string EtagOf(const std::string& etag, Encoding encoding) {
  if (encoding == Encoding::kIdentity || etag.empty()) return etag;
  return etag.substr(0, etag.size() - 1) + "-" + std::string(ToString(encoding)) + "\"";
}

bool HasMatch(std::string_view if_none_match, std::string_view etag) {
  if (if_none_match.empty() || etag.empty()) return false;
  while (!if_none_match.empty()) {
    const size_t comma = std::min(if_none_match.find(','), if_none_match.size());
    std::string_view one = Trimmed(if_none_match.substr(0, comma));
    if_none_match.remove_prefix(std::min(comma + 1, if_none_match.size()));
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == "*" || one == etag) return true;
  }
  return false;
}

}  // namespace gooffsets
