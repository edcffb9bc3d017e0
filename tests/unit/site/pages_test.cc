// Every kind of page on a small database, with hostile names among its symbols.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "../store/make_record.h"
#include "../store/temp_dir.h"
#include "site/assets.h"
#include "site/site.h"
#include "site/static_site.h"
#include "store/store.h"

namespace gooffsets {
namespace {

namespace fs = std::filesystem;
using testing::FailedRecord;
using testing::GrpcRecord;
using ::testing::HasSubstr;
using testing::MakeField;
using testing::MakeStruct;
using ::testing::Not;
using testing::StdRecord;
using testing::TempDir;

constexpr const char* kHostile = "Evil<script>alert('x')</script>\"&";
constexpr const char* kStream = "/m/google.golang.org/grpc/-/google.golang.org/grpc/internal/transport.Stream";

class PagesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Store store = *Store::Open(path(), OpenMode::kCreate);
    BuildRecord hostile = StdRecord("1.26.8");
    hostile.packages[1].symbols[kHostile] =
        testing::Entry(MakeStruct(16, {MakeField("<b>", 0, 8, "<i>&", TypeKind::kInt)}));
    testing::Seal(&hostile);
    for (const BuildRecord& record :
         {StdRecord("1.26.6"), hostile, StdRecord("1.26.8", GoArch::kArm64),
          StdRecord("1.27.4", GoArch::kAmd64, 176, 24), GrpcRecord("1.60.1", "1.26.8"),
          GrpcRecord("1.61.0", "1.26.8", GoArch::kAmd64, 88), GrpcRecord("1.61.0", "1.26.8", GoArch::kArm64, 88),
          FailedRecord("google.golang.org/grpc", "1.62.0", "1.26.8", BuildStatus::kCompileFailed, "undefined: <x>")}) {
      Result<AddOutcome> added = store.Add(record);
      ASSERT_TRUE(added) << added.error().ToString();
    }
    db_.emplace(*Database::Open(path()));
    Result<std::shared_ptr<const SiteData>> data = SiteData::Make(*db_);
    ASSERT_TRUE(data) << data.error().ToString();
    data_ = *data;
  }
  std::string path() const { return dir_ / "offsets.db"; }
  Page Get(const std::string& path, std::map<std::string, std::string> query = {}) {
    return Render(*db_, *data_, {path, std::move(query)});
  }

  TempDir dir_;
  std::optional<Database> db_;
  std::shared_ptr<const SiteData> data_;
};

TEST_F(PagesTest, EachPageSaysItsAnswerWithoutAScript) {
  EXPECT_THAT(Get("/").body, HasSubstr("net/http.Request.URL"));
  EXPECT_THAT(Get("/coverage/").body, HasSubstr("undefined: &lt;x&gt;"));
  EXPECT_THAT(Get("/m/google.golang.org/grpc/").body, HasSubstr("google.golang.org/grpc/internal/transport"));
  EXPECT_THAT(Get("/m/std/-/net/http/").body, HasSubstr("248"));
  const Page field = Get(std::string(kStream) + ".method/");
  EXPECT_EQ(field.status, 200);
  EXPECT_THAT(field.body,
              HasSubstr("At byte 88 in the newest version, at 2 different places over 2 observed versions."));
  EXPECT_THAT(field.body, HasSubstr("1.62.0: build failed: undefined: &lt;x&gt;"));
  const Page structure = Get(std::string(kStream) + "/");
  EXPECT_THAT(structure.body, HasSubstr("method moved from 80 to 88"));
  EXPECT_THAT(structure.body, HasSubstr("id=\"layout-A\""));
  EXPECT_THAT(structure.body, HasSubstr("id=\"layout-B\""));
  const Page function = Get("/m/google.golang.org/grpc/-/google.golang.org/grpc/internal/transport.(*Stream).Method/");
  EXPECT_EQ(function.status, 200);
  EXPECT_THAT(function.body, HasSubstr("SP+8"));
  EXPECT_THAT(function.body, HasSubstr("RAX"));
  EXPECT_THAT(function.body, HasSubstr("R0"));
  // A field of a struct held by value has a page too, though no index names it.
  EXPECT_EQ(Get(std::string(kStream) + ".buf.err/").status, 200);
}

TEST_F(PagesTest, HostileTextsStayTexts) {
  const std::string evil = std::string("net/http.") + kHostile;
  for (const std::string& path : {std::string("/m/std/-/net/http/"), "/m/std/-/" + evil + "/", "/m/" + evil + "/",
                                  "/" + evil, std::string("/search/"), std::string("/search.json")}) {
    const Page page = Get(path, {{"q", evil}});
    if (page.content_type == "application/json") {
      EXPECT_THAT(page.body, HasSubstr("alert('x')</script>\\\"&\"")) << "escaped as JSON is";
      continue;
    }
    EXPECT_THAT(page.body, Not(HasSubstr("<script>alert"))) << path;
    EXPECT_THAT(page.body, Not(HasSubstr("<b><"))) << path;
  }
  EXPECT_EQ(Get("/m/std/-/" + evil + "/").status, 200);
}

TEST_F(PagesTest, NoPageNeedsMoreThanItsPolicyAllows) {
  for (const char* path : {"/", "/coverage/", "/m/std/", "/m/std/-/net/http/", "/m/std/-/net/http.Request/", "/nope"}) {
    const std::string body = Get(path).body;
    for (const char* forbidden :
         {" style=", "<style", " onclick=", " onload=", "javascript:", "http://", "https://", "//www"}) {
      EXPECT_THAT(body, Not(HasSubstr(forbidden))) << path;
    }
    EXPECT_THAT(body, HasSubstr("Content-Security-Policy"));
  }
}

TEST_F(PagesTest, AddressesWithoutTheirSlashLeadOnAndOthersAreNotFound) {
  Page page = Get("/m/std/-/net/http.Request.URL");
  EXPECT_EQ(page.status, 308);
  EXPECT_EQ(page.location, "./http.Request.URL/");
  page = Get("/s", {{"symbol", "net/http.Request.URL"}, {"module", "std"}});
  EXPECT_EQ(page.status, 303);
  EXPECT_EQ(page.location, "./m/std/-/net/http.Request.URL/");
  EXPECT_EQ(Get("/s", {{"symbol", "net/http.Request.URL"}}).location, "./m/std/-/net/http.Request.URL/");
  EXPECT_EQ(Get("/s", {{"symbol", "no such"}}).location, "./search/?q=no%20such");
  for (const char* path :
       {"/nope", "/m/", "/m/no/such/", "/m/std/-/net/http.Nope/", "/m/std/-/x/", "/assets/x.js", "//", "/../"}) {
    EXPECT_EQ(Get(path).status, 404) << path;
  }
  EXPECT_THAT(Get("/m/std/-/net/http.Reques/").body, HasSubstr("net/http.Request"));
  EXPECT_EQ(Get("/" + std::string(5000, 'x')).status, 404);
}

TEST_F(PagesTest, SearchFindsAsTheIndexDoes) {
  EXPECT_THAT(Get("/search/", {{"q", "request url"}}).body, HasSubstr("m/std/-/net/http.Request.URL/"));
  EXPECT_THAT(Get("/search/", {{"q", "zzz"}}).body, HasSubstr("Nothing has"));
  const Page json = Get("/search.json", {{"q", "request url"}});
  EXPECT_EQ(json.content_type, "application/json");
  EXPECT_THAT(json.body, HasSubstr("\"address\":\"m/std/-/net/http.Request.URL/\""));
  EXPECT_EQ(Get("/search.json", {{"q", ""}}).body, "{\"hits\":[]}");
}

TEST_F(PagesTest, EqualRequestsGiveEqualBytesAndAssetsNameTheirContent) {
  const Page one = Get("/m/std/-/net/http.Request/");
  Result<Database> other = Database::Open(path());
  ASSERT_TRUE(other);
  Result<std::shared_ptr<const SiteData>> data = SiteData::Make(*other);
  ASSERT_TRUE(data);
  const Page two = Render(*other, **data, {"/m/std/-/net/http.Request/", {}});
  EXPECT_EQ(one.body, two.body);
  EXPECT_EQ(one.etag, two.etag);
  EXPECT_NE(one.etag, Get("/").etag);
  for (const Asset& asset : Assets()) {
    const Page page = Get("/" + asset.address);
    EXPECT_EQ(page.status, 200);
    EXPECT_TRUE(page.immutable);
    EXPECT_EQ(page.body, asset.text);
    EXPECT_FALSE(page.body.empty());
  }
}

std::map<std::string, std::string> FilesBelow(const fs::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    files[fs::relative(entry.path(), directory).string()] = text.str();
  }
  return files;
}

TEST_F(PagesTest, AStaticCopyIsWholeAndTheSameEachTime) {
  StaticSiteOptions options;
  options.packages = {"net/http"};
  options.symbols = {"google.golang.org/grpc/internal/transport.Stream.method"};
  for (const char* name : {"one", "two"}) {
    Result<StaticSiteCounts> counts = WriteStaticSite(*db_, dir_ / name, options);
    ASSERT_TRUE(counts) << counts.error().ToString();
    EXPECT_EQ(counts->left_out, 0u);
  }
  const std::map<std::string, std::string> files = FilesBelow(dir_ / "one");
  EXPECT_EQ(files, FilesBelow(dir_ / "two"));
  // Every link of every page that does not leave the copy leads to a file of it.
  size_t links = 0;
  for (const auto& [name, text] : files) {
    if (!name.ends_with(".html")) continue;
    for (size_t at = text.find("href=\""); at != std::string::npos; at = text.find("href=\"", at + 1)) {
      std::string href = text.substr(at + 6, text.find('"', at + 6) - at - 6);
      href = href.substr(0, href.find('#'));
      if (href.empty()) continue;
      fs::path target = (fs::path(name).parent_path() / href).lexically_normal();
      if (!target.has_filename() || target == ".") target /= "index.html";
      EXPECT_TRUE(files.contains(target.lexically_normal().string())) << name << " links to " << href;
      ++links;
    }
  }
  EXPECT_GT(links, 50u);
  EXPECT_THAT(files.at("search/ur.json"), HasSubstr("Request.URL"));
  // The next copy replaces an earlier one, and nothing else.
  std::ofstream(fs::path(dir_ / "one") / "left.over") << "x";
  ASSERT_TRUE(WriteStaticSite(*db_, dir_ / "one", options));
  EXPECT_EQ(files, FilesBelow(dir_ / "one"));
  fs::create_directories(fs::path(dir_ / "other"));
  std::ofstream(fs::path(dir_ / "other") / "mine.txt") << "x";
  EXPECT_FALSE(WriteStaticSite(*db_, dir_ / "other", options));
  EXPECT_TRUE(fs::exists(fs::path(dir_ / "other") / "mine.txt"));
  options.max_pages = 1;
  Result<StaticSiteCounts> few = WriteStaticSite(*db_, dir_ / "few", options);
  ASSERT_TRUE(few);
  EXPECT_GT(few->left_out, 0u);
}

}  // namespace
}  // namespace gooffsets
