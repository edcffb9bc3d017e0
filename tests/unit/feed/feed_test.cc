// Signatures, manifests, times, snapshots and bundles: what the parts of a feed promise one by one. The whole is driven
// in tests/e2e/feed_test.py and feed_failures_test.py.
#include "gooffsets/feed.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "../store/temp_dir.h"
#include "base/digest.h"
#include "base/file.h"
#include "feed/bundle.h"
#include "feed/feed_time.h"
#include "feed/http_client.h"
#include "feed/installation.h"
#include "feed/minisign.h"
#include "feed/publish_feed.h"
#include "feed/snapshot_codec.h"
#include "gooffsets/feed_resolve.h"

namespace gooffsets {
namespace {

using testing::TempDir;

// Made by minisign 0.11: `minisign -G -W`, then `echo hi > f; minisign -S -m f -t 'trusted c'`.
constexpr const char* kPublic =
    "untrusted comment: minisign public key 6CA8F5984CDFC8A8\n"
    "RWSoyN9MmPWobJDRUuLjlxXpLxHTnnY6Kj5w4jgqEu8v/OOBxw43/hXl\n";
constexpr const char* kSignature =
    "untrusted comment: signature from minisign secret key\n"
    "RUSoyN9MmPWobKFVKetRlJnFWzGn7Pw7GT4xTIhghpdl8VOH8bZsl49M/fHcHbfuDuB9fUHZC4TQE7eDoh7UDiFg3fEXgARenQI=\n"
    "trusted comment: trusted c\n"
    "N1WrcQIS7q8GnisIk/58pXDHq1YMgzQWMcc0kTvL14kdzLPpD8QwKvBbLnGRs6mduR7Yud08NH15qRQnDmBcDg==\n";

TEST(Minisign, VerifiesWhatMinisignSigned) {
  auto key = ParsePublicKey(kPublic);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->Id(), "6CA8F5984CDFC8A8");
  EXPECT_EQ(PublicKeyFile(*key), kPublic);
  auto comment = VerifySignature("hi\n", kSignature, {*key});
  ASSERT_TRUE(comment) << comment.error().message;
  EXPECT_EQ(*comment, "trusted c");
}

TEST(Minisign, RefusesOtherMessagesCommentsAndKeys) {
  auto key = ParsePublicKey(kPublic);
  ASSERT_TRUE(key);
  EXPECT_EQ(VerifySignature("ho\n", kSignature, {*key}).error().code, ErrorCode::kBadInput);
  std::string changed = kSignature;
  changed.replace(changed.find("trusted c\n"), 9, "trusted d");
  EXPECT_EQ(VerifySignature("hi\n", changed, {*key}).error().code, ErrorCode::kBadInput);
  auto other = NewSecretKey();
  ASSERT_TRUE(other);
  EXPECT_EQ(VerifySignature("hi\n", kSignature, {other->Public()}).error().code, ErrorCode::kPermission);
  // A key that says it is the right one.
  PublicKey liar = other->Public();
  liar.id = key->id;
  EXPECT_EQ(VerifySignature("hi\n", kSignature, {liar}).error().code, ErrorCode::kBadInput);
}

TEST(Minisign, SecretKeysAreReadAsTheyWereWritten) {
  auto key = NewSecretKey();
  ASSERT_TRUE(key);
  auto file = SecretKeyFile(*key, "");
  ASSERT_TRUE(file);
  EXPECT_FALSE(IsEncryptedSecretKey(*file));
  auto again = ParseSecretKey(*file, "");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->key, key->key);
  EXPECT_TRUE(VerifySignature("m", Sign("m", *again, "c"), {key->Public()}));
  std::string damaged = *file;
  char& digit = damaged[damaged.size() - 60];
  digit = digit == 'A' ? 'B' : 'A';
  EXPECT_FALSE(ParseSecretKey(damaged, ""));
}

TEST(FeedTime, IsReadAndWritten) {
  // `date -u -d @1790000000 +%FT%TZ`
  EXPECT_EQ(FeedTime(1790000000), "2026-09-21T14:13:20Z");
  EXPECT_EQ(*ParseFeedTime("2026-09-21T14:13:20Z"), 1790000000);
  for (const char* odd : {"", "2026-09-21", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-09-21T24:00:00Z",
                          "1969-12-31T23:59:59Z", "2026-09-21 14:13:20Z", "2026-09-21T14:13:20+02:00"}) {
    EXPECT_FALSE(ParseFeedTime(odd)) << odd;
  }
}

std::string Noise(size_t size, uint32_t seed) {
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>((seed = seed * 1664525 + 1013904223) >> 24);
  return out;
}

TEST(Snapshot, DifferencesAreSmallAndGiveTheFileBack) {
  TempDir dir;
  const std::string old_text = Noise(1 << 20, 1), text = old_text.substr(0, 500000) + "new" + old_text.substr(500000);
  ASSERT_TRUE(WriteFileAtomic(dir / "old", old_text));
  ASSERT_TRUE(WriteFileAtomic(dir / "new", text));
  ASSERT_TRUE(MakeSnapshotDelta(dir / "old", dir / "new", dir / "delta", 3));
  EXPECT_LT(std::filesystem::file_size(dir / "delta"), 2000U);
  auto digest = DecodeSnapshot(dir / "delta", dir / "old", old_text.size(), dir / "out", text.size());
  ASSERT_TRUE(digest) << digest.error().message;
  EXPECT_EQ(*digest, Sha256Hex(text));
  // Other sizes than were announced leave nothing behind.
  for (size_t size : {text.size() - 1, text.size() + 1}) {
    EXPECT_FALSE(DecodeSnapshot(dir / "delta", dir / "old", old_text.size(), dir / "out", size));
    EXPECT_FALSE(std::filesystem::exists(dir / "out"));
  }
  EXPECT_FALSE(DecodeSnapshot(dir / "delta", dir / "old", old_text.size() + 1, dir / "out", text.size()));
}

TEST(Snapshot, AFrameThatSaysItIsLargerThanItMayBeEndsEarly) {
  TempDir dir;
  ASSERT_TRUE(WriteFileAtomic(dir / "zeros", std::string(16 << 20, '\0')));
  ASSERT_TRUE(CompressSnapshot(dir / "zeros", dir / "packed", 1));
  EXPECT_LT(std::filesystem::file_size(dir / "packed"), 100000U);
  auto digest = DecodeSnapshot(dir / "packed", "", 0, dir / "out", 1000);
  ASSERT_FALSE(digest);
  EXPECT_NE(digest.error().message.find("more than was signed"), std::string::npos);
}

TEST(Bundle, GivesBackWhatWasPutIn) {
  TempDir dir;
  ASSERT_TRUE(WriteFileAtomic(dir / "blob", Noise(1000, 2)));
  {
    auto writer = BundleWriter::Create(dir / "b.gofeed");
    ASSERT_TRUE(writer);
    ASSERT_TRUE(writer->AddText("manifest.json", "{}"));
    ASSERT_TRUE(writer->AddFile("blobs/x", dir / "blob"));
    ASSERT_TRUE(writer->Finish());
  }
  auto bundle = BundleReader::Open(dir / "b.gofeed");
  ASSERT_TRUE(bundle) << bundle.error().message;
  EXPECT_EQ(bundle->entries().size(), 2U);
  const BundleReader::Entry* entry = bundle->Find("blobs/x");
  ASSERT_NE(entry, nullptr);
  std::string text(static_cast<size_t>(entry->size), '\0');
  ASSERT_TRUE(bundle->Read(*entry, 0, text.data(), text.size()));
  EXPECT_EQ(text, Noise(1000, 2));
  EXPECT_EQ(bundle->Find("blobs/y"), nullptr);
}

TEST(State, IsReadAsItWasWritten) {
  InstallState state;
  state.shown.version = 7;
  state.shown.database = {std::string(64, 'a'), 123};
  state.shown.schema_level = 2;
  state.shown.pinned = 6;
  state.shown.pin_reason = "rollback";
  state.shown.previous = {{6, {std::string(64, 'b'), 9}, 2, 100, 200}};
  state.pending = InstalledState::Kept{8, {std::string(64, 'c'), 10}, 2, 300, 400};
  auto again = ParseInstallState(InstallStateJson(state));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(InstallStateJson(*again), InstallStateJson(state));
  EXPECT_EQ(again->shown.previous, state.shown.previous);
  EXPECT_FALSE(ParseInstallState("{}"));
  EXPECT_FALSE(ParseInstallState("no"));
}

TEST(Corrections, CoverASymbolOrAPackage) {
  auto correction = ParseCorrection("google.golang.org/grpc@1.60.1 google.golang.org/grpc.Server: measured anew");
  ASSERT_TRUE(correction);
  DatabaseChanges::Change change{"google.golang.org/grpc",        "1.60.1", "1.26.8", "amd64",
                                 "google.golang.org/grpc.Server", false};
  EXPECT_TRUE(IsCorrected(change, {*correction}));
  change.symbol = "google.golang.org/grpc.ServerStream";
  EXPECT_FALSE(IsCorrected(change, {*correction}));
  correction->symbol = "google.golang.org/grpc";
  EXPECT_TRUE(IsCorrected(change, {*correction}));
  change.version = "1.60.2";
  EXPECT_FALSE(IsCorrected(change, {*correction}));
  correction->version = "*";
  EXPECT_TRUE(IsCorrected(change, {*correction}));
  for (const char* odd : {"", "m", "m@v", "m@v s", "m@v s:", "@v s: r", "m@ s: r"})
    EXPECT_FALSE(ParseCorrection(odd)) << odd;
}

TEST(Http, MessagesHoldNoPassword) {
  EXPECT_EQ(WithoutCredentials("https://user:secret@host/feed"), "https://host/feed");
  EXPECT_EQ(WithoutCredentials("https://host/a@b"), "https://host/a@b");
}

RemoteResolveOptions Options() {
  RemoteResolveOptions options;
  options.private_prefixes = {"corp.example/"};
  return options;
}

TEST(Remote, OnlyWhatDecidesAboutLayoutsLeavesTheHost) {
  BinaryInfo info;
  info.file = "/home/someone/secret-service";
  info.go_text = "go1.26.8";
  info.go_version = "1.26.8";
  info.main_package = "corp.example/secret/cmd";
  info.main_module = BinaryModule{"corp.example/secret", "(devel)", "", false, "", ""};
  info.settings = {{"-ldflags", "-X main.token=hunter2"}, {"vcs.revision", "0123456789"}};
  info.modules = {{"google.golang.org/grpc", "v1.60.1", "h1:sum", false, "", ""},
                  {"corp.example/library", "v1.0.0", "", false, "", ""},
                  {"golang.org/x/net", "v0.1.0", "", true, "/home/someone/net", ""}};
  const std::string request = RemoteResolveRequest(
      info, "[probe.p]\nattach = [\"net/http.(*Server).Serve\"]\nneed = [\"net/http.Request.URL\"]\n", Options());
  for (const char* kept : {"google.golang.org/grpc", "v1.60.1", "1.26.8", "net/http.Request.URL"}) {
    EXPECT_NE(request.find(kept), std::string::npos) << kept;
  }
  for (const char* secret : {"someone", "secret", "hunter2", "0123456789", "corp.example", "h1:sum"}) {
    EXPECT_EQ(request.find(secret), std::string::npos) << secret << " in " << request;
  }
}

}  // namespace
}  // namespace gooffsets
