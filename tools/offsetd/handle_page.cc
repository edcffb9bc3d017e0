// Everything that is no API: the web pages.
#include "base/quote.h"
#include "handlers.h"
#include "problem.h"

namespace gooffsets {

HttpResponse HandlePage(const RequestTarget& target, const IncomingRequest&, const Service& service) {
  if (target.path.starts_with("/v1/")) {
    return Problem(404, "not found", "there is nothing at " + Quote(target.path), "/openapi.yaml says what there is");
  }
  Snapshot::Lease database = service.snapshot->Borrow();
  return service.snapshot->site().Answer(target, *database);
}

}  // namespace gooffsets
