// state.json of an installation.
#include "feed/feed_time.h"
#include "feed/installation.h"
#include "feed/json_members.h"
#include "feed/manifest.h"

namespace gooffsets {
namespace {

constexpr size_t kMaxKept = 1000, kMaxText = 4096;
using Json = nlohmann::ordered_json;

Json KeptJson(const InstalledState::Kept& kept) {
  return {{"version", kept.version},
          {"database", BlobJson(kept.database)},
          {"schema_level", kept.schema_level},
          {"created", FeedTime(kept.created)},
          {"expires", FeedTime(kept.expires)}};
}

InstalledState::Kept ReadKept(const nlohmann::json& object, JsonMembers* out) {
  JsonMembers in(object, "state.json");
  InstalledState::Kept kept{in.Unsigned("version"), in.Blob("database"),
                            static_cast<int64_t>(in.Unsigned("schema_level")), in.Time("created"), in.Time("expires")};
  out->Take(in.Finish());
  return kept;
}

}  // namespace

Result<InstallState> ParseInstallState(std::string_view text) {
  GOOFFSETS_TRY(const nlohmann::json object, ParseJsonObject(text, "state.json"));
  JsonMembers in(object, "state.json");
  if (in.Unsigned("format_version") > 1) {
    return Fail(ErrorCode::kTooNew, "the installation was made by a newer gooffsets", "install a newer gooffsets");
  }
  InstallState state;
  InstalledState& shown = state.shown;
  if (in.Has("installed")) {
    const InstalledState::Kept kept = ReadKept(object["installed"], &in);
    shown.version = kept.version;
    shown.database = kept.database;
    shown.schema_level = kept.schema_level;
    shown.created = kept.created;
    shown.expires = kept.expires;
    shown.installed = in.Time("installed_at");
    shown.source = in.Text("source", kMaxText);
  }
  if (in.Has("pinned")) {
    shown.pinned = in.Unsigned("pinned");
    shown.pin_reason = in.Text("pin_reason", kMaxText);
  }
  shown.highest_seen = in.Unsigned("highest_seen");
  shown.checked = in.Time("checked");
  shown.learnt_keys = in.Texts("learnt_keys", kMaxKept, kMaxText);
  shown.revoked_keys = in.Texts("revoked_keys", kMaxKept, kMaxText);
  for (const auto& kept : in.Objects("previous", kMaxKept)) shown.previous.push_back(ReadKept(kept, &in));
  if (in.Has("pending")) {
    state.pending = ReadKept(object["pending"], &in);
    state.pending_source = in.Text("pending_source", kMaxText);
  }
  state.etag = in.Text("etag", kMaxText);
  state.etag_source = in.Text("etag_source", kMaxText);
  state.manifest_sha256 = in.Text("manifest_sha256", 64);
  state.file_mtime = static_cast<int64_t>(in.Unsigned("file_mtime"));
  state.file_inode = in.Unsigned("file_inode");
  GOOFFSETS_CHECK_OK(in.Finish());
  return state;
}

std::string InstallStateJson(const InstallState& state) {
  const InstalledState& shown = state.shown;
  Json out{{"format_version", 1}};
  if (shown.version != 0) {
    out["installed"] = KeptJson({shown.version, shown.database, shown.schema_level, shown.created, shown.expires});
    out["installed_at"] = FeedTime(shown.installed);
    out["source"] = shown.source;
  }
  if (shown.pinned) {
    out["pinned"] = *shown.pinned;
    out["pin_reason"] = shown.pin_reason;
  }
  out["highest_seen"] = shown.highest_seen;
  out["checked"] = FeedTime(shown.checked);
  out["learnt_keys"] = shown.learnt_keys;
  out["revoked_keys"] = shown.revoked_keys;
  out["previous"] = Json::array();
  for (const InstalledState::Kept& kept : shown.previous) out["previous"].push_back(KeptJson(kept));
  if (state.pending) {
    out["pending"] = KeptJson(*state.pending);
    out["pending_source"] = state.pending_source;
  }
  out["etag"] = state.etag;
  out["etag_source"] = state.etag_source;
  out["manifest_sha256"] = state.manifest_sha256;
  out["file_mtime"] = state.file_mtime;
  out["file_inode"] = state.file_inode;
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace gooffsets
