// /v1/status, /metrics, /healthz, /readyz, /openapi.yaml: about this process, not about a symbol.
#include "base/digest.h"
#include "handlers.h"
#include "openapi_yaml.h"  // made by the build from schema/openapi.yaml
#include "problem.h"
#include "store/json_text.h"

namespace gooffsets {

namespace {

HttpResponse Plain(int status, std::string text) {
  HttpResponse response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(text);
  return response;
}

}  // namespace

HttpResponse HandleStatus(const RequestTarget& target, const IncomingRequest&, const Service& service) {
  if (Result<void> known = CheckParameters(target, {}); !known) return Failed(known.error(), service);
  HttpResponse response;
  std::string* out = &response.body;
  JsonObject object(out);
  object.Text("tool_version", GOOFFSETS_VERSION);
  object.Bool("ready", service.snapshot != nullptr && !service.draining);
  object.Key("database");
  if (service.snapshot == nullptr) {
    out->append("null");
  } else {
    const Snapshot::Info& info = service.snapshot->info();
    JsonObject database(out);
    database.Text("sha256", info.sha256);
    database.Number("size", info.size);
    database.Key("schema_level");
    AppendSigned(out, info.schema_level);
    database.Key("loaded");
    AppendSigned(out, info.loaded);
    database.Number("modules", info.modules);
    database.Number("versions", info.versions);
    database.Number("builds", info.builds);
    database.Number("symbols", service.snapshot->symbols().size());
    database.Close();
  }
  if (service.status_json) out->append(service.status_json());
  object.Close();
  *out += '\n';
  return response;
}

HttpResponse HandleOpenApi(const RequestTarget& target, const IncomingRequest&, const Service& service) {
  if (Result<void> known = CheckParameters(target, {}); !known) return Failed(known.error(), service);
  HttpResponse response;
  response.content_type = "application/yaml";
  response.body = kOpenApi[0].text;
  response.caching = Caching::kRevalidate;
  response.etag = "\"" + Blake2b128Hex(response.body) + "\"";
  return response;
}

HttpResponse HandleMetrics(const RequestTarget& target, const IncomingRequest&, const Service& service) {
  if (Result<void> known = CheckParameters(target, {}); !known) return Failed(known.error(), service);
  HttpResponse response = Plain(200, service.metrics_text ? service.metrics_text() : "");
  // https://prometheus.io/docs/instrumenting/exposition_formats/, "Text-based format".
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return response;
}

HttpResponse HandleHealth(const RequestTarget& target, const IncomingRequest&, const Service& service) {
  if (Result<void> known = CheckParameters(target, {}); !known) return Failed(known.error(), service);
  return Plain(200, "ok\n");
}

HttpResponse HandleReady(const RequestTarget& target, const IncomingRequest&, const Service& service) {
  if (Result<void> known = CheckParameters(target, {}); !known) return Failed(known.error(), service);
  if (service.draining) return Problem(503, "busy", "this server is being stopped");
  if (service.snapshot == nullptr)
    return Problem(503, "busy", "no database has been loaded yet", "/v1/status says why");
  return Plain(200, "ready\n");
}

}  // namespace gooffsets
