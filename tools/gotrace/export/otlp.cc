#include "gotrace/export/otlp.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>

namespace gooffsets::trace {
namespace {

constexpr uint32_t kSampledFlag = 0x01;   // every span that is exported was sampled
constexpr uint32_t kHasIsRemote = 0x100;  // SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK
constexpr uint32_t kIsRemote = 0x200;     // SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK
constexpr size_t kMaxMessage = 1024;      // of a receiver's message, the part that is told
constexpr uint32_t kPartialSuccess = 1;   // ExportTraceServiceResponse.partial_success
constexpr uint32_t kRejectedSpans = 1;    // ExportTracePartialSuccess.rejected_spans
constexpr uint32_t kErrorMessage = 2;     // ExportTracePartialSuccess.error_message

ScopeGroup* Scope(ResourceGroup* group, const Span& span) {
  for (ScopeGroup& scope : group->scopes) {
    if (scope.library == span.library && scope.version == span.library_version) return &scope;
  }
  group->scopes.push_back({span.library, span.library_version, {}});
  return &group->scopes.back();
}

}  // namespace

uint32_t OtlpFlags(const Span& span) {
  return kSampledFlag | kHasIsRemote | (span.parent == ParentSource::kHeader ? kIsRemote : 0u);
}

std::vector<ResourceGroup> GroupSpans(std::span<const Span> spans) {
  std::vector<ResourceGroup> groups;
  size_t last = 0;  // neighbours mostly come from one process
  for (const Span& span : spans) {
    const Resource* resource = span.resource.get();
    if (last >= groups.size() || groups[last].resource != resource) {
      last = static_cast<size_t>(
          std::find_if(groups.begin(), groups.end(), [&](const auto& group) { return group.resource == resource; }) -
          groups.begin());
      if (last == groups.size()) groups.push_back({resource, {}});
    }
    Scope(&groups[last], span)->spans.push_back(&span);
  }
  return groups;
}

std::optional<PartialSuccess> DecodePartialSuccessProtobuf(std::string_view response) {
  PartialSuccess out;
  try {  // protozero reports malformed input by exceptions; none leaves this function
    protozero::pbf_reader message(response.data(), response.size());
    while (message.next()) {
      if (message.tag() != kPartialSuccess || message.wire_type() != protozero::pbf_wire_type::length_delimited) {
        message.skip();
        continue;
      }
      protozero::pbf_reader partial = message.get_message();
      while (partial.next()) {
        if (partial.tag() == kRejectedSpans && partial.wire_type() == protozero::pbf_wire_type::varint) {
          out.rejected_spans = static_cast<uint64_t>(std::max<int64_t>(0, partial.get_int64()));
        } else if (partial.tag() == kErrorMessage &&
                   partial.wire_type() == protozero::pbf_wire_type::length_delimited) {
          const auto text = partial.get_view();
          out.message.assign(text.data(), std::min(text.size(), kMaxMessage));
        } else {
          partial.skip();
        }
      }
    }
  } catch (const protozero::exception&) {
    return std::nullopt;
  }
  return out;
}

std::optional<PartialSuccess> DecodePartialSuccessJson(std::string_view response) {
  // Depth is bounded by the size of a response, and nlohmann's parser keeps its own stack for it.
  const auto json = nlohmann::json::parse(response, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  PartialSuccess out;
  const auto partial = json.find("partialSuccess");
  if (partial == json.end() || !partial->is_object()) return out;
  if (const auto rejected = partial->find("rejectedSpans"); rejected != partial->end()) {
    // int64 is a string in protobuf's JSON mapping; numbers are accepted as well.
    if (rejected->is_number_unsigned()) {
      out.rejected_spans = rejected->get<uint64_t>();
    } else if (rejected->is_string()) {
      uint64_t number = 0;
      for (const char c : rejected->get_ref<const std::string&>()) {
        if (c < '0' || c > '9' || number > std::numeric_limits<uint64_t>::max() / 10 - 1) return std::nullopt;
        number = number * 10 + static_cast<uint64_t>(c - '0');
      }
      out.rejected_spans = number;
    }
  }
  if (const auto message = partial->find("errorMessage"); message != partial->end() && message->is_string()) {
    out.message = message->get_ref<const std::string&>().substr(0, kMaxMessage);
  }
  return out;
}

}  // namespace gooffsets::trace
