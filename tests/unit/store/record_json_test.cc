#include "store/record_json.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/zstd.h"
#include "make_record.h"

namespace gooffsets {
namespace {

using testing::GrpcRecord;
using testing::StdRecord;

TEST(RecordJson, RoundTripsWithoutLossAndWithEqualBytes) {
  for (const BuildRecord& record : {GrpcRecord("1.60.1", "1.26.8"), StdRecord("1.26.8", GoArch::kArm64)}) {
    std::string lines = RecordLines(record);
    Result<BuildRecord> same = ParseRecordLines(lines);
    ASSERT_TRUE(same) << same.error().ToString();
    EXPECT_EQ(RecordLines(*same), lines);
    ASSERT_EQ(same->packages.size(), record.packages.size());
    for (size_t i = 0; i < record.packages.size(); ++i) {
      EXPECT_EQ(same->packages[i].symbols.size(), record.packages[i].symbols.size());
      for (const auto& [name, entry] : record.packages[i].symbols) {
        ASSERT_TRUE(same->packages[i].symbols.contains(name)) << name;
        EXPECT_EQ(same->packages[i].symbols[name].value, entry.value) << name;
      }
      EXPECT_EQ(same->packages[i].selections, record.packages[i].selections);
      EXPECT_EQ(same->packages[i].fully_kept, record.packages[i].fully_kept);
    }
    EXPECT_EQ(same->build.closure, record.build.closure);
    EXPECT_EQ(same->modules.size(), record.modules.size());
  }
}

TEST(RecordJson, TagsAreKeptAndUnknownOnesAreNotEmptyOnes) {
  BuildRecord record = testing::WithTags(GrpcRecord("1.60.1", "1.26.8"));
  record.modules[0].packages.push_back({"golang.org/x/net/zz", true, ""});
  const std::string lines = RecordLines(record);
  EXPECT_NE(lines.find(R"({"format":"gooffsets record","version":2,)"), std::string::npos);
  EXPECT_NE(lines.find(R"("packages":[["golang.org/x/net/http2",[]],)"
                       R"(["golang.org/x/net/webdav","not a root",["cgo","goexperiment.synctest","purego"]],)"
                       R"(["golang.org/x/net/zz"]])"),
            std::string::npos)
      << lines;
  Result<BuildRecord> same = ParseRecordLines(lines);
  ASSERT_TRUE(same) << same.error().ToString();
  EXPECT_EQ(RecordLines(*same), lines);
  for (size_t i = 0; i < record.modules.size(); ++i) EXPECT_EQ(same->modules[i].packages, record.modules[i].packages);
  ASSERT_TRUE(same->modules[0].packages[0].tags);
  EXPECT_FALSE(same->modules[0].packages[2].tags);
  // A record without any is what it was before there were tags.
  EXPECT_NE(RecordLines(GrpcRecord("1.60.1", "1.26.8")).find(R"("version":1,"build")"), std::string::npos);
  for (const char* odd : {R"([["p",[],"main"]])", R"([["p",[1]]])", R"([["p",[["x"]]]])", R"([[[]]])", R"([["p","a","b",[]]])",
                          R"([["p",[],[]]])", R"([[]])"}) {
    EXPECT_FALSE(ParseModulePackages(nlohmann::json::parse(odd))) << odd;
  }
}

TEST(RecordJson, FailuresAndDisagreementsRoundTrip) {
  BuildRecord failed = testing::FailedRecord("example.com/m", "0.1.0", "1.21.13", BuildStatus::kCompileFailed,
                                             "m.go:3: undefined: \"x\"\n\ttab");
  Result<BuildRecord> same = ParseRecordLines(RecordLines(failed));
  ASSERT_TRUE(same) << same.error().ToString();
  EXPECT_EQ(same->build.status, BuildStatus::kCompileFailed);
  EXPECT_EQ(same->build.reason, failed.build.reason);

  BuildRecord odd = GrpcRecord("1.60.1", "1.26.8");
  odd.build.disagreements = {{"p.T", "struct size", "16", "24 (go/types)"}};
  same = ParseRecordLines(RecordLines(odd));
  ASSERT_TRUE(same) << same.error().ToString();
  EXPECT_EQ(same->build.disagreements, odd.build.disagreements);
}

// The expected digest is computed with libsodium over a text written out by hand, not with our own functions.
TEST(RecordJson, LayoutDigestIsBlake2b128OfTheDocumentedText) {
  StructLayout layout = testing::MakeStruct(16, {testing::MakeField("n", 0, 8, "int", TypeKind::kInt)});
  const std::string text =
      R"({"size":16,"align":8,"fields":[{"name":"n","offset":0,"size":8,"align":8,"type":"int","kind":"int"}]})";
  Digest128 expected;
  ASSERT_EQ(crypto_generichash(expected.data(), expected.size(), reinterpret_cast<const unsigned char*>(text.data()),
                               text.size(), nullptr, 0),
            0);
  EXPECT_EQ(LayoutDigest(Layout(layout)), expected);
}

TEST(RecordJson, BuildIdDependsOnWhatMadeTheBuildAndOnNothingElse) {
  BuildInfo build = GrpcRecord("1.60.1", "1.26.8").build;
  const std::string id = BuildId(build);
  EXPECT_EQ(id.size(), 32u);
  BuildInfo same = build;
  same.tool_version = "9";
  same.probe_digest.clear();
  same.status = BuildStatus::kTransientFailed;
  std::swap(same.closure[0], same.closure[1]);
  EXPECT_EQ(BuildId(same), id);
  std::vector<BuildInfo> others(6, build);
  others[0].root.version = "1.60.0";
  others[1].go = "1.26.7";
  others[2].goarch = GoArch::kArm64;
  others[3].goexperiment = "noswissmap";
  others[4].tags.clear();
  others[5].closure[0].version = "0.54.0";
  for (const BuildInfo& other : others) EXPECT_NE(BuildId(other), id);
}

TEST(RecordJson, FileRoundTripAndDamageIsNoticed) {
  auto dir = std::filesystem::temp_directory_path() / ("record_json_test." + std::to_string(getpid()));
  std::filesystem::create_directories(dir);
  const std::string path = (dir / "r.jsonl.zst").string();
  BuildRecord record = GrpcRecord("1.60.1", "1.26.8");
  ASSERT_TRUE(WriteRecordFile(path, record));
  Result<BuildRecord> same = ReadRecordFile(path);
  ASSERT_TRUE(same) << same.error().ToString();
  EXPECT_EQ(RecordLines(*same), RecordLines(record));

  Result<std::string> packed = ReadFile(path, 1 << 20);
  ASSERT_TRUE(packed);
  ASSERT_TRUE(WriteFileAtomic(path, packed->substr(0, packed->size() / 2)));
  Result<BuildRecord> cut = ReadRecordFile(path);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, ErrorCode::kBadInput);
  EXPECT_EQ(ReadRecordFile((dir / "none").string()).error().code, ErrorCode::kNotFound);
  std::filesystem::remove_all(dir);
}

TEST(RecordJson, EveryCutOffOrGarbledLineIsAnErrorNeverACrash) {
  const std::string lines = RecordLines(GrpcRecord("1.60.1", "1.26.8"));
  for (size_t size = 0; size + 1 < lines.size(); size += 37) EXPECT_FALSE(ParseRecordLines(lines.substr(0, size)));
  // Bytes replaced: never a crash, and a record that still parses obeys the rules.
  for (size_t i = 0; i < lines.size(); i += 11) {
    for (char c : {'"', '9', '\xff', '{'}) {
      std::string odd = lines;
      odd[i] = c;
      Result<BuildRecord> parsed = ParseRecordLines(odd);
      if (parsed) {
        EXPECT_TRUE(CheckRecord(*parsed));
      }
    }
  }
  EXPECT_FALSE(ParseRecordLines(std::string(1 << 16, '[')));
}

TEST(RecordJson, RulesAreEnforced) {
  auto broken = [](auto change) {
    BuildRecord record = GrpcRecord("1.60.1", "1.26.8");
    change(record);
    return !CheckRecord(record);
  };
  EXPECT_TRUE(CheckRecord(GrpcRecord("1.60.1", "1.26.8")));
  EXPECT_TRUE(broken([](BuildRecord& r) { r.build.id[0] = 'x'; }));
  EXPECT_TRUE(broken([](BuildRecord& r) { r.packages.push_back(r.packages[0]); }));
  EXPECT_TRUE(broken([](BuildRecord& r) { r.packages[0].selection = "abc"; }));
  EXPECT_TRUE(broken([](BuildRecord& r) { r.packages[0].path = "a\xff"; }));
  EXPECT_TRUE(broken([](BuildRecord& r) { r.packages[0].symbols[std::string("a\0b", 3)] = {SkipReason::kAlias}; }));
  EXPECT_TRUE(broken([](BuildRecord& r) { r.build.status = BuildStatus::kCompileFailed; }));
  EXPECT_TRUE(broken([](BuildRecord& r) { r.modules.push_back(r.modules[0]); }));
  auto tagged = [&](std::vector<std::string> tags) {
    return broken([&](BuildRecord& r) { r.modules[0].packages[0].tags = std::move(tags); });
  };
  EXPECT_FALSE(tagged({}));
  EXPECT_FALSE(tagged({"a", "b"}));
  EXPECT_TRUE(tagged({"b", "a"}));
  EXPECT_TRUE(tagged({"a", "a"}));
  EXPECT_TRUE(tagged({""}));
  EXPECT_TRUE(tagged({"a\nb"}));
}

TEST(RecordJson, WordsAndPiecesTexts) {
  EXPECT_EQ(WordsText({{0, 8, false}, {8, 4, true}}), "0:8 8:4f");
  EXPECT_EQ(PiecesText({{Piece::Base::kIntRegister, 1, 8, 0}, {Piece::Base::kStack, 16, 8, 8}}), "i1:8@0 s16:8@8");
  for (std::string_view text : {"0", "0:", ":8", "0:8 ", " 0:8", "0:8f f", "99999999999:8", "-1:8"}) {
    EXPECT_FALSE(ParseWords(text)) << text;
  }
  for (std::string_view text : {"x1:8@0", "i1:8", "i:8@0", "i1:8@0,", "i1:8@0  i2:8@8"}) {
    EXPECT_FALSE(ParsePieces(text)) << text;
  }
}

}  // namespace
}  // namespace gooffsets
