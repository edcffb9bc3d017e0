#include "router.h"

#include <array>

#include "handlers.h"
#include "problem.h"
#include "target.h"

namespace gooffsets {

namespace {

struct Route {
  Endpoint endpoint;
  std::string_view name, path;
  HttpResponse (*handler)(const RequestTarget&, const IncomingRequest&, const Service&);
};

// Ordered like the enumeration. /feed and the pages have paths below them.
constexpr std::array<Route, kEndpoints> kRoutes = {{
    {Endpoint::kOffsets, "offsets", "/v1/offsets", HandleOffsets},
    {Endpoint::kFunctions, "functions", "/v1/functions", HandleFunctions},
    {Endpoint::kResolve, "resolve", "/v1/resolve", HandleResolve},
    {Endpoint::kModules, "modules", "/v1/modules", HandleModules},
    {Endpoint::kVersions, "versions", "/v1/versions", HandleVersions},
    {Endpoint::kSymbols, "symbols", "/v1/symbols", HandleSymbols},
    {Endpoint::kRuns, "runs", "/v1/runs", HandleRuns},
    {Endpoint::kStatus, "status", "/v1/status", HandleStatus},
    {Endpoint::kOpenApi, "openapi", "/openapi.yaml", HandleOpenApi},
    {Endpoint::kMetrics, "metrics", "/metrics", HandleMetrics},
    {Endpoint::kHealth, "healthz", "/healthz", HandleHealth},
    {Endpoint::kReady, "readyz", "/readyz", HandleReady},
    {Endpoint::kFeed, "feed", "/feed", HandleFeed},
    {Endpoint::kPage, "page", "/", HandlePage},
    {Endpoint::kOther, "other", "", HandlePage},
}};

constexpr bool InOrder() {
  for (size_t i = 0; i < kRoutes.size(); ++i) {
    if (static_cast<size_t>(kRoutes[i].endpoint) != i) return false;
  }
  return true;
}
static_assert(InOrder());

const Route& RouteOf(Endpoint endpoint) { return kRoutes[static_cast<size_t>(endpoint)]; }

bool NeedsSnapshot(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::kOpenApi:
    case Endpoint::kMetrics:
    case Endpoint::kHealth:
    case Endpoint::kReady:
    case Endpoint::kFeed:
    case Endpoint::kStatus:
      return false;
    default:
      return true;
  }
}

void AddCors(const Service& service, Endpoint endpoint, HttpResponse* response) {
  response->headers.emplace_back("Access-Control-Allow-Origin", service.settings->cors_origin);
  if (service.settings->cors_origin != "*") response->headers.emplace_back("Vary", "Origin");
  response->headers.emplace_back("Access-Control-Allow-Methods", std::string(AllowedMethods(endpoint)));
  response->headers.emplace_back("Access-Control-Allow-Headers", "Authorization, Content-Type, If-None-Match, Range");
  response->headers.emplace_back("Access-Control-Expose-Headers", "ETag, Content-Range");
}

HttpResponse Dispatch(const IncomingRequest& request, Endpoint endpoint, const Service& service) {
  const std::string_view allowed = AllowedMethods(endpoint);
  const bool get = request.method == "GET" || request.method == "HEAD";
  if (request.method == "OPTIONS" && !service.settings->cors_origin.empty()) {
    HttpResponse response;
    response.status = 204;
    response.content_type.clear();
    response.headers.emplace_back("Allow", std::string(allowed));
    return response;
  }
  if (endpoint == Endpoint::kResolve ? request.method != "POST" : !get) {
    HttpResponse response = Problem(405, "usage", "this address does not take that method", std::string(allowed));
    response.headers.emplace_back("Allow", std::string(allowed));
    return response;
  }
  Result<RequestTarget> target = ParseRequestTarget(request.target);
  if (!target) {
    return Problem(request.target.size() > kLongestTarget ? 414 : 400, ToString(target.error().code),
                   target.error().message, target.error().hint);
  }
  if (NeedsSnapshot(endpoint) && service.snapshot == nullptr) {
    HttpResponse response = Problem(503, "busy", "no database has been loaded yet", "/v1/status says why");
    response.headers.emplace_back("Retry-After", "5");
    return response;
  }
  return RouteOf(endpoint).handler(*target, request, service);
}

}  // namespace

std::string_view CacheControl(Caching caching) {
  switch (caching) {
    case Caching::kNever:
      return "no-store";
    case Caching::kSnapshot:
      return "public, max-age=60";
    case Caching::kRevalidate:
      return "no-cache";
    case Caching::kForever:
      return "public, max-age=31536000, immutable";
  }
  return "no-store";
}

std::string_view ToString(Endpoint endpoint) { return RouteOf(endpoint).name; }

Endpoint EndpointOf(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  for (const Route& route : kRoutes) {
    if (route.path == path) return route.endpoint;
  }
  if (path.starts_with("/feed/")) return Endpoint::kFeed;
  if (path.starts_with("/v1/")) return Endpoint::kOther;
  return Endpoint::kPage;
}

std::string_view AllowedMethods(Endpoint endpoint) {
  return endpoint == Endpoint::kResolve ? "POST, OPTIONS" : "GET, HEAD, OPTIONS";
}

HttpResponse Handle(const IncomingRequest& request, const Service& service) {
  const Endpoint endpoint = EndpointOf(request.target);
  HttpResponse response = Dispatch(request, endpoint, service);
  if (!service.settings->cors_origin.empty()) AddCors(service, endpoint, &response);
  return response;
}

}  // namespace gooffsets
