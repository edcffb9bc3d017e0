// Which handler answers a request, and the things all answers have in common.
//
// Handle() is a pure function of the request and the service: no sockets, no clock, no global state. It never fails:
// whatever is wrong with a request becomes a problem answer. Safe from any thread.
//
//   HttpResponse response = Handle({.target = "/v1/modules"}, service);
#ifndef GOOFFSETS_TOOLS_OFFSETD_ROUTER_H_
#define GOOFFSETS_TOOLS_OFFSETD_ROUTER_H_

#include <string_view>

#include "http.h"
#include "service.h"

namespace gooffsets {

// A closed list, so that metrics have a bounded number of series.
enum class Endpoint {
  kOffsets,
  kFunctions,
  kResolve,
  kModules,
  kVersions,
  kSymbols,
  kRuns,
  kStatus,
  kOpenApi,
  kMetrics,
  kHealth,
  kReady,
  kFeed,
  kPage,
  kOther,
};
inline constexpr size_t kEndpoints = static_cast<size_t>(Endpoint::kOther) + 1;
std::string_view ToString(Endpoint endpoint);
// By the path alone, escaped or not: what metrics and logs name it.
Endpoint EndpointOf(std::string_view target);

// `Allow` of the endpoint: "GET, HEAD".
std::string_view AllowedMethods(Endpoint endpoint);

HttpResponse Handle(const IncomingRequest& request, const Service& service);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_OFFSETD_ROUTER_H_
