// The names, defaults and rules are those of OpenTelemetry's "Environment Variable Specification", "SDK environment
// variables" and "OTLP Exporter Configuration".
#include "gotrace/pipeline/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gooffsets::trace {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

TEST(SettingsTest, WithoutVariablesTheSpecificationsDefaults) {
  const Settings settings = SettingsFromEnvironment({});
  EXPECT_FALSE(settings.disabled);
  EXPECT_FALSE(settings.otlp_exporter);
  EXPECT_EQ(settings.sampler.kind, SamplerKind::kParentBasedAlwaysOn);
  EXPECT_EQ(settings.batch.delay, milliseconds(5'000));
  EXPECT_EQ(settings.batch.max_batch, 512u);
  EXPECT_EQ(settings.batch.export_timeout, milliseconds(30'000));
  EXPECT_EQ(settings.otlp.timeout, milliseconds(10'000));
  EXPECT_EQ(settings.limits.attribute_count, 128u);
  EXPECT_THAT(settings.warnings, IsEmpty());
}

TEST(SettingsTest, EveryVariableIsRead) {
  const Settings settings = SettingsFromEnvironment({
      {"OTEL_SDK_DISABLED", "TRUE"},
      {"OTEL_SERVICE_NAME", "shop"},
      {"OTEL_RESOURCE_ATTRIBUTES", "service.name=other, deployment.environment.name=a%2Cb ,team=x=y"},
      {"OTEL_TRACES_SAMPLER", "parentbased_traceidratio"},
      {"OTEL_TRACES_SAMPLER_ARG", "0.25"},
      {"OTEL_BSP_SCHEDULE_DELAY", "100"},
      {"OTEL_BSP_EXPORT_TIMEOUT", "200"},
      {"OTEL_BSP_MAX_QUEUE_SIZE", "300"},
      {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "400"},
      {"OTEL_ATTRIBUTE_COUNT_LIMIT", "5"},
      {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "6"},
      {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "7"},
      {"OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4318/"},
      {"OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"},
      {"OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer%20a,x=1"},
      {"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "X=2"},
      {"OTEL_EXPORTER_OTLP_TIMEOUT", "10"},
      {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "20"},
      {"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"},
      {"OTEL_EXPORTER_OTLP_CERTIFICATE", "ca.pem"},
      {"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "client.pem"},
      {"OTEL_EXPORTER_OTLP_CLIENT_KEY", "key.pem"},
  });
  EXPECT_TRUE(settings.disabled);
  EXPECT_EQ(settings.service_name, "shop");
  EXPECT_THAT(settings.resource_attributes, ElementsAre(Attribute{"deployment.environment.name", std::string("a,b")},
                                                        Attribute{"team", std::string("x=y")}));
  EXPECT_EQ(settings.sampler.kind, SamplerKind::kParentBasedTraceIdRatio);
  EXPECT_EQ(settings.sampler.ratio, 0.25);
  EXPECT_EQ(settings.batch.delay, milliseconds(100));
  EXPECT_EQ(settings.batch.export_timeout, milliseconds(200));
  EXPECT_EQ(settings.batch.max_queue, 300u);
  EXPECT_EQ(settings.batch.max_batch, 300u);  // never above the queue
  EXPECT_EQ(settings.limits.attribute_count, 6u);
  EXPECT_EQ(settings.limits.value_length, 7u);
  EXPECT_TRUE(settings.otlp_exporter);
  EXPECT_EQ(settings.otlp.endpoint, "https://collector:4318/v1/traces");
  EXPECT_EQ(settings.otlp.protocol, OtlpProtocol::kJson);
  EXPECT_THAT(settings.otlp.headers, ElementsAre(Pair("Authorization", "Bearer a"), Pair("X", "2")));
  EXPECT_EQ(settings.otlp.timeout, milliseconds(20));
  EXPECT_TRUE(settings.otlp.gzip);
  EXPECT_EQ(settings.otlp.ca_file, "ca.pem");
  EXPECT_EQ(settings.otlp.client_certificate, "client.pem");
  EXPECT_EQ(settings.otlp.client_key, "key.pem");
  EXPECT_THAT(settings.warnings, IsEmpty());
}

TEST(SettingsTest, AnEndpointForTracesIsUsedAsItIs) {
  const Settings settings = SettingsFromEnvironment(
      {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://a"}, {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://b:1/own"}});
  EXPECT_EQ(settings.otlp.endpoint, "http://b:1/own");
  const Settings none =
      SettingsFromEnvironment({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://a"}, {"OTEL_TRACES_EXPORTER", "console, none"}});
  EXPECT_FALSE(none.otlp_exporter);
  EXPECT_TRUE(none.console_exporter);
}

TEST(SettingsTest, WhatMeansNothingIsToldAndIgnored) {
  const std::map<std::string, std::string> bad = {
      {"OTEL_SDK_DISABLED", "yes"},
      {"OTEL_RESOURCE_ATTRIBUTES", "a=1,b"},
      {"OTEL_TRACES_SAMPLER", "xray"},
      {"OTEL_BSP_SCHEDULE_DELAY", "-1"},
      {"OTEL_BSP_MAX_QUEUE_SIZE", "0"},
      {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "99999999999999999999999"},
      {"OTEL_TRACES_EXPORTER", "zipkin"},
      {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"},
      {"OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"},
  };
  const Settings all = SettingsFromEnvironment(bad), defaults;
  EXPECT_EQ(all.warnings.size(), bad.size());
  EXPECT_FALSE(all.disabled);
  EXPECT_THAT(all.resource_attributes, IsEmpty());
  EXPECT_EQ(all.sampler.kind, defaults.sampler.kind);
  EXPECT_EQ(all.batch.max_queue, defaults.batch.max_queue);
  EXPECT_EQ(all.batch.max_batch, defaults.batch.max_batch);
  for (const auto& [name, value] : bad) {
    const Settings settings = SettingsFromEnvironment({{name, value}});
    ASSERT_EQ(settings.warnings.size(), 1u) << name;
    EXPECT_THAT(settings.warnings[0], HasSubstr(name));
  }
  for (const char* ratio : {"1.5", "-0.1", "nan", "0.5x", "abc"}) {
    const Settings settings = SettingsFromEnvironment({{"OTEL_TRACES_SAMPLER_ARG", ratio}});
    EXPECT_EQ(settings.warnings.size(), 1u) << ratio;
    EXPECT_EQ(settings.sampler.ratio, 1);
  }
}

TEST(SettingsTest, HeadersCannotSmuggleLinesAndTheirValuesAreNotTold) {
  const Settings settings = SettingsFromEnvironment({{"OTEL_EXPORTER_OTLP_HEADERS", "a=secret%0d%0aHost:x,b=2"}});
  EXPECT_THAT(settings.otlp.headers, ElementsAre(Pair("b", "2")));
  ASSERT_EQ(settings.warnings.size(), 1u);
  EXPECT_THAT(settings.warnings[0], Not(HasSubstr("secret")));
}

TEST(SettingsTest, EndpointsOfTheCommandLineGetWhatIsMissing) {
  EXPECT_EQ(TracesEndpoint("127.0.0.1:4318"), "http://127.0.0.1:4318/v1/traces");
  EXPECT_EQ(TracesEndpoint("https://a/"), "https://a/v1/traces");
  EXPECT_EQ(TracesEndpoint("https://a/otlp/v1/traces"), "https://a/otlp/v1/traces");
}

}  // namespace
}  // namespace gooffsets::trace
