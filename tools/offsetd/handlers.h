// The handlers of all endpoints: pure functions from a decoded request and a service to an answer.
//
// Each checks its own parameters strictly: an unknown one is a problem, because a misspelt one would silently change
// the question. All but feed, page and the process's own state need `service.snapshot`. Safe from any thread.
#ifndef GOOFFSETS_TOOLS_OFFSETD_HANDLERS_H_
#define GOOFFSETS_TOOLS_OFFSETD_HANDLERS_H_

#include <initializer_list>
#include <string_view>

#include "http.h"
#include "service.h"
#include "target.h"

namespace gooffsets {

// handle_lookup.cc
HttpResponse HandleOffsets(const RequestTarget& target, const IncomingRequest& request, const Service& service);
HttpResponse HandleFunctions(const RequestTarget& target, const IncomingRequest& request, const Service& service);
HttpResponse HandleRuns(const RequestTarget& target, const IncomingRequest& request, const Service& service);
// handle_lists.cc
HttpResponse HandleModules(const RequestTarget& target, const IncomingRequest& request, const Service& service);
HttpResponse HandleVersions(const RequestTarget& target, const IncomingRequest& request, const Service& service);
HttpResponse HandleSymbols(const RequestTarget& target, const IncomingRequest& request, const Service& service);
// handle_resolve.cc
HttpResponse HandleResolve(const RequestTarget& target, const IncomingRequest& request, const Service& service);
// handle_process.cc
HttpResponse HandleStatus(const RequestTarget& target, const IncomingRequest& request, const Service& service);
HttpResponse HandleOpenApi(const RequestTarget& target, const IncomingRequest& request, const Service& service);
HttpResponse HandleMetrics(const RequestTarget& target, const IncomingRequest& request, const Service& service);
HttpResponse HandleHealth(const RequestTarget& target, const IncomingRequest& request, const Service& service);
HttpResponse HandleReady(const RequestTarget& target, const IncomingRequest& request, const Service& service);
// feed_files.cc
HttpResponse HandleFeed(const RequestTarget& target, const IncomingRequest& request, const Service& service);
// handle_page.cc
HttpResponse HandlePage(const RequestTarget& target, const IncomingRequest& request, const Service& service);

// What handlers share (handle_lookup.cc).
// Every parameter is one of these, and none is empty.
Result<void> CheckParameters(const RequestTarget& target, std::initializer_list<std::string_view> known);
// The parameter, which must be there and not empty.
Result<std::string> Needed(const RequestTarget& target, std::string_view name, std::string_view example);
// What the request did wrong (kUsage) as 400; anything else is the server's own fault, logged, and told without
// details.
HttpResponse Failed(const Error& error, const Service& service);
// A JSON text that holds as long as the snapshot does. A line break is added.
HttpResponse SnapshotJson(std::string body, const RequestTarget& target, const Service& service);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_OFFSETD_HANDLERS_H_
