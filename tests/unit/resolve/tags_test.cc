// For which programs a package's stored layout is exact, by the build tags on which its files depend.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "../store/make_record.h"
#include "../store/temp_dir.h"
#include "program.h"
#include "store/store.h"

namespace gooffsets {
namespace {

using testing::Chain;
using testing::Program;
using testing::TempDir;
using Kind = DatabaseAnswer::Kind;
using Tags = std::optional<std::vector<std::string>>;

const ModuleVersion kModule = {"example.com/m", "1.0.0"};

// One struct T in each package; `tags` by package.
BuildRecord Record(const std::map<std::string, Tags>& tags, GoArch goarch = GoArch::kAmd64) {
  BuildRecord record;
  record.build.root = kModule;
  record.build.go = "1.26.8";
  record.build.goarch = goarch;
  record.build.closure = {kModule};
  ModulePackages list{kModule, {}};
  for (const auto& [name, depends] : tags) {
    PackageRecord package;
    package.owner = kModule;
    package.path = kModule.module + "/" + name;
    package.files = {name + ".go"};
    package.selection = testing::Selection('7');
    package.selections = {{"1.17", "1.27", testing::Selection('7')}};
    package.symbols["T"] = testing::Entry(testing::MakeStruct(
        16, {testing::MakeField("A", 0, 8, "int64", TypeKind::kInt64), testing::MakeField("B", 8, 8, "int64", TypeKind::kInt64)}));
    record.packages.push_back(std::move(package));
    list.packages.push_back({kModule.module + "/" + name, true, "", depends});
  }
  record.modules = {std::move(list)};
  testing::Seal(&record);
  return record;
}

class TagsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Add(Record({{"custom", {{"big"}}},
                {"experiment", {{"goexperiment.synctest"}}},
                {"fast", {{"amd64.v3"}}},
                {"native", {{"cgo"}}},
                {"plain", Tags(std::in_place)},
                {"unrecorded", std::nullopt}}));
  }
  void Add(const BuildRecord& record) {
    Result<Store> store = Store::Open(dir_ / "o.db", OpenMode::kCreate);
    ASSERT_TRUE(store) << store.error().ToString();
    Result<AddOutcome> added = store->Add(record);
    ASSERT_TRUE(added) << added.error().ToString();
  }
  static BinaryInfo Info(const std::string& go = "1.26.8") {
    return Program(go, {{kModule.module, kModule.version}});
  }
  // The packages of which nothing is exact.
  std::vector<std::string> Doubtful(const BinaryInfo& info) {
    Chain chain(dir_ / "o.db", info);
    std::vector<std::string> doubtful;
    for (const char* name : {"custom", "experiment", "fast", "native", "plain", "unrecorded"}) {
      DatabaseAnswer answer = chain.Direct(kModule.module + "/" + name + ".T.B");
      if (answer.kind == Kind::kFound) {
        EXPECT_EQ(answer.source, Source::kExact) << name;
        EXPECT_EQ(answer.field.offset, 8U) << name;
      } else {
        EXPECT_EQ(answer.kind, Kind::kUnknown) << name;
        EXPECT_FALSE(answer.missing.reason.empty()) << name;
        doubtful.emplace_back(name);
      }
    }
    return doubtful;
  }
  TempDir dir_;
};
using List = std::vector<std::string>;

TEST_F(TagsTest, AProgramBuiltAsTheProbesWereHasAllExact) { EXPECT_EQ(Doubtful(Info()), List()); }

TEST_F(TagsTest, CgoMattersToPackagesThatDependOnIt) {
  BinaryInfo info = Info();
  info.cgo = true;
  EXPECT_EQ(Doubtful(info), List({"native", "unrecorded"}));
  Chain chain(dir_ / "o.db", info);
  EXPECT_EQ(chain.Direct("example.com/m/native.T.B").missing.reason, "its files depend on cgo");
  info.cgo.reset();  // not known: it may be
  EXPECT_EQ(Doubtful(info), List({"native", "unrecorded"}));
}

TEST_F(TagsTest, TagsMatterToPackagesThatDependOnThem) {
  BinaryInfo info = Info();
  info.tags = {"big"};
  EXPECT_EQ(Doubtful(info), List({"custom", "unrecorded"}));
  info.tags = {"netgo", "osusergo"};
  EXPECT_EQ(Doubtful(info), List({"unrecorded"}));
  info.tags = {"ignore"};  // which all packages' files may depend on
  EXPECT_EQ(Doubtful(info).size(), 6U);
  info.tags.clear();
  info.settings["-race"] = "true";
  EXPECT_EQ(Doubtful(info), List({"unrecorded"}));
}

TEST_F(TagsTest, ExperimentsMatterToPackagesThatDependOnThem) {
  for (const char* spelled : {"synctest", "nosynctest"}) {
    BinaryInfo info = Info();
    info.experiments = {spelled};
    EXPECT_EQ(Doubtful(info), List({"experiment", "unrecorded"})) << spelled;
  }
  BinaryInfo info = Info();
  info.experiments = {"rangefunc"};
  EXPECT_EQ(Doubtful(info), List({"unrecorded"}));
  // Another minor release of Go may have other experiments on by default; another patch release has not.
  EXPECT_EQ(Doubtful(Info("1.25.3")), List({"experiment"}));
  EXPECT_EQ(Doubtful(Info("1.26.2")), List());
}

TEST_F(TagsTest, TheProcessorMattersToPackagesThatDependOnIt) {
  BinaryInfo info = Info();
  info.settings["GOAMD64"] = "v1";
  EXPECT_EQ(Doubtful(info), List());
  info.settings["GOAMD64"] = "v3";
  EXPECT_EQ(Doubtful(info), List({"fast"}));
}

TEST_F(TagsTest, OneBuildThatTellsIsEnoughForAllOfTheVersion) {
  Add(Record({{"unrecorded", Tags(std::in_place)}}, GoArch::kArm64));
  BinaryInfo info = Info();
  info.cgo = true;
  info.tags = {"netgo"};
  EXPECT_EQ(Doubtful(info), List({"native"}));
}

// The standard library's lists tell more than the table, which knows no release beyond its own.
TEST_F(TagsTest, TheStandardLibrarysOwnListGoesBeforeTheTable) {
  BuildRecord record = testing::StdRecord("1.26.8");
  Add(record);
  BinaryInfo info = Program("1.26.8");
  info.tags = {"nethttpomithttp2"};
  EXPECT_EQ(Chain(dir_ / "o.db", info).Direct("net/http.Request.URL").kind, Kind::kUnknown);  // the table says so
  record = testing::StdRecord("1.26.8", GoArch::kArm64);
  for (ModulePackages::Package& package : record.modules[0].packages) package.tags.emplace();
  Add(record);
  EXPECT_EQ(Chain(dir_ / "o.db", info).Direct("net/http.Request.URL").kind, Kind::kFound);
  // A release that the table does not know.
  info = Program("1.30.1");
  info.cgo = true;
  Add(testing::StdRecord("1.30.1"));
  EXPECT_EQ(Chain(dir_ / "o.db", info).Direct("net/http.Request.URL").kind, Kind::kUnknown);
  record = testing::StdRecord("1.30.1", GoArch::kArm64);
  for (ModulePackages::Package& package : record.modules[0].packages) package.tags.emplace();
  Add(record);
  EXPECT_EQ(Chain(dir_ / "o.db", info).Direct("net/http.Request.URL").kind, Kind::kFound);
}

}  // namespace
}  // namespace gooffsets
