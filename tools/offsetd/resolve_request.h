// The body of POST /v1/resolve: {"binary": {...}, "wants": ...}.
//
// `binary` is what `gooffsets inspect --format json` prints. `wants` is a want list (docs/want-lists.md): its TOML as a
// string, the same structure as a JSON object ({"probe": {"NAME": {"need": [...]}}}), or a bare list of symbols, which
// becomes one probe "items". Bounded: at most kMostWantedItems symbols, and JSON no deeper than kDeepestJson. Pure;
// safe from any thread.
//
//   Result<ResolveRequest> request =
//   ParseResolveRequest(R"({"binary":{"goarch":"amd64"},"wants":["net/http.Request.URL"]})");
//   request->wants.probes[0].wants.size() == 1;
#ifndef GOOFFSETS_TOOLS_OFFSETD_RESOLVE_REQUEST_H_
#define GOOFFSETS_TOOLS_OFFSETD_RESOLVE_REQUEST_H_

#include <string_view>

#include "gooffsets/binary.h"
#include "gooffsets/result.h"
#include "gooffsets/want_list.h"

namespace gooffsets {

inline constexpr size_t kMostWantedItems = 2000;
inline constexpr size_t kDeepestJson = 32;

struct ResolveRequest {
  BinaryInfo binary;
  WantList wants;
};

// kBadInput: what is wrong, and where.
Result<ResolveRequest> ParseResolveRequest(std::string_view body);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_OFFSETD_RESOLVE_REQUEST_H_
