// Resolving a program against a service elsewhere (POST /v1/resolve of offsetd), for agents without a database of their
// own.
//
// What leaves the host: Go version, architecture, experiments, tags, cgo, module versions and the wanted names. Never:
// file names, file contents, linker flags, version-control settings, the main module's path. Answers are kept in a
// cache directory; where the service cannot be reached, the cache and then the local database answer, and the result
// says so. Free functions without state; safe from any thread (a Database belongs to one).
//
//   RemoteResolveOptions options{.url = "https://offsets.example", .token = token, .database = &local};
//   Result<RemoteResolution> answer = ResolveRemotely(binary.info(), wants_toml, options);
//   answer->origin;   // kService, kCache or kLocal
//   answer->json;     // as in docs/formats.md, "resolve"
#ifndef GOOFFSETS_FEED_RESOLVE_H_
#define GOOFFSETS_FEED_RESOLVE_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/binary.h"
#include "gooffsets/database.h"
#include "gooffsets/result.h"

namespace gooffsets {

struct RemoteResolveOptions {
  std::string url;    // of the service: "https://offsets.example"; /v1/resolve is added
  std::string token;  // bearer token; empty: none
  std::chrono::seconds deadline{10};
  unsigned retries = 1;
  std::string proxy, ca_file, user_agent;  // as in UpdateOptions
  bool proxy_from_environment = false;
  uint64_t max_answer_size = uint64_t{16} << 20;

  std::string cache_directory;                // empty: no cache
  std::chrono::seconds cache_fresh{3600};     // so long no request is made
  const Database* database = nullptr;         // answers where neither service nor cache do
  std::vector<std::string> private_prefixes;  // module paths that never leave the host: "corp.example/"
};

struct RemoteResolution {
  enum class Origin { kService, kCache, kLocal };
  Origin origin = Origin::kService;
  std::string json;                // the Resolution as JSON
  std::vector<std::string> notes;  // why the service did not answer
};
std::string_view ToString(RemoteResolution::Origin origin);

// The body that is sent: what of `info` leaves the host, and the wanted names.
std::string RemoteResolveRequest(const BinaryInfo& info, std::string_view wants_toml,
                                 const RemoteResolveOptions& options);

// kUsage, kBadInput: the want list or the options are wrong, or the service refused the request; kNetwork, kTimeout: no
// service, no cached answer and no local database.
Result<RemoteResolution> ResolveRemotely(const BinaryInfo& info, std::string_view wants_toml,
                                         const RemoteResolveOptions& options);

}  // namespace gooffsets

#endif  // GOOFFSETS_FEED_RESOLVE_H_
