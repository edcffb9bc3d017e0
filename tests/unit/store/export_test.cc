#include "store/export.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/file.h"
#include "make_record.h"
#include "store/record_json.h"
#include "store/store.h"
#include "temp_dir.h"

namespace gooffsets {
namespace {

using testing::FailedRecord;
using testing::GrpcRecord;
using testing::StdRecord;
using testing::TempDir;

std::vector<BuildRecord> SampleRecords() {
  BuildRecord odd = GrpcRecord("1.61.0", "1.27.4", GoArch::kAmd64, 88);
  odd.build.disagreements = {{"google.golang.org/grpc/credentials.TLSInfo", "struct size", "16", "24"}};
  odd.build.reason = "quotes \" and\nlines";
  return {StdRecord("1.21.13"),
          StdRecord("1.26.8", GoArch::kArm64, 192),
          GrpcRecord("1.60.1", "1.26.8"),
          testing::WithTags(GrpcRecord("1.60.1", "1.26.8", GoArch::kArm64)),
          odd,
          FailedRecord("google.golang.org/grpc", "1.14.0", "1.27.4", BuildStatus::kCompileFailed, "undefined: x"),
          FailedRecord("google.golang.org/grpc", "1.15.0", "1.27.4", BuildStatus::kTransientFailed, "no network")};
}

void Fill(Store* store, bool reversed = false) {
  std::vector<BuildRecord> records = SampleRecords();
  if (reversed) std::reverse(records.begin(), records.end());
  for (const BuildRecord& record : records) {
    Result<AddOutcome> added = store->Add(record);
    ASSERT_TRUE(added) << added.error().ToString();
  }
  ASSERT_TRUE(store->AddKnownVersions("google.golang.org/grpc", {"1.60.1", "1.9.0", "1.14.0", "1.62.0"}));
}

std::string Json(Store* store) {
  std::ostringstream out;
  Result<void> done = ExportJson(store, &out);
  EXPECT_TRUE(done) << (done ? "" : done.error().ToString());
  return out.str();
}

TEST(ExportJson, EqualContentGivesEqualBytesInWhateverOrderItCame) {
  TempDir dir;
  Store first = *Store::Open(dir / "1.db", OpenMode::kCreate);
  Store second = *Store::Open(dir / "2.db", OpenMode::kCreate);
  Fill(&first);
  Fill(&second, true);
  const std::string json = Json(&first);
  EXPECT_GT(json.size(), 1000u);
  EXPECT_EQ(json, Json(&second));
  // Local notes and layouts that nothing refers to are no content.
  ASSERT_TRUE(second.SetLocal(std::string(32, 'a'), "log", "/tmp/x"));
  BuildRecord extra = GrpcRecord("1.62.0", "1.26.8", GoArch::kAmd64, 104);
  ASSERT_TRUE(second.Add(extra));
  EXPECT_NE(json, Json(&second));
  ASSERT_TRUE(*second.RemoveBuild(extra.build.id));
  EXPECT_EQ(json, Json(&second));
}

TEST(ExportJson, WithoutTagsItIsWhatItWasBeforeThereWereSome) {
  TempDir dir;
  Store store = *Store::Open(dir / "1.db", OpenMode::kCreate);
  ASSERT_TRUE(store.Add(GrpcRecord("1.60.1", "1.26.8")));
  EXPECT_TRUE(Json(&store).starts_with("{\"format\":\"gooffsets\",\"version\":1,\n"));
  const BuildRecord tagged = testing::WithTags(GrpcRecord("1.60.2", "1.26.8"));
  ASSERT_TRUE(store.Add(tagged));
  EXPECT_TRUE(Json(&store).starts_with("{\"format\":\"gooffsets\",\"version\":2,\n"));
  ASSERT_TRUE(*store.RemoveBuild(tagged.build.id));
  EXPECT_TRUE(Json(&store).starts_with("{\"format\":\"gooffsets\",\"version\":1,\n"));
}

TEST(ExportJson, StoreToJsonToStoreToJsonIsIdentical) {
  TempDir dir;
  Store first = *Store::Open(dir / "1.db", OpenMode::kCreate);
  Fill(&first);
  const std::string path = dir / "offsets.json";
  ASSERT_TRUE(ExportJsonFile(&first, path));
  Store second = *Store::Open(dir / "2.db", OpenMode::kCreate);
  Result<ImportCounts> counts = ImportJsonFile(&second, path);
  ASSERT_TRUE(counts) << counts.error().ToString();
  EXPECT_EQ(counts->builds_added, SampleRecords().size());
  EXPECT_EQ(Json(&second), *ReadFile(path, 1 << 24));
  for (const BuildRecord& record : SampleRecords()) {
    Result<BuildRecord> same = second.ReadBuild(record.build.id);
    ASSERT_TRUE(same) << same.error().ToString();
    EXPECT_EQ(RecordLines(*same), RecordLines(record));
  }
  counts = ImportJsonFile(&second, path);
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->builds_added, 0u);
  EXPECT_EQ(Json(&second), *ReadFile(path, 1 << 24));
}

// The judge is python3-jsonschema (Draft 2020-12), which knows nothing of our code.
TEST(ExportJson, FollowsItsSchemaAndTheSchemaIsStrict) {
  TempDir dir;
  Store store = *Store::Open(dir / "1.db", OpenMode::kCreate);
  Fill(&store);
  const std::string path = dir / "offsets.json";
  ASSERT_TRUE(ExportJsonFile(&store, path));
  const std::string script = dir / "validate.py";
  ASSERT_TRUE(WriteFileAtomic(script, R"(
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
doc = json.load(open(sys.argv[2]))
errors = list(validator.iter_errors(doc))
for e in errors[:5]: print(list(e.path), e.message[:200])
assert not errors
assert len(doc['builds']) == 7 and len(doc['layouts']) > 5
# Strict: a member more, anywhere, is an error; and so is a changed type.
def variants(value, path=()):
    if isinstance(value, dict):
        if path[:1] not in (('versions',),) and not (path[:1] == ('package_layouts',) and len(path) == 2):
            value['zz odd'] = 1
            yield path
            del value['zz odd']
        for key in list(value)[:3 if path else None]:
            yield from variants(value[key], path + (key,))
    elif isinstance(value, list):
        for i, item in enumerate(value[:2]):
            yield from variants(item, path + (i,))
count = 0
for path in variants(doc):
    assert not validator.is_valid(doc), path
    count += 1
assert count > 20, count
)"));
  const std::string schema = std::string(GOOFFSETS_SOURCE_DIR) + "/schema/offsets.schema.json";
  EXPECT_EQ(std::system(("python3 '" + script + "' '" + schema + "' '" + path + "' 1>&2").c_str()), 0);
}

TEST(ImportJson, DamageIsNoticedAndNothingIsStored) {
  TempDir dir;
  Store source = *Store::Open(dir / "1.db", OpenMode::kCreate);
  Fill(&source);
  const std::string json = Json(&source);
  Store target = *Store::Open(dir / "2.db", OpenMode::kCreate);
  const std::string empty = Json(&target);
  auto import = [&](const std::string& text) {
    std::istringstream in(text);
    return ImportJson(&target, &in);
  };
  for (size_t size = 0; size + 2 < json.size(); size += 251) EXPECT_FALSE(import(json.substr(0, size))) << size;
  auto replaced = [&](const std::string& from, const std::string& to) {
    std::string text = json;
    size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  EXPECT_FALSE(import(replaced("\"offset\":80", "\"offset\":81")));       // digest of the layout
  EXPECT_FALSE(import(replaced("\"generic\"", "\"alias\"")));               // digest of the package layout
  EXPECT_FALSE(import(replaced("\"server.go\"", "\"client.go\"")));         // digest of the package
  EXPECT_FALSE(import(replaced("\"not a root\"", "\"main\"")));             // digest of the list
  EXPECT_FALSE(import(replaced("\"go\":\"1.26.8\"", "\"go\":\"1.26.9\"")));  // id of the build
  EXPECT_FALSE(import(replaced("\"versions\"", "\"builds\"")));             // order of the sections
  EXPECT_EQ(import(replaced("\"version\":2", "\"version\":3")).error().code, ErrorCode::kTooNew);
  EXPECT_FALSE(import("[]"));
  EXPECT_FALSE(import("{}"));
  EXPECT_FALSE(import(std::string(100'000, '{')));
  EXPECT_EQ(Json(&target), empty);
  ASSERT_TRUE(import(json));
  EXPECT_EQ(Json(&target), json);
}

TEST(Publish, MakesASnapshotThatReadersOpenImmutable) {
  TempDir dir;
  Store store = *Store::Open(dir / "work.db", OpenMode::kCreate);
  Fill(&store);
  ASSERT_TRUE(store.SetLocal(std::string(32, 'a'), "log", "/home/somebody/x"));
  const std::string path = dir / "offsets.db";
  for (int round = 0; round < 2; ++round) {  // the second replaces the first
    Result<void> published = Publish(&store, path);
    ASSERT_TRUE(published) << published.error().ToString();
  }
  // Only this file: no side files, no temporary ones.
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir / "")) {
    if (entry.path().filename().string().starts_with("offsets.db")) ++files;
  }
  EXPECT_EQ(files, 1u);
  const std::string bytes = *ReadFile(path, 1 << 24);
  EXPECT_EQ(bytes[18], 1);  // journal mode DELETE (https://www.sqlite.org/fileformat.html, 1.3.3)
  EXPECT_EQ(bytes.find("somebody"), std::string::npos);
  std::filesystem::permissions(path, std::filesystem::perms::owner_read);
  Store copy = *Store::Open(path, OpenMode::kReadOnly);
  EXPECT_EQ(Json(&copy), Json(&store));
  EXPECT_EQ(*ReadFile(path, 1 << 24), bytes);
  EXPECT_EQ(Publish(&store, dir / "none/offsets.db").error().code, ErrorCode::kNotFound);
}

TEST(ExportJson, FullDiskIsNoSpaceAndLeavesNoFile) {
  TempDir dir;
  Store store = *Store::Open(dir / "1.db", OpenMode::kCreate);
  Fill(&store);
  EXPECT_FALSE(ExportJsonFile(&store, dir / "none/offsets.json"));
  std::ofstream full("/dev/full");
  EXPECT_FALSE(ExportJson(&store, &full) && full.flush());
}

}  // namespace
}  // namespace gooffsets
