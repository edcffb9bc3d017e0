// What the tracer reads that others wrote: a collector's answers, environment variables, files of /proc, span text.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/utf8.h"
#include "gotrace/export/otlp.h"
#include "gotrace/export/terminal.h"
#include "gotrace/pipeline/resource.h"
#include "gotrace/pipeline/settings.h"
#include "gotrace/pipeline/text.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace trace = gooffsets::trace;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);

  // What is written as a JSON string reads back as the UTF-8 that was made of it.
  std::string scratch, again, quoted;
  const std::string text(gooffsets::AsUtf8(bytes, &scratch));
  FUZZ_REQUIRE(gooffsets::AsUtf8(text, &again) == text);
  trace::AppendJsonString(bytes, &quoted);
  FUZZ_REQUIRE(nlohmann::json::parse(quoted).get<std::string>() == text);

  const std::string safe = trace::SafeText(bytes);
  for (const char c : safe) FUZZ_REQUIRE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  FUZZ_REQUIRE(trace::Columns(trace::CutToColumns(safe, 10)) <= 10);
  FUZZ_REQUIRE(trace::CutUtf8(text, size / 2).size() <= size / 2);

  trace::DecodePartialSuccessProtobuf(bytes);
  trace::DecodePartialSuccessJson(bytes);

  const std::string value(bytes);
  const trace::Settings settings = trace::SettingsFromEnvironment({{"OTEL_RESOURCE_ATTRIBUTES", value},
                                                                   {"OTEL_EXPORTER_OTLP_HEADERS", value},
                                                                   {"OTEL_TRACES_SAMPLER_ARG", value},
                                                                   {"OTEL_TRACES_EXPORTER", value},
                                                                   {"OTEL_BSP_MAX_QUEUE_SIZE", value}});
  for (const auto& header : settings.otlp.headers) FUZZ_REQUIRE(header.second.find('\n') == std::string::npos);
  FUZZ_REQUIRE(settings.sampler.ratio >= 0 && settings.sampler.ratio <= 1);

  trace::ParseEnvironmentBlock(bytes);
  if (const auto id = trace::ContainerId(bytes, bytes)) FUZZ_REQUIRE(id->size() == 64);
  if (const auto uid = trace::PodUid(bytes)) FUZZ_REQUIRE(uid->size() == 36);
  return 0;
}
