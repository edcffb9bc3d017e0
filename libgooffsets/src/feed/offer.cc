#include "feed/offer.h"

#include <algorithm>

#include "base/digest.h"
#include "base/quote.h"
#include "feed/feed_time.h"
#include "feed/manifest.h"
#include "gooffsets/version.h"
#include "store/database_file.h"

namespace gooffsets {
namespace {

// How far two clocks may be apart.
constexpr int64_t kClockTolerance = 86400;

bool Contains(const std::vector<std::string>& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

Result<void> CheckTime(const Manifest& manifest, const OfferRules& rules, std::vector<std::string>* notes) {
  if (manifest.created > rules.now + kClockTolerance) {
    return Fail(ErrorCode::kBadInput,
                "it was made on " + FeedTime(manifest.created) + ", which is in the future: this clock says " +
                    FeedTime(rules.now),
                "set the clock of this machine");
  }
  if (rules.now <= manifest.expires) return {};
  if (rules.now > manifest.expires + rules.grace) {
    return Fail(ErrorCode::kBadInput,
                "it expired on " + FeedTime(manifest.expires) + "; this clock says " + FeedTime(rules.now),
                "if the clock is right, the source is no longer kept up: another source, or --grace DAYS");
  }
  notes->push_back("the manifest expired on " + FeedTime(manifest.expires) + " and is accepted for the grace time");
  return {};
}

Result<void> CheckReader(const Manifest& manifest, const OfferRules& rules) {
  const InstalledState& installed = rules.state->shown;
  if (manifest.schema_level > SchemaLevel()) {
    return Fail(ErrorCode::kTooNew,
                "its database has level " + std::to_string(manifest.schema_level) +
                    ", this gooffsets reads up to level " + std::to_string(SchemaLevel()),
                "install gooffsets " + manifest.minimum_reader + " or newer; what is installed stays");
  }
  auto needed = Version::Parse(VersionScheme::kModule, manifest.minimum_reader);
  auto own = Version::Parse(VersionScheme::kModule, GOOFFSETS_VERSION);
  if (needed && own && *own < *needed) {
    return Fail(ErrorCode::kTooNew, "it needs gooffsets " + needed->text() + ", this is " + own->text(),
                "install a newer gooffsets; what is installed stays");
  }
  if (installed.version != 0 && manifest.schema_level < installed.schema_level) {
    return Fail(ErrorCode::kBadInput, "its database has level " + std::to_string(manifest.schema_level) +
                                          ", below the installed one's " + std::to_string(installed.schema_level));
  }
  if (manifest.database.size > rules.max_database_size || manifest.full.size > rules.max_database_size) {
    return Fail(ErrorCode::kUnsupported, "its database has " + std::to_string(manifest.database.size) +
                                             " bytes, more than the " + std::to_string(rules.max_database_size) +
                                             " that are allowed here");
  }
  return {};
}

Result<void> CheckOrder(const Manifest& manifest, const std::string& sha256, const OfferRules& rules) {
  const uint64_t seen = rules.state->shown.highest_seen;
  if (manifest.version < seen) {
    return Fail(ErrorCode::kBadInput,
                "it has version " + std::to_string(manifest.version) + ", but version " + std::to_string(seen) +
                    " was seen before: an old copy",
                "another source; to go back on purpose: update-offsets rollback, or pin VERSION");
  }
  if (manifest.version == seen && !rules.state->manifest_sha256.empty() && rules.state->manifest_sha256 != sha256) {
    return Fail(ErrorCode::kBadInput,
                "it has version " + std::to_string(seen) + " with another content than was seen before");
  }
  return {};
}

tl::unexpected<Error> Refused(FeedSource* source, Error error) {
  error.message = "the feed " + source->address() + " is refused: " + error.message;
  return tl::unexpected(std::move(error));
}

// Two files that belong together are fetched one after the other: a publication in between makes them differ for a
// moment.
Result<Offer> FetchSigned(FeedSource* source, const OfferRules& rules, const CallLimits& limits,
                          const std::string& etag, bool* not_modified) {
  for (int attempt = 0;; ++attempt) {
    GOOFFSETS_TRY(FeedSource::Small text, source->ReadSmall(kManifestName, kMaxManifestSize, attempt == 0 ? etag : ""));
    *not_modified = text.not_modified;
    if (text.not_modified) return Offer{};
    GOOFFSETS_TRY(FeedSource::Small signature,
                  source->ReadSmall(std::string(kManifestName) + kSignatureSuffix, kMaxSignatureSize, ""));
    Result<std::string> comment = VerifySignature(text.body, signature.body, rules.keys);
    if (comment) return Offer{{}, std::move(text.body), std::move(signature.body), std::move(text.etag), {}};
    if (comment.error().code != ErrorCode::kBadInput || attempt > 0 || !limits.Wait(std::chrono::milliseconds(300))) {
      return Refused(source, comment.error());
    }
  }
}

Result<void> CheckOffer(const Offer& offer, const std::string& text, const OfferRules& rules,
                        std::vector<std::string>* notes) {
  GOOFFSETS_CHECK_OK(CheckOrder(offer.manifest, Sha256Hex(text), rules));
  GOOFFSETS_CHECK_OK(CheckTime(offer.manifest, rules, notes));
  GOOFFSETS_CHECK_OK(CheckReader(offer.manifest, rules));
  if (offer.signature.empty()) return {};
  GOOFFSETS_TRY(const SignatureFile signature, ParseSignatureFile(offer.signature));
  for (const std::string& revoked : offer.manifest.revoked_keys) {
    auto key = ParsePublicKey(revoked);
    if (key && key->id == signature.key_id) {
      return Fail(ErrorCode::kPermission, "it revokes the key it is signed with, " + key->Id());
    }
  }
  return {};
}

}  // namespace

Result<Offer> AskSource(FeedSource* source, const OfferRules& rules, const CallLimits& limits) {
  const InstallState& state = *rules.state;
  std::string known;
  std::string etag;
  if (rules.place != nullptr && !state.etag.empty() && state.etag_source == source->address()) {
    Result<std::string> saved = rules.place->ReadManifest();
    if (saved && Sha256Hex(*saved) == state.manifest_sha256) {
      known = std::move(*saved);
      etag = state.etag;
    }
  }
  bool not_modified = false;
  GOOFFSETS_TRY(Offer offer, FetchSigned(source, rules, limits, etag, &not_modified));
  if (not_modified) offer.etag = etag;
  const std::string& text = not_modified ? known : offer.text;
  Result<Manifest> manifest = ParseManifest(text);
  if (!manifest) return Refused(source, manifest.error());
  offer.manifest = std::move(*manifest);
  Result<void> accepted = CheckOffer(offer, text, rules, &offer.notes);
  if (!accepted) return Refused(source, accepted.error());
  return offer;
}

Result<std::vector<PublicKey>> TrustedKeys(const std::vector<std::string>& given, const InstalledState& state) {
  std::vector<PublicKey> keys;
  std::string revoked_ids;
  auto add = [&](const std::string& text) -> Result<void> {
    GOOFFSETS_TRY(PublicKey key, ParsePublicKey(text));
    if (Contains(state.revoked_keys, key.Text())) {
      revoked_ids += " " + key.Id();
    } else if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      keys.push_back(key);
    }
    return {};
  };
  for (const std::string& text : given) GOOFFSETS_CHECK_OK(add(text));
  for (const std::string& text : state.learnt_keys) GOOFFSETS_CHECK_OK(add(text));
  if (keys.empty() && !revoked_ids.empty()) {
    return Fail(ErrorCode::kPermission, "every key was revoked by its publisher:" + revoked_ids,
                "ask the publisher for the new key, and give that one with --key");
  }
  if (keys.empty()) return Fail(ErrorCode::kUsage, "no key that a feed could be signed with", "--key gooffsets.pub");
  return keys;
}

Result<Manifest> AskEarlier(FeedSource* source, const Manifest& newest, uint64_t version) {
  if (version == newest.version) return newest;
  auto listed = std::find_if(newest.previous.begin(), newest.previous.end(),
                             [&](const FeedPrevious& one) { return one.version == version; });
  if (listed == newest.previous.end()) {
    return Fail(ErrorCode::kNotFound, "the feed " + source->address() + " has no version " + std::to_string(version),
                "update-offsets unpin, then the newest one is installed");
  }
  GOOFFSETS_TRY(FeedSource::Small text, source->ReadSmall(HistoryName(version), kMaxManifestSize, ""));
  if (Sha256Hex(text.body) != listed->manifest_sha256) {
    return Fail(ErrorCode::kBadInput,
                HistoryName(version) + " of " + source->address() + " is not the manifest that was signed");
  }
  GOOFFSETS_TRY(Manifest manifest, ParseManifest(text.body));
  if (manifest.version != version) return Fail(ErrorCode::kBadInput, HistoryName(version) + " is of another version");
  return manifest;
}

void Learn(const Offer& offer, const std::string& address, InstallState* state) {
  InstalledState& shown = state->shown;
  if (!offer.text.empty()) {
    shown.highest_seen = offer.manifest.version;
    state->manifest_sha256 = Sha256Hex(offer.text);
    if (!offer.manifest.next_key.empty() && !Contains(shown.learnt_keys, offer.manifest.next_key)) {
      shown.learnt_keys.push_back(offer.manifest.next_key);
    }
    for (const std::string& key : offer.manifest.revoked_keys) {
      if (!Contains(shown.revoked_keys, key)) shown.revoked_keys.push_back(key);
      std::erase(shown.learnt_keys, key);
    }
  }
  state->etag = offer.etag;
  state->etag_source = address;
}

}  // namespace gooffsets
