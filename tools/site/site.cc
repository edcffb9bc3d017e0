#include "site/site.h"

#include "base/digest.h"
#include "site/assets.h"
#include "site/pages.h"

namespace gooffsets {

namespace {

constexpr size_t kMaxPath = 2048;
constexpr std::string_view kHtml = "text/html; charset=utf-8";

Page Made(int status, std::string title, std::string_view content_type, std::string body) {
  Page page;
  page.status = status;
  page.title = std::move(title);
  page.content_type = content_type;
  page.body = std::move(body);
  page.etag = "\"" + Blake2b128Hex(page.body) + "\"";
  return page;
}

Page MadeHtml(const PageContext& context, std::string title, Html main, std::string_view search_text = {}) {
  std::string body = Frame(context, title, std::move(main), search_text);
  return Made(200, std::move(title), kHtml, std::move(body));
}

Page Problem(const PageContext& context, int status, const std::string& heading, const std::string& what,
             const std::string& search_text) {
  Page page = MadeHtml(context, heading, ProblemPage(context, heading, what, search_text), search_text);
  page.status = status;
  return page;
}

Page Redirect(int status, std::string location) {
  Page page = Made(status, "", "text/plain; charset=utf-8", "See " + location + "\n");
  page.location = std::move(location);
  return page;
}

std::string QueryOf(const SiteRequest& request, const std::string& key) {
  auto found = request.query.find(key);
  return found == request.query.end() ? std::string() : found->second;
}

// /s?symbol=net/http.Request.URL&module=std: for links that know a symbol and no address.
Page GoToSymbol(const PageContext& context, const SiteRequest& request) {
  const std::string symbol = QueryOf(request, "symbol"), module = QueryOf(request, "module");
  if (!module.empty() && !symbol.empty()) return Redirect(303, context.To(PageAddress(module, symbol)));
  for (const auto& [each, versions] : context.data.coverage) {
    if (symbol.empty() || !context.data.index.Find(each, symbol)) continue;
    return Redirect(303, context.To(PageAddress(each, symbol)));
  }
  return Redirect(303, context.root + "search/?q=" + PercentEncode(symbol));
}

Page ModuleOrBelow(const PageContext& context, const ModuleRequest& request) {
  auto known = context.data.coverage.find(request.module);
  if (known == context.data.coverage.end()) {
    return Problem(context, 404, "No such module", "The database has nothing of " + request.module + ".",
                   request.rest.empty() ? request.module : request.rest);
  }
  if (request.rest.empty()) return MadeHtml(context, request.module, ModulePage(context, request.module));
  const bool package = !context.data.index.Of(request.module, request.rest).empty();
  Result<Html> main =
      package ? PackagePage(context, request.module, request.rest) : SymbolPage(context, request.module, request.rest);
  if (main) return MadeHtml(context, request.rest, std::move(*main));
  switch (main.error().code) {
    case ErrorCode::kUnknown:
    case ErrorCode::kUsage:
    case ErrorCode::kNotFound:
      return Problem(context, 404, "Not found", "No build of " + request.module + " showed " + request.rest + ".",
                     request.rest);
    default:
      // What exactly is wrong with the file is for the operator's log, not for visitors.
      return Problem(context, 500, "The database cannot be read", "This page could not be made.", "");
  }
}

}  // namespace

Result<std::shared_ptr<const SiteData>> SiteData::Make(const Database& database) {
  GOOFFSETS_TRY(SymbolIndex index, SymbolIndex::Make(database));
  GOOFFSETS_TRY(std::vector<std::string> modules, database.Modules());
  std::map<std::string, std::vector<VersionCoverage>> coverage;
  for (const std::string& module : modules) {
    GOOFFSETS_TRY(coverage[module], database.Coverage(module));
  }
  return std::make_shared<const SiteData>(SiteData{std::move(index), std::move(coverage)});
}

Page Render(const Database& database, const SiteData& data, const SiteRequest& request, const StaticMode* static_mode) {
  const std::string_view path = std::string_view(request.path).substr(request.path.starts_with('/') ? 1 : 0);
  const PageContext context(database, data, static_mode, std::string(path.substr(0, kMaxPath)));
  const std::string q = QueryOf(request, "q");
  if (path.size() > kMaxPath) return Problem(context, 404, "Not found", "The address is too long.", "");
  if (path.empty()) return MadeHtml(context, "Where Go's struct fields lie", HomePage(context));
  if (path == "search/") return MadeHtml(context, "Search", SearchPage(context, q), q);
  if (path == "search.json") return Made(200, "", "application/json", SearchJson(context, q));
  if (path == "coverage/") return MadeHtml(context, "Coverage", CoveragePage(context));
  if (path == "s" || path == "s/") return GoToSymbol(context, request);
  if (const Asset* asset = FindAsset(path)) {
    Page page = Made(200, "", asset->content_type, std::string(asset->text));
    page.immutable = true;
    return page;
  }
  if (std::optional<ModuleRequest> module = ParseModuleAddress(path)) return ModuleOrBelow(context, *module);
  if (path == "search" || path == "coverage" || (path.starts_with("m/") && path.size() > 2 && !path.ends_with('/'))) {
    // "./" so that a colon in the name does not make a scheme of it.
    std::string to = "./" + PercentEncode(path.substr(path.rfind('/') + 1)) + "/";
    if (path == "search" && !q.empty()) to += "?q=" + PercentEncode(q);
    return Redirect(308, std::move(to));
  }
  return Problem(context, 404, "Not found", "There is no such page.", "");
}

}  // namespace gooffsets
