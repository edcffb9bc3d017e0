// UpdateClient: what changes no database by way of the network: status, verify, rollback, pin, diff, explain, history.
#include <algorithm>
#include <filesystem>
#include <tuple>

#include "base/digest.h"
#include "feed/client_impl.h"
#include "feed/output_file.h"
#include "gooffsets/database.h"

namespace gooffsets {

Result<void> UpdateClient::Impl::InstallKept(const InstalledState::Kept& kept, InstallState* state,
                                             UpdateReport* report) {
  const std::string path = place.previous(kept.version);
  const std::string copy = place.download("rollback.db");
  GOOFFSETS_CHECK_OK(RemoveFile(copy));
  std::error_code error;
  std::filesystem::copy_file(path, copy, error);
  if (error) return ErrnoError(error.value(), "cannot copy " + path);
  // The copy is what is installed, so it is the copy that is looked at.
  GOOFFSETS_TRY(const std::string digest, Sha256HexOfFile(copy));
  if (digest != kept.database.sha256) {
    GOOFFSETS_CHECK_OK(RemoveFile(copy));
    return Fail(ErrorCode::kBadInput, path + " is damaged: its digest is not the signed one", "update-offsets verify");
  }
  auto opened = Database::Open(copy);
  if (!opened) return tl::unexpected(opened.error());
  {
    GOOFFSETS_TRY(OutputFile out, OutputFile::Open(copy, OutputFile::Mode::kAppend));
    GOOFFSETS_CHECK_OK(out.Sync());
  }
  report->before = state->shown.version;
  state->shown.installed = Now();
  GOOFFSETS_CHECK_OK(place.Install(copy, kept, "kept", options.keep, state));
  report->version = kept.version;
  report->changed = true;
  return {};
}

Result<InstalledState> UpdateClient::Status() const {
  GOOFFSETS_TRY(InstallState state, impl_->place.PeekState());
  return std::move(state.shown);
}

Result<std::vector<std::string>> UpdateClient::Verify() const {
  GOOFFSETS_TRY(const InstallState state, impl_->place.PeekState());
  if (state.shown.version == 0)
    return Fail(ErrorCode::kNotFound, "nothing is installed in " + impl_->place.directory());
  std::vector<std::string> damaged;
  auto look = [&](const std::string& path, const FeedBlob& blob, const FeedBlob* also) {
    Result<std::string> digest = Sha256HexOfFile(path);
    if (!digest || (*digest != blob.sha256 && (also == nullptr || *digest != also->sha256))) damaged.push_back(path);
  };
  look(impl_->place.current(), state.shown.database, state.pending ? &state.pending->database : nullptr);
  for (const InstalledState::Kept& kept : state.shown.previous) {
    look(impl_->place.previous(kept.version), kept.database, nullptr);
  }
  return damaged;
}

Result<UpdateReport> UpdateClient::Rollback(unsigned steps) {
  if (steps == 0) return Fail(ErrorCode::kUsage, "0 steps back is where it is");
  GOOFFSETS_TRY(Installation::Guard guard, impl_->place.Lock());
  GOOFFSETS_TRY(InstallState state, impl_->place.ReadState());
  std::vector<InstalledState::Kept> older;
  for (const InstalledState::Kept& kept : state.shown.previous) {
    if (kept.version < state.shown.version) older.push_back(kept);
  }
  std::sort(older.begin(), older.end(), [](const auto& a, const auto& b) { return a.version > b.version; });
  if (older.empty()) {
    return Fail(ErrorCode::kNotFound, "no version before the installed one was kept",
                "pin VERSION brings one from the feed, if it is there");
  }
  if (steps > older.size()) {
    return Fail(ErrorCode::kNotFound, "there are " + std::to_string(older.size()) +
                                          " earlier versions to go back to, not " + std::to_string(steps));
  }
  UpdateReport report;
  state.shown.pinned = older[steps - 1].version;
  state.shown.pin_reason = "rollback";
  GOOFFSETS_CHECK_OK(impl_->InstallKept(older[steps - 1], &state, &report));
  report.pinned = true;
  GOOFFSETS_CHECK_OK(
      impl_->place.Log(impl_->Now(), "rolled back", report.version, "from " + std::to_string(report.before)));
  return report;
}

Result<UpdateReport> UpdateClient::Pin(uint64_t version) {
  if (version == 0) return Fail(ErrorCode::kUsage, "versions begin with 1");
  GOOFFSETS_TRY(Installation::Guard guard, impl_->place.Lock());
  GOOFFSETS_TRY(InstallState state, impl_->place.ReadState());
  UpdateReport report;
  report.before = report.version = state.shown.version;
  report.pinned = true;
  state.shown.pinned = version;
  state.shown.pin_reason = "pin";
  const auto& kept_ones = state.shown.previous;
  auto kept = std::find_if(kept_ones.begin(), kept_ones.end(), [&](const auto& one) { return one.version == version; });
  if (state.shown.version != version && kept != kept_ones.end()) {
    const InstalledState::Kept one = *kept;
    GOOFFSETS_CHECK_OK(impl_->InstallKept(one, &state, &report));
  } else {
    GOOFFSETS_CHECK_OK(impl_->place.WriteState(state));
  }
  GOOFFSETS_CHECK_OK(impl_->place.Log(impl_->Now(), "pinned", version, ""));
  return report;
}

Result<void> UpdateClient::Unpin() {
  GOOFFSETS_TRY(Installation::Guard guard, impl_->place.Lock());
  GOOFFSETS_TRY(InstallState state, impl_->place.ReadState());
  state.shown.pinned.reset();
  state.shown.pin_reason.clear();
  GOOFFSETS_CHECK_OK(impl_->place.WriteState(state));
  return impl_->place.Log(impl_->Now(), "unpinned", state.shown.version, "");
}

Result<DatabaseChanges> UpdateClient::Diff(uint64_t before, uint64_t after) const {
  GOOFFSETS_TRY(const InstallState state, impl_->place.PeekState());
  auto path_of = [&](uint64_t version) -> Result<std::string> {
    if (version == state.shown.version && version != 0) return impl_->place.current();
    for (const InstalledState::Kept& kept : state.shown.previous) {
      if (kept.version == version) return impl_->place.previous(version);
    }
    if (version == 0) {
      return Fail(ErrorCode::kNotFound, "there are no two installed versions to compare: nothing earlier was kept");
    }
    return Fail(ErrorCode::kNotFound, "version " + std::to_string(version) + " is not installed and was not kept",
                "update-offsets status says which are");
  };
  GOOFFSETS_TRY(const std::string old_path, path_of(before));
  GOOFFSETS_TRY(const std::string new_path, path_of(after));
  return CompareDatabases(old_path, new_path);
}

Result<ExplainReport> UpdateClient::Explain() const {
  const CallLimits limits(impl_->options.deadline, impl_->options.cancelled);
  GOOFFSETS_TRY(const InstallState state, impl_->place.PeekState());
  ExplainReport report;
  report.installed = state.shown;
  if (auto keys = TrustedKeys(impl_->options.keys, state.shown)) {
    for (const PublicKey& key : *keys) report.trusted_keys.push_back(key.Id());
  }
  for (const std::string& address : impl_->options.sources) {
    ExplainReport::Source& source = report.sources.emplace_back();
    source.address = WithoutCredentials(address);
    auto asked = impl_->Ask(address, state, limits);
    if (!asked) {
      if (asked.error().code == ErrorCode::kInterrupted) return tl::unexpected(asked.error());
      source.reason = asked.error().message;
      source.hint = asked.error().hint;
      continue;
    }
    const Manifest& manifest = asked->second.manifest;
    source.accepted = true;
    source.version = manifest.version;
    source.created = manifest.created;
    source.expires = manifest.expires;
    source.notes = asked->second.notes;
    if (const auto download = Impl::DownloadOf(manifest, state.shown)) {
      std::tie(source.download_size, source.delta) = *download;
    }
  }
  return report;
}

Result<std::string> UpdateClient::History() const { return impl_->place.ReadLog(); }

}  // namespace gooffsets
