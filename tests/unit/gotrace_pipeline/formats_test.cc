// OTLP is checked by a real collector in tests/e2e/otlp_collector_test.py; here are JSON lines, and hostile answers.
#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "gotrace/export/json_lines.h"
#include "gotrace/export/otlp.h"
#include "gotrace/export/otlp_http.h"
#include "gotrace/pipeline/text.h"

namespace gooffsets::trace {
namespace {

std::string Utf8(std::string_view text) {
  std::string scratch;
  return std::string(AsUtf8(text, &scratch));
}

// Expected values: Python's bytes.decode("utf-8", "replace"), which follows the same rule of the Unicode standard.
TEST(TextTest, WhatIsNoUtf8BecomesReplacements) {
  const std::string r = "\xef\xbf\xbd";
  EXPECT_EQ(Utf8("plain"), "plain");
  EXPECT_EQ(Utf8("h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"), "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
  EXPECT_EQ(Utf8("caf\xe9"), "caf" + r);
  EXPECT_EQ(Utf8("\xc0\xaf"), r + r);                  // overlong
  EXPECT_EQ(Utf8("\xe0\x80\x80"), r + r + r);          // overlong
  EXPECT_EQ(Utf8("\xed\xa0\x80"), r + r + r);          // a surrogate
  EXPECT_EQ(Utf8("\xf4\x90\x80\x80"), r + r + r + r);  // above U+10FFFF
  EXPECT_EQ(Utf8("\xe2\x82"), r);                      // cut off: one part, one replacement
  EXPECT_EQ(Utf8("\xf0\x9f\x98"
                 "A"),
            r + "A");
  EXPECT_EQ(Utf8("long enough for words \xff!"), "long enough for words " + r + "!");
}

TEST(TextTest, CutsOnlyBetweenCharacters) {
  EXPECT_EQ(CutUtf8("a\xe2\x82\xac"
                    "b",
                    3),
            "a");
  EXPECT_EQ(CutUtf8("a\xe2\x82\xac"
                    "b",
                    4),
            "a\xe2\x82\xac");
  EXPECT_EQ(CutUtf8("abc", 3), "abc");
  EXPECT_EQ(CutUtf8("\x80\x80\x80\x80\x80\x80", 5).size(), 5u);
  EXPECT_EQ(CutUtf8("\xc3\xa9", 0), "");
}

TEST(TextTest, JsonStringsReadBackEqual) {
  std::string every;
  for (int c = 0; c < 128; ++c) every.push_back(static_cast<char>(c));
  every += "\xc3\xa9\xf0\x9f\x98\x80";
  std::string written;
  AppendJsonString(every, &written);
  EXPECT_EQ(nlohmann::json::parse(written).get<std::string>(), every);
}

TEST(TextTest, JsonNumbersReadBackEqual) {
  for (const double number : {0.0, 0.1, -1.5, 1e300, 5e-324, 1e16, 123456789.125}) {
    std::string written;
    AppendJsonNumber(number, &written);
    EXPECT_EQ(nlohmann::json::parse(written).get<double>(), number) << written;
  }
  std::string written;
  AppendJsonNumber(std::nan(""), &written);
  AppendJsonNumber(-std::numeric_limits<double>::infinity(), &written);
  EXPECT_EQ(written, "\"NaN\"\"-Infinity\"");
}

TEST(JsonLinesTest, OneFlatObjectWithNoKeyTwice) {
  auto resource = std::make_shared<Resource>();
  resource->pid = 42;
  resource->service_name = "shop";
  Span span;
  span.trace_id.fill(0xab);
  span.span_id.fill(0x01);
  span.parent_span_id.fill(0x02);
  span.parent = ParentSource::kContext;
  span.name = "GET \"/\"\n";
  span.kind = SpanKind::kServer;
  span.start_ns = 1'700'000'000'000'000'007;  // date -u -d @1700000000: 2023-11-14T22:13:20
  span.end_ns = span.start_ns + 1'500;
  span.status = StatusCode::kError;
  span.status_message = "no";
  span.attributes = {{"http.response.status_code", int64_t{500}},
                     {"name", std::string("mine")},
                     {"a.b", 0.5},
                     {"a.b", std::string("again")},
                     {"process.pid", int64_t{1}},
                     {"a.list", std::vector<std::string>{"x", "y"}},
                     {"a.flag", true}};
  span.library = "net/http";
  span.resource = resource;
  const std::string line = SpanAsJsonLine(span);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  size_t keys = 0;
  const auto json = nlohmann::json::parse(line, [&](int, nlohmann::json::parse_event_t event, nlohmann::json&) {
    keys += event == nlohmann::json::parse_event_t::key ? 1 : 0;
    return true;
  });
  EXPECT_EQ(keys, json.size());
  const nlohmann::json expected = {{"time", "2023-11-14T22:13:20.000000007Z"},
                                   {"trace_id", "abababababababababababababababab"},
                                   {"span_id", "0101010101010101"},
                                   {"parent_span_id", "0202020202020202"},
                                   {"parent", "context"},
                                   {"name", "GET \"/\"\n"},
                                   {"kind", "server"},
                                   {"start_unix_ns", 1'700'000'000'000'000'007},
                                   {"duration_ns", 1'500},
                                   {"status", "error"},
                                   {"status_message", "no"},
                                   {"library", "net/http"},
                                   {"service.name", "shop"},
                                   {"process.pid", 42},
                                   {"http.response.status_code", 500},
                                   {"attribute.name", "mine"},
                                   {"a.b", 0.5},
                                   {"a.list", {"x", "y"}},
                                   {"a.flag", true}};
  EXPECT_EQ(json, expected);
}

// Bytes by hand from the .proto files: field 1 {field 1 varint 3, field 2 "no"}.
TEST(PartialSuccessTest, IsReadFromBothEncodings) {
  const auto binary = DecodePartialSuccessProtobuf(std::string_view("\x0a\x06\x08\x03\x12\x02no", 8));
  ASSERT_TRUE(binary);
  EXPECT_EQ(binary->rejected_spans, 3u);
  EXPECT_EQ(binary->message, "no");
  const auto json = DecodePartialSuccessJson(R"({"partialSuccess":{"rejectedSpans":"3","errorMessage":"no"}})");
  ASSERT_TRUE(json);
  EXPECT_EQ(json->rejected_spans, 3u);
  EXPECT_EQ(json->message, "no");
  EXPECT_EQ(DecodePartialSuccessProtobuf("")->rejected_spans, 0u);
  EXPECT_EQ(DecodePartialSuccessJson("{}")->rejected_spans, 0u);
}

TEST(PartialSuccessTest, HostileAnswersAreNothing) {
  EXPECT_FALSE(DecodePartialSuccessProtobuf("\x0a\x7f"));
  EXPECT_FALSE(DecodePartialSuccessProtobuf("<html>not found</html>"));
  EXPECT_EQ(DecodePartialSuccessProtobuf("\x0a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")->rejected_spans, 0u);
  for (const char* text : {"", "[]", "null", "{", "\xff"}) EXPECT_FALSE(DecodePartialSuccessJson(text)) << text;
  EXPECT_FALSE(DecodePartialSuccessJson(R"({"partialSuccess":{"rejectedSpans":"99999999999999999999999"}})"));
  EXPECT_FALSE(DecodePartialSuccessJson(std::string(60'000, '[')));
}

TEST(GzipTest, ZlibReadsItBack) {
  std::string data;
  for (int i = 0; i < 10'000; ++i) data += std::to_string(i * 7919);
  const Result<std::string> packed = Gzip(data);
  ASSERT_TRUE(packed);
  EXPECT_LT(packed->size(), data.size());
  z_stream stream{};
  ASSERT_EQ(inflateInit2(&stream, 31), Z_OK);
  std::string out(data.size() + 1, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed->data()));
  stream.avail_in = static_cast<uInt>(packed->size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  EXPECT_EQ(out, data);
  EXPECT_TRUE(Gzip(""));
}

TEST(OtlpHttpTest, RefusesWhatIsNoEndpoint) {
  for (const char* url :
       {"", "collector:4318", "ftp://a", "http://", "http:///v1", "http://a b", "file:///etc/passwd"}) {
    OtlpSettings settings;
    settings.endpoint = url;
    const auto exporter = MakeOtlpExporter(settings);
    ASSERT_FALSE(exporter) << url;
    EXPECT_EQ(exporter.error().code, ErrorCode::kUsage) << url;
  }
  OtlpSettings settings;
  settings.endpoint = "https://localhost:1";
  settings.ca_file = "/nonexistent/ca.pem";
  EXPECT_EQ(MakeOtlpExporter(settings).error().code, ErrorCode::kNotFound);
  settings.ca_file = "/proc/self/status";
  EXPECT_EQ(MakeOtlpExporter(settings).error().code, ErrorCode::kBadInput);
}

}  // namespace
}  // namespace gooffsets::trace
