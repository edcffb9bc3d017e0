// Spans as JSON lines: one flat object a span, for jq, log collectors and people (docs/exporting.md lists the keys).
//
// The span's own values come first, under keys without a dot; attributes follow under their own names. An attribute
// without a dot in its name gets the prefix "attribute.", so that no key is there twice. Pure function.
//
//   std::string line = SpanAsJsonLine(span);   // {"time":"2025-01-02T03:04:05.000000006Z","trace_id":...}
#ifndef GOOFFSETS_TOOLS_GOTRACE_EXPORT_JSON_LINES_H_
#define GOOFFSETS_TOOLS_GOTRACE_EXPORT_JSON_LINES_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "gotrace/span.h"

namespace gooffsets::trace {

std::string SpanAsJsonLine(const Span& span);  // without a line end

std::string_view KindName(SpanKind kind);          // "internal", "server", "client"
std::string_view StatusName(StatusCode status);    // "unset", "ok", "error"
std::string_view ParentName(ParentSource parent);  // "none", "header", "context", "goroutine"
std::string Rfc3339(uint64_t unix_ns);             // UTC, with nanoseconds

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_EXPORT_JSON_LINES_H_
