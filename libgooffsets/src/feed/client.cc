// UpdateClient: the order of things. What is accepted is decided in offer.cc, how it comes here in fetch_database.cc,
// how it gets in place in installation.cc.
#include <algorithm>
#include <ctime>
#include <tuple>

#include "base/digest.h"
#include "feed/client_impl.h"
#include "feed/fetch_database.h"
#include "feed/manifest.h"
#include "feed/output_file.h"

namespace gooffsets {
namespace {

InstalledState::Kept KeptOf(const Manifest& manifest) {
  return {manifest.version, manifest.database, manifest.schema_level, manifest.created, manifest.expires};
}

// The error of the only source, or all of them in one.
Error Together(const std::vector<Error>& errors) {
  if (errors.size() == 1) return errors[0];
  // A source that answered wrongly says more than one that did not answer.
  auto telling = std::find_if(errors.begin(), errors.end(), [](const Error& error) {
    return error.code != ErrorCode::kNetwork && error.code != ErrorCode::kTimeout;
  });
  Error out = telling == errors.end() ? errors[0] : *telling;
  out.message = "no source gives an acceptable database:";
  for (const Error& error : errors) out.message += (&error == &errors[0] ? " " : "; ") + error.message;
  return out;
}

// Further sources cannot help.
bool IsFinal(ErrorCode code) {
  return code == ErrorCode::kInterrupted || code == ErrorCode::kNoSpace || code == ErrorCode::kPartial ||
         code == ErrorCode::kUsage;
}

}  // namespace

int64_t UpdateClient::Impl::Now() const {
  return options.clock ? options.clock() : static_cast<int64_t>(std::time(nullptr));
}

HttpOptions HttpOptionsOf(const UpdateOptions& options) {
  return {options.connect_timeout,
          options.retries,
          options.proxy,
          options.proxy_from_environment,
          options.ca_file,
          options.user_agent.empty() ? std::string("gooffsets/") + GOOFFSETS_VERSION : options.user_agent};
}

Result<std::pair<std::unique_ptr<FeedSource>, Offer>> UpdateClient::Impl::Ask(const std::string& address,
                                                                              const InstallState& state,
                                                                              const CallLimits& limits) const {
  GOOFFSETS_TRY(std::unique_ptr<FeedSource> source, OpenFeedSource(address, HttpOptionsOf(options), &limits));
  OfferRules rules;
  GOOFFSETS_TRY(rules.keys, TrustedKeys(options.keys, state.shown));
  rules.state = &state;
  rules.place = &place;
  rules.now = Now();
  rules.grace = options.grace.count();
  rules.max_database_size = options.max_database_size;
  GOOFFSETS_TRY(Offer offer, AskSource(source.get(), rules, limits));
  return std::pair(std::move(source), std::move(offer));
}

Result<void> UpdateClient::Impl::Accept(const Offer& offer, const std::string& address, InstallState* state) {
  // The manifest first: the state says by digest which one it goes with.
  if (!offer.text.empty()) GOOFFSETS_CHECK_OK(place.SaveManifest(offer.text, offer.signature));
  Learn(offer, address, state);
  state->shown.checked = Now();
  return place.WriteState(*state);
}

Result<void> UpdateClient::Impl::Compare(const std::string& fresh, const Manifest& manifest, const InstallState& state,
                                         UpdateReport* report) {
  if (state.shown.version == 0 || !FileExists(place.current())) return {};
  if (!place.IsUntouched(state)) {
    GOOFFSETS_TRY(const std::string digest, Sha256HexOfFile(place.current()));
    if (digest != state.shown.database.sha256) {
      report->notes.push_back("the installed file is not what was installed; it is replaced without being compared");
      return {};
    }
  }
  GOOFFSETS_TRY(const DatabaseChanges changes, CompareDatabases(place.current(), fresh));
  // A correction excuses the step that made it, not every later change of the same symbol.
  std::vector<FeedCorrection> corrections;
  for (const FeedCorrection& correction : manifest.corrections) {
    if (correction.since > state.shown.version) corrections.push_back(correction);
  }
  std::string first;
  uint64_t refused = changes.change_count - changes.changes.size();  // more than are listed: none of these is looked at
  for (const DatabaseChanges::Change& change : changes.changes) {
    if (IsCorrected(change, corrections)) {
      ++report->corrected;
      continue;
    }
    ++refused;
    if (first.empty()) {
      first = change.symbol + " of " + change.module + " " + change.version + " (" + change.goarch + ", Go " +
              change.go + (change.lost ? ") is gone" : ") has another layout");
    }
  }
  if (refused == 0) return {};
  return Fail(ErrorCode::kPartial,
              "version " + std::to_string(manifest.version) + " changes " + std::to_string(refused) +
                  " published answers without listing them as corrections: " + first,
              "ask the publisher; what is installed stays");
}

Result<bool> UpdateClient::Impl::TrySource(const std::string& address, InstallState* state, const CallLimits& limits,
                                           UpdateReport* report) {
  GOOFFSETS_TRY(auto asked, Ask(address, *state, limits));
  FeedSource* source = asked.first.get();
  const Offer& offer = asked.second;
  report->notes.insert(report->notes.end(), offer.notes.begin(), offer.notes.end());
  GOOFFSETS_CHECK_OK(Accept(offer, source->address(), state));
  report->source = source->address();
  InstalledState& shown = state->shown;
  Manifest manifest = offer.manifest;
  const bool other_version = shown.pinned && *shown.pinned != manifest.version;
  if (other_version) {
    GOOFFSETS_TRY(manifest, AskEarlier(source, offer.manifest, *shown.pinned));
  }
  if (manifest.database == shown.database && !options.reinstall && place.IsUntouched(*state)) {
    if (shown.version == manifest.version) return false;
    // Published anew without a change: only the dates and the number are.
    const InstalledState::Kept kept = KeptOf(manifest);
    shown.version = kept.version;
    shown.created = kept.created;
    shown.expires = kept.expires;
    GOOFFSETS_CHECK_OK(place.WriteState(*state));
    return false;
  }
  FetchRequest request{&place, {}, {}, options.full_only, &options.progress};
  if (shown.version != 0 && !options.reinstall && FileExists(place.current())) {
    request.base = place.current();
    request.base_blob = shown.database;
  }
  GOOFFSETS_TRY(FetchedDatabase fetched, FetchDatabase(source, manifest, request));
  report->notes.insert(report->notes.end(), fetched.notes.begin(), fetched.notes.end());
  report->delta = fetched.delta;
  report->downloaded += fetched.downloaded;
  // A pinned version is chosen by the user, who may well go back to before a correction.
  if (!shown.pinned) {
    Result<void> same = Compare(fetched.path, manifest, *state, report);
    if (!same) {
      static_cast<void>(RemoveFile(fetched.path));
      return tl::unexpected(same.error());
    }
  }
  shown.installed = Now();
  GOOFFSETS_CHECK_OK(place.Install(fetched.path, KeptOf(manifest), source->address(), options.keep, state));
  GOOFFSETS_CHECK_OK(place.Log(Now(), "installed", manifest.version, "from " + source->address()));
  return true;
}

std::optional<std::pair<uint64_t, bool>> UpdateClient::Impl::DownloadOf(const Manifest& manifest,
                                                                        const InstalledState& installed) {
  if (manifest.database == installed.database) return std::nullopt;
  const FeedDelta* delta = installed.version == 0 ? nullptr : FindDelta(manifest, installed.database);
  return delta != nullptr ? std::pair(delta->blob.size, true) : std::pair(manifest.full.size, false);
}

UpdateClient::UpdateClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
UpdateClient::UpdateClient(UpdateClient&&) noexcept = default;
UpdateClient& UpdateClient::operator=(UpdateClient&&) noexcept = default;
UpdateClient::~UpdateClient() = default;

Result<UpdateClient> UpdateClient::Make(UpdateOptions options) {
  if (options.directory.empty()) return Fail(ErrorCode::kUsage, "no directory to install databases in");
  for (const std::string& key : options.keys) {
    auto parsed = ParsePublicKey(key);
    if (!parsed) return tl::unexpected(parsed.error());
  }
  Installation place(options.directory);
  return UpdateClient(std::unique_ptr<Impl>(new Impl{std::move(options), std::move(place)}));
}

std::string UpdateClient::database_path() const { return impl_->place.current(); }

Result<CheckReport> UpdateClient::Check() {
  if (impl_->options.sources.empty()) return Fail(ErrorCode::kUsage, "no source of a feed was named", "--from ADDRESS");
  const CallLimits limits(impl_->options.deadline, impl_->options.cancelled);
  // Monitoring may run without the right to write: then nothing is remembered.
  Result<Installation::Guard> guard = impl_->place.Lock();
  GOOFFSETS_TRY(InstallState state, guard ? impl_->place.ReadState() : impl_->place.PeekState());
  std::vector<Error> errors;
  CheckReport report;
  for (const std::string& address : impl_->options.sources) {
    auto asked = impl_->Ask(address, state, limits);
    if (!asked) {
      errors.push_back(asked.error());
      report.notes.push_back(asked.error().message);
      if (IsFinal(asked.error().code)) return tl::unexpected(asked.error());
      continue;
    }
    const Offer& offer = asked->second;
    if (guard) GOOFFSETS_CHECK_OK(impl_->Accept(offer, asked->first->address(), &state));
    report.notes.insert(report.notes.end(), offer.notes.begin(), offer.notes.end());
    report.installed = state.shown.version;
    report.newest = offer.manifest.version;
    report.pinned = state.shown.pinned.has_value();
    report.expires = offer.manifest.expires;
    report.source = asked->first->address();
    report.available = !report.pinned && report.newest > report.installed;
    const auto download = Impl::DownloadOf(offer.manifest, state.shown);
    if (download) std::tie(report.download_size, report.delta) = *download;
    return report;
  }
  return tl::unexpected(Together(errors));
}

Result<UpdateReport> UpdateClient::Update() {
  if (impl_->options.sources.empty()) return Fail(ErrorCode::kUsage, "no source of a feed was named", "--from ADDRESS");
  const CallLimits limits(impl_->options.deadline, impl_->options.cancelled);
  GOOFFSETS_TRY(Installation::Guard guard, impl_->place.Lock());
  GOOFFSETS_TRY(InstallState state, impl_->place.ReadState());
  UpdateReport report;
  report.before = report.version = state.shown.version;
  report.pinned = state.shown.pinned.has_value();
  if (report.pinned && *state.shown.pinned == report.version && !impl_->options.reinstall) {
    report.notes.push_back("version " + std::to_string(report.version) + " is pinned (" + state.shown.pin_reason +
                           "): nothing newer is installed until update-offsets unpin");
    return report;
  }
  std::vector<Error> errors;
  for (const std::string& address : impl_->options.sources) {
    Result<bool> changed = impl_->TrySource(address, &state, limits, &report);
    if (changed) {
      report.changed = *changed;
      report.version = state.shown.version;
      for (const Error& error : errors) report.notes.push_back(error.message);
      return report;
    }
    errors.push_back(changed.error());
    if (IsFinal(changed.error().code)) break;
  }
  const Error error = Together(errors);
  if (error.code != ErrorCode::kInterrupted)
    static_cast<void>(impl_->place.Log(impl_->Now(), "failed", 0, error.message));
  return tl::unexpected(error);
}

}  // namespace gooffsets
