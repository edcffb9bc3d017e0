// What one source offers: a manifest whose signature and sense were checked against what is installed.
//
// Rules of acceptance, each with its own message: signed by a trusted key, not older than any that was seen, not
// another one of a version that was seen, not expired, not from the future, of a level this program reads and not below
// the installed one. Plain functions over a source; one thread at a time.
//
//   GOOFFSETS_TRY(Offer offer, AskSource(source.get(), {.keys = keys, .state = &state, .now = now}));
#ifndef GOOFFSETS_FEED_OFFER_H_
#define GOOFFSETS_FEED_OFFER_H_

#include <string>
#include <vector>

#include "feed/feed_source.h"
#include "feed/installation.h"
#include "feed/minisign.h"
#include "gooffsets/feed.h"

namespace gooffsets {

struct OfferRules {
  std::vector<PublicKey> keys;
  const InstallState* state = nullptr;
  const Installation* place = nullptr;  // has the manifest that belongs to the state's etag; may be null
  int64_t now = 0;
  int64_t grace = 0;
  uint64_t max_database_size = 0;
};

struct Offer {
  Manifest manifest;
  std::string text, signature;  // as fetched; empty when it is the one that was accepted before
  std::string etag;
  std::vector<std::string> notes;
};

// `given` are minisign public keys; learnt ones are added and revoked ones taken out.
Result<std::vector<PublicKey>> TrustedKeys(const std::vector<std::string>& given, const InstalledState& state);

Result<Offer> AskSource(FeedSource* source, const OfferRules& rules, const CallLimits& limits);
// The manifest of an earlier version, as the newer one vouches for it.
Result<Manifest> AskEarlier(FeedSource* source, const Manifest& newest, uint64_t version);

// Notes what an accepted offer teaches: the highest version, keys, the etag.
void Learn(const Offer& offer, const std::string& address, InstallState* state);

}  // namespace gooffsets

#endif  // GOOFFSETS_FEED_OFFER_H_
