#include "gooffsets/database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "make_record.h"
#include "store/export.h"
#include "store/store.h"
#include "temp_dir.h"

namespace gooffsets {
namespace {

using testing::FailedRecord;
using testing::GrpcRecord;
using testing::MakeField;
using testing::MakeStruct;
using testing::StdRecord;
using testing::TempDir;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kGrpc = "google.golang.org/grpc";
constexpr const char* kTransport = "google.golang.org/grpc/internal/transport";

class DatabaseTest : public ::testing::Test {
 protected:
  void Add(const BuildRecord& record) {
    if (!store_) store_ = *Store::Open(path(), OpenMode::kCreate);
    Result<AddOutcome> added = store_->Add(record);
    ASSERT_TRUE(added) << added.error().ToString();
  }
  Store& store() { return *store_; }
  std::string path() const { return dir_ / "offsets.db"; }

  Answer Ask(Query query) {
    Result<Database> db = Database::Open(path());
    EXPECT_TRUE(db) << (db ? "" : db.error().ToString());
    Result<Answer> answer = db->Lookup(query);
    EXPECT_TRUE(answer) << (answer ? "" : answer.error().ToString());
    return answer ? *answer : Answer();
  }
  Answer AskGrpc(const std::string& symbol, const std::string& go = "", const std::string& version = "1.60.1") {
    return Ask({.module = kGrpc, .version = version, .go = go, .goarch = GoArch::kAmd64, .symbol = symbol});
  }
  Answer AskStd(const std::string& symbol, const std::string& version = "1.26.8") {
    return Ask({.module = "std", .version = version, .go = "", .goarch = GoArch::kAmd64, .symbol = symbol});
  }
  Timeline All(const std::string& module, const std::string& symbol) {
    Result<Database> db = Database::Open(path());
    Result<Timeline> timeline =
        db->AllVersions({.module = module, .version = "", .go = "", .goarch = GoArch::kAmd64, .symbol = symbol});
    EXPECT_TRUE(timeline) << (timeline ? "" : timeline.error().ToString());
    return timeline ? *timeline : Timeline();
  }

 private:
  TempDir dir_;
  std::optional<Store> store_;
};

TEST_F(DatabaseTest, FieldInTheShapeOfTheDocumentation) {
  BuildRecord record = GrpcRecord("1.60.1", "1.27.4");
  Add(record);
  Answer answer = Ask({.module = kGrpc,
                       .version = "v1.60.1",
                       .go = "",
                       .goarch = GoArch::kAmd64,
                       .symbol = std::string(kTransport) + ".Stream.method"});
  ASSERT_EQ(answer.status, Status::kFound);
  EXPECT_EQ(answer.values[0].field.offset, 80u);
  EXPECT_EQ(AnswerJson(answer),
            R"({"status":"found","module":"google.golang.org/grpc","version":"1.60.1","goarch":"amd64",)"
            R"("symbol":"google.golang.org/grpc/internal/transport.Stream.method","kind":"field","offset":80,"size":16,)"
            R"("type":"string","source":"observed","evidence":[{"build":")" +
                record.build.id + R"(","go":"1.27.4"}]})");
}

TEST_F(DatabaseTest, StructAndFunctionInTheShapeOfTheDocumentation) {
  BuildRecord record = GrpcRecord("1.60.1", "1.27.4");
  Add(record);
  const std::string tail =
      R"(,"source":"observed","evidence":[{"build":")" + record.build.id + R"(","go":"1.27.4"}]})";
  const std::string head = R"({"status":"found","module":"google.golang.org/grpc","version":"1.60.1","goarch":"amd64",)"
                           R"("symbol":"google.golang.org/grpc/internal/transport.)";
  EXPECT_EQ(AnswerJson(AskGrpc(std::string(kTransport) + ".recvBuffer")),
            head + R"(recvBuffer","kind":"struct","size":16,"align":8,"fields":[)"
                   R"({"name":"c","offset":0,"size":8,"type":"chan int","embedded":false},)"
                   R"({"name":"err","offset":8,"size":8,"type":"*error","embedded":false}])" +
                tail);
  // The second value cannot go into registers; the third takes the first floating-point register.
  EXPECT_EQ(AnswerJson(AskGrpc(std::string(kTransport) + ".(*Stream).Method")),
            head + R"x((*Stream).Method","kind":"function","params":[)x"
                   R"({"index":0,"name":"s","type":"*google.golang.org/grpc/internal/transport.Stream","size":8,)"
                   R"("pieces":[{"reg":"RAX","size":8,"at":0}]},)"
                   R"({"index":1,"name":"m","type":"[4]float64","size":32,"pieces":[{"stack":8,"size":32,"at":0}]},)"
                   R"({"index":2,"name":"ratio","type":"float64","size":8,"pieces":[{"reg":"X0","size":8,"at":0}]}],)"
                   R"("results":[{"index":0,"name":"","type":"string","size":16,"pieces":[)"
                   R"({"reg":"RAX","size":8,"at":0},{"reg":"RBX","size":8,"at":8}]}])" +
                tail);
  EXPECT_THAT(AnswerJson(AskGrpc(std::string(kTransport) + ".(*Stream).Wrapped")), HasSubstr("\"wrapper\":true"));
}

TEST_F(DatabaseTest, BothArchitecturesAreKeptApart) {
  Add(GrpcRecord("1.60.1", "1.27.4", GoArch::kAmd64, 80));
  Add(GrpcRecord("1.60.1", "1.27.4", GoArch::kArm64, 88));
  Query query{.module = kGrpc, .version = "1.60.1", .go = "", .goarch = GoArch::kArm64,
              .symbol = std::string(kTransport) + ".Stream.method"};
  EXPECT_EQ(Ask(query).values[0].field.offset, 88u);
  query.goarch = GoArch::kAmd64;
  EXPECT_EQ(Ask(query).values[0].field.offset, 80u);
  query.goarch = GoArch::kArm64;
  query.symbol = std::string(kTransport) + ".(*Stream).Method";
  EXPECT_THAT(AnswerJson(Ask(query)), HasSubstr(R"({"reg":"R0","size":8,"at":0})"));
}

TEST_F(DatabaseTest, NestedFieldsOfTheSameAnotherAndTheStandardPackage) {
  Add(GrpcRecord("1.60.1", "1.26.8"));
  const std::string buf = std::string(kTransport) + ".Stream.buf.err";
  EXPECT_EQ(AskGrpc(buf).values[0].field.offset, 128u);  // 120 + 8
  // tls.ConnectionState is in std, which is not measured yet.
  const std::string nested = "google.golang.org/grpc/credentials.TLSInfo.State.ServerName";
  Answer unknown = AskGrpc(nested);
  EXPECT_EQ(unknown.status, Status::kUnknown);
  EXPECT_THAT(unknown.hint, HasSubstr("offsetgen --module std --versions 1.26.8"));
  Add(StdRecord("1.26.8"));
  Answer found = AskGrpc(nested);
  ASSERT_EQ(found.status, Status::kFound) << found.reason;
  EXPECT_EQ(found.values[0].field.offset, 160u);
}

TEST_F(DatabaseTest, PointersAndOtherDeadEndsSayWhy) {
  Add(GrpcRecord("1.60.1", "1.26.8"));
  Answer pointer = AskGrpc(std::string(kTransport) + ".Stream.st.err");
  EXPECT_EQ(pointer.status, Status::kAbsent);
  EXPECT_THAT(pointer.reason, HasSubstr("is a pointer"));
  EXPECT_THAT(AskGrpc(std::string(kTransport) + ".Stream.ids.x").reason, HasSubstr("is an array"));
  EXPECT_THAT(AskGrpc(std::string(kTransport) + ".Stream.id.x").reason, HasSubstr("which has no fields"));
  EXPECT_THAT(AskGrpc(std::string(kTransport) + ".(*Stream).Method.x").reason, HasSubstr("is a function"));
}

TEST_F(DatabaseTest, PromotedFieldsOnlyOnRequest) {
  Add(GrpcRecord("1.60.1", "1.26.8"));
  Query query{.module = kGrpc, .version = "1.60.1", .go = "", .goarch = GoArch::kAmd64,
              .symbol = std::string(kTransport) + ".Stream.err"};
  Answer absent = Ask(query);
  EXPECT_EQ(absent.status, Status::kAbsent);
  EXPECT_THAT(absent.reason, HasSubstr("--promoted"));
  query.promoted = true;
  Answer found = Ask(query);
  ASSERT_EQ(found.status, Status::kFound);
  EXPECT_EQ(found.values[0].field.offset, 128u);
}

TEST_F(DatabaseTest, AbsentNamesItsReasonAndItsProof) {
  BuildRecord record = GrpcRecord("1.60.1", "1.26.8");
  Add(record);
  Answer field = AskGrpc(std::string(kTransport) + ".Stream.methd");
  EXPECT_EQ(AnswerJson(field),
            R"({"status":"absent","module":"google.golang.org/grpc","version":"1.60.1","goarch":"amd64",)"
            R"("symbol":"google.golang.org/grpc/internal/transport.Stream.methd","reason":"no such field","evidence":[)"
            R"({"build":")" +
                record.build.id +
                R"(","go":"1.26.8"}],"similar":["google.golang.org/grpc/internal/transport.Stream.method"]})");
  EXPECT_EQ(AskGrpc(std::string(kTransport) + ".Strem.method").reason, "no such type");
  EXPECT_THAT(AskGrpc(std::string(kTransport) + ".Strem.method").similar,
              ElementsAre(std::string(kTransport) + ".Stream"));
  EXPECT_EQ(AskGrpc(std::string(kTransport) + ".NewThing").reason, "no such type or function");
  EXPECT_EQ(AskGrpc(std::string(kTransport) + ".(*Stream).Nothing").reason, "no such function");
  Answer package = AskGrpc("google.golang.org/grpc/internal/transprt.Stream.method");
  EXPECT_EQ(package.status, Status::kAbsent);
  EXPECT_EQ(package.reason, "no such package");
  EXPECT_THAT(package.evidence, SizeIs(1));
  EXPECT_THAT(package.similar, ElementsAre(std::string(kTransport) + ".Stream.method"));
  EXPECT_THAT(AskGrpc("transport.Stream.method").similar, ElementsAre(std::string(kTransport) + ".Stream.method"));
  Add(StdRecord("1.26.8"));
  EXPECT_EQ(AskStd("sync/atomic.Pointer").reason, "generic");
  EXPECT_EQ(AskStd("sync/atomic.Pointer.v").reason, "generic");
  EXPECT_EQ(AskStd("sync/atomic.AddInt32").reason, "bodiless");
  EXPECT_EQ(AskStd("net/http.Header").reason, "not a struct");
  EXPECT_THAT(AskStd("net/http.Request.URL.Path").similar, ElementsAre("net/url.URL.Path")) << "behind the pointer";
  EXPECT_THAT(AskStd("http.Header").similar, ElementsAre("net/http.Header"));
  Answer package_as_module =
      Ask({.module = "net/http", .version = "1.26.8", .go = "", .goarch = GoArch::kAmd64, .symbol = "net/http.Header"});
  EXPECT_EQ(package_as_module.status, Status::kUnknown);
  EXPECT_THAT(package_as_module.similar, ElementsAre("std"));
}

TEST_F(DatabaseTest, UnknownIsNeverAbsent) {
  Add(GrpcRecord("1.60.1", "1.26.8"));
  // Not measured, with the reason.
  Answer root = AskGrpc("google.golang.org/grpc.Server");
  EXPECT_EQ(root.status, Status::kUnknown);
  EXPECT_EQ(root.reason, "not measured: not a root");
  EXPECT_EQ(root.hint, "offsetgen --module google.golang.org/grpc --versions 1.60.1 --arch amd64");
  // Seen in part only: what is there is found, what is not there is not known; a field is known, its struct was seen.
  auto net = [&](const std::string& symbol) {
    return Ask({.module = "golang.org/x/net", .version = "0.55.0", .go = "", .goarch = GoArch::kAmd64,
                .symbol = "golang.org/x/net/http2." + symbol});
  };
  EXPECT_EQ(net("serverConn.srv").status, Status::kFound);
  EXPECT_EQ(net("serverConn.nothing").status, Status::kAbsent);
  EXPECT_EQ(net("Transport").status, Status::kUnknown);
  EXPECT_THAT(net("Transport").reason, HasSubstr("only in part"));
  EXPECT_EQ(net("noDialClientConnPool").reason, "excluded by build constraint");
  // Known but never built, failed, not to be had.
  ASSERT_TRUE(store().AddKnownVersions(kGrpc, {"1.61.0"}));
  Add(FailedRecord(kGrpc, "1.14.0", "1.27.4", BuildStatus::kCompileFailed, "undefined: x"));
  Add(FailedRecord(kGrpc, "1.15.0", "1.27.4", BuildStatus::kUnavailable, "404 Not Found"));
  const std::string symbol = std::string(kTransport) + ".Stream.method";
  EXPECT_EQ(AnswerJson(AskGrpc(symbol, "", "1.61.0")),
            R"({"status":"unknown","module":"google.golang.org/grpc","version":"1.61.0","goarch":"amd64",)"
            R"("symbol":"google.golang.org/grpc/internal/transport.Stream.method","reason":"never built",)"
            R"("try":"offsetgen --module google.golang.org/grpc --versions 1.61.0 --arch amd64"})");
  EXPECT_EQ(AskGrpc(symbol, "", "1.14.0").reason, "build failed: undefined: x");
  EXPECT_THAT(AskGrpc(symbol, "", "1.14.0").hint, HasSubstr("--retry-failed"));
  EXPECT_EQ(AskGrpc(symbol, "", "1.15.0").reason, "not available from the proxy: 404 Not Found");
  EXPECT_EQ(AskGrpc(symbol, "", "9.9.9").status, Status::kUnknown);
  EXPECT_THAT(AskGrpc(symbol, "", "9.9.9").similar, IsEmpty());
  EXPECT_THAT(AskGrpc(symbol, "", "1.60.9").similar, ElementsAre("1.60.1"));
  // No build of this architecture.
  EXPECT_EQ(Ask({.module = kGrpc, .version = "1.60.1", .go = "", .goarch = GoArch::kArm64, .symbol = symbol}).reason,
            "never built");
  // A misspelt module.
  Answer module = Ask({.module = "google.golang.org/grcp", .version = "1.60.1", .go = "", .goarch = GoArch::kAmd64,
                       .symbol = symbol});
  EXPECT_EQ(module.status, Status::kUnknown);
  EXPECT_THAT(module.similar, ElementsAre(kGrpc));
}

TEST_F(DatabaseTest, WithoutGoReleaseDifferingAnswersAreAmbiguous) {
  Add(GrpcRecord("1.60.1", "1.21.13", GoArch::kAmd64, 80, 176));
  Add(GrpcRecord("1.60.1", "1.26.8", GoArch::kAmd64, 80, 192));
  Add(GrpcRecord("1.60.1", "1.27.4", GoArch::kAmd64, 80, 192));
  const std::string symbol = "google.golang.org/grpc/credentials.TLSInfo.SPIFFEID";
  Answer answer = AskGrpc(symbol);
  EXPECT_EQ(AnswerJson(answer),
            R"({"status":"ambiguous","module":"google.golang.org/grpc","version":"1.60.1","goarch":"amd64",)"
            R"("symbol":"google.golang.org/grpc/credentials.TLSInfo.SPIFFEID","answers":[)"
            R"({"go":["1.21.13"],"offset":176,"size":8,"type":"*net/url.URL"},)"
            R"({"go":["1.26.8","1.27.4"],"offset":192,"size":8,"type":"*net/url.URL"}]})");
  EXPECT_EQ(ExitStatus(answer.status), 1);
  EXPECT_EQ(AskGrpc(symbol, "go1.26.8").values[0].field.offset, 192u);
  EXPECT_EQ(AskGrpc(symbol, "1.21.13").values[0].field.offset, 176u);
  // Where all agree, there is one answer with all the evidence.
  Answer method = AskGrpc(std::string(kTransport) + ".Stream.method");
  ASSERT_EQ(method.status, Status::kFound);
  EXPECT_THAT(method.values[0].go, ElementsAre("1.21.13", "1.26.8", "1.27.4"));
}

TEST_F(DatabaseTest, PresentWithOneGoReleaseAndAbsentWithAnotherIsAmbiguous) {
  Add(GrpcRecord("1.60.1", "1.26.8"));
  BuildRecord other = GrpcRecord("1.60.1", "1.27.4");
  for (PackageRecord& package : other.packages) {
    if (package.path == kTransport) package.symbols["Stream"] = testing::Entry(MakeStruct(0, {}));
  }
  Add(other);
  EXPECT_THAT(AnswerJson(AskGrpc(std::string(kTransport) + ".Stream.method")),
              HasSubstr(R"("answers":[{"go":["1.26.8"],"offset":80,"size":16,"type":"string"},)"
                        R"({"go":["1.27.4"],"absent":"no such field"}])"));
}

TEST_F(DatabaseTest, AnotherGoReleaseCountsOnlyWithEqualFilesAndSizes) {
  Add(GrpcRecord("1.60.1", "1.26.8", GoArch::kAmd64, 80, 192));
  const std::string method = std::string(kTransport) + ".Stream.method";
  const std::string tls = "google.golang.org/grpc/credentials.TLSInfo.SPIFFEID";
  // The transport package holds nothing of std by value, and its files are the same for 1.17 to 1.26.
  Answer same_files = AskGrpc(method, "1.20.3");
  ASSERT_EQ(same_files.status, Status::kFound) << same_files.reason;
  EXPECT_THAT(same_files.values[0].go, ElementsAre("1.26.8"));
  EXPECT_THAT(AnswerJson(same_files), HasSubstr(R"("version":"1.60.1","go":"1.20.3","goarch":"amd64")"));
  Answer other_files = AskGrpc(method, "1.27.4");
  EXPECT_EQ(other_files.status, Status::kUnknown);
  EXPECT_THAT(other_files.reason, HasSubstr("other source files"));
  EXPECT_EQ(other_files.hint,
            "offsetgen --module google.golang.org/grpc --versions 1.60.1 --arch amd64 --go 1.27.4");
  EXPECT_THAT(AskGrpc(method, "1.30.0").reason, HasSubstr("was not recorded"));
  // credentials holds tls.ConnectionState: its size must be known for both releases, and equal.
  Answer no_std = AskGrpc(tls, "1.25.1");
  EXPECT_EQ(no_std.status, Status::kUnknown);
  EXPECT_THAT(no_std.hint, HasSubstr("--module std"));
  Add(StdRecord("1.26.8", GoArch::kAmd64, 192));
  Add(StdRecord("1.25.1", GoArch::kAmd64, 192));
  Add(StdRecord("1.21.13", GoArch::kAmd64, 176));
  EXPECT_EQ(AskGrpc(tls, "1.25.1").values[0].field.offset, 192u);
  Answer other_size = AskGrpc(tls, "1.21.13");
  EXPECT_EQ(other_size.status, Status::kUnknown);
  EXPECT_THAT(other_size.reason, HasSubstr("176"));
  // Absence is carried over by the same rules.
  EXPECT_EQ(AskGrpc(std::string(kTransport) + ".Stream.none", "1.20.3").status, Status::kAbsent);
  EXPECT_EQ(AskGrpc(std::string(kTransport) + ".Stream.none", "1.27.4").status, Status::kUnknown);
}

TEST_F(DatabaseTest, FunctionsAreNotCarriedOverToAnotherCallingConvention) {
  BuildRecord record = GrpcRecord("1.60.1", "1.26.8", GoArch::kArm64);
  Add(record);
  Query query{.module = kGrpc, .version = "1.60.1", .go = "1.20.1", .goarch = GoArch::kArm64,
              .symbol = std::string(kTransport) + ".ByteCount"};
  BuildRecord simple = GrpcRecord("1.60.2", "1.26.8", GoArch::kArm64);
  FunctionLayout function;
  function.params = {testing::StringParameter("s", 0)};
  for (PackageRecord& package : simple.packages) {
    if (package.path == kTransport) package.symbols["ByteCount"] = testing::Entry(function);
  }
  Add(simple);
  query.version = "1.60.2";
  EXPECT_EQ(Ask(query).status, Status::kFound);
  query.go = "1.17.13";  // arm64 passes arguments in registers from 1.18 on
  EXPECT_EQ(Ask(query).status, Status::kUnknown);
  EXPECT_THAT(Ask(query).reason, HasSubstr("passes arguments otherwise"));
}

TEST_F(DatabaseTest, OddQueriesAreUsageErrors) {
  Add(StdRecord("1.26.8"));
  Result<Database> db = Database::Open(path());
  ASSERT_TRUE(db);
  auto code = [&](Query query) {
    Result<Answer> answer = db->Lookup(query);
    return answer ? ErrorCode::kInternal : answer.error().code;
  };
  const GoArch arch = GoArch::kAmd64;
  EXPECT_EQ(code({.module = "", .version = "1", .go = "", .goarch = arch, .symbol = "a.B"}), ErrorCode::kUsage);
  EXPECT_EQ(code({.module = "std", .version = "x", .go = "", .goarch = arch, .symbol = "a.B"}), ErrorCode::kUsage);
  EXPECT_EQ(code({.module = "std", .version = "1.26.8", .go = "y", .goarch = arch, .symbol = "a.B"}), ErrorCode::kUsage);
  EXPECT_EQ(code({.module = "std", .version = "1.26.8", .go = "1.20", .goarch = arch, .symbol = "a.B"}),
            ErrorCode::kUsage);
  EXPECT_EQ(code({.module = "std", .version = "1.26.8", .go = "", .goarch = arch, .symbol = "net/http"}),
            ErrorCode::kUsage);
  EXPECT_EQ(code({.module = "std", .version = "1.26.8", .go = "", .goarch = arch, .symbol = ""}), ErrorCode::kUsage);
  // Odd, but symbols: never a crash.
  for (const char* symbol : {"net/http.", "net/http..", "net/http.Request.", "net/http.Request..URL", "net/http.(",
                             "net/http.[[[", ".", "a.", "net/http.Request.URL.x.y.z", "net/http.Request._", "\xff.\xfe"}) {
    Result<Answer> answer =
        db->Lookup({.module = "std", .version = "1.26.8", .go = "", .goarch = arch, .symbol = symbol});
    if (answer) {
      EXPECT_NE(answer->status, Status::kFound) << symbol;
    }
  }
}

TEST_F(DatabaseTest, RunsNeverCoverAnUnobservedRelease) {
  const std::string symbol = std::string(kTransport) + ".Stream.method";
  Add(GrpcRecord("1.9.0", "1.26.8", GoArch::kAmd64, 64));
  Add(GrpcRecord("1.10.0", "1.26.8", GoArch::kAmd64, 64));
  Add(GrpcRecord("1.11.0", "1.26.8", GoArch::kAmd64, 72));
  Add(GrpcRecord("1.13.0", "1.26.8", GoArch::kAmd64, 72));
  Add(FailedRecord(kGrpc, "1.14.0", "1.26.8", BuildStatus::kCompileFailed, "undefined: x"));
  Add(GrpcRecord("1.15.0", "1.26.8", GoArch::kAmd64, 72));
  ASSERT_TRUE(store().AddKnownVersions(kGrpc, {"1.9.0", "1.10.0-rc.1", "1.10.0", "1.12.0"}));
  Timeline timeline = All(kGrpc, symbol);
  std::vector<std::string> runs;
  for (const auto& run : timeline.runs) {
    runs.push_back(run.first + ".." + run.last + " " + std::to_string(run.observations) + " " +
                   std::to_string(run.value->field.offset));
  }
  // 1.12.0 is known and was not built, 1.14.0 failed: both end a run. A pre-release does not, and is listed.
  EXPECT_THAT(runs, ElementsAre("1.9.0..1.10.0 2 64", "1.11.0..1.11.0 1 72", "1.13.0..1.13.0 1 72",
                                "1.15.0..1.15.0 1 72"));
  std::vector<std::string> gaps;
  for (const Gap& gap : timeline.gaps) gaps.push_back(gap.version + " " + gap.reason);
  EXPECT_THAT(gaps, ElementsAre("1.10.0-rc.1 never built", "1.12.0 never built", "1.14.0 build failed: undefined: x"));
}

TEST_F(DatabaseTest, RunsPartByGoReleaseWhereItMatters) {
  for (const char* version : {"1.60.0", "1.60.1"}) {
    Add(GrpcRecord(version, "1.21.13", GoArch::kAmd64, 80, 176));
    Add(GrpcRecord(version, "1.26.8", GoArch::kAmd64, 80, 192));
  }
  Timeline timeline = All(kGrpc, "google.golang.org/grpc/credentials.TLSInfo.SPIFFEID");
  ASSERT_THAT(timeline.runs, SizeIs(2));
  EXPECT_EQ(timeline.runs[0].last, "1.60.1");
  EXPECT_EQ(timeline.runs[0].value->field.offset, 176u);
  EXPECT_THAT(timeline.runs[0].go, ElementsAre("1.21.13"));
  EXPECT_EQ(timeline.runs[1].value->field.offset, 192u);
  EXPECT_EQ(timeline.runs[1].observations, 2u);
  EXPECT_THAT(timeline.gaps, IsEmpty());
}

TEST_F(DatabaseTest, FieldThatComesAndGoes) {
  Add(StdRecord("1.22.1"));
  BuildRecord with = StdRecord("1.23.0");
  for (PackageRecord& package : with.packages) {
    if (package.path != "net/http") continue;
    package.symbols["Request"] =
        testing::Entry(MakeStruct(264, {MakeField("Pattern", 232, 16, "string", TypeKind::kString)}));
  }
  Add(with);
  Timeline timeline = All("std", "net/http.Request.Pattern");
  ASSERT_THAT(timeline.runs, SizeIs(2));
  EXPECT_FALSE(timeline.runs[0].value);
  EXPECT_EQ(timeline.runs[0].absent_reason, "no such field");
  EXPECT_EQ(timeline.runs[1].value->field.offset, 232u);
  EXPECT_EQ(TimelineJson(timeline),
            R"({"module":"std","goarch":"amd64","symbol":"net/http.Request.Pattern","runs":[)"
            R"({"first":"1.22.1","last":"1.22.1","observations":1,"go":["1.22.1"],"absent":"no such field"},)"
            R"({"first":"1.23.0","last":"1.23.0","observations":1,"go":["1.23.0"],"kind":"field","offset":232,"size":16,)"
            R"("type":"string"}],"gaps":[]})");
}

TEST_F(DatabaseTest, SnapshotAnswersAsTheWorkingDatabaseDoes) {
  Add(GrpcRecord("1.60.1", "1.26.8"));
  const std::string symbol = std::string(kTransport) + ".Stream.method";
  const std::string working = AnswerJson(AskGrpc(symbol));
  TempDir dir;
  const std::string snapshot = dir / "snapshot.db";
  ASSERT_TRUE(Publish(&store(), snapshot));
  Result<Database> db = Database::Open(snapshot);
  ASSERT_TRUE(db) << db.error().ToString();
  Result<Answer> answer =
      db->Lookup({.module = kGrpc, .version = "1.60.1", .go = "", .goarch = GoArch::kAmd64, .symbol = symbol});
  ASSERT_TRUE(answer);
  EXPECT_EQ(AnswerJson(*answer), working);
  EXPECT_FALSE(std::filesystem::exists(snapshot + "-wal"));
  EXPECT_THAT(*db->Modules(), ElementsAre("golang.org/x/net", kGrpc));
  EXPECT_THAT(*db->Versions(kGrpc), ElementsAre("1.60.1"));
}

TEST_F(DatabaseTest, MissingAndForeignFilesAreErrors) {
  EXPECT_EQ(Database::Open("/nonexistent/offsets.db").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(Database::Open("/dev/null").error().code, ErrorCode::kBadInput);
  EXPECT_FALSE(Database::Open("/"));
}

}  // namespace
}  // namespace gooffsets
