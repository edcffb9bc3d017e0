// Copies of a feed: into a directory, or into one bundle file. Every byte is verified on the way.
#include <algorithm>
#include <filesystem>

#include "base/digest.h"
#include "feed/bundle.h"
#include "feed/client_impl.h"
#include "feed/fetch_database.h"
#include "feed/manifest.h"
#include "feed/output_file.h"

namespace gooffsets {
namespace {

namespace fs = std::filesystem;

Result<void> CopyBlob(FeedSource* source, const FeedBlob& blob, const std::string& target, MirrorReport* report) {
  const std::string path = target + "/" + BlobName(blob);
  if (FileExists(path)) {
    GOOFFSETS_TRY(const std::string digest, Sha256HexOfFile(path));
    if (digest == blob.sha256) {
      ++report->present;
      return {};
    }
  }
  const std::string part = path + ".part";
  GOOFFSETS_TRY(const uint64_t bytes, FetchBlob(source, blob, part, {}));
  std::error_code error;
  fs::rename(part, path, error);
  if (error) return ErrnoError(error.value(), "cannot write " + path);
  report->bytes += bytes;
  ++report->copied;
  return {};
}

// Earlier manifests, newest first, as far as the source has them.
Result<void> CopyHistory(FeedSource* source, const Manifest& newest, const std::string& target) {
  for (const FeedPrevious& previous : newest.previous) {
    const std::string name = HistoryName(previous.version), path = target + "/" + name;
    Result<std::string> there = ReadFile(path, kMaxManifestSize);
    if (there && Sha256Hex(*there) == previous.manifest_sha256) return {};  // and so are all before it
    Result<FeedSource::Small> text = source->ReadSmall(name, kMaxManifestSize, "");
    if (!text && text.error().code == ErrorCode::kNotFound) return {};
    if (!text) return tl::unexpected(text.error());
    if (Sha256Hex(text->body) != previous.manifest_sha256) {
      return Fail(ErrorCode::kBadInput, name + " of " + source->address() + " is not the manifest that was signed");
    }
    Result<FeedSource::Small> signature = source->ReadSmall(name + kSignatureSuffix, kMaxSignatureSize, "");
    if (signature) GOOFFSETS_CHECK_OK(WriteFileAtomic(path + kSignatureSuffix, signature->body));
    GOOFFSETS_CHECK_OK(WriteFileAtomic(path, text->body));
  }
  return {};
}

Result<MirrorReport> MirrorOne(UpdateClient::Impl* impl, const std::string& address, const std::string& target,
                               bool deltas) {
  const CallLimits limits(impl->options.deadline, impl->options.cancelled);
  // What the mirror has is what must not be gone behind of.
  InstallState state;
  Result<std::string> there = ReadFile(target + "/" + kManifestName, kMaxManifestSize);
  if (there) {
    if (auto manifest = ParseManifest(*there)) {
      state.shown.highest_seen = manifest->version;
      state.manifest_sha256 = Sha256Hex(*there);
      if (!manifest->next_key.empty()) state.shown.learnt_keys = {manifest->next_key};
      state.shown.revoked_keys = manifest->revoked_keys;
    }
  }
  GOOFFSETS_TRY(auto asked, impl->Ask(address, state, limits));
  FeedSource* source = asked.first.get();
  const Offer& offer = asked.second;
  MirrorReport report;
  report.version = offer.manifest.version;
  report.source = source->address();
  for (const char* sub : {"", "/blobs", "/history"}) GOOFFSETS_CHECK_OK(MakeDirectories(target + sub));
  GOOFFSETS_CHECK_OK(CopyBlob(source, offer.manifest.full, target, &report));
  if (deltas) {
    for (const FeedDelta& delta : offer.manifest.deltas)
      GOOFFSETS_CHECK_OK(CopyBlob(source, delta.blob, target, &report));
    GOOFFSETS_CHECK_OK(CopyHistory(source, offer.manifest, target));
  }
  GOOFFSETS_CHECK_OK(SyncDirectory(target + "/blobs"));
  const std::string history = target + "/" + HistoryName(offer.manifest.version),
                    manifest = target + "/" + kManifestName;
  GOOFFSETS_CHECK_OK(WriteFileAtomic(history + kSignatureSuffix, offer.signature));
  GOOFFSETS_CHECK_OK(WriteFileAtomic(history, offer.text));
  GOOFFSETS_CHECK_OK(WriteFileAtomic(manifest + kSignatureSuffix, offer.signature));
  GOOFFSETS_CHECK_OK(WriteFileAtomic(manifest, offer.text));
  return report;
}

Result<MirrorReport> Mirror(const UpdateOptions& options, const std::string& target, bool deltas) {
  if (options.sources.empty()) return Fail(ErrorCode::kUsage, "no source of a feed was named", "--from ADDRESS");
  UpdateClient::Impl impl{options, Installation(target)};
  Result<MirrorReport> report = Fail(ErrorCode::kInternal, "no source was asked");
  for (const std::string& address : options.sources) {
    report = MirrorOne(&impl, address, target, deltas);
    if (report || report.error().code == ErrorCode::kInterrupted || report.error().code == ErrorCode::kNoSpace) break;
  }
  return report;
}

}  // namespace

Result<MirrorReport> MirrorFeed(const UpdateOptions& options, const std::string& target) {
  return Mirror(options, target, true);
}

Result<MirrorReport> BundleFeed(const UpdateOptions& options, const std::string& file, bool deltas) {
  const std::string tree = file + ".making", packed = file + ".part";
  struct Cleanup {
    const std::string &tree, &packed;
    ~Cleanup() {
      std::error_code ignored;
      fs::remove_all(tree, ignored);
      fs::remove(packed, ignored);
    }
  } cleanup{tree, packed};
  GOOFFSETS_TRY(MirrorReport report, Mirror(options, tree, deltas));
  {
    GOOFFSETS_TRY(BundleWriter bundle, BundleWriter::Create(packed));
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : fs::recursive_directory_iterator(tree, error)) {
      if (entry.is_regular_file()) names.push_back(fs::relative(entry.path(), tree).string());
    }
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) GOOFFSETS_CHECK_OK(bundle.AddFile(name, tree + "/" + name));
    GOOFFSETS_CHECK_OK(bundle.Finish());
  }
  std::error_code error;
  fs::rename(packed, file, error);
  if (error) return ErrnoError(error.value(), "cannot write " + file);
  return report;
}

}  // namespace gooffsets
