// Content negotiation: which encoding a client takes, compressing, and whether it has the answer already.
//
// Pure; safe from any thread. An encoding is a representation of its own and has its own ETag (RFC 9110 §8.8.3).
//
//   Encoding encoding = ChooseEncoding("gzip, zstd;q=0.5");   // kGzip
//   std::optional<std::string> packed = Compress(encoding, body);
//   if (HasMatch("\"abc\", \"def\"", etag)) -> 304
#ifndef GOOFFSETS_TOOLS_OFFSETD_CONTENT_H_
#define GOOFFSETS_TOOLS_OFFSETD_CONTENT_H_

#include <optional>
#include <string>
#include <string_view>

namespace gooffsets {

enum class Encoding { kIdentity, kGzip, kZstd };
std::string_view ToString(Encoding encoding);  // as in Content-Encoding

// The best that an Accept-Encoding header names (RFC 9110 §12.5.3); of equals zstd before gzip. kIdentity where there
// is no header, none is known, or all are forbidden: a server may send identity nevertheless.
Encoding ChooseEncoding(std::string_view accept_encoding);

// Texts below this are sent as they are: the packet does not get smaller.
inline constexpr size_t kSmallestCompressed = 512;
bool IsCompressible(std::string_view content_type);
// nullopt: it did not get smaller.
std::optional<std::string> Compress(Encoding encoding, const std::string& text);

// The ETag of this encoding of an answer: "abc" becomes "abc-gzip".
std::string EtagOf(const std::string& etag, Encoding encoding);
// If-None-Match by weak comparison (RFC 9110 §13.1.2).
bool HasMatch(std::string_view if_none_match, std::string_view etag);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_OFFSETD_CONTENT_H_
