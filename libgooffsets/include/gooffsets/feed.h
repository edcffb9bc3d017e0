// Signed snapshots: what a feed offers, and the client that brings a newer database and installs it.
//
// A feed is a file tree on any web server, disk or in one bundle file (docs/feed.md): a signed manifest and blobs named
// by their digests. Nothing is trusted but the key: the manifest's signature is verified before it is parsed, every
// blob against the signed size and digest, and the new database is opened and compared with the old one before it takes
// its place. At every moment `directory`/current.db is a whole, verified database; what was installed is never lost. An
// UpdateClient belongs to one thread at a time; several processes may share a directory (a lock keeps them apart).
//
//   UpdateOptions options{.sources = {"https://offsets.example/feed"}, .keys = {"RWQ..."}, .directory =
//   "/var/lib/gooffsets"}; Result<UpdateClient> client = UpdateClient::Make(options); Result<UpdateReport> report =
//   client->Update(); if (report && report->changed) Reload(client->database_path());
#ifndef GOOFFSETS_FEED_H_
#define GOOFFSETS_FEED_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/result.h"

namespace gooffsets {

// A file of the feed or a database: `blobs/<sha256>` of a feed.
struct FeedBlob {
  std::string sha256;  // 64 lower-case hex digits
  uint64_t size = 0;
  bool operator==(const FeedBlob&) const = default;
};

// Makes the manifest's database out of an older one.
struct FeedDelta {
  uint64_t from_version = 0;
  FeedBlob from;  // the older database
  FeedBlob blob;
  bool operator==(const FeedDelta&) const = default;
};

// A published answer that is allowed to change, and why.
struct FeedCorrection {
  uint64_t since = 0;   // the feed version that made it
  std::string module;   // "google.golang.org/grpc"
  std::string version;  // "1.60.1"; "*": all
  std::string symbol;   // "google.golang.org/grpc.Server", or a package: all of its symbols
  std::string reason;
  bool operator==(const FeedCorrection&) const = default;
};

// An earlier version of the feed; its manifest is history/<version>.json.
struct FeedPrevious {
  uint64_t version = 0;
  std::string manifest_sha256;
  FeedBlob database;
  bool operator==(const FeedPrevious&) const = default;
};

struct Manifest {
  uint64_t version = 0;  // grows with every publication
  int64_t created = 0;   // seconds since 1970
  int64_t expires = 0;
  int64_t schema_level = 0;
  std::string minimum_reader;          // the oldest gooffsets that reads the database: "0.1.0"
  FeedBlob database;                   // as installed
  FeedBlob full;                       // the same, compressed
  std::vector<FeedDelta> deltas;       // newest first
  std::vector<FeedPrevious> previous;  // newest first
  std::vector<FeedCorrection> corrections;
  std::string next_key;                   // public key that will sign later manifests; empty: none is announced
  std::vector<std::string> revoked_keys;  // public keys that are never to be trusted again
  bool operator==(const Manifest&) const = default;
};

// kBadInput: not a manifest, or one that contradicts itself; kTooNew: of a later format.
Result<Manifest> ParseManifest(std::string_view text);
// Canonical: equal manifests give equal bytes. schema/manifest.schema.json describes it.
std::string ManifestJson(const Manifest& manifest);

// How far a download is. `total` is what the signed manifest says.
struct UpdateProgress {
  std::string what;  // "delta", "full snapshot"
  uint64_t done = 0, total = 0;
};

struct UpdateOptions {
  // http://, https:// and file:// addresses, directories, and bundle files (.gofeed), tried in order.
  std::vector<std::string> sources;
  // Minisign public keys ("RW..."), any of which may have signed. Keys that a trusted manifest announced are learnt.
  std::vector<std::string> keys;
  std::string directory;  // holds current.db; made if it is missing

  unsigned keep = 3;                   // previous databases to keep for Rollback()
  std::chrono::seconds deadline{600};  // for the whole call, retries included
  std::chrono::seconds connect_timeout{20};
  unsigned retries = 4;           // for each request; waits grow, with jitter
  std::chrono::seconds grace{0};  // how long an expired manifest is accepted
  uint64_t max_database_size = uint64_t{4} << 30;
  bool full_only = false;  // never a delta
  bool reinstall = false;  // also when it is there already: repairs a damaged file

  std::string proxy;                    // of HTTP; empty: none, unless proxy_from_environment
  bool proxy_from_environment = false;  // http_proxy, https_proxy, no_proxy, read by libcurl
  std::string ca_file;                  // PEM; empty: the system's
  std::string user_agent;               // empty: "gooffsets/<version>"

  std::function<int64_t()> clock;   // seconds since 1970; empty: the system's
  std::function<bool()> cancelled;  // asked now and then; true ends the call with kInterrupted
  std::function<void(const UpdateProgress&)> progress;
};

// The texts of public keys, each named by itself ("RW...") or by a file of one or several, as minisign writes them.
Result<std::vector<std::string>> ReadPublicKeys(const std::vector<std::string>& named);

// What is installed in a directory.
struct InstalledState {
  uint64_t version = 0;  // 0: nothing is installed
  FeedBlob database;
  int64_t schema_level = 0;
  int64_t created = 0, expires = 0;  // of the manifest it came with
  int64_t installed = 0;             // when
  std::string source;                // from where
  std::optional<uint64_t> pinned;    // stays at this version until Unpin()
  std::string pin_reason;            // "pin", "rollback"
  uint64_t highest_seen = 0;         // no manifest below it is accepted
  int64_t checked = 0;               // when a source was last asked successfully
  std::vector<std::string> learnt_keys, revoked_keys;
  struct Kept {
    uint64_t version = 0;
    FeedBlob database;
    int64_t schema_level = 0, created = 0, expires = 0;
    bool operator==(const Kept&) const = default;
  };
  std::vector<Kept> previous;  // for Rollback(), newest first
};

struct CheckReport {
  bool available = false;      // a newer version than the installed one is offered and may be installed
  uint64_t installed = 0;      // 0: nothing
  uint64_t newest = 0;         // offered
  bool pinned = false;         // then `available` is false
  uint64_t download_size = 0;  // of what Update() would fetch
  bool delta = false;
  int64_t expires = 0;  // of the manifest
  std::string source;
  std::vector<std::string> notes;  // sources that were passed over, and why; an expired manifest within grace
};

struct UpdateReport {
  bool changed = false;
  uint64_t before = 0, version = 0;  // installed; 0: nothing
  bool pinned = false;
  bool delta = false;       // made from the old database
  uint64_t downloaded = 0;  // bytes
  uint64_t corrected = 0;   // published answers that changed, all of them listed as corrections
  std::string source;
  std::vector<std::string> notes;
};

// Why an update does what it does: what is installed, whom it trusts, and each source's word.
struct ExplainReport {
  InstalledState installed;
  std::vector<std::string> trusted_keys;  // ids as minisign prints them: those that were given, and learnt ones
  struct Source {
    std::string address;
    bool accepted = false;
    // Accepted:
    uint64_t version = 0;
    int64_t created = 0, expires = 0;
    uint64_t download_size = 0;  // 0: nothing is to be brought
    bool delta = false;
    // Not accepted:
    std::string reason, hint;
    std::vector<std::string> notes;
  };
  std::vector<Source> sources;  // in the order in which Update() tries them; it takes the first that is accepted
};

// Published answers that differ between two databases.
struct DatabaseChanges {
  struct Change {
    std::string module, version, go, goarch;
    std::string symbol;  // "net/http.Request"
    bool lost = false;   // the new database says nothing of it; else it says something else
    bool operator==(const Change&) const = default;
  };
  std::vector<Change> changes;  // at most 100,000, in order of the keys
  uint64_t change_count = 0;
  uint64_t package_observations_before = 0, package_observations_after = 0;
  std::vector<std::string> new_versions;  // "std 1.27.5", ascending
  std::vector<std::string> gone_versions;
};
// kTooNew, kBadInput. Both files are opened read-only, and must be trusted.
Result<DatabaseChanges> CompareDatabases(const std::string& before, const std::string& after);
// The change is among the corrections.
bool IsCorrected(const DatabaseChanges::Change& change, const std::vector<FeedCorrection>& corrections);

class UpdateClient {
 public:
  // kUsage: options that make no sense. Touches no file and no network.
  static Result<UpdateClient> Make(UpdateOptions options);
  UpdateClient(UpdateClient&&) noexcept;
  UpdateClient& operator=(UpdateClient&&) noexcept;
  ~UpdateClient();

  std::string database_path() const;  // directory/current.db

  // Asks the sources, in order, for their manifest. One request when nothing is new. kBadInput: what a source offers is
  // not acceptable (unknown key, bad signature, older, expired, ...); kNetwork, kTimeout: none could be reached.
  Result<CheckReport> Check();
  // Asks every source and says what would come of it. Writes nothing.
  Result<ExplainReport> Explain() const;
  // Check(), then brings, verifies and installs. kBusy: another process is at it.
  Result<UpdateReport> Update();

  Result<InstalledState> Status() const;
  // Reads current.db and the kept ones again and compares them with the signed digests. Names of files that are
  // damaged.
  Result<std::vector<std::string>> Verify() const;
  // Puts the `steps`-th previous database in place and pins it.
  Result<UpdateReport> Rollback(unsigned steps);
  // Only this version is installed from now on: at once if it is kept, else when a source offers it.
  Result<UpdateReport> Pin(uint64_t version);
  Result<void> Unpin();
  // Published answers that differ between two installed versions.
  Result<DatabaseChanges> Diff(uint64_t before, uint64_t after) const;
  // One JSON object a line, oldest first: {"time","event","version",...}.
  Result<std::string> History() const;

  class Impl;  // for the library's own files

 private:
  explicit UpdateClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Copies the feed that `options.sources` offers to the directory `target`: the newest manifest, all blobs it names and,
// as far as the source has them, the earlier manifests; every byte verified. The manifest is put in place last.
struct MirrorReport {
  uint64_t version = 0;
  uint64_t copied = 0, present = 0;  // blobs
  uint64_t bytes = 0;
  std::string source;
};
Result<MirrorReport> MirrorFeed(const UpdateOptions& options, const std::string& target);
// Writes the feed in the directory `feed` as one bundle file, verified likewise. With `deltas` false only the full
// snapshot.
Result<MirrorReport> BundleFeed(const UpdateOptions& options, const std::string& file, bool deltas);

}  // namespace gooffsets

#endif  // GOOFFSETS_FEED_H_
