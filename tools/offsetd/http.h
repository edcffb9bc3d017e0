// A request and its answer as plain values: what handlers work on, without sockets.
//
// A handler is a pure function from IncomingRequest (and the snapshot it is answered from) to HttpResponse, so that it
// can be called from a test or a fuzzer as well as from the server. The texts of a request are borrowed from the
// caller.
//
//   IncomingRequest request{.method = "GET", .target = "/v1/offsets?module=std&version=1.26.8&symbol=net/http.Request"};
//   HttpResponse response = Handle(request, service);   // router.h
//   response.status == 200; response.body[0] == '{';
#ifndef GOOFFSETS_TOOLS_OFFSETD_HTTP_H_
#define GOOFFSETS_TOOLS_OFFSETD_HTTP_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"

namespace gooffsets {

struct IncomingRequest {
  std::string_view method = "GET";
  std::string_view target = {};  // as sent: path and query, escaped
  // Headers that answers depend on; empty: not sent.
  std::string_view accept_encoding = {}, if_none_match = {}, if_range = {}, range = {}, authorization = {};
  std::string_view body = {};
};

// For how long an answer may be kept, and by whom (RFC 9111 §5.2.2).
enum class Caching {
  kNever,       // state of this process
  kSnapshot,    // holds as long as the database does: a minute, then ask again with the ETag
  kRevalidate,  // may be kept, and is asked for each time
  kForever,     // its name is its digest
};
std::string_view CacheControl(Caching caching);

// Part of an open file: sent without being read into memory.
struct FileBody {
  UniqueFd fd;
  uint64_t offset = 0, size = 0;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::optional<FileBody> file;  // instead of `body`
  Caching caching = Caching::kNever;
  std::string etag;                                          // with quotes; empty: none
  std::vector<std::pair<std::string, std::string>> headers;  // further ones
};

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_OFFSETD_HTTP_H_
