#include "feed/manifest.h"

#include "base/quote.h"
#include "feed/feed_time.h"
#include "feed/json_members.h"
#include "feed/minisign.h"

namespace gooffsets {
namespace {

constexpr std::string_view kFormat = "gooffsets feed";
constexpr size_t kMaxKeyText = 100, kMaxName = 4096;

FeedDelta ReadDelta(const nlohmann::json& object, JsonMembers* out) {
  JsonMembers in(object, "the manifest, deltas");
  FeedDelta delta{in.Unsigned("from_version"), in.Blob("from"), in.Blob("blob")};
  out->Take(in.Finish());
  return delta;
}

FeedPrevious ReadPrevious(const nlohmann::json& object, JsonMembers* out) {
  JsonMembers in(object, "the manifest, previous");
  FeedPrevious previous{in.Unsigned("version"), in.Sha256("manifest_sha256"), in.Blob("database")};
  out->Take(in.Finish());
  return previous;
}

FeedCorrection ReadCorrection(const nlohmann::json& object, JsonMembers* out) {
  JsonMembers in(object, "the manifest, corrections");
  FeedCorrection correction{in.Unsigned("since"), in.Text("module", kMaxName), in.Text("version", kMaxName),
                            in.Text("symbol", kMaxName), in.Text("reason", kMaxName)};
  if (correction.module.empty() || correction.symbol.empty() || correction.reason.empty()) {
    in.Note("a correction without module, symbol or reason");
  }
  out->Take(in.Finish());
  return correction;
}

void CheckKey(const std::string& text, const char* name, JsonMembers* in) {
  auto key = ParsePublicKey(text);
  if (!key) in->Note(std::string("\"") + name + "\": " + key.error().message);
}

// What no schema can say: numbers that contradict each other.
void CheckSense(const Manifest& manifest, JsonMembers* in) {
  if (manifest.version == 0) in->Note("version 0: versions begin with 1");
  if (manifest.expires <= manifest.created) in->Note("it expires before it was created");
  if (manifest.schema_level == 0) in->Note("a database without a level");
  if (manifest.database.size == 0 || manifest.full.size == 0) in->Note("an empty database");
  for (const FeedDelta& delta : manifest.deltas) {
    if (delta.from_version >= manifest.version) in->Note("a delta from a version that is not older");
    if (delta.from.size == 0 || delta.blob.size == 0) in->Note("an empty delta");
  }
  uint64_t newer = manifest.version;
  for (const FeedPrevious& previous : manifest.previous) {
    if (previous.version == 0 || previous.version >= newer) in->Note("previous versions that do not descend");
    newer = previous.version;
  }
  for (const FeedCorrection& correction : manifest.corrections) {
    if (correction.since > manifest.version) in->Note("a correction of a later version");
  }
  if (!manifest.next_key.empty()) CheckKey(manifest.next_key, "next_key", in);
  for (const std::string& key : manifest.revoked_keys) CheckKey(key, "revoked_keys", in);
}

}  // namespace

Result<Manifest> ParseManifest(std::string_view text) {
  if (text.size() > kMaxManifestSize) return Fail(ErrorCode::kBadInput, "the manifest is larger than 4 MiB");
  GOOFFSETS_TRY(nlohmann::json object, ParseJsonObject(text, "the manifest"));
  JsonMembers in(object, "the manifest");
  const std::string format = in.Text("format", 100);
  const uint64_t level = in.Unsigned("format_version");
  GOOFFSETS_CHECK_OK(in.Finish());
  if (format != kFormat)
    return Fail(ErrorCode::kBadInput, "this is no manifest of a feed: its format is " + Quote(format));
  if (level > kFeedFormat) {
    return Fail(
        ErrorCode::kTooNew,
        "the feed has format " + std::to_string(level) + ", this gooffsets reads up to " + std::to_string(kFeedFormat),
        "install a newer gooffsets");
  }
  Manifest manifest;
  manifest.version = in.Unsigned("version");
  manifest.created = in.Time("created");
  manifest.expires = in.Time("expires");
  manifest.schema_level = static_cast<int64_t>(in.Unsigned("schema_level"));
  manifest.minimum_reader = in.Text("minimum_reader", 100);
  manifest.database = in.Blob("database");
  manifest.full = in.Blob("full");
  for (const auto& delta : in.Objects("deltas", kMaxDeltas)) manifest.deltas.push_back(ReadDelta(delta, &in));
  for (const auto& one : in.Objects("previous", kMaxPrevious)) manifest.previous.push_back(ReadPrevious(one, &in));
  for (const auto& one : in.Objects("corrections", kMaxCorrections)) {
    manifest.corrections.push_back(ReadCorrection(one, &in));
  }
  if (in.Has("next_key")) manifest.next_key = in.Text("next_key", kMaxKeyText);
  manifest.revoked_keys = in.Texts("revoked_keys", kMaxRevoked, kMaxKeyText);
  CheckSense(manifest, &in);
  GOOFFSETS_CHECK_OK(in.Finish());
  return manifest;
}

std::string ManifestJson(const Manifest& manifest) {
  using Json = nlohmann::ordered_json;
  Json out;
  out["format"] = kFormat;
  out["format_version"] = kFeedFormat;
  out["version"] = manifest.version;
  out["created"] = FeedTime(manifest.created);
  out["expires"] = FeedTime(manifest.expires);
  out["schema_level"] = manifest.schema_level;
  out["minimum_reader"] = manifest.minimum_reader;
  out["database"] = BlobJson(manifest.database);
  out["full"] = BlobJson(manifest.full);
  out["deltas"] = Json::array();
  for (const FeedDelta& delta : manifest.deltas) {
    out["deltas"].push_back(
        {{"from_version", delta.from_version}, {"from", BlobJson(delta.from)}, {"blob", BlobJson(delta.blob)}});
  }
  out["previous"] = Json::array();
  for (const FeedPrevious& previous : manifest.previous) {
    out["previous"].push_back({{"version", previous.version},
                               {"manifest_sha256", previous.manifest_sha256},
                               {"database", BlobJson(previous.database)}});
  }
  out["corrections"] = Json::array();
  for (const FeedCorrection& one : manifest.corrections) {
    out["corrections"].push_back({{"since", one.since},
                                  {"module", one.module},
                                  {"version", one.version},
                                  {"symbol", one.symbol},
                                  {"reason", one.reason}});
  }
  if (manifest.next_key.empty()) {
    out["next_key"] = nullptr;
  } else {
    out["next_key"] = manifest.next_key;
  }
  out["revoked_keys"] = manifest.revoked_keys;
  // Invalid UTF-8 becomes U+FFFD: dump() would throw.
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace gooffsets
