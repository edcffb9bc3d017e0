// A finished operation of a traced program, as the pipeline takes it: made from kernel events, sampled, exported.
//
// Plain values; nothing here knows how a span was observed or where it goes. Times are Unix nanoseconds, both ends made
// with one offset between the kernel's clock and real time. Attribute keys are those of the OpenTelemetry semantic
// conventions (docs/tracing.md names the version). Thread-safety: plain values; a Resource is immutable once shared.
//
//   Span span{.name = "GET /users/{id}", .kind = SpanKind::kServer};
//   span.attributes.push_back({"http.response.status_code", int64_t{200}});
#ifndef GOOFFSETS_TOOLS_GOTRACE_SPAN_H_
#define GOOFFSETS_TOOLS_GOTRACE_SPAN_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "gotrace/attribute_key.h"

namespace gooffsets::trace {

using TraceId = std::array<uint8_t, 16>;  // all zero: none
using SpanId = std::array<uint8_t, 8>;    // all zero: none

enum class SpanKind { kInternal = 1, kServer = 2, kClient = 3 };  // numbers of OTLP's Span.SpanKind
enum class StatusCode { kUnset = 0, kOk = 1, kError = 2 };        // numbers of OTLP's Status.StatusCode

// How the parent is known.
enum class ParentSource {
  kNone,       // a root
  kHeader,     // an incoming traceparent: the parent is in another process
  kContext,    // a context.Context of the program leads to it
  kGoroutine,  // only the goroutines' ancestry does: marked on the span as inferred
};

struct Attribute {
  AttributeKey key;
  std::variant<std::string, int64_t, double, bool, std::vector<std::string>> value;
  bool operator==(const Attribute&) const = default;
};

// What is the same for all spans of one process.
struct Resource {
  int pid = 0;
  std::string service_name;
  std::vector<Attribute> attributes;  // with service.name, process.*, telemetry.*
};

struct Span {
  TraceId trace_id{};
  SpanId span_id{}, parent_span_id{};
  ParentSource parent = ParentSource::kNone;
  std::string trace_state;  // W3C, as it came
  // The span, or the local root that it descends from, came with a traceparent; its sampled flag is the next one.
  bool remote_root = false;
  bool sampled_by_parent = false;
  std::string name;
  SpanKind kind = SpanKind::kInternal;
  uint64_t start_ns = 0, end_ns = 0;
  StatusCode status = StatusCode::kUnset;
  std::string status_message;
  std::vector<Attribute> attributes;
  uint32_t dropped_attributes = 0;  // more than the limit allows
  std::string library;  // import path of what was instrumented: "net/http", "google.golang.org/grpc"; the OTLP scope
  std::string library_version;
  std::shared_ptr<const Resource> resource;
};

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_SPAN_H_
