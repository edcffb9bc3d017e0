#include "gooffsets/symbol_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "make_record.h"
#include "store/store.h"
#include "temp_dir.h"

namespace gooffsets {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::FailedRecord;
using testing::GrpcRecord;
using ::testing::IsEmpty;
using testing::StdRecord;
using testing::TempDir;

class SymbolIndexTest : public ::testing::Test {
 protected:
  void Add(const BuildRecord& record) {
    if (!store_) store_ = *Store::Open(path(), OpenMode::kCreate);
    Result<AddOutcome> added = store_->Add(record);
    ASSERT_TRUE(added) << added.error().ToString();
  }
  std::string path() const { return dir_ / "offsets.db"; }
  SymbolIndex Index() {
    Result<Database> db = Database::Open(path());
    EXPECT_TRUE(db);
    Result<SymbolIndex> index = SymbolIndex::Make(*db);
    EXPECT_TRUE(index) << (index ? "" : index.error().ToString());
    return std::move(*index);
  }
  static std::vector<std::string> Names(const std::vector<Symbol>& symbols) {
    std::vector<std::string> names;
    for (const Symbol& symbol : symbols) names.push_back(symbol.Full());
    return names;
  }

 private:
  TempDir dir_;
  std::optional<Store> store_;
};

TEST_F(SymbolIndexTest, FindsWordsInAnyCaseAndAcrossTheDot) {
  Add(StdRecord("1.26.8"));
  SymbolIndex index = Index();
  for (const char* text :
       {"net/http.Request.URL", "http.request.url", "URL http", "  request   url ", "HTTP.Req url"}) {
    std::vector<std::string> names = Names(index.Search({.text = text, .module = "", .kind = {}}, 10));
    ASSERT_FALSE(names.empty()) << text;
    EXPECT_EQ(names[0], "net/http.Request.URL") << text;
  }
  for (const char* text : {"", " ", "zzz", "request zzz", "ttp.Request", "URL.http"}) {
    EXPECT_THAT(Names(index.Search({.text = text, .module = "", .kind = {}}, 10)), IsEmpty()) << text;
  }
}

TEST_F(SymbolIndexTest, WholeNamesComeFirst) {
  Add(StdRecord("1.26.8"));
  SymbolIndex index = Index();
  std::vector<Symbol> hits = index.Search({.text = "request", .module = "", .kind = {}}, 10);
  ASSERT_FALSE(hits.empty());
  EXPECT_EQ(hits[0].Full(), "net/http.Request");
  EXPECT_EQ(hits[0].kind, SymbolKind::kStruct);
  EXPECT_EQ(index.Search({.text = "request", .module = "", .kind = {}}, 1).size(), 1u);
  for (const Symbol& hit : index.Search({.text = "request", .module = "", .kind = SymbolKind::kField}, 10)) {
    EXPECT_EQ(hit.kind, SymbolKind::kField);
  }
}

TEST_F(SymbolIndexTest, PrefixesAreTakenAsSpelledAndInByteOrder) {
  Add(StdRecord("1.26.8"));
  Add(GrpcRecord("1.60.1", "1.26.8"));
  SymbolIndex index = Index();
  std::vector<std::string> fields = Names(index.WithPrefix("std", "net/http.Request.", 100));
  EXPECT_THAT(fields, Contains("net/http.Request.URL"));
  EXPECT_TRUE(std::is_sorted(fields.begin(), fields.end()));
  EXPECT_THAT(Names(index.WithPrefix("std", "net/http.request.", 100)), IsEmpty());
  EXPECT_EQ(index.WithPrefix("", "", 3).size(), 3u);
  EXPECT_EQ(index.WithPrefix("", "", 1000).size(), index.size());
  EXPECT_THAT(Names(index.WithPrefix("google.golang.org/grpc", "net/", 100)), IsEmpty());
  EXPECT_TRUE(index.Find("std", "net/http.Request.URL"));
  EXPECT_FALSE(index.Find("std", "net/http.Request.UR"));
  EXPECT_FALSE(index.Find("google.golang.org/grpc", "net/http.Request.URL"));
}

TEST_F(SymbolIndexTest, WhatAnyVersionHadIsThereOnceAndPackagesAreCounted) {
  Add(StdRecord("1.26.7"));
  Add(StdRecord("1.26.8"));
  Add(StdRecord("1.26.8", GoArch::kArm64));
  SymbolIndex index = Index();
  std::vector<std::string> all = Names(index.WithPrefix("", "", 1000));
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size());
  size_t symbols = 0;
  for (const IndexedPackage& package : index.Packages()) {
    EXPECT_EQ(package.module, "std");
    EXPECT_EQ(package.newest, "1.26.8");
    EXPECT_EQ(index.Of(package.module, package.path).size(), package.structs + package.fields + package.functions);
    symbols += package.structs + package.fields + package.functions;
  }
  EXPECT_EQ(symbols, index.size());
  EXPECT_THAT(index.Of("std", "no/such"), IsEmpty());
}

TEST_F(SymbolIndexTest, CoverageTellsBuiltFromFailedAndListed) {
  Add(StdRecord("1.26.8"));
  Add(StdRecord("1.26.7", GoArch::kArm64));
  Add(FailedRecord("google.golang.org/grpc", "1.59.0", "1.26.8", BuildStatus::kCompileFailed, "undefined: x"));
  Add(GrpcRecord("1.60.1", "1.26.8"));
  Result<Database> db = Database::Open(path());
  ASSERT_TRUE(db);
  Result<std::vector<VersionCoverage>> std_coverage = db->Coverage("std");
  ASSERT_TRUE(std_coverage) << std_coverage.error().ToString();
  ASSERT_GE(std_coverage->size(), 2u);
  const VersionCoverage& newest = std_coverage->back();
  EXPECT_EQ(newest.version, "1.26.8");
  EXPECT_EQ(newest.amd64.builds, 1u);
  EXPECT_THAT(newest.amd64.go, ElementsAre("1.26.8"));
  EXPECT_GT(newest.amd64.packages, 0u);
  EXPECT_EQ(newest.arm64.builds, 0u);
  Result<std::vector<VersionCoverage>> grpc = db->Coverage("google.golang.org/grpc");
  ASSERT_TRUE(grpc);
  ASSERT_EQ(grpc->size(), 2u);
  EXPECT_EQ((*grpc)[0].version, "1.59.0");
  EXPECT_EQ((*grpc)[0].amd64.failure, "undefined: x");
  EXPECT_EQ((*grpc)[0].amd64.builds, 0u);
  EXPECT_EQ((*grpc)[1].amd64.failure, "");
  Result<std::vector<VersionCoverage>> none = db->Coverage("no/such");
  ASSERT_TRUE(none);
  EXPECT_THAT(*none, IsEmpty());
}

}  // namespace
}  // namespace gooffsets
