// /v1/modules, /v1/versions, /v1/symbols: what the database has.
#include <algorithm>
#include <charconv>

#include "base/quote.h"
#include "go/names.h"
#include "handlers.h"
#include "problem.h"
#include "store/json_text.h"

namespace gooffsets {

namespace {

constexpr size_t kDefaultSymbols = 50, kMostSymbols = 1000;

void AppendCoverage(std::string* out, const VersionCoverage::Arch& arch) {
  JsonObject object(out);
  object.Number("builds", arch.builds);
  object.Key("go");
  JsonArray releases(out);
  for (const std::string& go : arch.go) releases.Text(go);
  releases.Close();
  object.Number("packages", arch.packages);
  if (!arch.failure.empty()) object.Text("failure", arch.failure);
  object.Close();
}

Result<size_t> LimitOf(const RequestTarget& target) {
  const std::string* text = target.Find("limit");
  if (text == nullptr) return kDefaultSymbols;
  size_t limit = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (error != std::errc() || end != text->data() + text->size() || limit < 1 || limit > kMostSymbols) {
    return Fail(ErrorCode::kUsage, "limit is no number from 1 to " + std::to_string(kMostSymbols));
  }
  return limit;
}

Result<std::vector<Symbol>> FindSymbols(const RequestTarget& target, const SymbolIndex& symbols, size_t limit) {
  const std::string* prefix = target.Find("prefix");
  const std::string* text = target.Find("q");
  const std::string module = target.Get("module");
  std::optional<SymbolKind> kind;
  if (const std::string* name = target.Find("kind")) {
    for (SymbolKind one : {SymbolKind::kField, SymbolKind::kStruct, SymbolKind::kFunction}) {
      if (*name == ToString(one)) kind = one;
    }
    if (!kind) return Fail(ErrorCode::kUsage, "kind is none of field, struct and function");
    if (prefix != nullptr) return Fail(ErrorCode::kUsage, "kind narrows q, not prefix");
  }
  if ((prefix == nullptr) == (text == nullptr)) {
    return Fail(ErrorCode::kUsage, "exactly one of prefix and q is needed", "prefix=net/http.Req, or q=http request");
  }
  if (prefix != nullptr) return symbols.WithPrefix(module, *prefix, limit);
  return symbols.Search({*text, module, kind}, limit);
}

}  // namespace

HttpResponse HandleModules(const RequestTarget& target, const IncomingRequest&, const Service& service) {
  if (Result<void> known = CheckParameters(target, {}); !known) return Failed(known.error(), service);
  std::string body;
  JsonObject object(&body);
  object.Key("modules");
  JsonArray modules(&body);
  Snapshot::Lease database = service.snapshot->Borrow();
  for (const std::string& module : service.snapshot->modules()) {
    Result<std::vector<std::string>> versions = database->Versions(module);
    if (!versions) return Failed(versions.error(), service);
    modules.Next();
    JsonObject item(&body);
    item.Text("module", module);
    item.Number("versions", versions->size());
    if (!versions->empty()) {
      item.Text("first", versions->front());
      item.Text("last", versions->back());
    }
    item.Close();
  }
  modules.Close();
  object.Close();
  return SnapshotJson(std::move(body), target, service);
}

HttpResponse HandleVersions(const RequestTarget& target, const IncomingRequest&, const Service& service) {
  if (Result<void> known = CheckParameters(target, {"module"}); !known) return Failed(known.error(), service);
  Result<std::string> module = Needed(target, "module", "module=std, or a module path");
  if (!module) return Failed(module.error(), service);
  Result<std::vector<VersionCoverage>> coverage = service.snapshot->Borrow()->Coverage(*module);
  if (!coverage) return Failed(coverage.error(), service);
  if (coverage->empty()) {
    const std::vector<std::string> similar = Similar(*module, service.snapshot->modules(), 1);
    return Problem(404, "not found", "the database has nothing of module " + Quote(*module),
                   similar.empty() ? "/v1/modules lists all" : similar.front());
  }
  std::string body;
  JsonObject object(&body);
  object.Text("module", *module);
  object.Key("versions");
  JsonArray versions(&body);
  for (const VersionCoverage& version : *coverage) {
    versions.Next();
    JsonObject item(&body);
    item.Text("version", version.version);
    item.Bool("listed", version.listed);
    item.Key("amd64");
    AppendCoverage(&body, version.amd64);
    item.Key("arm64");
    AppendCoverage(&body, version.arm64);
    item.Close();
  }
  versions.Close();
  object.Close();
  return SnapshotJson(std::move(body), target, service);
}

HttpResponse HandleSymbols(const RequestTarget& target, const IncomingRequest&, const Service& service) {
  if (Result<void> known = CheckParameters(target, {"prefix", "q", "module", "kind", "limit"}); !known) {
    return Failed(known.error(), service);
  }
  Result<size_t> limit = LimitOf(target);
  if (!limit) return Failed(limit.error(), service);
  // One more than asked, to tell that there are more.
  Result<std::vector<Symbol>> found = FindSymbols(target, service.snapshot->symbols(), *limit + 1);
  if (!found) return Failed(found.error(), service);
  std::string body;
  JsonObject object(&body);
  object.Key("symbols");
  JsonArray symbols(&body);
  for (size_t i = 0; i < std::min(found->size(), *limit); ++i) {
    const Symbol& symbol = (*found)[i];
    symbols.Next();
    JsonObject item(&body);
    item.Text("symbol", symbol.Full());
    item.Text("kind", ToString(symbol.kind));
    item.Text("module", symbol.module);
    item.Text("package", symbol.package);
    item.Close();
  }
  symbols.Close();
  object.Bool("more", found->size() > *limit);
  object.Close();
  return SnapshotJson(std::move(body), target, service);
}

}  // namespace gooffsets
