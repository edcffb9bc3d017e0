// Limits of a manifest, and where things lie in a feed.
//
// Names are relative to the feed's address and made of digests and numbers only, so no manifest can point outside.
// Pure; safe from any thread.
//
//   std::string name = BlobName(manifest.full);   // "blobs/3f78..."
#ifndef GOOFFSETS_FEED_MANIFEST_H_
#define GOOFFSETS_FEED_MANIFEST_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "gooffsets/feed.h"

namespace gooffsets {

inline constexpr uint64_t kFeedFormat = 1;
inline constexpr size_t kMaxManifestSize = 4 << 20, kMaxSignatureSize = 8192;
inline constexpr size_t kMaxDeltas = 64, kMaxPrevious = 10000, kMaxCorrections = 10000, kMaxRevoked = 64;

inline constexpr const char* kManifestName = "manifest.json";
inline constexpr const char* kSignatureSuffix = ".minisig";

inline std::string BlobName(const FeedBlob& blob) { return "blobs/" + blob.sha256; }
inline std::string HistoryName(uint64_t version) { return "history/" + std::to_string(version) + ".json"; }

}  // namespace gooffsets

#endif  // GOOFFSETS_FEED_MANIFEST_H_
