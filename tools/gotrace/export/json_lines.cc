#include "gotrace/export/json_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <iterator>
#include <span>
#include <type_traits>
#include <variant>

#include "gotrace/pipeline/text.h"

namespace gooffsets::trace {
namespace {

// What the object has besides attributes and may have dots.
constexpr std::string_view kService = "service.name", kPid = "process.pid";

void AppendMember(std::string_view key, std::string_view value, std::string* out) {
  out->append(",\"");
  out->append(key);
  out->append("\":");
  AppendJsonString(value, out);
}

void AppendValue(const Attribute& attribute, std::string* out) {
  std::visit(
      [&](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::string>) {
          AppendJsonString(value, out);
        } else if constexpr (std::is_same_v<T, double>) {
          AppendJsonNumber(value, out);
        } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          out->push_back('[');
          for (size_t i = 0; i < value.size(); ++i) {
            if (i > 0) out->push_back(',');
            AppendJsonString(value[i], out);
          }
          out->push_back(']');
        } else {
          fmt::format_to(std::back_inserter(*out), "{}", value);
        }
      },
      attribute.value);
}

// Without a dot an attribute could have the name of a member of the span itself.
std::string_view MemberName(const Attribute& attribute, std::string* scratch) {
  const std::string_view key = attribute.key;
  if (key.find('.') != std::string_view::npos) return key;
  *scratch = "attribute.";
  return scratch->append(key);
}

// Whether the object has that name already. A span has a dozen attributes: looking through them costs less than a set.
bool Repeated(std::span<const Attribute> before, std::string_view name) {
  if (name == kService || name == kPid) return true;
  std::string scratch;
  return std::any_of(before.begin(), before.end(), [&](const Attribute& a) { return MemberName(a, &scratch) == name; });
}

}  // namespace

std::string_view KindName(SpanKind kind) {
  switch (kind) {
    case SpanKind::kServer:
      return "server";
    case SpanKind::kClient:
      return "client";
    case SpanKind::kInternal:
      break;
  }
  return "internal";
}

std::string_view StatusName(StatusCode status) {
  switch (status) {
    case StatusCode::kOk:
      return "ok";
    case StatusCode::kError:
      return "error";
    case StatusCode::kUnset:
      break;
  }
  return "unset";
}

std::string_view ParentName(ParentSource parent) {
  switch (parent) {
    case ParentSource::kHeader:
      return "header";
    case ParentSource::kContext:
      return "context";
    case ParentSource::kGoroutine:
      return "goroutine";
    case ParentSource::kNone:
      break;
  }
  return "none";
}

std::string Rfc3339(uint64_t unix_ns) {
  const auto seconds = static_cast<time_t>(unix_ns / 1'000'000'000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec, unix_ns % 1'000'000'000);
}

std::string SpanAsJsonLine(const Span& span) {
  std::string out = "{\"time\":\"" + Rfc3339(span.start_ns) + "\",\"trace_id\":\"";
  AppendHex(span.trace_id, &out);
  out.append("\",\"span_id\":\"");
  AppendHex(span.span_id, &out);
  out.push_back('"');
  if (span.parent_span_id != SpanId{}) {
    out.append(",\"parent_span_id\":\"");
    AppendHex(span.parent_span_id, &out);
    out.push_back('"');
  }
  AppendMember("parent", ParentName(span.parent), &out);
  AppendMember("name", span.name, &out);
  AppendMember("kind", KindName(span.kind), &out);
  fmt::format_to(std::back_inserter(out), ",\"start_unix_ns\":{},\"duration_ns\":{}", span.start_ns,
                 span.end_ns >= span.start_ns ? span.end_ns - span.start_ns : 0);
  AppendMember("status", StatusName(span.status), &out);
  if (!span.status_message.empty()) AppendMember("status_message", span.status_message, &out);
  if (!span.trace_state.empty()) AppendMember("trace_state", span.trace_state, &out);
  AppendMember("library", span.library, &out);
  if (!span.library_version.empty()) AppendMember("library_version", span.library_version, &out);
  if (span.dropped_attributes != 0) {
    fmt::format_to(std::back_inserter(out), ",\"dropped_attributes\":{}", span.dropped_attributes);
  }
  if (span.resource) {
    AppendMember(kService, span.resource->service_name, &out);
    fmt::format_to(std::back_inserter(out), ",\"{}\":{}", kPid, span.resource->pid);
  }
  for (size_t i = 0; i < span.attributes.size(); ++i) {
    std::string scratch;
    const std::string_view name = MemberName(span.attributes[i], &scratch);
    if (Repeated(std::span(span.attributes).first(i), name)) continue;
    out.push_back(',');
    AppendJsonString(name, &out);
    out.push_back(':');
    AppendValue(span.attributes[i], &out);
  }
  out.push_back('}');
  return out;
}

}  // namespace gooffsets::trace
