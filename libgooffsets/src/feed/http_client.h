// HTTP by libcurl: bounded answers, retries with jitter, Retry-After, one deadline over all of it.
//
// One connection is kept between requests. Redirects never lead from https to http or to another protocol. An answer of
// more than `limit` bytes ends the transfer. Belongs to one thread.
//
//   HttpClient http({.retries = 4}, &limits);
//   GOOFFSETS_TRY(HttpAnswer answer, http.Do({.url = "https://offsets.example/feed/manifest.json", .limit = 1 << 20}));
#ifndef GOOFFSETS_FEED_HTTP_CLIENT_H_
#define GOOFFSETS_FEED_HTTP_CLIENT_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "feed/call_limits.h"
#include "gooffsets/result.h"

namespace gooffsets {

struct HttpOptions {
  std::chrono::seconds connect_timeout{20};
  unsigned retries = 4;
  std::string proxy;
  bool proxy_from_environment = false;
  std::string ca_file;
  std::string user_agent;
};

struct HttpRequest {
  std::string url = {};
  std::string body = {};                  // not empty: POST
  std::vector<std::string> headers = {};  // "If-None-Match: \"x\""
  uint64_t limit = 0;                     // of the answer's body
  // Where the body goes, piece by piece; empty: into HttpAnswer::body. `start` of a range is asked before each attempt.
  std::function<Result<void>(std::string_view)> sink = {};
  std::function<uint64_t()> range_start = {};
  std::function<Result<void>()> restart = {};  // the server sends all of it, not the range
};

struct HttpAnswer {
  long status = 0;  // 200, 206, 304, 404, ...: what is not retried
  std::string etag, content_type, body;
};

class HttpClient {
 public:
  HttpClient(HttpOptions options, const CallLimits* limits);
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  ~HttpClient();

  // Answers with other statuses than 408, 429 and 5xx; kNetwork, kTimeout, kInterrupted, kBadInput (longer than the
  // limit), or the sink's error.
  Result<HttpAnswer> Do(const HttpRequest& request);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// An address without what may be a password in it.
std::string WithoutCredentials(const std::string& url);

}  // namespace gooffsets

#endif  // GOOFFSETS_FEED_HTTP_CLIENT_H_
