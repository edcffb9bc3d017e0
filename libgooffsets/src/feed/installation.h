// A directory in which databases are installed: the current one, earlier ones, what is known of them, and a lock.
//
//   current.db            the one that readers open; replaced only by rename
//   previous/7.db         kept for rollback
//   state.json            what is installed; written before and after current.db is replaced
//   manifest.json(.minisig)  the newest manifest that was accepted
//   history.jsonl         what happened
//   download/             unfinished downloads; may be removed at any time
//
// Promise: a kill or a power cut at any moment leaves a whole current.db and a state that can be read; the file and its
// name are synced in the order file, rename, directory. Belongs to one thread; processes are kept apart by Lock().
//
//   Installation place("/var/lib/gooffsets");
//   GOOFFSETS_TRY(Installation::Guard guard, place.Lock());
//   GOOFFSETS_TRY(InstallState state, place.ReadState());
#ifndef GOOFFSETS_FEED_INSTALLATION_H_
#define GOOFFSETS_FEED_INSTALLATION_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "gooffsets/feed.h"
#include "gooffsets/result.h"

namespace gooffsets {

// What state.json holds: what the API shows, and what only the client needs.
struct InstallState {
  InstalledState shown;
  // The file that is being put in place; current.db is this one or still the one before.
  std::optional<InstalledState::Kept> pending;
  std::string pending_source;
  // Of the source that gave the newest manifest: asked with it, the server need not send the manifest again.
  std::string etag, etag_source;
  std::string manifest_sha256;  // of the manifest with version `highest_seen`
  // current.db as it was when its digest was computed: if it changed, it is read again.
  int64_t file_mtime = 0;
  uint64_t file_inode = 0;
};

Result<InstallState> ParseInstallState(std::string_view text);
std::string InstallStateJson(const InstallState& state);

class Installation {
 public:
  explicit Installation(std::string directory) : directory_(std::move(directory)) {}

  std::string current() const { return directory_ + "/current.db"; }
  std::string download(const std::string& name) const { return directory_ + "/download/" + name; }
  std::string previous(uint64_t version) const { return directory_ + "/previous/" + std::to_string(version) + ".db"; }
  const std::string& directory() const { return directory_; }

  // Held until it goes out of scope. kBusy: another process has it. Makes the directory.
  using Guard = UniqueFd;
  Result<Guard> Lock();

  // Nothing installed: an empty state. Finishes what a kill interrupted: looks whether the pending file is in place.
  Result<InstallState> ReadState();
  // The same without writing anything and without a lock.
  Result<InstallState> PeekState() const;
  Result<void> WriteState(const InstallState& state);
  // current.db is the file whose digest the state has, as far as its size, time and inode tell.
  bool IsUntouched(const InstallState& state) const;

  // Puts `file` (synced, verified, in this directory's file system) in place of current.db, which is kept in previous/.
  Result<void> Install(const std::string& file, const InstalledState::Kept& what, const std::string& source,
                       unsigned keep, InstallState* state);

  Result<void> SaveManifest(std::string_view manifest, std::string_view signature);
  Result<std::string> ReadManifest() const;

  Result<void> Log(int64_t time, const std::string& event, uint64_t version, const std::string& details);
  Result<std::string> ReadLog() const;

  // Files in download/ other than `keep_name`.
  Result<void> CleanDownloads(const std::string& keep_name);

 private:
  void NoteFile(InstallState* state) const;
  Result<void> KeepCurrent(InstallState* state);
  Result<void> DropOld(unsigned keep, InstallState* state);
  std::string directory_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_FEED_INSTALLATION_H_
