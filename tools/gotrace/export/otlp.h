// Spans as OTLP's ExportTraceServiceRequest, in protobuf and in JSON.
//
// Grouped by resource and scope, both in the order in which a batch first names them, so that equal batches make equal
// bytes. Strings are made UTF-8. Pure functions.
//
// Field numbers: opentelemetry-proto 1.10, collector/trace/v1/trace_service.proto, trace/v1/trace.proto,
// common/v1/common.proto, resource/v1/resource.proto. JSON: OTLP specification, "JSON Protobuf Encoding".
//
//   std::string body = EncodeOtlpProtobuf(spans);
//   std::string line = EncodeOtlpJson(spans);    // one line, without a line end
#ifndef GOOFFSETS_TOOLS_GOTRACE_EXPORT_OTLP_H_
#define GOOFFSETS_TOOLS_GOTRACE_EXPORT_OTLP_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gotrace/span.h"

namespace gooffsets::trace {

std::string EncodeOtlpProtobuf(std::span<const Span> spans);
std::string EncodeOtlpJson(std::span<const Span> spans);

// The semantic conventions that attribute keys follow; sent with every resource and scope.
inline constexpr std::string_view kSchemaUrl = "https://opentelemetry.io/schemas/1.37.0";

// What a receiver says of a batch that it took in part. Both functions read hostile bytes: nullopt is malformed.
struct PartialSuccess {
  uint64_t rejected_spans = 0;
  std::string message;
};
std::optional<PartialSuccess> DecodePartialSuccessProtobuf(std::string_view response);
std::optional<PartialSuccess> DecodePartialSuccessJson(std::string_view response);

// The spans of a batch, by resource and by scope.
struct ScopeGroup {
  std::string_view library, version;
  std::vector<const Span*> spans;
};
struct ResourceGroup {
  const Resource* resource = nullptr;  // null: the span came without one
  std::vector<ScopeGroup> scopes;
};
std::vector<ResourceGroup> GroupSpans(std::span<const Span> spans);

// Span.flags: the W3C flags in the low byte, and whether the parent is remote (trace.proto, SpanFlags).
uint32_t OtlpFlags(const Span& span);

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_EXPORT_OTLP_H_
