// What is read from clients: addresses, ranges, encodings, bodies; and what is written of them to the log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "access_log.h"
#include "content.h"
#include "http_range.h"
#include "json_members.h"
#include "listen.h"
#include "rate_limit.h"
#include "resolve_request.h"
#include "target.h"

namespace gooffsets {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(RequestTarget, DecodesPathAndParameters) {
  Result<RequestTarget> target =
      ParseRequestTarget("/v1/offsets?module=std&symbol=net%2fhttp.Request&empty=&q=a+b%2B&go");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/v1/offsets");
  EXPECT_EQ(target->Get("symbol"), "net/http.Request");
  EXPECT_EQ(target->Get("q"), "a b+");
  ASSERT_NE(target->Find("go"), nullptr);
  EXPECT_EQ(target->Get("nothing"), "");
  EXPECT_EQ(target->Find("nothing"), nullptr);
}

TEST(RequestTarget, RefusesWhatTwoReadersCouldReadDifferently) {
  for (const std::string text : {"", "v1", "/a?x=%", "/a?x=%1", "/a?x=%zz", "/a?x=%00", "/a?x=%0a", "/%ff", "/a?x=%c3",
                                 "/a?x=1&x=2", "/a/../b", "/a/./b", "/..", "//b", "/a//b", "/%2e%2e/etc", "/a?x=%7f"}) {
    EXPECT_FALSE(ParseRequestTarget(text)) << text;
  }
  EXPECT_FALSE(ParseRequestTarget("/" + std::string(kLongestTarget, 'a')));
  EXPECT_TRUE(ParseRequestTarget("/a/b/"));
  EXPECT_TRUE(ParseRequestTarget("/...x"));
}

TEST(RequestTarget, CanonicalFormIsOneForAllSpellings) {
  EXPECT_EQ(ParseRequestTarget("/a?x=1&y=%32")->Canonical(), ParseRequestTarget("/a?y=2&x=1")->Canonical());
  EXPECT_NE(ParseRequestTarget("/a?x=1&y=2")->Canonical(), ParseRequestTarget("/a?x=1y&=2")->Canonical());
}

// The examples of RFC 9110 §14.1.2, of a representation with 10000 bytes.
TEST(Range, ReadsTheExamplesOfTheStandard) {
  const auto part = [](std::string_view header) { return ParseByteRange(header, 10000); };
  EXPECT_EQ(part("bytes=0-499").offset, 0U);
  EXPECT_EQ(part("bytes=0-499").size, 500U);
  EXPECT_EQ(part("bytes=500-999").offset, 500U);
  EXPECT_EQ(part("bytes=-500").offset, 9500U);
  EXPECT_EQ(part("bytes=9500-").size, 500U);
  EXPECT_EQ(part("bytes=0-99999999").size, 10000U);
  EXPECT_EQ(part("bytes=10000-").kind, ByteRange::Kind::kUnsatisfiable);
  EXPECT_EQ(part("bytes=-0").kind, ByteRange::Kind::kUnsatisfiable);
  for (const char* ignored : {"bytes=0-0,-1", "lines=1-2", "bytes=", "bytes=5-1", "bytes=a-b", "bytes=-",
                              "bytes=99999999999999999999-", "bytes=1-99999999999999999999", "bytes= 1-2"}) {
    EXPECT_EQ(part(ignored).kind, ByteRange::Kind::kAll) << ignored;
  }
  EXPECT_EQ(ParseByteRange("bytes=0-", 0).kind, ByteRange::Kind::kUnsatisfiable);
}

TEST(Content, ChoosesWhatTheClientPrefers) {
  EXPECT_EQ(ChooseEncoding(""), Encoding::kIdentity);
  EXPECT_EQ(ChooseEncoding("gzip, deflate, br"), Encoding::kGzip);
  EXPECT_EQ(ChooseEncoding("gzip, zstd"), Encoding::kZstd);
  EXPECT_EQ(ChooseEncoding("gzip;q=1.0, zstd;q=0.5"), Encoding::kGzip);
  EXPECT_EQ(ChooseEncoding("gzip;q=0, zstd;q=0.0"), Encoding::kIdentity);
  EXPECT_EQ(ChooseEncoding("GZIP"), Encoding::kGzip);
  EXPECT_EQ(ChooseEncoding("*"), Encoding::kZstd);
  EXPECT_EQ(ChooseEncoding("*;q=0, gzip"), Encoding::kGzip);
  EXPECT_EQ(ChooseEncoding("gzip;q=abc, ,;;,="), Encoding::kIdentity);
}

TEST(Content, EtagsAreComparedWeaklyAndOneForEachEncoding) {
  EXPECT_EQ(EtagOf("\"abc\"", Encoding::kGzip), "\"abc-gzip\"");
  EXPECT_TRUE(HasMatch("\"x\", W/\"abc\"", "\"abc\""));
  EXPECT_TRUE(HasMatch("*", "\"abc\""));
  EXPECT_FALSE(HasMatch("\"abc-gzip\"", "\"abc\""));
  EXPECT_FALSE(HasMatch("abc", "\"abc\""));
  EXPECT_FALSE(HasMatch("", "\"abc\""));
}

TEST(JsonMembers, CutsAnObjectIntoItsParts) {
  auto members = JsonMembers(R"( {"a" : [1, "]}", {"x": "\""}] , "b":"\\", "c":12 } )", 8);
  ASSERT_TRUE(members) << members.error().ToString();
  ASSERT_THAT(*members, SizeIs(3));
  EXPECT_EQ((*members)[0].value, R"([1, "]}", {"x": "\""}])");
  EXPECT_EQ((*members)[1].value, R"("\\")");
  EXPECT_EQ((*members)[2].value, "12");
  EXPECT_THAT(*JsonMembers("{}", 8), SizeIs(0));
}

TEST(JsonMembers, RefusesWhatDoesNotCloseAndWhatIsTooDeep) {
  for (const char* text : {"", "[]", "{", "{\"a\"", "{\"a\":", "{\"a\":}", "{\"a\":1", "{\"a\":1,}", "{\"a\":[1}",
                           "{\"a\":1}x", "{\"a\":\"", "{\"a\":\"\\", "{\"a\":1,\"a\":2}", "{a:1}"}) {
    Result<std::vector<JsonMember>> members = JsonMembers(text, 8);
    // Brackets that do not match are for the value's own reader to refuse.
    if (members && std::string_view(text) == "{\"a\":[1}") continue;
    EXPECT_FALSE(members) << text;
  }
  EXPECT_TRUE(JsonMembers("{\"a\":" + std::string(7, '[') + std::string(7, ']') + "}", 8));
  EXPECT_FALSE(JsonMembers("{\"a\":" + std::string(8, '[') + std::string(8, ']') + "}", 8));
  EXPECT_FALSE(JsonMembers("{\"a\":" + std::string(1'000'000, '[') + "}", 8));
}

TEST(ResolveRequest, TakesAWantListInThreeForms) {
  const std::string binary = R"("binary":{"goarch":"arm64"})";
  Result<ResolveRequest> text =
      ParseResolveRequest("{" + binary + R"(,"wants":"[probe.p]\nneed = [\"net/http.Request.URL\"]\n"})");
  Result<ResolveRequest> object =
      ParseResolveRequest("{" + binary + R"(,"wants":{"probe":{"p":{"need":["net/http.Request.URL"]}}}})");
  ASSERT_TRUE(text) << text.error().ToString();
  ASSERT_TRUE(object) << object.error().ToString();
  EXPECT_EQ(text->wants, object->wants);
  EXPECT_TRUE(object->wants.probes.at(0).wants.at(0).needed);
  Result<ResolveRequest> list =
      ParseResolveRequest("{" + binary + R"(,"wants":["a.T.x", "net/http.(*Server).Serve"]})");
  ASSERT_TRUE(list) << list.error().ToString();
  EXPECT_EQ(list->wants.probes.at(0).name, "items");
  EXPECT_THAT(list->wants.probes.at(0).wants, SizeIs(2));
  EXPECT_FALSE(list->wants.probes.at(0).wants.at(0).needed);
}

TEST(ResolveRequest, ABareListIsWhatItsTomlWouldBe) {
  // Lists of plain texts are read in a shorter way than others: with an escape, a space where none is usual, a letter.
  for (const std::string last : {R"("a.T"])", R"( "a.T" ] )", R"("a/\u00e4.T"])", R"("a\/b.T"])"}) {
    const std::string symbols = R"(["net/http.Request.URL", "net/http.Request", "net/http.(*Server).Serve",)"
                                R"("*net/http.response:net/http.ResponseWriter",)" +
                                last;
    Result<ResolveRequest> list = ParseResolveRequest(R"({"binary":{"goarch":"arm64"},"wants":)" + symbols + "}");
    ASSERT_TRUE(list) << list.error().ToString();
    const std::string same = last.find("\\/") == std::string::npos
                                 ? symbols
                                 : symbols.substr(0, symbols.size() - last.size()) + R"("a/b.T"])";
    Result<WantList> toml = ParseWantList("[probe.items]\nwant = " + same, "wants");
    ASSERT_TRUE(toml) << toml.error().ToString();
    EXPECT_EQ(list->wants, *toml) << last;
  }
  for (const std::string broken :
       {R"(["a.T")", R"(["a.T",])", R"(["a.T" "b.T"])", R"(["a.T]", "["a.T"])", R"(["a.T"]])", "[\"a\n.T\"]"}) {
    EXPECT_FALSE(ParseResolveRequest(R"({"binary":{"goarch":"arm64"},"wants":)" + broken + "}")) << broken;
  }
  EXPECT_FALSE(ParseResolveRequest(R"({"binary":{"goarch":"arm64"},"wants":[]})"));
  Result<ResolveRequest> twice = ParseResolveRequest(R"({"binary":{"goarch":"arm64"},"wants":["a.T","a.T"]})");
  ASSERT_FALSE(twice);
  EXPECT_THAT(twice.error().message, HasSubstr("two wants"));
}

TEST(ResolveRequest, KeepsTheOrderOfProbes) {
  Result<ResolveRequest> request = ParseResolveRequest(
      R"({"binary":{"goarch":"amd64"},"wants":{"probe":{"z":{"want":["a.T"]},"a":{"want":["a.T"]}}}})");
  ASSERT_TRUE(request) << request.error().ToString();
  EXPECT_EQ(request->wants.probes.at(0).name, "z");
}

TEST(ResolveRequest, SaysWhatIsWrong) {
  const auto wrong = [](const std::string& body) {
    Result<ResolveRequest> request = ParseResolveRequest(body);
    return request ? "nothing" : request.error().message;
  };
  EXPECT_THAT(wrong("{}"), HasSubstr("binary"));
  EXPECT_THAT(wrong(R"({"binary":{"goarch":"amd64"}})"), HasSubstr("wants"));
  EXPECT_THAT(wrong(R"({"binary":{"goarch":"mips"},"wants":["a.T"]})"), HasSubstr("mips"));
  EXPECT_THAT(wrong(R"({"binary":{"goarch":"amd64"},"wants":[1]})"), HasSubstr("wants"));
  EXPECT_THAT(wrong(R"({"binary":{"goarch":"amd64"},"wants":["nopackage"]})"), HasSubstr("nopackage"));
  EXPECT_THAT(wrong(R"({"binary":{"goarch":"amd64"},"wants":["a.T"],"more":1})"), HasSubstr("more"));
  EXPECT_THAT(wrong(R"({"binary":{"goarch":"amd64"},"wants":{"probe":{"p":{"nede":["a.T"]}}}})"), HasSubstr("nede"));
  std::string many;
  for (size_t i = 0; i <= kMostWantedItems; ++i) many += (i == 0 ? "\"a.T" : ",\"a.T") + std::to_string(i) + "\"";
  EXPECT_THAT(wrong(R"({"binary":{"goarch":"amd64"},"wants":[)" + many + "]}"), HasSubstr("2000"));
}

TEST(RateLimit, GivesABurstThenTheRateAndTellsAddressesApart) {
  constexpr int64_t kSecond = 1'000'000'000;
  RateLimit limit({.rate = 2, .burst = 3, .places = 1 << 16});
  const std::string one("\x0a\0\0\1", 4), other("\x0a\0\0\2", 4);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limit.Take(one, 0));
  EXPECT_FALSE(limit.Take(one, 0));
  EXPECT_TRUE(limit.Take(other, 0));
  EXPECT_TRUE(limit.Take(one, kSecond / 2));
  EXPECT_FALSE(limit.Take(one, kSecond / 2));
  EXPECT_FALSE(limit.Take(one, kSecond / 4)) << "a clock that went back gives nothing";
  EXPECT_TRUE(limit.Take(one, 100 * kSecond));
  RateLimit none({});
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(none.Take(one, 0));
}

TEST(RateLimit, CountsOneNetworkOfVersion6AsOneClient) {
  RateLimit limit({.rate = 1, .burst = 1});
  std::string first = ParseAddress("2001:db8:1:2::1"), second = ParseAddress("2001:db8:1:2:ffff::9");
  EXPECT_TRUE(limit.Take(first, 0));
  EXPECT_FALSE(limit.Take(second, 0));
  EXPECT_EQ(ParseAddress("::ffff:10.0.0.1"), ParseAddress("10.0.0.1"));
  EXPECT_EQ(AddressText(ParseAddress("2001:db8::1")), "2001:db8::1");
  EXPECT_EQ(ParseAddress("10.0.0.1, x"), "");
}

TEST(AccessLog, NoClientCanForgeALine) {
  const std::string line = AccessLogLine({.client = "10.0.0.1",
                                          .method = "GET",
                                          .target = "/a\n{\"status\":200}\x1b[31m\xff\xc2\x9b\"",
                                          .agent = std::string_view("curl\r\n\0x", 8),
                                          .status = 404,
                                          .bytes = 12,
                                          .seconds = 0.0015},
                                         1'800'000'000'123);
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  const nlohmann::json parsed = nlohmann::json::parse(line);
  EXPECT_EQ(parsed["time"], "2027-01-15T08:00:00.123Z");  // date -u -d @1800000000
  EXPECT_EQ(parsed["status"], 404);
  EXPECT_EQ(parsed["us"], 1500);
  EXPECT_EQ(parsed["agent"], "curl???x");
  EXPECT_LT(AccessLogLine({.target = std::string(100'000, 'a')}, 0).size(), 2000U);
}

}  // namespace
}  // namespace gooffsets
