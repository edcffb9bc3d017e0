#include "store/shard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

#include "base/file.h"
#include "go/abi.h"
#include "make_record.h"
#include "store/record_json.h"
#include "store/shard_codec.h"
#include "store/shard_file.h"
#include "temp_dir.h"

namespace gooffsets {
namespace {

using testing::FailedRecord;
using testing::GrpcRecord;
using testing::StdRecord;
using testing::TempDir;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Json(Store* store) {
  std::ostringstream out;
  EXPECT_TRUE(ExportJson(store, &out));
  return out.str();
}

void Fill(Store* store) {
  BuildRecord odd = GrpcRecord("1.61.0", "1.27.4", GoArch::kAmd64, 88);
  odd.build.disagreements = {{"google.golang.org/grpc/credentials.TLSInfo", "struct size", "16", "24"}};
  for (const BuildRecord& record :
       {StdRecord("1.21.13"), StdRecord("1.26.8", GoArch::kArm64, 192), GrpcRecord("1.60.0", "1.26.8"),
        GrpcRecord("1.60.1", "1.26.8", GoArch::kAmd64, 96), testing::WithTags(GrpcRecord("1.60.1", "1.26.8", GoArch::kArm64)), odd,
        FailedRecord("google.golang.org/grpc", "1.60.2", "1.27.4", BuildStatus::kCompileFailed, "undefined: x")}) {
    Result<AddOutcome> added = store->Add(record);
    ASSERT_TRUE(added) << added.error().ToString();
  }
  ASSERT_TRUE(store->AddKnownVersions("google.golang.org/grpc", {"1.60.0", "1.60.1", "1.60.2", "1.60.3", "1.61.0"}));
}

class ShardTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(dir_ / "google.golang.org_grpc");
    std::filesystem::create_directories(dir_ / "std");
  }
  void ExportAll(Store* store) {
    const std::vector<ShardName> names = *Shards(store);
    for (const ShardName& name : names) {
      Result<void> done = ExportShard(store, name, dir_ / name.FileName());
      ASSERT_TRUE(done) << done.error().ToString();
    }
  }
  TempDir dir_;
  const ShardName grpc60_{"google.golang.org/grpc", "1.60"};
  const ShardName grpc61_{"google.golang.org/grpc", "1.61"};
};

TEST_F(ShardTest, NamesFollowTheRootsOfTheBuilds) {
  Store store = *Store::Open(dir_ / "1.db", OpenMode::kCreate);
  Fill(&store);
  std::vector<std::string> files;
  const std::vector<ShardName> names = *Shards(&store);
  for (const ShardName& name : names) files.push_back(name.FileName());
  EXPECT_THAT(files, ElementsAre("google.golang.org_grpc/1.60.jsonl.zst", "google.golang.org_grpc/1.61.jsonl.zst",
                                 "std/1.21.jsonl.zst", "std/1.26.jsonl.zst"));
}

TEST_F(ShardTest, StoreToShardsToStoreIsIdentical) {
  Store first = *Store::Open(dir_ / "1.db", OpenMode::kCreate);
  Fill(&first);
  ExportAll(&first);
  Store second = *Store::Open(dir_ / "2.db", OpenMode::kCreate);
  std::vector<ShardName> names = *Shards(&first);
  std::reverse(names.begin(), names.end());  // the order of imports does not matter
  for (const ShardName& name : names) {
    Result<ImportCounts> counts = ImportShard(&second, dir_ / name.FileName());
    ASSERT_TRUE(counts) << counts.error().ToString();
  }
  EXPECT_EQ(Json(&second), Json(&first));
  for (const ShardName& name : names) EXPECT_EQ(*ShardLines(&second, name), *ShardLines(&first, name));
  Result<ImportCounts> again = ImportShard(&second, dir_ / grpc60_.FileName());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->builds_added, 0u);
  EXPECT_EQ(again->builds_there, 4u);
}

TEST_F(ShardTest, OnlyShardsWithTagsNeedANewerReader) {
  Store store = *Store::Open(dir_ / "1.db", OpenMode::kCreate);
  Fill(&store);
  EXPECT_THAT(*ShardLines(&store, grpc60_), ::testing::StartsWith(R"({"format":"gooffsets shard","version":2,)"));
  EXPECT_THAT(*ShardLines(&store, grpc61_), ::testing::StartsWith(R"({"format":"gooffsets shard","version":1,)"));
}

TEST_F(ShardTest, EqualContentGivesEqualBytesAndPassingFailuresStayOut) {
  Store first = *Store::Open(dir_ / "1.db", OpenMode::kCreate);
  Fill(&first);
  Store second = *Store::Open(dir_ / "2.db", OpenMode::kCreate);
  ASSERT_TRUE(second.Add(StdRecord("1.17")));  // other row numbers
  Fill(&second);
  ASSERT_TRUE(second.Add(
      FailedRecord("google.golang.org/grpc", "1.60.3", "1.27.4", BuildStatus::kTransientFailed, "no network")));
  for (const ShardName& name : {grpc60_, grpc61_}) {
    ASSERT_TRUE(ExportShard(&first, name, dir_ / "a"));
    ASSERT_TRUE(ExportShard(&second, name, dir_ / "b"));
    EXPECT_EQ(*ReadFile(dir_ / "a", 1 << 24), *ReadFile(dir_ / "b", 1 << 24));
  }
  EXPECT_EQ(ExportShard(&first, "std", "1.99", dir_ / "c").error().code, ErrorCode::kNotFound);
}

TEST_F(ShardTest, AShardIsReadAgainstItsBaseAndNoOther) {
  Store store = *Store::Open(dir_ / "1.db", OpenMode::kCreate);
  Fill(&store);
  ExportAll(&store);
  const std::string base = dir_ / grpc60_.FileName();
  const std::string file = dir_ / grpc61_.FileName();
  EXPECT_EQ(*ReadShardFile(file), *ShardLines(&store, grpc61_));
  // The stock tool reads both: it knows nothing of our code.
  const std::string command = "zstd -dqf '" + base + "' -o '" + base + ".txt' && zstd -dqf --long=27 --patch-from='" + base +
                              ".txt' '" + file + "' -o '" + file + ".txt'";
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(*ReadFile(file + ".txt", 1 << 24), *ShardLines(&store, grpc61_));
  // Another base.
  Store other = *Store::Open(dir_ / "2.db", OpenMode::kCreate);
  ASSERT_TRUE(other.Add(GrpcRecord("1.60.0", "1.26.8")));
  ASSERT_TRUE(ExportShard(&other, grpc60_, base));
  Result<ImportCounts> changed = ImportShard(&other, file);
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, ErrorCode::kBadInput);
  EXPECT_THAT(changed.error().message, HasSubstr("another"));
  std::filesystem::remove(base);
  EXPECT_EQ(ImportShard(&other, file).error().code, ErrorCode::kNotFound);
  // Without the base in the store, a shard stands alone.
  Store alone = *Store::Open(dir_ / "3.db", OpenMode::kCreate);
  ASSERT_TRUE(alone.Add(GrpcRecord("1.61.0", "1.27.4", GoArch::kAmd64, 88)));
  ASSERT_TRUE(ExportShard(&alone, grpc61_, file));
  EXPECT_TRUE(ImportShard(&other, file));
}

TEST(ShardBase, EveryTenthMinorLineStandsAlone) {
  EXPECT_EQ(BaseOf("1.67"), "1.60");
  EXPECT_EQ(BaseOf("0.9"), "0.0");
  for (const char* alone : {"1.60", "1.0", "0.0", "2", "", "1.x", "1.", "other"}) EXPECT_EQ(BaseOf(alone), std::nullopt);
}

TEST_F(ShardTest, DamageIsNoticedAndNothingIsStored) {
  Store source = *Store::Open(dir_ / "1.db", OpenMode::kCreate);
  Fill(&source);
  const std::string path = dir_ / "x.jsonl.zst";
  Store target = *Store::Open(dir_ / "2.db", OpenMode::kCreate);
  const std::string empty = Json(&target);
  auto import = [&](const std::string& lines) {
    EXPECT_TRUE(WriteFileAtomic(path, *PackShard(lines, std::nullopt)));
    return ImportShard(&target, path);
  };
  const std::string lines = *ShardLines(&source, grpc60_);
  for (size_t size = 0; size + 1 < lines.size(); size += 401) EXPECT_FALSE(import(lines.substr(0, size))) << size;
  auto replaced = [&](const std::string& from, const std::string& to) {
    std::string text = lines;
    size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  // A number, a name, a type, an owner, a version: each would change an answer.
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{{"\"ratio\"", "\"ratia\""},
                                                                                 {"\"chan int\"", "\"chan uint\""},
                                                                                 {"\"0.55.0\"", "\"0.55.1\""},
                                                                                 {"\"1.60.3\"", "\"1.60.4\""},
                                                                                 {"\"ratio\",\"float64\"", "\"ratio\",\"int64\""},
                                                                                 {"\"excluded\"", "\"alias\""},
                                                                                 {"\"1.17\"", "\"1.18\""},
                                                                                 {"\"base\":0", "\"base\":7"}}) {
    Result<ImportCounts> counts = import(replaced(from, to));
    EXPECT_FALSE(counts) << from;
    if (!counts) {
      EXPECT_EQ(counts.error().code, ErrorCode::kBadInput) << from;
    }
  }
  EXPECT_EQ(import(replaced("\"version\":2", "\"version\":3")).error().code, ErrorCode::kTooNew);
  EXPECT_TRUE(Json(&target) == empty);
  // A bit of the compressed file. Some bits of a zstd frame say nothing (a larger window): then the content is the same.
  const std::string packed = *PackShard(lines, std::nullopt);
  size_t refused = 0;
  for (size_t i = 0; i < packed.size(); i += 97) {
    std::string odd = packed;
    odd[i] = static_cast<char>(odd[i] ^ 0x20);
    ASSERT_TRUE(WriteFileAtomic(path, odd));
    if (ImportShard(&target, path)) {
      EXPECT_TRUE(*ShardLines(&target, grpc60_) == lines) << i;
    } else {
      ++refused;
    }
  }
  EXPECT_GT(refused, 5u);
  EXPECT_TRUE(import(lines));
}

// A package with everything that the short spelling foresees, and much that it does not.
SymbolMap OddSymbols() {
  using testing::Entry;
  using testing::MakeField;
  using testing::MakeStruct;
  SymbolMap symbols = GrpcRecord("1.60.1", "1.26.8").packages[2].symbols;
  symbols["gap"] = Entry(MakeStruct(40, {MakeField("a", 3, 8, "int", TypeKind::kInt)}));
  symbols["tilde"] = Entry(MakeStruct(8, {MakeField("a", 0, 8, "interface { ~int }", TypeKind::kInterface)}));
  symbols["caret"] = Entry(MakeStruct(8, {MakeField("^a", 0, 8, "*int", TypeKind::kPointer)}));
  symbols["empty"] = Entry(MakeStruct(0, {}));
  symbols["untyped"] = Entry(MakeStruct(8, {MakeField("", 0, 8, "", TypeKind::kInvalid)}));
  symbols["wrong"] = Entry(MakeStruct(4, {MakeField("a", 0, 4, "int", TypeKind::kInt)}));  // int of 4 bytes
  symbols["right"] = Entry(MakeStruct(8, {MakeField("a", 0, 8, "int", TypeKind::kInt)}));
  symbols["huge"] = Entry(MakeStruct(~uint64_t{0}, {MakeField("a", ~uint64_t{0} - 2, ~uint64_t{0}, "T", TypeKind::kStruct)}));
  symbols["struct { a int \"json:\\\"x\\\"\" }"] =
      Entry(MakeStruct(8, {MakeField("a", 0, 8, "int", TypeKind::kInt)}));
  Field matrix = MakeField("m", 0, 0, "[0][3]foo.T", TypeKind::kArray, true);
  matrix.dims = {0, 3};
  matrix.elem = "foo.T";
  symbols["arrays"] = Entry(MakeStruct(8, {MakeField("t", 0, 8, "foo.T", TypeKind::kStruct, true), matrix}));
  FunctionLayout function;
  Parameter value = testing::StringParameter("s", 0);
  value.type = "google.golang.org/grpc/internal/transport.Name";
  function.params = {value};
  function.results = {testing::StringParameter("", 0)};
  symbols["Name.Get"] = Entry(function);
  FunctionLayout wrapper = function;
  wrapper.params[0].type = "*" + value.type;
  wrapper.params[0].size = 8;
  wrapper.params[0].words = {{0, 8, false}};
  wrapper.wrapper = true;
  AssignAbi(&wrapper, GoArch::kAmd64, true);
  symbols["(*Name).Get"] = Entry(wrapper);
  FunctionLayout elsewhere = function;
  elsewhere.params[0].pieces = {{Piece::Base::kStack, -8, 3, 1}};
  symbols["Elsewhere"] = Entry(elsewhere);
  for (SkipReason reason : {SkipReason::kGeneric, SkipReason::kAlias, SkipReason::kBodiless, SkipReason::kExcluded,
                            SkipReason::kNotStruct, SkipReason::kUnbuildable}) {
    symbols["skip" + std::to_string(static_cast<int>(reason))] = Entry(reason);
  }
  return symbols;
}

TEST(ShardCodec, LosesNothingWhateverThePackage) {
  const std::string package = "google.golang.org/grpc/internal/transport";
  const SymbolMap symbols = OddSymbols();
  ShardEncoder encoder;
  ShardDecoder decoder;
  // Twice: the second time, facts about types are remembered; and in between they are contradicted.
  for (int round = 0; round < 3; ++round) {
    SymbolMap now = symbols;
    if (round == 1) {
      StructLayout other = testing::MakeStruct(16, {testing::MakeField("t", 0, 16, "foo.T", TypeKind::kStruct, true)});
      now = {{"arrays", testing::Entry(other)}};
    }
    const std::string line = "{" + encoder.Encode(package, now) + "}";
    Result<SymbolMap> same = decoder.Decode(package, nlohmann::json::parse(line));
    ASSERT_TRUE(same) << same.error().ToString() << "\n" << line;
    ASSERT_EQ(same->size(), now.size());
    for (const auto& [symbol, entry] : now) EXPECT_EQ((*same)[symbol].value, entry.value) << symbol;
    if (round == 0) {
      EXPECT_THAT(line, HasSubstr(R"(["Name.Get",["s",""],["","string"],1])"));  // short, and the wrapper with it
      EXPECT_THAT(line, Not(HasSubstr("(*Name).Get")));
      EXPECT_THAT(line, HasSubstr(R"(["(*Stream).Method",["s","","m","[4]float64","ratio","float64"],["","string"]])"));
    }
  }
}

TEST(ShardCodec, GarbledLinesAreErrorsNeverCrashes) {
  const std::string package = "google.golang.org/grpc/internal/transport";
  const std::string line = "{" + ShardEncoder().Encode(package, OddSymbols()) + "}";
  for (size_t i = 0; i < line.size(); i += 31) {
    for (char c : {'"', '9', ']', ','}) {
      std::string odd = line;
      odd[i] = c;
      nlohmann::json json = nlohmann::json::parse(odd, nullptr, false);
      if (!json.is_object()) continue;
      ShardDecoder decoder;
      Result<SymbolMap> decoded = decoder.Decode(package, json);
      if (!decoded) {
        EXPECT_FALSE(decoded.error().message.empty());
      }
    }
  }
}

}  // namespace
}  // namespace gooffsets
