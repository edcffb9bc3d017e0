#include "feed/fetch_database.h"

#include <algorithm>

#include "base/digest.h"
#include "feed/manifest.h"
#include "feed/output_file.h"
#include "feed/snapshot_codec.h"
#include "gooffsets/database.h"

namespace gooffsets {
namespace {

// Opened only after its digest was found right: the library is no sandbox for files of unknown origin.
Result<void> TestOpen(const std::string& path) {
  GOOFFSETS_TRY(Database database, Database::Open(path));
  GOOFFSETS_TRY(std::vector<std::string> modules, database.Modules());
  if (modules.empty()) return Fail(ErrorCode::kBadInput, "the new database knows no module");
  return {};
}

Result<FetchedDatabase> Bring(FeedSource* source, const Manifest& manifest, const FetchRequest& request,
                              const FeedDelta* delta) {
  const FeedBlob& blob = delta != nullptr ? delta->blob : manifest.full;
  const std::string part_name = blob.sha256 + ".part", part = request.place->download(part_name);
  GOOFFSETS_CHECK_OK(request.place->CleanDownloads(part_name));
  FeedSource::Progress progress;
  if (request.progress != nullptr && *request.progress) {
    const char* what = delta != nullptr ? "delta" : "full snapshot";
    progress = [&, what](uint64_t done) { (*request.progress)({what, done, blob.size}); };
  }
  FetchedDatabase made;
  made.delta = delta != nullptr;
  GOOFFSETS_TRY(made.downloaded, FetchBlob(source, blob, part, progress));
  made.path = request.place->download("new.db");
  GOOFFSETS_TRY(const std::string digest,
                DecodeSnapshot(part, delta != nullptr ? request.base : "",
                               delta != nullptr ? request.base_blob.size : 0, made.path, manifest.database.size));
  GOOFFSETS_CHECK_OK(RemoveFile(part));
  if (digest != manifest.database.sha256) {
    GOOFFSETS_CHECK_OK(RemoveFile(made.path));
    return Fail(ErrorCode::kBadInput, "the database made from " + BlobName(blob) + " is not the one that was signed");
  }
  GOOFFSETS_CHECK_OK(TestOpen(made.path));
  return made;
}

}  // namespace

Result<uint64_t> FetchBlob(FeedSource* source, const FeedBlob& blob, const std::string& path,
                           const FeedSource::Progress& progress) {
  for (bool continued = true;; continued = false) {
    uint64_t before = 0;
    {
      GOOFFSETS_TRY(OutputFile out,
                    OutputFile::Open(path, continued ? OutputFile::Mode::kContinue : OutputFile::Mode::kNew));
      if (out.size() > blob.size) GOOFFSETS_CHECK_OK(out.Empty());
      before = out.size();
      Result<void> read = source->ReadBlob(BlobName(blob), blob.size, &out, progress);
      if (!read) {
        // A full disk is not made emptier by a half file.
        if (read.error().code == ErrorCode::kNoSpace || read.error().code == ErrorCode::kBadInput) {
          static_cast<void>(RemoveFile(path));
        }
        return tl::unexpected(read.error());
      }
      GOOFFSETS_CHECK_OK(out.Sync());
    }
    GOOFFSETS_TRY(const std::string digest, Sha256HexOfFile(path));
    if (digest == blob.sha256) return blob.size - before;
    GOOFFSETS_CHECK_OK(RemoveFile(path));
    // What was continued may have been spoilt before.
    if (!continued || before == 0) {
      return Fail(ErrorCode::kBadInput,
                  BlobName(blob) + " from " + source->address() + " is damaged: its digest is " + digest);
    }
  }
}

const FeedDelta* FindDelta(const Manifest& manifest, const FeedBlob& base) {
  auto found = std::find_if(manifest.deltas.begin(), manifest.deltas.end(),
                            [&](const FeedDelta& delta) { return delta.from == base; });
  // One that is not smaller than the whole is of no use.
  return found == manifest.deltas.end() || found->blob.size >= manifest.full.size ? nullptr : &*found;
}

Result<FetchedDatabase> FetchDatabase(FeedSource* source, const Manifest& manifest, const FetchRequest& request) {
  std::vector<std::string> notes;
  const FeedDelta* delta = request.full_only || request.base.empty() ? nullptr : FindDelta(manifest, request.base_blob);
  if (delta != nullptr) {
    Result<FetchedDatabase> made = Bring(source, manifest, request, delta);
    if (made) return made;
    const ErrorCode code = made.error().code;
    if (code == ErrorCode::kInterrupted || code == ErrorCode::kTimeout || code == ErrorCode::kNoSpace ||
        code == ErrorCode::kPermission) {
      return made;
    }
    notes.push_back("the difference could not be used (" + made.error().message + "); the full snapshot was taken");
  }
  GOOFFSETS_TRY(FetchedDatabase made, Bring(source, manifest, request, nullptr));
  made.notes = std::move(notes);
  return made;
}

}  // namespace gooffsets
