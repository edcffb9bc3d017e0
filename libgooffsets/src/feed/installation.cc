#include "feed/installation.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "feed/feed_time.h"
#include "feed/manifest.h"
#include "feed/output_file.h"

namespace gooffsets {
namespace {

constexpr uint64_t kMaxState = 4 << 20, kMaxLog = 64 << 20;
constexpr off_t kLogHalf = 4 << 20;

Result<void> Rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return ErrnoError(errno, "cannot put " + to + " in place");
  return {};
}

// A second name of the same file; where a file system has no such thing, a copy.
Result<void> LinkOrCopy(const std::string& from, const std::string& to) {
  GOOFFSETS_CHECK_OK(RemoveFile(to));
  if (::link(from.c_str(), to.c_str()) == 0) return {};
  std::error_code error;
  std::filesystem::copy_file(from, to, error);
  if (error) return ErrnoError(error.value(), "cannot keep " + from + " as " + to);
  GOOFFSETS_TRY(OutputFile copy, OutputFile::Open(to, OutputFile::Mode::kAppend));
  return copy.Sync();
}

}  // namespace

Result<Installation::Guard> Installation::Lock() {
  for (const char* sub : {"", "/previous", "/download"}) GOOFFSETS_CHECK_OK(MakeDirectories(directory_ + sub));
  const std::string path = directory_ + "/lock";
  Guard guard(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!guard.valid()) return ErrnoError(errno, "cannot write " + path);
  if (::flock(guard.get(), LOCK_EX | LOCK_NB) == 0) return guard;
  if (errno != EWOULDBLOCK) return ErrnoError(errno, "cannot lock " + path);
  return Fail(ErrorCode::kBusy, "another process is updating " + directory_, "wait until it is done");
}

void Installation::NoteFile(InstallState* state) const {
  struct stat status {};
  if (::stat(current().c_str(), &status) != 0) return;
  state->file_mtime = std::max<int64_t>(0, status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec);
  state->file_inode = status.st_ino;
}

bool Installation::IsUntouched(const InstallState& state) const {
  struct stat status {};
  if (state.shown.version == 0 || ::stat(current().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  return static_cast<uint64_t>(status.st_size) == state.shown.database.size && status.st_ino == state.file_inode &&
         status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec == state.file_mtime;
}

Result<InstallState> Installation::PeekState() const {
  Result<std::string> text = ReadFile(directory_ + "/state.json", kMaxState);
  if (!text && text.error().code == ErrorCode::kNotFound) return InstallState{};
  if (!text) return tl::unexpected(text.error());
  Result<InstallState> state = ParseInstallState(*text);
  if (state || state.error().code == ErrorCode::kTooNew) return state;
  return Fail(ErrorCode::kBadInput, directory_ + "/state.json is damaged: " + state.error().message,
              "remove it; current.db stays, and the next update installs the newest version again");
}

Result<InstallState> Installation::ReadState() {
  GOOFFSETS_TRY(InstallState state, PeekState());
  if (!state.pending) return state;
  // Killed between the two writes of the state: the file itself says how far it got.
  Result<std::string> digest = Sha256HexOfFile(current());
  InstalledState& shown = state.shown;
  if (digest && *digest == state.pending->database.sha256) {
    shown.version = state.pending->version;
    shown.database = state.pending->database;
    shown.schema_level = state.pending->schema_level;
    shown.created = state.pending->created;
    shown.expires = state.pending->expires;
    shown.source = state.pending_source;
    NoteFile(&state);
  }
  state.pending.reset();
  std::erase_if(shown.previous,
                [&](const auto& kept) { return kept.version == shown.version || !FileExists(previous(kept.version)); });
  GOOFFSETS_CHECK_OK(WriteState(state));
  return state;
}

Result<void> Installation::WriteState(const InstallState& state) {
  return WriteFileAtomic(directory_ + "/state.json", InstallStateJson(state));
}

Result<void> Installation::KeepCurrent(InstallState* state) {
  InstalledState& shown = state->shown;
  if (shown.version == 0 || !FileExists(current())) return {};
  // Only what was verified is worth keeping: a file that somebody changed is not the version it is said to be.
  if (!IsUntouched(*state)) {
    GOOFFSETS_TRY(std::string digest, Sha256HexOfFile(current()));
    if (digest != shown.database.sha256) return {};
  }
  GOOFFSETS_CHECK_OK(LinkOrCopy(current(), previous(shown.version)));
  GOOFFSETS_CHECK_OK(SyncDirectory(directory_ + "/previous"));
  std::erase_if(shown.previous, [&](const auto& kept) { return kept.version == shown.version; });
  shown.previous.push_back({shown.version, shown.database, shown.schema_level, shown.created, shown.expires});
  return {};
}

Result<void> Installation::DropOld(unsigned keep, InstallState* state) {
  std::vector<InstalledState::Kept>& previous_ones = state->shown.previous;
  std::erase_if(previous_ones, [&](const auto& kept) { return kept.version == state->shown.version; });
  std::sort(previous_ones.begin(), previous_ones.end(),
            [](const auto& a, const auto& b) { return a.version > b.version; });
  if (previous_ones.size() > keep) previous_ones.resize(keep);
  GOOFFSETS_CHECK_OK(WriteState(*state));
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_ + "/previous", error)) {
    const bool known = std::any_of(previous_ones.begin(), previous_ones.end(),
                                   [&](const auto& kept) { return entry.path() == previous(kept.version); });
    if (!known) GOOFFSETS_CHECK_OK(RemoveFile(entry.path().string()));
  }
  return {};
}

Result<void> Installation::Install(const std::string& file, const InstalledState::Kept& what, const std::string& source,
                                   unsigned keep, InstallState* state) {
  GOOFFSETS_CHECK_OK(KeepCurrent(state));
  state->pending = what;
  state->pending_source = source;
  GOOFFSETS_CHECK_OK(WriteState(*state));
  GOOFFSETS_CHECK_OK(Rename(file, current()));
  GOOFFSETS_CHECK_OK(SyncDirectory(directory_));
  InstalledState& shown = state->shown;
  shown.version = what.version;
  shown.database = what.database;
  shown.schema_level = what.schema_level;
  shown.created = what.created;
  shown.expires = what.expires;
  shown.source = source;
  state->pending.reset();
  NoteFile(state);
  return DropOld(keep, state);
}

Result<void> Installation::SaveManifest(std::string_view manifest, std::string_view signature) {
  const std::string path = directory_ + "/" + kManifestName;
  GOOFFSETS_CHECK_OK(WriteFileAtomic(path + kSignatureSuffix, signature));
  return WriteFileAtomic(path, manifest);
}

Result<std::string> Installation::ReadManifest() const {
  return ReadFile(directory_ + "/" + kManifestName, kMaxManifestSize);
}

Result<void> Installation::Log(int64_t time, const std::string& event, uint64_t version, const std::string& details) {
  nlohmann::ordered_json line{{"time", FeedTime(time)}, {"event", event}};
  if (version != 0) line["version"] = version;
  if (!details.empty()) line["details"] = details;
  const std::string path = directory_ + "/history.jsonl";
  // A source that fails every hour for years must not fill the disk: the older half is kept under another name.
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && status.st_size > kLogHalf) GOOFFSETS_CHECK_OK(Rename(path, path + ".1"));
  GOOFFSETS_TRY(OutputFile log, OutputFile::Open(path, OutputFile::Mode::kAppend));
  return log.Write(line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

Result<std::string> Installation::ReadLog() const {
  Result<std::string> text = ReadFile(directory_ + "/history.jsonl", kMaxLog);
  if (!text && text.error().code == ErrorCode::kNotFound) return std::string();
  return text;
}

Result<void> Installation::CleanDownloads(const std::string& keep_name) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_ + "/download", error)) {
    if (entry.path().filename() != keep_name) GOOFFSETS_CHECK_OK(RemoveFile(entry.path().string()));
  }
  return {};
}

}  // namespace gooffsets
