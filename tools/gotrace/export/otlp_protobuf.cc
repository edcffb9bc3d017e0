#include <protozero/pbf_builder.hpp>
#include <string>
#include <type_traits>
#include <variant>

#include "base/utf8.h"
#include "gotrace/export/otlp.h"

namespace gooffsets::trace {
namespace {

// Field numbers of the messages, named as in the .proto files; what is never written is left out.
enum class Request : protozero::pbf_tag_type { kResourceSpans = 1 };
enum class ResourceSpans : protozero::pbf_tag_type { kResource = 1, kScopeSpans = 2, kSchemaUrl = 3 };
enum class ResourceMessage : protozero::pbf_tag_type { kAttributes = 1 };
enum class ScopeSpans : protozero::pbf_tag_type { kScope = 1, kSpans = 2, kSchemaUrl = 3 };
enum class ScopeMessage : protozero::pbf_tag_type { kName = 1, kVersion = 2 };
enum class SpanMessage : protozero::pbf_tag_type {
  kTraceId = 1,
  kSpanId = 2,
  kTraceState = 3,
  kParentSpanId = 4,
  kName = 5,
  kKind = 6,
  kStartTimeUnixNano = 7,
  kEndTimeUnixNano = 8,
  kAttributes = 9,
  kDroppedAttributesCount = 10,
  kStatus = 15,
  kFlags = 16,
};
enum class StatusMessage : protozero::pbf_tag_type { kMessage = 2, kCode = 3 };
enum class KeyValue : protozero::pbf_tag_type { kKey = 1, kValue = 2 };
enum class AnyValue : protozero::pbf_tag_type { kString = 1, kBool = 2, kInt = 3, kDouble = 4, kArray = 5 };
enum class ArrayValue : protozero::pbf_tag_type { kValues = 1 };

template <typename T>
using Builder = protozero::pbf_builder<T>;

template <typename Message>
void AddText(Builder<Message>* out, Message field, std::string_view text) {
  if (text.empty()) return;
  std::string scratch;
  text = AsUtf8(text, &scratch);
  out->add_string(field, text.data(), text.size());
}

void AddValue(Builder<AnyValue>* out, const Attribute& attribute) {
  std::visit(
      [&](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::string>) {
          std::string scratch;
          const std::string_view text = AsUtf8(value, &scratch);
          out->add_string(AnyValue::kString, text.data(), text.size());  // also if empty: which member is set counts
        } else if constexpr (std::is_same_v<T, bool>) {
          out->add_bool(AnyValue::kBool, value);
        } else if constexpr (std::is_same_v<T, int64_t>) {
          out->add_int64(AnyValue::kInt, value);
        } else if constexpr (std::is_same_v<T, double>) {
          out->add_double(AnyValue::kDouble, value);
        } else {
          Builder<ArrayValue> array(*out, AnyValue::kArray);
          for (const std::string& text : value) {
            Builder<AnyValue> element(array, ArrayValue::kValues);
            std::string scratch;
            const std::string_view utf8 = AsUtf8(text, &scratch);
            element.add_string(AnyValue::kString, utf8.data(), utf8.size());
          }
        }
      },
      attribute.value);
}

template <typename Message>
void AddAttributes(Builder<Message>* out, Message field, const std::vector<Attribute>& attributes) {
  for (const Attribute& attribute : attributes) {
    Builder<KeyValue> pair(*out, field);
    AddText(&pair, KeyValue::kKey, attribute.key);
    Builder<AnyValue> value(pair, KeyValue::kValue);
    AddValue(&value, attribute);
  }
}

void AddSpan(Builder<ScopeSpans>* out, const Span& span) {
  Builder<SpanMessage> message(*out, ScopeSpans::kSpans);
  auto id = [&](SpanMessage field, const auto& bytes) {
    message.add_bytes(field, reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  id(SpanMessage::kTraceId, span.trace_id);
  id(SpanMessage::kSpanId, span.span_id);
  AddText(&message, SpanMessage::kTraceState, span.trace_state);
  if (span.parent_span_id != SpanId{}) id(SpanMessage::kParentSpanId, span.parent_span_id);
  AddText(&message, SpanMessage::kName, span.name);
  message.add_enum(SpanMessage::kKind, static_cast<int32_t>(span.kind));
  message.add_fixed64(SpanMessage::kStartTimeUnixNano, span.start_ns);
  message.add_fixed64(SpanMessage::kEndTimeUnixNano, span.end_ns);
  AddAttributes(&message, SpanMessage::kAttributes, span.attributes);
  if (span.dropped_attributes != 0) message.add_uint32(SpanMessage::kDroppedAttributesCount, span.dropped_attributes);
  if (span.status != StatusCode::kUnset || !span.status_message.empty()) {
    Builder<StatusMessage> status(message, SpanMessage::kStatus);
    AddText(&status, StatusMessage::kMessage, span.status_message);
    status.add_enum(StatusMessage::kCode, static_cast<int32_t>(span.status));
  }
  message.add_fixed32(SpanMessage::kFlags, OtlpFlags(span));
}

}  // namespace

std::string EncodeOtlpProtobuf(std::span<const Span> spans) {
  std::string out;
  out.reserve(spans.size() * 512);
  Builder<Request> request(out);
  for (const ResourceGroup& group : GroupSpans(spans)) {
    Builder<ResourceSpans> resource_spans(request, Request::kResourceSpans);
    if (group.resource != nullptr) {
      Builder<ResourceMessage> resource(resource_spans, ResourceSpans::kResource);
      AddAttributes(&resource, ResourceMessage::kAttributes, group.resource->attributes);
    }
    for (const ScopeGroup& scope : group.scopes) {
      Builder<ScopeSpans> scope_spans(resource_spans, ResourceSpans::kScopeSpans);
      {
        Builder<ScopeMessage> name(scope_spans, ScopeSpans::kScope);
        AddText(&name, ScopeMessage::kName, scope.library);
        AddText(&name, ScopeMessage::kVersion, scope.version);
      }
      for (const Span* span : scope.spans) AddSpan(&scope_spans, *span);
      AddText(&scope_spans, ScopeSpans::kSchemaUrl, kSchemaUrl);
    }
    AddText(&resource_spans, ResourceSpans::kSchemaUrl, kSchemaUrl);
  }
  return out;
}

}  // namespace gooffsets::trace
