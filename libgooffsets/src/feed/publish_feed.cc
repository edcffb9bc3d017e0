#include "feed/publish_feed.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>

#include "base/digest.h"
#include "base/quote.h"
#include "feed/extend_snapshot.h"
#include "feed/feed_time.h"
#include "feed/manifest.h"
#include "feed/output_file.h"
#include "feed/snapshot_codec.h"
#include "gooffsets/database.h"
#include "store/database_file.h"

namespace gooffsets {
namespace {

namespace fs = std::filesystem;

Result<FeedBlob> BlobOf(const std::string& path) {
  GOOFFSETS_TRY(UniqueFd fd, OpenForReading(path));
  GOOFFSETS_TRY(const uint64_t size, FileSize(fd, path));
  GOOFFSETS_TRY(std::string sha256, Sha256HexOfFile(path));
  return FeedBlob{std::move(sha256), size};
}

// One publication.
class Publication {
 public:
  explicit Publication(const PublishOptions& options) : options_(options), making_(options.feed + "/.making") {}
  Publication(const Publication&) = delete;
  Publication& operator=(const Publication&) = delete;
  ~Publication() {
    std::error_code ignored;
    if (lock_.valid()) fs::remove_all(making_, ignored);
  }

  Result<PublishedFeed> Run() {
    GOOFFSETS_CHECK_OK(Prepare());
    GOOFFSETS_CHECK_OK(ReadNewest());
    GOOFFSETS_TRY(const bool changed, MakeDatabase());
    Manifest& manifest = out_.manifest;
    const bool keys_change = (!options_.next_key.empty() && options_.next_key != newest_.next_key) ||
                             !options_.revoked_keys.empty() || !options_.corrections.empty() || signer_changed_;
    const bool fresh = newest_.version != 0 && newest_.expires - options_.now > options_.lifetime / 2;
    if (!changed && fresh && !keys_change) {
      manifest = newest_;
      return std::move(out_);
    }
    manifest = newest_;
    manifest.version = newest_.version + 1;
    manifest.created = options_.now;
    manifest.expires = options_.now + options_.lifetime;
    if (changed) {  // else the database is the one that was published before, whatever this program would write
      manifest.schema_level = SchemaLevel();
      manifest.minimum_reader = GOOFFSETS_VERSION;
    }
    AddKeysAndCorrections();
    if (newest_.version != 0) {
      manifest.previous.insert(manifest.previous.begin(), {newest_.version, Sha256Hex(newest_text_), newest_.database});
      if (manifest.previous.size() > kMaxPrevious) manifest.previous.resize(kMaxPrevious);
    }
    if (changed) GOOFFSETS_CHECK_OK(MakeBlobs());
    GOOFFSETS_CHECK_OK(PutInPlace());
    GOOFFSETS_CHECK_OK(Prune());
    out_.changed = true;
    return std::move(out_);
  }

 private:
  std::string Making(const std::string& name) const { return making_ + "/" + name; }
  std::string InFeed(const std::string& name) const { return options_.feed + "/" + name; }
  void Say(const std::string& what, uint64_t done = 0, uint64_t total = 0, const std::string& unit = {}) const {
    if (options_.progress) options_.progress({what, done, total, unit});
  }

  Result<void> Prepare() {
    for (const char* sub : {"", "/blobs", "/history"}) GOOFFSETS_CHECK_OK(MakeDirectories(options_.feed + sub));
    const std::string path = InFeed(".lock");
    UniqueFd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!lock.valid()) return ErrnoError(errno, "cannot write " + path);
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
      return Fail(ErrorCode::kBusy, "another process is publishing to " + options_.feed, "wait until it is done");
    }
    lock_ = std::move(lock);
    std::error_code ignored;
    fs::remove_all(making_, ignored);  // of one that was killed
    return MakeDirectories(making_);
  }

  Result<void> ReadNewest() {
    Result<std::string> text = ReadFile(InFeed(kManifestName), kMaxManifestSize);
    if (!text && text.error().code == ErrorCode::kNotFound) return {};
    if (!text) return tl::unexpected(text.error());
    newest_text_ = std::move(*text);
    GOOFFSETS_TRY(newest_, ParseManifest(newest_text_));
    GOOFFSETS_TRY(const std::string signature, SignatureOfNewest());
    GOOFFSETS_TRY(const SignatureFile signed_by, ParseSignatureFile(signature));
    const PublicKey own = options_.key.Public();
    for (const std::string& key : options_.revoked_keys) {
      if (key != own.Text()) continue;
      return Fail(ErrorCode::kUsage, "the key that signs cannot be revoked by itself: no client could follow",
                  "announce another with --next-key, sign with that one, and revoke this one then");
    }
    if (signed_by.key_id == own.id) {
      auto verified = VerifySignature(newest_text_, signature, {own});
      if (verified) return {};
      return Fail(ErrorCode::kBadInput, "the feed's manifest is damaged: " + verified.error().message,
                  "put back manifest.json and manifest.json.minisig from a mirror or from history/");
    }
    signer_changed_ = true;
    if (newest_.next_key == own.Text() || options_.new_key) return {};
    return Fail(
        ErrorCode::kPermission,
        "the feed is signed with the key " + signed_by.KeyId() + ", and clients know nothing of the key " + own.Id(),
        "sign with the old key once more and announce the new one with --next-key; without the old key: --new-key");
  }

  // A publication that was killed has put the next version's signature in place and its manifest not yet: then the one
  // that belongs to the manifest is that of the history.
  Result<std::string> SignatureOfNewest() const {
    GOOFFSETS_TRY(std::string signature,
                  ReadFile(InFeed(std::string(kManifestName) + kSignatureSuffix), kMaxSignatureSize));
    const PublicKey own = options_.key.Public();
    auto signed_by = ParseSignatureFile(signature);
    if (signed_by && (signed_by->key_id != own.id || VerifySignature(newest_text_, signature, {own}))) return signature;
    auto kept = ReadFile(InFeed(HistoryName(newest_.version) + kSignatureSuffix), kMaxSignatureSize);
    return kept ? *kept : signature;
  }

  // The database behind an earlier version, made again from its blob. kNotFound: it was pruned.
  Result<std::string> Unpack(const FeedBlob& full, const FeedBlob& database, const std::string& name) {
    if (!FileExists(InFeed(BlobName(full)))) return Fail(ErrorCode::kNotFound, "there is no " + BlobName(full));
    const std::string path = Making(name);
    GOOFFSETS_TRY(const std::string digest, DecodeSnapshot(InFeed(BlobName(full)), "", 0, path, database.size));
    if (digest == database.sha256) return path;
    return Fail(ErrorCode::kBadInput, InFeed(BlobName(full)) + " is damaged", "put it back from a mirror");
  }

  // False: the newest version has the same content.
  Result<bool> MakeDatabase() {
    std::string previous;
    if (newest_.version != 0) {
      Say("unpacking version " + std::to_string(newest_.version));
      GOOFFSETS_TRY(previous, Unpack(newest_.full, newest_.database, "previous.db"));
    }
    Say("reading " + options_.database);
    const auto adding = [this](size_t done, size_t total) {
      if (total != 0) Say("adding", done, total, "builds");
    };
    GOOFFSETS_TRY(const ExtendedSnapshot made, ExtendSnapshot(previous, options_.database, Making("new.db"), adding));
    out_.builds_added = made.added;
    out_.builds_replaced = made.replaced;
    out_.builds_removed = made.removed;
    if (!made.changed) return false;
    GOOFFSETS_TRY(Database opened, Database::Open(Making("new.db")));
    GOOFFSETS_TRY(const std::vector<std::string> modules, opened.Modules());
    if (modules.empty())
      return Fail(ErrorCode::kBadInput, options_.database + " holds no build that succeeded",
                  "offsetgen status says why");
    if (previous.empty()) return true;
    Say("comparing it with version " + std::to_string(newest_.version));
    GOOFFSETS_TRY(const DatabaseChanges changes, CompareDatabases(previous, Making("new.db")));
    out_.new_versions = changes.new_versions;
    std::string refused;
    uint64_t count = changes.change_count - changes.changes.size();
    for (const DatabaseChanges::Change& change : changes.changes) {
      if (IsCorrected(change, options_.corrections)) {
        ++out_.corrected;
        continue;
      }
      if (++count > 5) continue;
      refused += "; " + change.module + "@" + change.version + " " + change.symbol + " (" + change.goarch + ", Go " +
                 change.go + (change.lost ? ") is gone" : ") has another layout");
    }
    if (count == 0) return true;
    return Fail(ErrorCode::kPartial, std::to_string(count) + " published answers change" + refused,
                "find out which is right; if it is the new one: --correction 'MODULE@VERSION SYMBOL: REASON'");
  }

  void AddKeysAndCorrections() {
    Manifest& manifest = out_.manifest;
    if (!options_.next_key.empty()) manifest.next_key = options_.next_key;
    // The announced key signs from now on: there is no next one until another is announced.
    if (manifest.next_key == options_.key.Public().Text()) manifest.next_key.clear();
    for (const std::string& key : options_.revoked_keys) {
      if (std::find(manifest.revoked_keys.begin(), manifest.revoked_keys.end(), key) == manifest.revoked_keys.end()) {
        manifest.revoked_keys.push_back(key);
      }
    }
    for (FeedCorrection correction : options_.corrections) {
      correction.since = manifest.version;
      manifest.corrections.push_back(std::move(correction));
    }
  }

  Result<FeedBlob> Add(const std::string& path) {
    GOOFFSETS_TRY(FeedBlob blob, BlobOf(path));
    const std::string target = InFeed(BlobName(blob));
    if (::rename(path.c_str(), target.c_str()) != 0) return ErrnoError(errno, "cannot write " + target);
    return blob;
  }

  Result<void> MakeBlobs() {
    Manifest& manifest = out_.manifest;
    const std::string database = Making("new.db"), packed = Making("packed"), back = Making("back.db");
    GOOFFSETS_TRY(manifest.database, BlobOf(database));
    const auto saying = [this](const std::string& what) {
      return [this, what](uint64_t done, uint64_t total) { Say(what, done, total); };
    };
    GOOFFSETS_CHECK_OK(CompressSnapshot(database, packed, options_.level, saying("compressing")));
    GOOFFSETS_CHECK_OK(ReadBack(packed, "", {}));
    GOOFFSETS_TRY(manifest.full, Add(packed));
    manifest.deltas.clear();
    std::set<std::string> from;
    for (const FeedPrevious& previous : manifest.previous) {
      if (manifest.deltas.size() >= options_.deltas) break;
      if (previous.database == manifest.database || !from.insert(previous.database.sha256).second) continue;
      Result<std::string> old = OldDatabase(previous);
      if (!old && old.error().code == ErrorCode::kNotFound) break;  // pruned, and all before it
      if (!old) return tl::unexpected(old.error());
      const std::string what = "making the difference from version " + std::to_string(previous.version) + ":";
      GOOFFSETS_CHECK_OK(MakeSnapshotDelta(*old, database, packed, options_.level, saying(what)));
      GOOFFSETS_CHECK_OK(ReadBack(packed, *old, previous.database));
      GOOFFSETS_TRY(FeedBlob blob, Add(packed));
      manifest.deltas.push_back({previous.version, previous.database, std::move(blob)});
    }
    return SyncDirectory(InFeed("blobs"));
  }

  Result<std::string> OldDatabase(const FeedPrevious& previous) {
    if (previous.version == newest_.version) return Making("previous.db");
    GOOFFSETS_TRY(const std::string text, ReadFile(InFeed(HistoryName(previous.version)), kMaxManifestSize));
    if (Sha256Hex(text) != previous.manifest_sha256) {
      return Fail(ErrorCode::kBadInput, InFeed(HistoryName(previous.version)) + " is damaged",
                  "put it back from a mirror");
    }
    GOOFFSETS_TRY(const Manifest manifest, ParseManifest(text));
    return Unpack(manifest.full, manifest.database, "old.db");
  }

  // What was packed gives back the very database: a client will do the same.
  Result<void> ReadBack(const std::string& packed, const std::string& old, const FeedBlob& old_blob) {
    const std::string back = Making("back.db");
    GOOFFSETS_TRY(const std::string digest,
                  DecodeSnapshot(packed, old, old_blob.size, back, out_.manifest.database.size));
    GOOFFSETS_CHECK_OK(RemoveFile(back));
    if (digest == out_.manifest.database.sha256) return {};
    return Fail(ErrorCode::kInternal, packed + " does not give back what was packed");
  }

  Result<void> PutInPlace() {
    const Manifest& manifest = out_.manifest;
    const std::string text = ManifestJson(manifest);
    // What cannot be read again must not be signed.
    GOOFFSETS_TRY(const Manifest again, ParseManifest(text));
    if (again != manifest) return Fail(ErrorCode::kInternal, "the manifest is not read as it was written");
    const std::string signature =
        Sign(text, options_.key,
             "gooffsets feed, version " + std::to_string(manifest.version) + ", " + FeedTime(manifest.created));
    const std::string history = InFeed(HistoryName(manifest.version));
    GOOFFSETS_CHECK_OK(WriteFileAtomic(history + kSignatureSuffix, signature));
    GOOFFSETS_CHECK_OK(WriteFileAtomic(history, text));
    // Between these two a client sees a signature that does not fit, and asks again.
    GOOFFSETS_CHECK_OK(WriteFileAtomic(InFeed(std::string(kManifestName) + kSignatureSuffix), signature));
    return WriteFileAtomic(InFeed(kManifestName), text);
  }

  // Removes blobs that neither the manifest nor the last `keep` earlier ones name.
  Result<void> Prune() {
    std::set<std::string> named;
    auto add = [&](const Manifest& manifest) {
      named.insert(manifest.full.sha256);
      for (const FeedDelta& delta : manifest.deltas) named.insert(delta.blob.sha256);
    };
    add(out_.manifest);
    size_t count = 0;
    for (const FeedPrevious& previous : out_.manifest.previous) {
      if (count++ >= options_.keep) break;
      Result<std::string> text = ReadFile(InFeed(HistoryName(previous.version)), kMaxManifestSize);
      if (!text) continue;
      GOOFFSETS_TRY(const Manifest manifest, ParseManifest(*text));
      add(manifest);
    }
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(InFeed("blobs"), error)) {
      if (!named.contains(entry.path().filename().string())) GOOFFSETS_CHECK_OK(RemoveFile(entry.path().string()));
    }
    return {};
  }

  const PublishOptions& options_;
  std::string making_;
  UniqueFd lock_;
  Manifest newest_;  // version 0: the feed is new
  std::string newest_text_;
  bool signer_changed_ = false;
  PublishedFeed out_;
};

}  // namespace

Result<PublishedFeed> PublishFeed(const PublishOptions& options) { return Publication(options).Run(); }

Result<FeedCorrection> ParseCorrection(const std::string& text) {
  const size_t at = text.find('@'), space = text.find(' ', at == std::string::npos ? 0 : at);
  const size_t colon = text.find(": ", space == std::string::npos ? 0 : space);
  if (at == std::string::npos || at == 0 || space == std::string::npos || colon == std::string::npos ||
      colon + 2 >= text.size() || space + 1 >= colon || at + 1 >= space) {
    return Fail(ErrorCode::kUsage, Quote(text) + " is no correction",
                "--correction 'google.golang.org/grpc@1.60.1 google.golang.org/grpc.Server: why'");
  }
  return FeedCorrection{0, text.substr(0, at), text.substr(at + 1, space - at - 1),
                        text.substr(space + 1, colon - space - 1), text.substr(colon + 2)};
}

}  // namespace gooffsets
