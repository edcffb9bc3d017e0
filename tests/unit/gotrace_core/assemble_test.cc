// Records of the kernel programs to spans: hostile records, endpoints, and what the semantic conventions ask for.
#include "gotrace/assemble.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <map>
#include <memory>
#include <string>

#include "gotrace/open_calls.h"

namespace gooffsets::trace {
namespace {

// A record as the kernel sends it, with strings packed behind the head.
class Record {
 public:
  explicit Record(gt_kind kind) : span_(std::make_unique<gt_span>()) {
    std::memset(span_.get(), 0, sizeof(gt_span));
    span_->kind = static_cast<unsigned char>(kind);
    span_->status = -1;
    span_->header = {.version = GT_EVENT_VERSION, .event = GT_EVENT_SPAN, .size = Size(), .pid = 1, .executable = 0};
  }
  Record& Add(gt_string which, const std::string& text) {
    std::memcpy(span_->data + used_, text.data(), text.size());
    span_->length[which] = static_cast<unsigned short>(text.size());
    used_ += text.size();
    span_->header.size = Size();
    return *this;
  }
  gt_span* operator->() { return span_.get(); }
  gt_span& operator*() { return *span_; }
  unsigned Size() const { return static_cast<unsigned>(offsetof(gt_span, data) + used_); }
  std::optional<SpanRecord> Read() { return ReadSpanRecord(span_->header, Size()); }
  Span Assemble() { return AssembleSpan(Read().value(), {}); }

 private:
  std::unique_ptr<gt_span> span_;
  size_t used_ = 0;
};

std::map<std::string, std::string> Texts(const Span& span) {
  std::map<std::string, std::string> texts;
  for (const Attribute& attribute : span.attributes) {
    if (const auto* text = std::get_if<std::string>(&attribute.value)) texts[std::string(attribute.key.view())] = *text;
    if (const auto* number = std::get_if<int64_t>(&attribute.value)) texts[std::string(attribute.key.view())] = std::to_string(*number);
  }
  return texts;
}

TEST(ReadSpanRecord, RefusesWhatDoesNotFit) {
  Record record(GT_HTTP1_SERVER);
  record.Add(GT_STR_METHOD, "GET");
  EXPECT_TRUE(record.Read());
  EXPECT_FALSE(ReadSpanRecord(record->header, record.Size() - 1)) << "cut off";
  record->length[GT_STR_HOST] = 1;
  EXPECT_FALSE(record.Read()) << "a string beyond the end";
  record->length[GT_STR_HOST] = 0xffff;
  EXPECT_FALSE(record.Read());
  record->length[GT_STR_HOST] = 0;
  record->header.version = GT_EVENT_VERSION + 1;
  EXPECT_FALSE(record.Read()) << "another version";
  record->header.version = GT_EVENT_VERSION;
  record->header.size = 3;
  EXPECT_FALSE(record.Read()) << "smaller than its head";
}

TEST(ReadSpanRecord, TheBeginningOfAnHttp2ConnectionIsNoRequest) {  // RFC 9113, 3.4
  const auto is_request = [](gt_kind kind, const char* method, const char* target) {
    Record record(kind);
    record.Add(GT_STR_METHOD, method).Add(GT_STR_TARGET, target);
    return record.Read().has_value();
  };
  EXPECT_FALSE(is_request(GT_HTTP1_SERVER, "PRI", "*"));
  EXPECT_TRUE(is_request(GT_HTTP1_SERVER, "PRI", "/x"));
  EXPECT_TRUE(is_request(GT_HTTP1_SERVER, "OPTIONS", "*"));
  EXPECT_TRUE(is_request(GT_HTTP2_SERVER, "PRI", "*"));
}

TEST(AssembleSpan, PeersOfUnixSockets) {
  const auto peer = [](const char* text) {
    Record record(GT_HTTP1_SERVER);
    record.Add(GT_STR_METHOD, "GET").Add(GT_STR_PEER, text);
    return Texts(record.Assemble());
  };
  EXPECT_EQ(peer("@")["network.transport"], "unix");
  EXPECT_EQ(peer("@").count("network.peer.address"), 0u) << "the client's end has no name";
  EXPECT_EQ(peer("@name")["network.peer.address"], "@name");
  EXPECT_EQ(peer("/run/x")["network.peer.address"], "/run/x");
  EXPECT_EQ(peer("/run/x").count("client.address"), 0u);
  EXPECT_EQ(peer("[::1]:5")["client.address"], "::1");
  EXPECT_EQ(peer("[::1]:5").count("network.transport"), 0u);
}

TEST(SplitEndpoint, KnowsAllSpellings) {
  const auto check = [](const char* text, const char* address, std::optional<int64_t> port) {
    const Endpoint endpoint = SplitEndpoint(text);
    EXPECT_EQ(endpoint.address, address) << text;
    EXPECT_EQ(endpoint.port, port) << text;
  };
  check("127.0.0.1:80", "127.0.0.1", 80);
  check("[::1]:8080", "::1", 8080);
  check("[::1]", "::1", std::nullopt);
  check("::1", "::1", std::nullopt);
  check("example.com", "example.com", std::nullopt);
  check("example.com:", "example.com", std::nullopt);
  check("example.com:99999", "example.com", std::nullopt);
  check("@", "@", std::nullopt);
  check("/run/app.sock", "/run/app.sock", std::nullopt);
  check("[::1", "[::1", std::nullopt);
  check("", "", std::nullopt);
}

TEST(AssembleSpan, TargetsOfEveryForm) {  // RFC 9112, 3.2
  const auto texts = [](const char* method, const char* target) {
    Record record(GT_HTTP1_SERVER);
    record.Add(GT_STR_METHOD, method).Add(GT_STR_TARGET, target);
    return Texts(record.Assemble());
  };
  EXPECT_EQ(texts("GET", "/a/b?c=d?e")["url.query"], "c=d?e");
  EXPECT_EQ(texts("GET", "http://example.com/x?y")["url.path"], "/x");
  EXPECT_EQ(texts("GET", "http://example.com")["url.path"], "/");
  EXPECT_EQ(texts("GET", "/redirect?to=http://x/")["url.path"], "/redirect");
  EXPECT_EQ(texts("OPTIONS", "*")["url.path"], "*");
  EXPECT_EQ(texts("CONNECT", "example.com:443").count("url.path"), 0u);
}

TEST(AssembleSpan, RoutesAreTheMuxPatternsPath) {  // src: net/http/pattern.go: [METHOD ][HOST]/[PATH]
  const auto route = [](const char* pattern) {
    Record record(GT_HTTP1_SERVER);
    record.Add(GT_STR_METHOD, "GET").Add(GT_STR_TARGET, "/x").Add(GT_STR_ROUTE, pattern);
    return Texts(record.Assemble())["http.route"];
  };
  EXPECT_EQ(route("/items/{id}"), "/items/{id}");
  EXPECT_EQ(route("GET /items/{id}"), "/items/{id}");
  EXPECT_EQ(route("POST \t example.com/items/"), "/items/");
  EXPECT_EQ(route("nothing"), "");
}

TEST(AssembleSpan, ClientUrlsAreEscapedAsGoDoes) {  // src: net/url/url_test.go
  Record record(GT_HTTP_CLIENT);
  record.Add(GT_STR_METHOD, "")
      .Add(GT_STR_TARGET, "/a b/%\xc3\xa4;,")
      .Add(GT_STR_HOST, "h:1")
      .Add(GT_STR_SCHEME, "https");
  const Span span = record.Assemble();
  EXPECT_EQ(Texts(span)["url.full"], "https://h:1/a%20b/%25%C3%A4;,");
  EXPECT_EQ(span.name, "GET") << "an empty method means GET (src: net/http/request.go)";
}

TEST(AssembleSpan, GrpcPeers) {
  const auto peer = [](const std::string& bytes) {
    Record record(GT_GRPC_SERVER);
    record.Add(GT_STR_METHOD, "/a.B/C").Add(GT_STR_PEER, bytes);
    record->flags = GT_FLAG_PEER_BYTES;
    record->peer_port = 65535;
    return Texts(record.Assemble());
  };
  EXPECT_EQ(peer(std::string("\x7f\0\0\1", 4))["network.peer.address"], "127.0.0.1");
  EXPECT_EQ(peer(std::string("\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\1", 16))["network.peer.address"], "10.0.0.1");
  EXPECT_EQ(peer(std::string("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16))["network.peer.address"], "::1");
  EXPECT_EQ(peer(std::string("\x7f\0\0\1", 4))["network.peer.port"], "65535");
}

TEST(OpenCalls, JoinsBothEndsAndIsBounded) {
  OpenCalls calls(2);
  Record begin(GT_GRPC_CLIENT), end(GT_GRPC_CLIENT);
  begin.Add(GT_STR_METHOD, "/a.B/C");
  begin->ids.span[0] = 1;
  begin->start = 10;
  end.Add(GT_STR_MESSAGE, "broken");
  end->ids.span[0] = 1;
  end->end = 20;
  end->status = 13;
  EXPECT_EQ(calls.End(*end, end.Size()), "") << "nothing began";
  calls.Begin(*begin, begin.Size());
  const std::string whole = calls.End(*end, end.Size());
  const auto record = ReadSpanRecord(*reinterpret_cast<const gt_header*>(whole.data()), whole.size());
  ASSERT_TRUE(record);
  EXPECT_EQ(record->text[GT_STR_METHOD], "/a.B/C");
  EXPECT_EQ(record->text[GT_STR_MESSAGE], "broken");
  EXPECT_EQ(record->span->start, 10u);
  EXPECT_EQ(record->span->end, 20u);
  EXPECT_EQ(calls.End(*end, end.Size()), "") << "ended already";
  for (unsigned char i = 0; i < 10; ++i) {
    begin->ids.span[0] = i;
    calls.Begin(*begin, begin.Size());
  }
  EXPECT_EQ(calls.dropped(), 8u);
}

}  // namespace
}  // namespace gooffsets::trace
