#include "site_mount.h"

#include "base/quote.h"
#include "problem.h"
#ifdef GOOFFSETS_SITE
#include "site/site.h"
#endif

namespace gooffsets {

SiteMount::SiteMount(std::unique_ptr<const State> state) : state_(std::move(state)) {}

#ifdef GOOFFSETS_SITE

struct SiteMount::State {
  std::shared_ptr<const SiteData> data;
};

Result<std::unique_ptr<const SiteMount>> SiteMount::Make(const Database& database) {
  GOOFFSETS_TRY(std::shared_ptr<const SiteData> data, SiteData::Make(database));
  return std::unique_ptr<const SiteMount>(new SiteMount(std::make_unique<State>(State{std::move(data)})));
}

const SymbolIndex& SiteMount::symbols() const { return state_->data->index; }

HttpResponse SiteMount::Answer(const RequestTarget& target, const Database& database) const {
  SiteRequest request;
  request.path = target.path;
  for (const auto& [name, value] : target.parameters) request.query.emplace(name, value);
  Page page = Render(database, *state_->data, request);
  HttpResponse response;
  response.status = page.status;
  response.content_type = std::move(page.content_type);
  response.body = std::move(page.body);
  response.etag = std::move(page.etag);
  if (page.status == 200) response.caching = page.immutable ? Caching::kForever : Caching::kSnapshot;
  if (!page.location.empty()) response.headers.emplace_back("Location", std::move(page.location));
  response.headers.emplace_back("Content-Security-Policy", std::string(kContentSecurityPolicyHeader));
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  return response;
}

#else

struct SiteMount::State {
  SymbolIndex index;
};

Result<std::unique_ptr<const SiteMount>> SiteMount::Make(const Database& database) {
  GOOFFSETS_TRY(SymbolIndex index, SymbolIndex::Make(database));
  return std::unique_ptr<const SiteMount>(new SiteMount(std::make_unique<State>(State{std::move(index)})));
}

const SymbolIndex& SiteMount::symbols() const { return state_->index; }

HttpResponse SiteMount::Answer(const RequestTarget& target, const Database&) const {
  if (target.path != "/") {
    return Problem(404, "not found", "there is nothing at " + Quote(target.path), "/openapi.yaml says what there is");
  }
  HttpResponse response;
  response.content_type = "text/plain; charset=utf-8";
  response.body = "offsetd " GOOFFSETS_VERSION
                  ": where struct fields and function arguments of Go programs lie\n\n"
                  "/openapi.yaml says what can be asked.\n";
  response.caching = Caching::kRevalidate;
  return response;
}

#endif

SiteMount::~SiteMount() = default;

}  // namespace gooffsets
