// What the standard OTEL_* variables say, as one struct.
//
// The variables come as a map, so that the tool owns the environment. As the specification asks, a value that means
// nothing is told in `warnings` and ignored, an empty variable is as good as none; whoever has a command line writes
// over the members afterwards. docs/exporting.md lists every variable. Plain values, pure functions.
//
//   Settings settings = SettingsFromEnvironment({{"OTEL_TRACES_SAMPLER", "always_off"}});
//   settings.otlp.endpoint = TracesEndpoint("http://127.0.0.1:4318");   // --otlp
#ifndef GOOFFSETS_TOOLS_GOTRACE_PIPELINE_SETTINGS_H_
#define GOOFFSETS_TOOLS_GOTRACE_PIPELINE_SETTINGS_H_

#include <chrono>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gotrace/pipeline/sampler.h"
#include "gotrace/span.h"

namespace gooffsets::trace {

enum class OtlpProtocol { kProtobuf, kJson };  // both over HTTP

struct OtlpSettings {
  std::string endpoint;  // the whole URL, with "/v1/traces"; empty: none was named
  OtlpProtocol protocol = OtlpProtocol::kProtobuf;
  std::vector<std::pair<std::string, std::string>> headers;
  std::chrono::milliseconds timeout{10'000};  // of one request
  bool gzip = false;
  std::string ca_file, client_certificate, client_key;  // PEM; empty: the system's certificates, none
};

struct BatchSettings {
  std::chrono::milliseconds delay{5'000};
  size_t max_queue = 8'192;  // a tracer of a whole host has more to hold than one SDK's 2,048
  size_t max_batch = 512;
  std::chrono::milliseconds export_timeout{30'000};  // of one batch, with all tries
};

struct SpanLimits {
  size_t attribute_count = 128;
  size_t value_length = std::numeric_limits<size_t>::max();  // bytes of a string value
};

struct Settings {
  bool disabled = false;                                 // OTEL_SDK_DISABLED
  bool otlp_exporter = false, console_exporter = false;  // OTEL_TRACES_EXPORTER, or an endpoint that is named
  std::string service_name;                              // OTEL_SERVICE_NAME, else that of OTEL_RESOURCE_ATTRIBUTES
  std::vector<Attribute> resource_attributes;
  SamplerSettings sampler;
  BatchSettings batch;
  SpanLimits limits;
  OtlpSettings otlp;
  std::vector<std::string> warnings;
};

Settings SettingsFromEnvironment(const std::map<std::string, std::string>& environment);

// An endpoint as the command line has it: "127.0.0.1:4318" and URLs without a path get what is missing.
std::string TracesEndpoint(std::string_view endpoint);

// "key=value,key2=value%202": the format of OTEL_RESOURCE_ATTRIBUTES and of OTEL_EXPORTER_OTLP_HEADERS (W3C Baggage
// without properties). Nothing at all if any part is malformed, as the resource specification asks.
std::vector<std::pair<std::string, std::string>> ParseKeyValueList(std::string_view text, bool* malformed);

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_PIPELINE_SETTINGS_H_
