#include "gotrace/pipeline/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/quote.h"

namespace gooffsets::trace {
namespace {

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return out;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 16;
}

std::optional<std::string> PercentDecoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = HexDigit(text[i + 1]), low = HexDigit(text[i + 2]);
    if (high > 15 || low > 15) return std::nullopt;
    out.push_back(static_cast<char>(high << 4 | low));
    i += 2;
  }
  return out;
}

class Reader {
 public:
  Reader(const std::map<std::string, std::string>& environment, Settings* out) : environment_(environment), out_(out) {}

  void Read() {
    Flag("OTEL_SDK_DISABLED", &out_->disabled);
    ResourceVariables();
    SamplerVariables();
    BatchVariables();
    Limits();
    Exporters();
    Otlp();
  }

 private:
  std::string_view Get(const std::string& name) const {
    const auto it = environment_.find(name);
    return it == environment_.end() ? std::string_view() : Trim(it->second);
  }

  // The variable for traces, else the one for all signals.
  std::pair<std::string, std::string_view> GetOtlp(std::string_view rest) const {
    std::string name = fmt::format("OTEL_EXPORTER_OTLP_TRACES_{}", rest);
    if (const std::string_view value = Get(name); !value.empty()) return {name, value};
    name = fmt::format("OTEL_EXPORTER_OTLP_{}", rest);
    return {name, Get(name)};
  }

  void Warn(std::string_view name, std::string_view value, std::string_view why) {
    out_->warnings.push_back(fmt::format("{}={} is ignored: {}", name, Quote(value), why));
  }

  void Flag(const std::string& name, bool* out) {
    const std::string_view value = Get(name);
    const std::string lower = Lower(value);
    if (lower == "true") *out = true;
    if (!value.empty() && lower != "true" && lower != "false") Warn(name, value, "neither true nor false");
  }

  template <typename T>
  void Number(const std::string& name, T least, T* out) {
    const std::string_view value = Get(name);
    if (value.empty()) return;
    T number{};
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size() || number < least) {
      return Warn(name, value, fmt::format("not a whole number from {} on", least));
    }
    *out = number;
  }

  void Milliseconds(const std::string& name, int64_t least, std::chrono::milliseconds* out) {
    int64_t number = out->count();
    Number<int64_t>(name, least, &number);
    // A day is as good as for ever, and sums of times do not overflow.
    *out = std::chrono::milliseconds(std::min<int64_t>(number, 86'400'000));
  }

  void ResourceVariables() {
    const std::string_view text = Get("OTEL_RESOURCE_ATTRIBUTES");
    bool malformed = false;
    for (auto& [key, value] : ParseKeyValueList(text, &malformed)) {
      if (key == "service.name") {
        out_->service_name = value;
      } else {
        out_->resource_attributes.push_back({std::move(key), std::move(value)});
      }
    }
    if (malformed) Warn("OTEL_RESOURCE_ATTRIBUTES", text, "not a list like key=value,key=value");
    if (const std::string_view name = Get("OTEL_SERVICE_NAME"); !name.empty()) out_->service_name = name;
  }

  void SamplerVariables() {
    static const std::map<std::string, SamplerKind> kKinds = {
        {"always_on", SamplerKind::kAlwaysOn},
        {"always_off", SamplerKind::kAlwaysOff},
        {"traceidratio", SamplerKind::kTraceIdRatio},
        {"parentbased_always_on", SamplerKind::kParentBasedAlwaysOn},
        {"parentbased_always_off", SamplerKind::kParentBasedAlwaysOff},
        {"parentbased_traceidratio", SamplerKind::kParentBasedTraceIdRatio},
    };
    const std::string_view name = Get("OTEL_TRACES_SAMPLER");
    if (!name.empty()) {
      const auto kind = kKinds.find(Lower(name));
      if (kind == kKinds.end()) return Warn("OTEL_TRACES_SAMPLER", name, "no sampler that gotrace has");
      out_->sampler.kind = kind->second;
    }
    const std::string_view argument = Get("OTEL_TRACES_SAMPLER_ARG");
    if (argument.empty()) return;
    double ratio = 0;
    const auto [end, error] = std::from_chars(argument.data(), argument.data() + argument.size(), ratio);
    if (error != std::errc() || end != argument.data() + argument.size() || !(ratio >= 0 && ratio <= 1)) {
      return Warn("OTEL_TRACES_SAMPLER_ARG", argument, "not a number from 0 to 1");
    }
    out_->sampler.ratio = ratio;
  }

  void BatchVariables() {
    Milliseconds("OTEL_BSP_SCHEDULE_DELAY", 0, &out_->batch.delay);
    Milliseconds("OTEL_BSP_EXPORT_TIMEOUT", 1, &out_->batch.export_timeout);
    Number<size_t>("OTEL_BSP_MAX_QUEUE_SIZE", 1, &out_->batch.max_queue);
    Number<size_t>("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 1, &out_->batch.max_batch);
    if (out_->batch.max_batch > out_->batch.max_queue) {
      out_->batch.max_batch = out_->batch.max_queue;  // "must be less or equal to the maximum queue size"
    }
  }

  // The limit for spans comes before the general one.
  void Limits() {
    for (const char* name : {"OTEL_ATTRIBUTE_COUNT_LIMIT", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT"}) {
      Number<size_t>(name, 0, &out_->limits.attribute_count);
    }
    for (const char* name : {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT"}) {
      Number<size_t>(name, 0, &out_->limits.value_length);
    }
  }

  void Exporters() {
    std::string_view list = Get("OTEL_TRACES_EXPORTER");
    exporter_named_ = !list.empty();
    while (!list.empty()) {
      const size_t comma = list.find(',');
      const std::string_view name = Trim(list.substr(0, comma));
      list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
      if (name == "otlp") {
        out_->otlp_exporter = true;
      } else if (name == "console") {
        out_->console_exporter = true;
      } else if (name != "none" && !name.empty()) {
        Warn("OTEL_TRACES_EXPORTER", name, "no exporter that gotrace has (otlp, console, none)");
      }
    }
  }

  void Otlp() {
    OtlpSettings& otlp = out_->otlp;
    if (const auto value = Get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"); !value.empty()) {
      otlp.endpoint = value;  // "used as-is without any modification"
    } else if (const auto base = Get("OTEL_EXPORTER_OTLP_ENDPOINT"); !base.empty()) {
      otlp.endpoint = fmt::format("{}{}v1/traces", base, base.ends_with('/') ? "" : "/");
    }
    if (!exporter_named_ && !otlp.endpoint.empty()) out_->otlp_exporter = true;
    if (out_->otlp_exporter && otlp.endpoint.empty()) otlp.endpoint = "http://localhost:4318/v1/traces";

    if (const auto [name, value] = GetOtlp("PROTOCOL"); value == "http/json") {
      otlp.protocol = OtlpProtocol::kJson;
    } else if (!value.empty() && value != "http/protobuf") {
      Warn(name, value, "http/protobuf is used; http/json is the other one");
    }
    for (const char* name : {"OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"}) Headers(name);
    for (const char* name : {"OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"}) {
      Milliseconds(name, 1, &otlp.timeout);
    }
    if (const auto [name, value] = GetOtlp("COMPRESSION"); value == "gzip") {
      otlp.gzip = true;
    } else if (!value.empty() && value != "none") {
      Warn(name, value, "neither gzip nor none");
    }
    otlp.ca_file = GetOtlp("CERTIFICATE").second;
    otlp.client_certificate = GetOtlp("CLIENT_CERTIFICATE").second;
    otlp.client_key = GetOtlp("CLIENT_KEY").second;
  }

  // Those for traces replace those for all signals, one by one. Values may be secrets: no message shows them.
  void Headers(const char* variable) {
    bool malformed = false;
    for (auto& [key, value] : ParseKeyValueList(Get(variable), &malformed)) {
      const bool fits =
          std::none_of(value.begin(), value.end(), [](char c) { return c == '\r' || c == '\n' || c == 0; });
      if (!fits || key.find_first_of(": \t\r\n") != std::string::npos) {
        malformed = true;
        continue;
      }
      auto& headers = out_->otlp.headers;
      std::erase_if(headers, [&](const auto& header) { return Lower(header.first) == Lower(key); });
      headers.emplace_back(std::move(key), std::move(value));
    }
    if (malformed) {
      out_->warnings.push_back(fmt::format("{} is ignored, at least in part: not a list like name=value", variable));
    }
  }

  const std::map<std::string, std::string>& environment_;
  Settings* out_;
  bool exporter_named_ = false;
};

}  // namespace

std::vector<std::pair<std::string, std::string>> ParseKeyValueList(std::string_view text, bool* malformed) {
  std::vector<std::pair<std::string, std::string>> out;
  *malformed = false;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    const std::string_view part = Trim(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    if (part.empty()) continue;
    const size_t equals = part.find('=');
    const std::string_view key = Trim(part.substr(0, equals));
    std::optional<std::string> value;
    if (equals != std::string_view::npos) value = PercentDecoded(Trim(part.substr(equals + 1)));
    if (key.empty() || !value) {
      *malformed = true;
      return {};
    }
    // The last of equal keys counts.
    std::erase_if(out, [&](const auto& pair) { return pair.first == key; });
    out.emplace_back(key, std::move(*value));
  }
  return out;
}

std::string TracesEndpoint(std::string_view endpoint) {
  std::string out(Trim(endpoint));
  if (out.find("://") == std::string::npos) out = "http://" + out;
  const size_t path = out.find('/', out.find("://") + 3);
  if (path == std::string::npos) return out + "/v1/traces";
  return path + 1 == out.size() ? out + "v1/traces" : out;
}

Settings SettingsFromEnvironment(const std::map<std::string, std::string>& environment) {
  Settings settings;
  Reader(environment, &settings).Read();
  return settings;
}

}  // namespace gooffsets::trace
