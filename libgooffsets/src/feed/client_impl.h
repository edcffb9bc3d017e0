// The inside of UpdateClient: options, the place of installation, and the steps that its calls share.
//
// One thread at a time, as the client.
//
//   GOOFFSETS_TRY(auto asked, impl.Ask(address, state, limits));
#ifndef GOOFFSETS_FEED_CLIENT_IMPL_H_
#define GOOFFSETS_FEED_CLIENT_IMPL_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "feed/feed_source.h"
#include "feed/installation.h"
#include "feed/offer.h"
#include "gooffsets/feed.h"

namespace gooffsets {

class UpdateClient::Impl {
 public:
  int64_t Now() const;
  // An acceptable offer of one source.
  Result<std::pair<std::unique_ptr<FeedSource>, Offer>> Ask(const std::string& address, const InstallState& state,
                                                            const CallLimits& limits) const;
  // What Update() would fetch for this manifest; nullopt: its database is installed.
  static std::optional<std::pair<uint64_t, bool>> DownloadOf(const Manifest& manifest, const InstalledState& installed);
  Result<void> Accept(const Offer& offer, const std::string& address, InstallState* state);
  // kPartial: `fresh` changes published answers that the manifest does not list as corrections.
  Result<void> Compare(const std::string& fresh, const Manifest& manifest, const InstallState& state,
                       UpdateReport* report);
  // True: something new is installed.
  Result<bool> TrySource(const std::string& address, InstallState* state, const CallLimits& limits,
                         UpdateReport* report);
  // A kept version whose file is what it should be.
  Result<void> InstallKept(const InstalledState::Kept& kept, InstallState* state, UpdateReport* report);

  UpdateOptions options;
  Installation place;
};

HttpOptions HttpOptionsOf(const UpdateOptions& options);

}  // namespace gooffsets

#endif  // GOOFFSETS_FEED_CLIENT_IMPL_H_
