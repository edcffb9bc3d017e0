// A request target, decoded: path and query parameters (RFC 3986 §3.3, §3.4; "+" in a query is a space, as in forms).
//
// Strict: what is not well formed is refused, so that no two readers can differ about it: a "%" without two hexadecimal
// digits, bytes that are not UTF-8, control characters, a path with "//", "." or ".." segments (RFC 3986 §5.2.4), a
// parameter given twice. Pure; safe from any thread.
//
//   Result<RequestTarget> target = ParseRequestTarget("/v1/offsets?module=std&symbol=net%2Fhttp.Request");
//   target->path;   // "/v1/offsets"
//   target->Get("symbol");   // "net/http.Request"
#ifndef GOOFFSETS_TOOLS_OFFSETD_TARGET_H_
#define GOOFFSETS_TOOLS_OFFSETD_TARGET_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gooffsets/result.h"

namespace gooffsets {

inline constexpr size_t kLongestTarget = 4096;

struct RequestTarget {
  std::string path;
  std::vector<std::pair<std::string, std::string>> parameters;  // in the order sent

  // Null: not given.
  const std::string* Find(std::string_view name) const;
  std::string Get(std::string_view name) const;  // "": not given
  // The same for every spelling of the same question: parameters sorted, nothing escaped.
  std::string Canonical() const;
};

Result<RequestTarget> ParseRequestTarget(std::string_view text);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_OFFSETD_TARGET_H_
