// POST /v1/resolve: the facts of a program and a want list in, the probe table out.
#include <sodium.h>

#include "base/quote.h"
#include "gooffsets/binary.h"
#include "gooffsets/resolve.h"
#include "handlers.h"
#include "problem.h"
#include "resolve_request.h"

namespace gooffsets {

namespace {

// In constant time for tokens of one length: how much of a guess was right cannot be measured.
bool Equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool IsAllowed(std::string_view authorization, const std::string& token) {
  if (token.empty()) return true;
  constexpr std::string_view kScheme = "Bearer ";
  return authorization.starts_with(kScheme) && Equal(authorization.substr(kScheme.size()), token);
}

Result<ResolveOptions> OptionsOf(const RequestTarget& target) {
  ResolveOptions options;
  options.probe_points = false;
  options.count_inlined = false;
  if (const std::string* text = target.Find("min_source")) {
    Result<Source> source = ParseSource(*text);
    if (!source) return Fail(ErrorCode::kUsage, source.error().message, source.error().hint);
    options.policy.min_source = *source;
    options.policy.allow_bracketed = *source == Source::kBracketed;
  }
  return options;
}

}  // namespace

HttpResponse HandleResolve(const RequestTarget& target, const IncomingRequest& request, const Service& service) {
  if (!IsAllowed(request.authorization, service.settings->resolve_token)) {
    HttpResponse response =
        Problem(401, "permission", "resolving needs a bearer token here", "Authorization: Bearer TOKEN");
    response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return response;
  }
  if (Result<void> known = CheckParameters(target, {"min_source"}); !known) return Failed(known.error(), service);
  Result<ResolveOptions> options = OptionsOf(target);
  if (!options) return Failed(options.error(), service);
  Result<ResolveRequest> parsed = ParseResolveRequest(request.body);
  if (!parsed) return Problem(400, ToString(parsed.error().code), parsed.error().message, parsed.error().hint);
  Snapshot::Lease database = service.snapshot->Borrow();
  Result<Resolver> resolver = Resolver::ForFacts(parsed->binary, &*database, *options);
  if (!resolver) return Failed(resolver.error(), service);
  Result<Resolution> resolution = resolver->Resolve(parsed->wants);
  if (!resolution) return Failed(resolution.error(), service);
  HttpResponse response;
  response.body = ResolutionJson(*resolution);
  response.body += '\n';
  return response;
}

}  // namespace gooffsets
