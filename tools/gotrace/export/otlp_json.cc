#include <fmt/format.h>

#include <iterator>
#include <string>
#include <type_traits>
#include <variant>

#include "gotrace/export/otlp.h"
#include "gotrace/pipeline/text.h"

namespace gooffsets::trace {
namespace {

void AppendText(std::string_view key, std::string_view value, std::string* out) {
  out->append(key);
  AppendJsonString(value, out);
}

void AppendValue(const Attribute& attribute, std::string* out) {
  std::visit(
      [&](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::string>) {
          AppendText("{\"stringValue\":", value, out);
        } else if constexpr (std::is_same_v<T, bool>) {
          out->append(value ? "{\"boolValue\":true" : "{\"boolValue\":false");
        } else if constexpr (std::is_same_v<T, int64_t>) {
          fmt::format_to(std::back_inserter(*out), "{{\"intValue\":\"{}\"", value);
        } else if constexpr (std::is_same_v<T, double>) {
          out->append("{\"doubleValue\":");
          AppendJsonNumber(value, out);
        } else {
          out->append("{\"arrayValue\":{\"values\":[");
          for (size_t i = 0; i < value.size(); ++i) {
            AppendText(i == 0 ? "{\"stringValue\":" : ",{\"stringValue\":", value[i], out);
            out->push_back('}');
          }
          out->append("]}");
        }
        out->push_back('}');
      },
      attribute.value);
}

void AppendAttributes(const std::vector<Attribute>& attributes, std::string* out) {
  out->append("\"attributes\":[");
  for (size_t i = 0; i < attributes.size(); ++i) {
    AppendText(i == 0 ? "{\"key\":" : ",{\"key\":", attributes[i].key, out);
    out->append(",\"value\":");
    AppendValue(attributes[i], out);
    out->push_back('}');
  }
  out->push_back(']');
}

// Ids are hexadecimal, not base64; enums are numbers; 64-bit integers are strings.
void AppendSpan(const Span& span, std::string* out) {
  out->append("{\"traceId\":\"");
  AppendHex(span.trace_id, out);
  out->append("\",\"spanId\":\"");
  AppendHex(span.span_id, out);
  if (!span.trace_state.empty()) AppendText("\",\"traceState\":", span.trace_state, out);
  if (span.trace_state.empty()) out->push_back('"');
  if (span.parent_span_id != SpanId{}) {
    out->append(",\"parentSpanId\":\"");
    AppendHex(span.parent_span_id, out);
    out->push_back('"');
  }
  fmt::format_to(std::back_inserter(*out), ",\"flags\":{},", OtlpFlags(span));
  AppendText("\"name\":", span.name, out);
  fmt::format_to(std::back_inserter(*out), ",\"kind\":{},\"startTimeUnixNano\":\"{}\",\"endTimeUnixNano\":\"{}\",",
                 static_cast<int>(span.kind), span.start_ns, span.end_ns);
  AppendAttributes(span.attributes, out);
  if (span.dropped_attributes != 0) {
    fmt::format_to(std::back_inserter(*out), ",\"droppedAttributesCount\":{}", span.dropped_attributes);
  }
  out->append(",\"status\":{");
  if (!span.status_message.empty()) {
    AppendText("\"message\":", span.status_message, out);
    out->push_back(',');
  }
  fmt::format_to(std::back_inserter(*out), "\"code\":{}}}}}", static_cast<int>(span.status));
}

}  // namespace

std::string EncodeOtlpJson(std::span<const Span> spans) {
  std::string out = "{\"resourceSpans\":[";
  bool first_group = true;
  for (const ResourceGroup& group : GroupSpans(spans)) {
    out.append(first_group ? "{\"resource\":{" : ",{\"resource\":{");
    first_group = false;
    if (group.resource != nullptr) AppendAttributes(group.resource->attributes, &out);
    out.append("},\"scopeSpans\":[");
    bool first_scope = true;
    for (const ScopeGroup& scope : group.scopes) {
      AppendText(first_scope ? "{\"scope\":{\"name\":" : ",{\"scope\":{\"name\":", scope.library, &out);
      first_scope = false;
      if (!scope.version.empty()) AppendText(",\"version\":", scope.version, &out);
      out.append("},\"spans\":[");
      for (size_t i = 0; i < scope.spans.size(); ++i) {
        if (i > 0) out.push_back(',');
        AppendSpan(*scope.spans[i], &out);
      }
      AppendText("],\"schemaUrl\":", kSchemaUrl, &out);
      out.push_back('}');
    }
    AppendText("],\"schemaUrl\":", kSchemaUrl, &out);
    out.push_back('}');
  }
  out.append("]}");
  return out;
}

}  // namespace gooffsets::trace
