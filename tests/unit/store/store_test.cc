#include "store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <thread>

#include "base/file.h"
#include "make_record.h"
#include "store/record_json.h"
#include "temp_dir.h"

namespace gooffsets {
namespace {

using testing::FailedRecord;
using testing::GrpcRecord;
using testing::StdRecord;
using testing::TempDir;
using ::testing::ElementsAre;

Store OpenOrDie(const std::string& path, OpenMode mode = OpenMode::kCreate) {
  Result<Store> store = Store::Open(path, mode);
  EXPECT_TRUE(store) << (store ? "" : store.error().ToString());
  return std::move(*store);
}

// What the sqlite3 shell, which shares no code with us but the SQLite library itself, says.
std::string Shell(const std::string& db, const std::string& sql) {
  std::string command = "sqlite3 -readonly '" + db + "' \"" + sql + "\" 2>&1";
  std::string out;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> buffer{};
  while (size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe)) out.append(buffer.data(), size);
  ::pclose(pipe);
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

TEST(Store, RecordsComeBackAsTheyWereAdded) {
  TempDir dir;
  Store store = OpenOrDie(dir / "o.db");
  for (const BuildRecord& record :
       {StdRecord("1.26.8"), GrpcRecord("1.60.1", "1.26.8"),
        testing::WithTags(GrpcRecord("1.60.1", "1.26.8", GoArch::kArm64))}) {
    Result<AddOutcome> added = store.Add(record);
    ASSERT_TRUE(added) << added.error().ToString();
    EXPECT_EQ(*added, AddOutcome::kStored);
    Result<BuildRecord> same = store.ReadBuild(record.build.id);
    ASSERT_TRUE(same) << same.error().ToString();
    EXPECT_EQ(RecordLines(*same), RecordLines(record));
    EXPECT_TRUE(*store.HasBuild(record.build.id));
  }
  EXPECT_EQ(store.AllBuilds()->size(), 3u);
  EXPECT_THAT(*store.Modules(), ElementsAre("google.golang.org/grpc", "std"));
}

TEST(Store, TheShellSeesTheDocumentedTables) {
  TempDir dir;
  const std::string path = dir / "o.db";
  {
    Store store = OpenOrDie(path);
    ASSERT_TRUE(store.Add(GrpcRecord("1.60.1", "1.26.8")));
  }
  EXPECT_EQ(Shell(path, "PRAGMA integrity_check; PRAGMA foreign_key_check; PRAGMA application_id; PRAGMA user_version; "
                        "PRAGMA journal_mode"),
            "ok\n1735356262\n2\nwal");
  EXPECT_EQ(Shell(path, "SELECT f.offset, f.size, t.text FROM field f JOIN string n ON n.id = f.name JOIN string t ON "
                        "t.id = f.type WHERE n.text = 'method'"),
            "80|16|string");
  EXPECT_EQ(Shell(path, "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND strict = 0 AND "
                        "name NOT LIKE 'sqlite_%'"),
            "0");
}

TEST(Store, LayoutsAreStoredOnce) {
  TempDir dir;
  const std::string path = dir / "o.db";
  Store store = OpenOrDie(path);
  ASSERT_TRUE(store.Add(GrpcRecord("1.60.1", "1.26.8")));
  const std::string layouts = Shell(path, "SELECT count(*) FROM layout");
  const std::string trees = Shell(path, "SELECT count(*) FROM package_layout");
  ASSERT_TRUE(store.Add(GrpcRecord("1.60.2", "1.26.8")));
  ASSERT_TRUE(store.Add(GrpcRecord("1.60.1", "1.26.8", GoArch::kArm64)));
  EXPECT_EQ(Shell(path, "SELECT count(*) FROM layout"), layouts);
  EXPECT_EQ(Shell(path, "SELECT count(*) FROM package_layout"), trees);
  EXPECT_EQ(Shell(path, "SELECT count(*) FROM observation"), "9");
}

TEST(Store, SameBuildAgainChangesNothing) {
  TempDir dir;
  Store store = OpenOrDie(dir / "o.db");
  ASSERT_TRUE(store.Add(GrpcRecord("1.60.1", "1.26.8")));
  EXPECT_EQ(*store.Add(GrpcRecord("1.60.1", "1.26.8")), AddOutcome::kAlreadyThere);
  EXPECT_EQ(store.AllBuilds()->size(), 1u);
}

TEST(Store, FailuresGiveWayToBetterKnowledgeOnly) {
  TempDir dir;
  Store store = OpenOrDie(dir / "o.db");
  const std::string module = "google.golang.org/grpc";
  auto failure = [&](BuildStatus status, const std::string& reason) {
    BuildRecord record = FailedRecord(module, "1.60.1", "1.26.8", status, reason);
    record.build.tags = {"netgo"};
    testing::Seal(&record);
    return *store.Add(record);
  };
  auto reason = [&] {
    std::vector<BuildInfo> builds = *store.Builds(module, "1.60.1");
    return builds.size() == 1 ? builds[0].reason : "builds: " + std::to_string(builds.size());
  };
  EXPECT_EQ(failure(BuildStatus::kTransientFailed, "no network"), AddOutcome::kStored);
  EXPECT_EQ(failure(BuildStatus::kTransientFailed, "disk full"), AddOutcome::kStored);
  EXPECT_EQ(reason(), "disk full");
  EXPECT_EQ(failure(BuildStatus::kCompileFailed, "undefined: x"), AddOutcome::kStored);
  EXPECT_EQ(failure(BuildStatus::kTransientFailed, "no network"), AddOutcome::kKeptBetter);
  EXPECT_EQ(reason(), "undefined: x");
  // The success knows its closure, so that its id is another one than the failure's; it replaces it all the same.
  EXPECT_EQ(*store.Add(GrpcRecord("1.60.1", "1.26.8")), AddOutcome::kStored);
  EXPECT_EQ(reason(), "");
  EXPECT_EQ(failure(BuildStatus::kCompileFailed, "undefined: x"), AddOutcome::kKeptBetter);
  EXPECT_EQ(reason(), "");
  // Another Go release is another build.
  ASSERT_TRUE(store.Add(FailedRecord(module, "1.60.1", "1.17.13", BuildStatus::kCompileFailed, "too old")));
  EXPECT_EQ(store.Builds(module, "1.60.1")->size(), 2u);
}

TEST(Store, StdSizes) {
  TempDir dir;
  Store store = OpenOrDie(dir / "o.db");
  ASSERT_TRUE(store.Add(StdRecord("1.21.13", GoArch::kAmd64, 176)));
  ASSERT_TRUE(store.Add(StdRecord("1.26.8", GoArch::kAmd64, 192)));
  using State = StdTypeSize::State;
  EXPECT_EQ(*store.StdSize("1.21.13", GoArch::kAmd64, "crypto/tls.ConnectionState"),
            (StdTypeSize{State::kKnown, 176, 8}));
  EXPECT_EQ(*store.StdSize("1.26.8", GoArch::kAmd64, "crypto/tls.ConnectionState"),
            (StdTypeSize{State::kKnown, 192, 8}));
  EXPECT_EQ(store.StdSize("1.26.8", GoArch::kArm64, "crypto/tls.ConnectionState")->state, State::kUnknown);
  EXPECT_EQ(store.StdSize("1.25.0", GoArch::kAmd64, "crypto/tls.ConnectionState")->state, State::kUnknown);
  EXPECT_EQ(store.StdSize("1.26.8", GoArch::kAmd64, "crypto/tls.Nothing")->state, State::kAbsent);
  EXPECT_EQ(store.StdSize("1.26.8", GoArch::kAmd64, "net/http.Header")->state, State::kAbsent);
  EXPECT_EQ(store.StdSize("1.26.8", GoArch::kAmd64, "odd")->state, State::kUnknown);
  EXPECT_THAT(*store.StdReleases(GoArch::kAmd64), ElementsAre("1.21.13", "1.26.8"));
  EXPECT_TRUE(store.StdReleases(GoArch::kArm64)->empty());
}

TEST(Store, KnownVersionsAreInOrder) {
  TempDir dir;
  Store store = OpenOrDie(dir / "o.db");
  ASSERT_TRUE(store.AddKnownVersions("m", {"1.10.0", "1.9.0", "1.10.0-rc.1"}));
  ASSERT_TRUE(store.AddKnownVersions("m", {"1.9.0"}));
  std::vector<std::string> texts;
  const std::vector<KnownVersion> known = *store.KnownVersions("m");
  for (const KnownVersion& version : known) texts.push_back(version.version.version);
  EXPECT_THAT(texts, ElementsAre("1.9.0", "1.10.0-rc.1", "1.10.0"));
}

TEST(Store, RemovedBuildLeavesNothingBehind) {
  TempDir dir;
  const std::string path = dir / "o.db";
  Store store = OpenOrDie(path);
  BuildRecord kept = GrpcRecord("1.60.1", "1.26.8");
  BuildRecord gone = StdRecord("1.26.8");
  ASSERT_TRUE(store.Add(kept));
  const std::string query =
      "SELECT (SELECT count(*) FROM layout), (SELECT count(*) FROM field), (SELECT count(*) FROM parameter), "
      "(SELECT count(*) FROM package_layout), (SELECT count(*) FROM package_state), (SELECT count(*) FROM observation)";
  const std::string before = Shell(path, query);
  ASSERT_TRUE(store.Add(gone));
  EXPECT_NE(Shell(path, query), before);
  EXPECT_TRUE(*store.RemoveBuild(gone.build.id));
  EXPECT_FALSE(*store.RemoveBuild(gone.build.id));
  EXPECT_EQ(Shell(path, query), before);
  EXPECT_EQ(RecordLines(*store.ReadBuild(kept.build.id)), RecordLines(kept));
  EXPECT_EQ(Shell(path, "PRAGMA foreign_key_check"), "");
}

TEST(Store, ReplacedBuildIsTheNewOne) {
  TempDir dir;
  const std::string path = dir / "o.db", fresh_path = dir / "fresh.db";
  Store store = OpenOrDie(path), fresh = OpenOrDie(fresh_path);
  const BuildRecord other = GrpcRecord("1.60.1", "1.26.8");
  BuildRecord record = StdRecord("1.26.8");
  ASSERT_TRUE(store.Add(other));
  ASSERT_TRUE(store.Add(record));
  // Made again, a package of it is not there any more, and it links nothing of the old record.
  record.packages.pop_back();
  EXPECT_EQ(*store.Add(record), AddOutcome::kAlreadyThere);
  EXPECT_EQ(*store.Replace(record), AddOutcome::kStored);
  EXPECT_EQ(RecordLines(*store.ReadBuild(record.build.id)), RecordLines(record));
  ASSERT_TRUE(fresh.Add(other));
  ASSERT_TRUE(fresh.Add(record));
  const std::string query =
      "SELECT (SELECT count(*) FROM build), (SELECT count(*) FROM layout), (SELECT count(*) FROM package_layout), "
      "(SELECT count(*) FROM package_state), (SELECT count(*) FROM observation)";
  EXPECT_EQ(Shell(path, query), Shell(fresh_path, query));
  EXPECT_EQ(Shell(path, "PRAGMA foreign_key_check"), "");
  // A failure does not take a success away; a broken record changes nothing.
  BuildRecord failure;
  failure.build = record.build;
  failure.build.status = BuildStatus::kCompileFailed;
  failure.build.reason = "p.go:1: no";
  failure.build.probe_digest.clear();
  EXPECT_EQ(*store.Replace(failure), AddOutcome::kKeptBetter);
  BuildRecord broken = record;
  broken.packages.push_back(broken.packages.front());
  EXPECT_FALSE(store.Replace(broken).has_value());
  EXPECT_EQ(RecordLines(*store.ReadBuild(record.build.id)), RecordLines(record));
  // What was never there is added.
  const BuildRecord third = StdRecord("1.27.4");
  EXPECT_EQ(*store.Replace(third), AddOutcome::kStored);
  EXPECT_TRUE(*store.HasBuild(third.build.id));
}

TEST(Store, LocalNotes) {
  TempDir dir;
  Store store = OpenOrDie(dir / "o.db");
  const std::string id(32, 'a');
  EXPECT_FALSE(store.Local(id, "log")->has_value());
  ASSERT_TRUE(store.SetLocal(id, "log", "a.log"));
  ASSERT_TRUE(store.SetLocal(id, "log", "b.log"));
  EXPECT_EQ(**store.Local(id, "log"), "b.log");
  EXPECT_EQ(store.SetLocal("x", "log", "").error().code, ErrorCode::kUsage);
}

// A database as it was before packages had tags: made by its own script, filled through the sqlite3 shell.
TEST(StoreFile, ADatabaseOfLevelOneIsReadAsItIsAndBroughtUpToDate) {
  TempDir dir;
  const std::string now = dir / "now.db";
  const std::string old = dir / "old.db";
  const BuildRecord record = GrpcRecord("1.60.1", "1.26.8");
  {
    Store store = OpenOrDie(now);
    ASSERT_TRUE(store.Add(record));
  }
  const std::string initial = *ReadFile(std::string(GOOFFSETS_SOURCE_DIR) + "/schema/sqlite/0001_initial.sql", 1 << 20);
  std::string script = "PRAGMA application_id = 1735356262; PRAGMA user_version = 1;" + initial;
  script += "ATTACH '" + now + "' AS now;";
  for (const char* table : {"string", "module", "version", "layout", "field", "parameter", "package_layout", "package_state",
                            "build", "observation", "build_module", "disagreement"}) {
    script += std::string("INSERT INTO main.") + table + " SELECT * FROM now." + table + ";";
  }
  script += "INSERT INTO main.package_list SELECT id, digest, entries FROM now.package_list;";
  ASSERT_TRUE(WriteFileAtomic(dir / "script.sql", script));
  ASSERT_EQ(std::system(("sqlite3 -bail '" + old + "' < '" + (dir / "script.sql") + "'").c_str()), 0);
  const std::string bytes = *ReadFile(old, 1 << 24);
  {
    Store store = OpenOrDie(old, OpenMode::kReadOnly);
    Result<BuildRecord> same = store.ReadBuild(record.build.id);
    ASSERT_TRUE(same) << same.error().ToString();
    EXPECT_EQ(RecordLines(*same), RecordLines(record));
    EXPECT_FALSE(same->modules[0].packages[0].tags);
  }
  EXPECT_EQ(*ReadFile(old, 1 << 24), bytes);
  EXPECT_EQ(Shell(old, "PRAGMA user_version"), "1");
  const BuildRecord tagged = testing::WithTags(GrpcRecord("1.60.2", "1.26.8"));
  {
    Store store = OpenOrDie(old);
    Result<BuildRecord> same = store.ReadBuild(record.build.id);
    ASSERT_TRUE(same) << same.error().ToString();
    EXPECT_EQ(RecordLines(*same), RecordLines(record));
    ASSERT_TRUE(store.Add(tagged));
  }
  EXPECT_EQ(Shell(old, "PRAGMA user_version; PRAGMA integrity_check"), "2\nok");
  Store store = OpenOrDie(old, OpenMode::kReadOnly);
  EXPECT_EQ(RecordLines(*store.ReadBuild(tagged.build.id)), RecordLines(tagged));
}

TEST(StoreFile, NewerDatabaseIsRefusedAndNotTouched) {
  TempDir dir;
  const std::string path = dir / "o.db";
  { Store store = OpenOrDie(path); }
  // The level is at byte 60, big-endian (https://www.sqlite.org/fileformat.html, 1.3).
  std::string bytes = *ReadFile(path, 1 << 24);
  bytes[63] = 99;
  ASSERT_TRUE(WriteFileAtomic(path, bytes));
  for (OpenMode mode : {OpenMode::kReadOnly, OpenMode::kReadWrite, OpenMode::kCreate}) {
    Result<Store> store = Store::Open(path, mode);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, ErrorCode::kTooNew);
    EXPECT_NE(store.error().message.find("99"), std::string::npos);
  }
  EXPECT_EQ(*ReadFile(path, 1 << 24), bytes);
  EXPECT_FALSE(std::filesystem::exists(path + "-wal"));
}

TEST(StoreFile, ForeignFilesAreRefusedAndNotTouched) {
  TempDir dir;
  const std::string text = dir / "text";
  ASSERT_TRUE(WriteFileAtomic(text, std::string(5000, 'x')));
  const std::string foreign = dir / "foreign.db";
  ASSERT_EQ(std::system(("sqlite3 '" + foreign + "' 'CREATE TABLE t (a); PRAGMA user_version = 1'").c_str()), 0);
  const std::string before = *ReadFile(foreign, 1 << 24);
  for (const std::string& path : {text, foreign}) {
    for (OpenMode mode : {OpenMode::kReadOnly, OpenMode::kReadWrite, OpenMode::kCreate}) {
      Result<Store> store = Store::Open(path, mode);
      ASSERT_FALSE(store) << path;
      EXPECT_EQ(store.error().code, ErrorCode::kBadInput) << path << ": " << store.error().ToString();
    }
  }
  EXPECT_EQ(*ReadFile(foreign, 1 << 24), before);
  EXPECT_EQ(Store::Open(dir / "none", OpenMode::kReadOnly).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(Store::Open(dir / "none", OpenMode::kReadWrite).error().code, ErrorCode::kNotFound);
}

TEST(StoreFile, DamagedDatabaseIsAnErrorNeverACrash) {
  TempDir dir;
  const std::string path = dir / "o.db";
  {
    Store store = OpenOrDie(path);
    ASSERT_TRUE(store.Add(GrpcRecord("1.60.1", "1.26.8")));
    ASSERT_TRUE(store.connection()->Execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE"));
  }
  const std::string whole = *ReadFile(path, 1 << 24);
  const std::string id = GrpcRecord("1.60.1", "1.26.8").build.id;
  int refused = 0;
  for (size_t page = 0; page < whole.size() / 4096; ++page) {
    std::string bytes = whole;
    for (size_t i = page * 4096 + 100; i < (page + 1) * 4096; i += 5) bytes[i] = static_cast<char>(bytes[i] ^ 0x5a);
    ASSERT_TRUE(WriteFileAtomic(path, bytes));
    Result<Store> store = Store::Open(path, OpenMode::kReadOnly);
    if (!store || !store->ReadBuild(id)) ++refused;
  }
  ASSERT_TRUE(WriteFileAtomic(path, whole.substr(0, whole.size() / 2)));
  Result<Store> cut = Store::Open(path, OpenMode::kReadOnly);
  EXPECT_TRUE(!cut || !cut->ReadBuild(id));
  EXPECT_GT(refused, 5);
}

TEST(StoreFile, OddPathsWork) {
  TempDir dir;
  const std::string path = dir / "a b?c=d#e%20\xc3\xbc.db";
  ASSERT_TRUE(OpenOrDie(path).Add(StdRecord("1.26.8")));
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ(OpenOrDie(path, OpenMode::kReadOnly).AllBuilds()->size(), 1u);
}

TEST(StoreConcurrency, TwoWritersAndAReaderAtOnce) {
  TempDir dir;
  const std::string path = dir / "o.db";
  auto writer = [&](GoArch arch) {
    Store store = OpenOrDie(path);
    for (int i = 0; i < 20; ++i) {
      Result<AddOutcome> added = store.Add(GrpcRecord("1.60." + std::to_string(i), "1.26.8", arch));
      ASSERT_TRUE(added) << added.error().ToString();
    }
  };
  std::thread first(writer, GoArch::kAmd64);
  std::thread second(writer, GoArch::kArm64);
  first.join();
  second.join();
  EXPECT_EQ(OpenOrDie(path, OpenMode::kReadOnly).AllBuilds()->size(), 40u);
  EXPECT_EQ(Shell(path, "PRAGMA integrity_check"), "ok");
}

// The child adds builds and reports each one that is stored; it is killed at once after a report, while it works on the
// next. What was reported must be there, and the file must be whole.
TEST(StoreConcurrency, KilledWriterLeavesWholeRecordsOnly) {
  TempDir dir;
  const std::string path = dir / "o.db";
  for (int round = 0; round < 8; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      Result<Store> store = Store::Open(path, OpenMode::kCreate);
      for (int i = 0; store && i < 10'000; ++i) {
        const std::string version = "1." + std::to_string(round) + "." + std::to_string(i);
        if (!store->Add(GrpcRecord(version, "1.26.8"))) ::_exit(1);
        if (::write(ends[1], "x", 1) != 1) ::_exit(1);
      }
      ::_exit(1);
    }
    ::close(ends[1]);
    char byte = 0;
    for (int reported = 0; reported <= round; ++reported) ASSERT_EQ(::read(ends[0], &byte, 1), 1);
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    ::close(ends[0]);
    Store store = OpenOrDie(path);
    for (int i = 0; i <= round; ++i) {
      BuildRecord record = GrpcRecord("1." + std::to_string(round) + "." + std::to_string(i), "1.26.8");
      EXPECT_TRUE(*store.HasBuild(record.build.id));
    }
    const std::vector<BuildInfo> builds = *store.AllBuilds();
    for (const BuildInfo& build : builds) {
      Result<BuildRecord> record = store.ReadBuild(build.id);
      ASSERT_TRUE(record) << record.error().ToString();
      EXPECT_TRUE(CheckRecord(*record));
      EXPECT_EQ(record->packages.size(), 3u);
    }
  }
  EXPECT_EQ(Shell(path, "PRAGMA integrity_check; PRAGMA foreign_key_check"), "ok");
}

}  // namespace
}  // namespace gooffsets
