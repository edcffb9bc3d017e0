// Everything that is no API: the web pages, where they are built in.
#include "base/quote.h"
#include "handlers.h"
#include "problem.h"

namespace gooffsets {

HttpResponse HandlePage(const Target& target, const HttpRequest&, const Service&) {
  if (target.path == "/") {
    HttpResponse response;
    response.content_type = "text/plain; charset=utf-8";
    response.body =
        "offsetd " GOOFFSETS_VERSION
        ": where struct fields and function arguments of Go programs lie\n\n/openapi.yaml says what can be asked.\n";
    response.caching = Caching::kRevalidate;
    return response;
  }
  return Problem(404, "not found", "there is nothing at " + Quote(target.path), "/openapi.yaml says what there is");
}

}  // namespace gooffsets
