// /v1/offsets, /v1/functions, /v1/runs: what `gooffsets lookup` answers, over HTTP.
#include <algorithm>

#include "base/digest.h"
#include "base/quote.h"
#include "go/names.h"
#include "gooffsets/database.h"
#include "handlers.h"
#include "problem.h"

namespace gooffsets {

namespace {

Result<Query> QueryOf(const RequestTarget& target, bool with_version) {
  Query query;
  GOOFFSETS_TRY(query.module, Needed(target, "module", "module=std, or a module path"));
  if (with_version) {
    GOOFFSETS_TRY(query.version, Needed(target, "version", "version=1.26.8, or /v1/runs for all versions"));
  }
  GOOFFSETS_TRY(std::string goarch, Needed(target, "goarch", "goarch=amd64 or goarch=arm64"));
  GOOFFSETS_TRY(query.symbol, Needed(target, "symbol", "symbol=net/http.Request.URL"));
  query.go = target.Get("go");
  Result<GoArch> arch = ParseGoArch(goarch);
  if (!arch) return Fail(ErrorCode::kUsage, arch.error().message, "goarch=amd64 or goarch=arm64");
  query.goarch = *arch;
  const std::string promoted = target.Get("promoted");
  if (!promoted.empty() && promoted != "true" && promoted != "false") {
    return Fail(ErrorCode::kUsage, "promoted is neither true nor false");
  }
  query.promoted = promoted == "true";
  return query;
}

Result<gooffsets::Answer> Ask(const RequestTarget& target, const Service& service) {
  GOOFFSETS_TRY(Query query, QueryOf(target, true));
  return service.snapshot->Borrow()->Lookup(query);
}

}  // namespace

Result<void> CheckParameters(const RequestTarget& target, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : target.parameters) {
    if (std::find(known.begin(), known.end(), name) != known.end()) {
      if (value.empty()) return Fail(ErrorCode::kUsage, "the parameter " + name + " is empty", "leave it out");
      continue;
    }
    std::string all;
    for (std::string_view one : known) all += (all.empty() ? "" : ", ") + std::string(one);
    return Fail(ErrorCode::kUsage, "unknown parameter " + Quote(name), all.empty() ? "there are none here" : all);
  }
  return {};
}

Result<std::string> Needed(const RequestTarget& target, std::string_view name, std::string_view example) {
  std::string value = target.Get(name);
  if (value.empty())
    return Fail(ErrorCode::kUsage, "the parameter " + std::string(name) + " is missing", std::string(example));
  return value;
}

HttpResponse Failed(const Error& error, const Service& service) {
  if (error.code == ErrorCode::kUsage) return Problem(error);
  // Of a module that the database has nothing of, there is no list to give.
  if (error.code == ErrorCode::kUnknown) return Problem(404, "not found", error.message, error.hint);
  if (service.log) service.log(error.ToString());
  return Problem(500, ToString(error.code), "the database could not be read", "the server's log says why");
}

HttpResponse SnapshotJson(std::string body, const RequestTarget& target, const Service& service) {
  HttpResponse response;
  response.body = std::move(body);
  response.body += '\n';
  response.caching = Caching::kSnapshot;
  // The database's content and the question decide about the answer, and so does this program.
  response.etag =
      "\"" + Blake2b128Hex(service.snapshot->info().sha256 + GOOFFSETS_VERSION "\n" + target.Canonical()) + "\"";
  return response;
}

HttpResponse HandleOffsets(const RequestTarget& target, const IncomingRequest&, const Service& service) {
  if (Result<void> known = CheckParameters(target, {"module", "version", "go", "goarch", "symbol", "promoted"});
      !known) {
    return Failed(known.error(), service);
  }
  Result<gooffsets::Answer> answer = Ask(target, service);
  if (!answer) return Failed(answer.error(), service);
  return SnapshotJson(AnswerJson(*answer), target, service);
}

HttpResponse HandleFunctions(const RequestTarget& target, const IncomingRequest&, const Service& service) {
  if (Result<void> known = CheckParameters(target, {"module", "version", "go", "goarch", "symbol"}); !known) {
    return Failed(known.error(), service);
  }
  Result<gooffsets::Answer> answer = Ask(target, service);
  if (!answer) return Failed(answer.error(), service);
  for (const Value& value : answer->values) {
    if (value.kind == SymbolKind::kFunction || !value.absent_reason.empty()) continue;
    return Problem(404, "not found",
                   Quote(answer->query.symbol) + " is a " + std::string(ToString(value.kind)) + ", no function",
                   "/v1/offsets answers for structs and fields");
  }
  return SnapshotJson(AnswerJson(*answer), target, service);
}

HttpResponse HandleRuns(const RequestTarget& target, const IncomingRequest&, const Service& service) {
  if (Result<void> known = CheckParameters(target, {"module", "go", "goarch", "symbol", "promoted"}); !known) {
    return Failed(known.error(), service);
  }
  Result<Query> query = QueryOf(target, false);
  if (!query) return Failed(query.error(), service);
  Result<Timeline> timeline = service.snapshot->Borrow()->AllVersions(*query);
  if (!timeline) return Failed(timeline.error(), service);
  return SnapshotJson(TimelineJson(*timeline), target, service);
}

}  // namespace gooffsets
