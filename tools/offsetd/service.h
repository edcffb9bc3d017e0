// What handlers answer from: the snapshot of the moment, and what the operator allowed. Plain values, borrowed.
//
//   Service service{.snapshot = snapshot.get()};
//   HttpResponse response = Handle(request, service);
#ifndef GOOFFSETS_TOOLS_OFFSETD_SERVICE_H_
#define GOOFFSETS_TOOLS_OFFSETD_SERVICE_H_

#include <functional>
#include <string>
#include <string_view>

#include "http.h"
#include "snapshot.h"

namespace gooffsets {

struct ServiceSettings {
  std::string feed_directory;  // empty: /feed is not served
  std::string resolve_token;   // bearer token of /v1/resolve; empty: anybody may ask
  std::string cors_origin;     // "*" or an origin; empty: none
  size_t max_body = size_t{1} << 20;
};

struct Service {
  const Snapshot* snapshot = nullptr;  // null: no database could be loaded yet
  const ServiceSettings* settings = nullptr;
  bool draining = false;
  // Of the running process, as /v1/status and /metrics show it; empty functions where there is none (tests, fuzzer).
  std::function<std::string()> status_json = {};  // members of the object, without braces
  std::function<std::string()> metrics_text = {};
  // What a request could not be answered for, with paths and all: for the operator's log, never for the client.
  std::function<void(std::string_view)> log = {};
};

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_OFFSETD_SERVICE_H_
