// The database's side of the chain on the repository's own data: known moves of fields, and what must be refused.
// Expected numbers were read from the Go compiler (data/, and the regression cases of net/http and grpc).
#include <gtest/gtest.h>

#include <algorithm>

#include "../store/temp_dir.h"
#include "program.h"
#include "released.h"

namespace gooffsets {
namespace {

using testing::Chain;
using testing::Program;
using Kind = DatabaseAnswer::Kind;

constexpr char kCommonAuthInfo[] = "google.golang.org/grpc/credentials.TLSInfo.CommonAuthInfo";
const std::map<std::string, std::string> kGrpc160 = {{"google.golang.org/grpc", "1.60.1"}};

TEST(Chain, AFieldBehindAStdTypeMovesWithTheGoRelease) {
  const std::string database = testing::ReleasedDatabase();
  Chain old(database, Program("1.21.13", kGrpc160));
  DatabaseAnswer answer = old.Ask(kCommonAuthInfo);
  ASSERT_EQ(answer.kind, Kind::kFound) << answer.Says();
  EXPECT_EQ(answer.source, Source::kExact);
  EXPECT_EQ(answer.field.offset, 176U);
  ASSERT_FALSE(answer.evidence.empty());

  Chain now(database, Program("1.26.8", kGrpc160));
  answer = now.Ask(kCommonAuthInfo);
  ASSERT_EQ(answer.kind, Kind::kFound) << answer.Says();
  EXPECT_EQ(answer.source, Source::kExact);
  EXPECT_EQ(answer.field.offset, 192U);
}

TEST(Chain, WhatNoBuildShowedIsComposed) {
  testing::TempDir dir;
  const std::string path = dir / "one_go.db";
  ASSERT_TRUE(testing::CopyWithout(path, [](const BuildInfo& build) {
    return build.root.module == "google.golang.org/grpc" && build.go != "1.22.12";
  }));
  Chain chain(path, Program("1.26.8", kGrpc160));
  DatabaseAnswer answer = chain.Ask(kCommonAuthInfo);
  ASSERT_EQ(answer.kind, Kind::kFound) << answer.Says();
  EXPECT_EQ(answer.source, Source::kComposed);
  EXPECT_EQ(answer.field.offset, 192U);
  answer = chain.Ask("google.golang.org/grpc/credentials.TLSInfo");
  ASSERT_EQ(answer.kind, Kind::kFound) << answer.Says();
  EXPECT_EQ(answer.structure.size, 208U);
  // No type before it changed.
  answer = chain.Ask("google.golang.org/grpc/credentials.TLSInfo.State");
  EXPECT_EQ(answer.field.offset, 0U);
}

TEST(Chain, TheStandardLibraryIsExactForItsOwnReleaseOnly) {
  const std::string database = testing::ReleasedDatabase();
  for (const auto& [go, offset] : {std::pair("1.26.10", 120U), std::pair("1.26.11", 128U), std::pair("1.27.4", 128U)}) {
    Chain chain(database, Program(go));
    DatabaseAnswer answer = chain.Ask("net/http.response.status");
    ASSERT_EQ(answer.kind, Kind::kFound) << go << ": " << answer.Says();
    EXPECT_EQ(answer.source, Source::kExact);
    EXPECT_EQ(answer.field.offset, offset) << go;
  }
}

TEST(Chain, APatchReleaseThatMovesAFieldIsNeverBracketedAcross) {
  testing::TempDir dir;
  const std::string path = dir / "held_out.db";
  ASSERT_TRUE(testing::CopyWithout(path, [](const BuildInfo& build) { return build.go == "1.26.10"; }));
  Chain chain(path, Program("1.26.10"));
  DatabaseAnswer answer = chain.Ask("net/http.response.status");
  EXPECT_EQ(answer.kind, Kind::kUnknown) << answer.Says();
  EXPECT_NE(chain.Bracketed("net/http.response.status").missing.reason.find("it differs"), std::string::npos);
  // What both neighbours agree on can be bracketed.
  answer = chain.Ask("net/http.Request.URL");
  ASSERT_EQ(answer.kind, Kind::kFound) << answer.Says();
  EXPECT_EQ(answer.source, Source::kBracketed);
  EXPECT_EQ(answer.field.offset, 16U);
  // Whatever releases below it are stored by now: the nearest one is named.
  const auto& releases = **chain.reader().Versions("std");
  const auto above = std::find(releases.begin(), releases.end(), "1.26.11");
  ASSERT_NE(above, releases.begin());
  EXPECT_NE(answer.how.find("Go " + *(above - 1)), std::string::npos) << answer.how;
  EXPECT_NE(answer.how.find("Go 1.26.11"), std::string::npos) << answer.how;
}

TEST(Chain, AFixInTwoMinorLinesIsNotTakenForTheFirstReleaseOfTheSecond) {
  testing::TempDir dir;
  const std::string path = dir / "held_out.db";
  ASSERT_TRUE(testing::CopyWithout(path, [](const BuildInfo& build) { return build.go == "1.20"; }));
  Chain chain(path, Program("1.20"));
  // Go 1.19.13 and 1.20.1 have the field at 24, Go 1.20 has none of before the fix.
  const DatabaseAnswer answer = chain.Ask("mime/multipart.Reader.currentPart");
  EXPECT_EQ(answer.kind, Kind::kUnknown) << answer.Says();
}

TEST(Chain, NeighboursBeyondTheNextMinorLineBracketNothing) {
  testing::TempDir dir;
  const std::string path = dir / "held_out.db";
  // Without what lies between them, grpc 1.64.1 and 1.74.3 agree on a field that was elsewhere in 1.69.
  ASSERT_TRUE(testing::CopyWithout(path, [](const BuildInfo& build) {
    if (build.root.module != "google.golang.org/grpc") return false;
    const Version version = *Version::Parse(VersionScheme::kModule, build.root.version);
    return version.minor() >= 65 && version.minor() <= 73;
  }));
  Chain chain(path, Program("1.27.4", {{"google.golang.org/grpc", "1.69.0"}}));
  const DatabaseAnswer answer = chain.Ask("google.golang.org/grpc/balancer/grpclb.lbBalancer.state");
  EXPECT_EQ(answer.kind, Kind::kUnknown) << answer.Says();
  const std::string reason = chain.Bracketed("google.golang.org/grpc/balancer/grpclb.lbBalancer.state").missing.reason;
  EXPECT_NE(reason.find("google.golang.org/grpc 1.69.0 has no neighbours"), std::string::npos) << reason;
}

TEST(Chain, PackagesByTheirLastElementsAreSuggested) {
  Chain chain(testing::ReleasedDatabase(), Program("1.26.11", kGrpc160));
  EXPECT_EQ(*chain.side().NearSymbol("http.Request.URL"), "net/http.Request.URL");
  EXPECT_EQ(*chain.side().NearSymbol("net/htp.Request.URL"), "net/http.Request.URL");
  EXPECT_EQ(*chain.side().NearSymbol("nosuchpackage.T.f"), "");
}

TEST(Chain, AReleaseBeyondTheDatabaseIsUnknown) {
  Chain chain(testing::ReleasedDatabase(), Program("1.99.0"));
  DatabaseAnswer answer = chain.Ask("net/http.Request.URL");
  EXPECT_EQ(answer.kind, Kind::kUnknown);
  EXPECT_NE(answer.missing.reason.find("Go 1.99.0"), std::string::npos) << answer.missing.reason;
  EXPECT_EQ(answer.missing.hint, "offsetgen --for-binary ./server");
}

TEST(Chain, AbsenceNeedsABuildOfTheSameFiles) {
  const std::string database = testing::ReleasedDatabase();
  Chain chain(database, Program("1.21.13", kGrpc160));
  DatabaseAnswer answer = chain.Ask("google.golang.org/grpc/credentials.TLSInfo.Nope");
  EXPECT_EQ(answer.kind, Kind::kAbsent) << answer.Says();
  EXPECT_EQ(answer.missing.reason, "no such field");
  EXPECT_FALSE(answer.evidence.empty());
  EXPECT_EQ(chain.Ask("google.golang.org/grpc/nope.T.f").kind, Kind::kAbsent);
  EXPECT_EQ(chain.Ask("runtime.hmap.count").kind, Kind::kFound);  // gone from Go 1.24 on
  Chain swiss(database, Program("1.24.13"));
  EXPECT_EQ(swiss.Ask("runtime.hmap.count").kind, Kind::kAbsent);
  // Another version is no proof.
  Chain other(database, Program("1.21.13", {{"google.golang.org/grpc", "1.60.2"}}));
  EXPECT_EQ(other.Ask("google.golang.org/grpc/credentials.TLSInfo.Nope").kind, Kind::kUnknown);
}

TEST(Chain, FunctionsFollowTheCallingConvention) {
  const std::string database = testing::ReleasedDatabase();
  const std::string serve = "net/http.(*Server).Serve";
  Chain registers(database, Program("1.26.8"));
  DatabaseAnswer answer = registers.Ask(serve);
  ASSERT_EQ(answer.kind, Kind::kFound) << answer.Says();
  EXPECT_EQ(answer.item, ItemKind::kFunction);
  ASSERT_EQ(answer.function.params.size(), 2U);
  EXPECT_EQ(RegisterName(GoArch::kAmd64, answer.function.params[0].pieces.at(0)), "RAX");
  EXPECT_EQ(RegisterName(GoArch::kAmd64, answer.function.params[1].pieces.at(0)), "RBX");
  Chain stack(database, Program("1.17.13", {}, GoArch::kArm64));
  answer = stack.Ask(serve);
  ASSERT_EQ(answer.kind, Kind::kFound) << answer.Says();
  EXPECT_EQ(answer.function.params[0].pieces.at(0).base, Piece::Base::kStack);
  EXPECT_EQ(answer.function.params[0].pieces.at(0).index, 8);
}

TEST(Chain, WalksThroughStructsHeldByValue) {
  Chain chain(testing::ReleasedDatabase(), Program("1.26.8", kGrpc160));
  DatabaseAnswer inner = chain.Ask("crypto/tls.ConnectionState.Version");
  DatabaseAnswer outer = chain.Ask("google.golang.org/grpc/credentials.TLSInfo.State.Version");
  ASSERT_EQ(outer.kind, Kind::kFound) << outer.Says();
  EXPECT_EQ(outer.field.offset, inner.field.offset);
  DatabaseAnswer level = chain.Ask("google.golang.org/grpc/credentials.TLSInfo.CommonAuthInfo.SecurityLevel");
  ASSERT_EQ(level.kind, Kind::kFound) << level.Says();
  EXPECT_EQ(level.field.offset, 192U);
  EXPECT_EQ(chain.Ask("net/http.Request.URL.Path").kind, Kind::kAbsent);  // behind a pointer
}

TEST(Chain, TagsCgoAndExperimentsAreNotExactWhereTheyMayMatter) {
  const std::string database = testing::ReleasedDatabase();
  BinaryInfo info = Program("1.26.8", kGrpc160);
  info.cgo = true;
  Chain cgo(database, info);
  EXPECT_EQ(cgo.Direct("net/http.Request.URL").source, Source::kExact);  // its files do not depend on cgo
  EXPECT_EQ(cgo.Direct("net.Dialer.Timeout").kind, Kind::kUnknown);
  EXPECT_EQ(cgo.Direct(kCommonAuthInfo).source, Source::kExact);

  info = Program("1.26.8", kGrpc160);
  info.tags = {"nethttpomithttp2"};
  Chain tags(database, info);
  EXPECT_EQ(tags.Direct("net/http.Request.URL").kind, Kind::kUnknown);
  EXPECT_EQ(tags.Direct("net/url.URL.Path").source, Source::kExact);
  EXPECT_EQ(tags.Direct(kCommonAuthInfo).source, Source::kExact);

  // grpc's trace_notrace.go and trace_withtrace.go: another file of the root package, of no other one.
  info = Program("1.26.8", {{"google.golang.org/grpc", "1.69.0"}});
  info.tags = {"grpcnotrace"};
  Chain notrace(database, info);
  DatabaseAnswer answer = notrace.Direct("google.golang.org/grpc.Server.opts");
  EXPECT_EQ(answer.kind, Kind::kUnknown);
  EXPECT_NE(answer.missing.reason.find("grpcnotrace"), std::string::npos) << answer.missing.reason;
  EXPECT_EQ(notrace.Direct(kCommonAuthInfo).kind, Kind::kFound);
}

TEST(Chain, AReplacementIsWhatWasCompiledIn) {
  BinaryInfo info = Program("1.21.13", kGrpc160);
  info.modules[0].replaced = true;
  info.modules[0].replacement_path = "google.golang.org/grpc";
  info.modules[0].version = "v1.14.0";
  info.modules[0].replacement_version = "v1.60.1";
  Chain chain(testing::ReleasedDatabase(), info);
  EXPECT_EQ(chain.Ask(kCommonAuthInfo).field.offset, 176U);
  info.modules[0].replacement_path = "../grpc";
  info.modules[0].replacement_version.clear();
  Chain local(testing::ReleasedDatabase(), info);
  DatabaseAnswer answer = local.Ask(kCommonAuthInfo);
  EXPECT_EQ(answer.kind, Kind::kUnknown);
  EXPECT_NE(answer.missing.reason.find("../grpc"), std::string::npos) << answer.missing.reason;
}

}  // namespace
}  // namespace gooffsets
