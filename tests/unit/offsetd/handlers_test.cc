// Handlers as pure functions, over a database of hand-made records: what is expected is what the records say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "../fuzz_replay.h"
#include "../store/make_record.h"
#include "../store/temp_dir.h"
#include "router.h"
#include "snapshot.h"
#include "store/store.h"

#define LLVMFuzzerTestOneInput FuzzHttpRequest
#include "../../../fuzz/http_request_fuzz.cc"
#undef LLVMFuzzerTestOneInput

namespace gooffsets {
namespace {

using nlohmann::json;
using testing::TempDir;

class HandlersTest : public ::testing::Test {
 protected:
  void SetUp() override {
    {
      auto store = *Store::Open(dir_ / "offsets.db", OpenMode::kCreate);
      ASSERT_TRUE(store.Add(testing::StdRecord("1.26.8")));
      ASSERT_TRUE(store.Add(testing::GrpcRecord("1.60.1", "1.26.8")));
    }
    auto loaded = Snapshot::Load({.path = dir_ / "offsets.db", .temporary = dir_ / ""});
    ASSERT_TRUE(loaded) << loaded.error().ToString();
    snapshot_ = *loaded;
    service_.snapshot = snapshot_.get();
    service_.settings = &settings_;
  }
  HttpResponse Get(const std::string& target) { return Handle({.target = target}, service_); }
  json GetJson(const std::string& target, int status = 200) {
    HttpResponse response = Get(target);
    EXPECT_EQ(response.status, status) << target << "\n" << response.body;
    return json::parse(response.body);
  }
  HttpResponse Resolve(const std::string& body, const std::string& authorization = "") {
    return Handle({.method = "POST", .target = "/v1/resolve", .authorization = authorization, .body = body}, service_);
  }

  TempDir dir_;
  std::shared_ptr<const Snapshot> snapshot_;
  ServiceSettings settings_;
  Service service_;
};

constexpr const char* kStdUrl = "/v1/offsets?module=std&version=go1.26.8&goarch=amd64&symbol=net/http.Request.URL";

TEST_F(HandlersTest, AnswersAsTheRecordSays) {
  json answer = GetJson(kStdUrl);
  EXPECT_EQ(answer["status"], "found");
  EXPECT_EQ(answer["offset"], 16);
  EXPECT_EQ(answer["version"], "1.26.8");
  answer = GetJson("/v1/functions?module=std&version=1.26.8&goarch=amd64&symbol=net/http.ListenAndServe");
  EXPECT_EQ(answer["params"][0]["pieces"][0]["reg"], "RAX");
  answer = GetJson(
      "/v1/runs?module=google.golang.org/grpc&goarch=amd64&symbol=google.golang.org/grpc/internal/"
      "transport.Stream.method");
  EXPECT_EQ(answer["runs"][0]["first"], "1.60.1");
  EXPECT_EQ(answer["runs"][0]["offset"], 80);
}

TEST_F(HandlersTest, AbsentAndUnknownAreAnswers) {
  EXPECT_EQ(GetJson("/v1/offsets?module=std&version=1.26.8&goarch=amd64&symbol=net/http.Request.Nope")["status"],
            "absent");
  EXPECT_EQ(
      GetJson("/v1/offsets?module=example.com/none&version=1.0.0&goarch=amd64&symbol=example.com/none.T")["status"],
      "unknown");
}

TEST_F(HandlersTest, MalformedQuestionsAreProblems) {
  for (const std::string query :
       {"", "?module=std", "?module=std&version=1.26.8&goarch=amd64", "?module=std&version=x&goarch=amd64&symbol=a.T",
        "?module=std&version=1.26.8&goarch=mips&symbol=a.T", "?module=std&version=1.26.8&goarch=amd64&symbol=nodot",
        "?module=std&version=1.26.8&goarch=amd64&symbol=a.T&arch=amd64",
        "?module=std&version=1.26.8&goarch=amd64&symbol=a.T&promoted=2",
        "?module=std&version=1.26.8&go=1.25.0&goarch=amd64&symbol=a.T",
        "?module=&version=1.26.8&goarch=amd64&symbol=a.T"}) {
    HttpResponse response = Get("/v1/offsets" + query);
    EXPECT_EQ(response.status, 400) << query << response.body;
    EXPECT_EQ(response.content_type, "application/problem+json");
    EXPECT_EQ(json::parse(response.body)["status"], 400);
    EXPECT_EQ(response.caching, Caching::kNever);
  }
  EXPECT_EQ(Get("/v1/nothing").status, 404);
  EXPECT_EQ(Get("/v1/versions?module=example.com/none").status, 404);
  EXPECT_EQ(Get("/v1/functions?module=std&version=1.26.8&goarch=amd64&symbol=net/http.Request").status, 404);
  EXPECT_EQ(Get("/v1/symbols?prefix=a&q=b").status, 400);
  EXPECT_EQ(Get("/v1/symbols?prefix=a&limit=0").status, 400);
  EXPECT_EQ(Get("/v1/symbols?prefix=a&limit=99999999999999999999").status, 400);
  EXPECT_EQ(Get("/" + std::string(5000, 'a')).status, 414);
  EXPECT_EQ(Handle({.method = "DELETE", .target = kStdUrl}, service_).status, 405);
  EXPECT_EQ(Handle({.method = "OPTIONS", .target = kStdUrl}, service_).status, 405) << "no CORS unless asked for";
}

TEST_F(HandlersTest, TheSameQuestionHasTheSameEtagAndAnotherDatabaseAnother) {
  const std::string etag = Get(kStdUrl).etag;
  EXPECT_FALSE(etag.empty());
  EXPECT_EQ(Get("/v1/offsets?symbol=net%2Fhttp.Request.URL&goarch=amd64&version=go1.26.8&module=std").etag, etag);
  {
    auto store = *Store::Open(dir_ / "offsets.db", OpenMode::kReadWrite);
    ASSERT_TRUE(store.Add(testing::StdRecord("1.26.9")));
  }
  auto other = Snapshot::Load({.path = dir_ / "offsets.db", .temporary = dir_ / ""});
  ASSERT_TRUE(other);
  service_.snapshot = other->get();
  EXPECT_NE(Get(kStdUrl).etag, etag);
}

TEST_F(HandlersTest, ListsWhatTheDatabaseHas) {
  json modules = GetJson("/v1/modules")["modules"];
  EXPECT_THAT(modules,
              ::testing::Contains(json{{"module", "std"}, {"versions", 1}, {"first", "1.26.8"}, {"last", "1.26.8"}}));
  json versions = GetJson("/v1/versions?module=std")["versions"];
  EXPECT_EQ(versions[0]["amd64"]["builds"], 1);
  EXPECT_EQ(versions[0]["arm64"]["builds"], 0);
  json symbols = GetJson("/v1/symbols?prefix=net/http.Request&limit=2");
  EXPECT_EQ(symbols["symbols"][0]["symbol"], "net/http.Request");
  EXPECT_EQ(symbols["more"], true);
}

TEST_F(HandlersTest, ResolvesAProgramThatIsElsewhere) {
  HttpResponse response =
      Resolve(R"({"binary":{"goarch":"amd64","go_version":"1.26.8"},"wants":["net/http.Request.URL"]})");
  ASSERT_EQ(response.status, 200) << response.body;
  json want = json::parse(response.body)["probes"][0]["wants"][0];
  EXPECT_EQ(want["status"], "found");
  EXPECT_EQ(want["offset"], 16);
  EXPECT_EQ(Resolve("{").status, 400);
  EXPECT_EQ(Resolve("").status, 400);
  EXPECT_EQ(Get("/v1/resolve").status, 405);
}

TEST_F(HandlersTest, ATokenGuardsResolveAlone) {
  settings_.resolve_token = "0123456789abcdef";
  const std::string body = R"({"binary":{"goarch":"amd64"},"wants":["net/http.Request.URL"]})";
  EXPECT_EQ(Resolve(body).status, 401);
  EXPECT_EQ(Resolve(body, "Bearer 0123456789abcdeX").status, 401);
  EXPECT_EQ(Resolve(body, "Bearer 0123456789abcdef0").status, 401);
  EXPECT_EQ(Resolve(body, "Bearer 0123456789abcdef").status, 200);
  EXPECT_EQ(Get(kStdUrl).status, 200);
}

TEST_F(HandlersTest, CorsIsOnlyThereWhenAskedFor) {
  EXPECT_TRUE(Get(kStdUrl).headers.empty());
  settings_.cors_origin = "https://example.com";
  EXPECT_THAT(Get(kStdUrl).headers,
              ::testing::Contains(::testing::Pair("Access-Control-Allow-Origin", "https://example.com")));
  EXPECT_EQ(Handle({.method = "OPTIONS", .target = kStdUrl}, service_).status, 204);
}

TEST_F(HandlersTest, FilesOfAFeedAndNothingElse) {
  namespace fs = std::filesystem;
  const std::string digest(64, 'a');
  fs::create_directories(dir_ / "feed/blobs");
  std::ofstream(dir_ / "feed/manifest.json") << "{}";
  std::ofstream(dir_ / "feed/blobs/" + digest) << "0123456789";
  std::ofstream(dir_ / "secret") << "secret";
  std::ofstream(dir_ / "feed/.hidden") << "hidden";
  fs::create_symlink(dir_ / "secret", dir_ / "feed/link");
  fs::create_directory_symlink(dir_ / "", dir_ / "feed/up");
  EXPECT_EQ(Get("/feed/manifest.json").status, 404) << "no feed unless asked for";
  settings_.feed_directory = dir_ / "feed";
  HttpResponse manifest = Get("/feed/manifest.json");
  EXPECT_EQ(manifest.status, 200);
  EXPECT_EQ(manifest.caching, Caching::kRevalidate);
  HttpResponse blob = Handle({.target = "/feed/blobs/" + digest, .range = "bytes=3-5"}, service_);
  EXPECT_EQ(blob.status, 206);
  EXPECT_EQ(blob.caching, Caching::kForever);
  EXPECT_EQ(blob.file->offset, 3U);
  EXPECT_EQ(blob.file->size, 3U);
  EXPECT_EQ(Handle({.target = "/feed/blobs/" + digest, .range = "bytes=10-"}, service_).status, 416);
  EXPECT_EQ(Handle({.target = "/feed/blobs/" + digest, .if_range = "\"other\"", .range = "bytes=3-5"}, service_).status,
            200);
  for (const std::string path : {"../secret", "%2e%2e/secret", "..%2fsecret", "link", "up/secret", ".hidden", "blobs",
                                 "blobs/", "", "manifest.json/", "manifest.json%00", "blobs/../../secret", "none"}) {
    const int status = Get("/feed/" + path).status;
    EXPECT_TRUE(status == 404 || status == 400) << path << " " << status;
  }
}

TEST_F(HandlersTest, TheStateOfTheProcess) {
  EXPECT_EQ(Get("/healthz").status, 200);
  EXPECT_EQ(Get("/readyz").status, 200);
  EXPECT_EQ(GetJson("/v1/status")["database"]["sha256"], snapshot_->info().sha256);
  EXPECT_THAT(Get("/openapi.yaml").body, ::testing::StartsWith("openapi: 3"));
  service_.draining = true;
  EXPECT_EQ(Get("/readyz").status, 503);
  service_.draining = false;
  service_.snapshot = nullptr;
  EXPECT_EQ(Get("/readyz").status, 503);
  EXPECT_EQ(Get("/healthz").status, 200);
  EXPECT_EQ(Get(kStdUrl).status, 503);
}

TEST_F(HandlersTest, FilesThatAreNoSnapshotAreRefused) {
  std::ofstream(dir_ / "text") << std::string(5000, 'x');
  EXPECT_EQ(Snapshot::Load({.path = dir_ / "text"}).error().code, ErrorCode::kBadInput);
  EXPECT_EQ(Snapshot::Load({.path = dir_ / "none"}).error().code, ErrorCode::kNotFound);
}

TEST(FuzzReplay, IncomingRequest) { EXPECT_GE(testing::Replay("http_request", FuzzHttpRequest), 8U); }

}  // namespace
}  // namespace gooffsets
