// Spans to an OpenTelemetry collector: OTLP over HTTP or HTTPS, in protobuf or JSON.
//
// Requests that fail for a reason that passes (no connection, a time limit, 429, 502, 503, 504: OTLP specification,
// "Failures") are sent again, after what Retry-After asks or after a growing, jittered time, until the deadline of the
// batch; everything else is final. One connection is kept open. No redirect is followed, and of an answer at most
// 64 KiB is read. One thread at a time.
//
//   GOOFFSETS_TRY(auto exporter, MakeOtlpExporter(settings.otlp));
//   pipeline.Add(std::move(exporter), settings.batch);
#ifndef GOOFFSETS_TOOLS_GOTRACE_EXPORT_OTLP_HTTP_H_
#define GOOFFSETS_TOOLS_GOTRACE_EXPORT_OTLP_HTTP_H_

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "gooffsets/result.h"
#include "gotrace/export/exporter.h"
#include "gotrace/pipeline/settings.h"

namespace gooffsets::trace {

// How long to wait between tries.
struct Backoff {
  std::chrono::milliseconds first{1'000}, longest{30'000};  // the time doubles from one to the other
};

// kUsage: no http:// or https:// URL; kNotFound, kPermission: a certificate file that cannot be read. Nothing is sent.
Result<std::unique_ptr<Exporter>> MakeOtlpExporter(const OtlpSettings& settings, const Backoff& backoff = {});

// As RFC 1952 has it, for Content-Encoding: gzip.
Result<std::string> Gzip(std::string_view data);

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_EXPORT_OTLP_HTTP_H_
