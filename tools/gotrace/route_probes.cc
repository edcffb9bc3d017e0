#include "gotrace/route_probes.h"

namespace gooffsets::trace {

namespace {

bool OfHttpServer(const gt_span& span) {
  return span.kind == GT_HTTP1_SERVER || span.kind == GT_HTTP2_SERVER || span.kind == GT_X2_SERVER;
}

// What the mux answers itself has no route: no such path, no such method, a redirect to the clean path (src:
// net/http/server.go, ServeMux.findHandler). A handler that did not come to its end says nothing of routes.
bool NeedsNone(const gt_span& span) {
  return span.status == 404 || span.status == 405 || span.status == 301 || span.status == 307 || span.status == 308 ||
         (span.flags & (GT_FLAG_PANICKED | GT_FLAG_HIJACKED)) != 0;
}

}  // namespace

void RouteProbes::Saw(const gt_span& span) {
  if (state_ == State::kStaying || !OfHttpServer(span)) return;
  const bool found = span.length[GT_STR_ROUTE] != 0;
  if (found && !(span.flags & GT_FLAG_ROUTE_COPIED)) {
    if (state_ == State::kWatching && ++own_ == kEnough) wish_ = Wish::kLeave;
    return;
  }
  if (!found && NeedsNone(span)) return;
  // Without the probes a copied route cannot be found, only missed.
  wish_ = state_ == State::kLeft ? Wish::kReturn : Wish::kNone;
  state_ = State::kStaying;
}

void RouteProbes::Done() {
  if (wish_ == Wish::kLeave) state_ = State::kLeft;
  wish_ = Wish::kNone;
}

}  // namespace gooffsets::trace
