#include "feed/extend_snapshot.h"

#include <filesystem>
#include <vector>

#include "feed/build_prints.h"
#include "feed/copy_builds.h"
#include "store/export.h"
#include "store/store.h"
#include "store/temporary_database.h"

namespace gooffsets {
namespace {

Result<void> AddVersions(Store* from, Store* to) {
  GOOFFSETS_TRY(std::vector<std::string> modules, from->Modules());
  for (const std::string& module : modules) {
    GOOFFSETS_TRY(std::vector<KnownVersion> known, from->KnownVersions(module));
    std::vector<std::string> listed;
    for (const KnownVersion& version : known) {
      if (version.listed) listed.push_back(version.version.version);
    }
    if (!listed.empty()) GOOFFSETS_CHECK_OK(to->AddKnownVersions(module, listed));
  }
  return {};
}

Result<ExtendedSnapshot> Continue(Store* from, Store* to, const std::function<void(size_t, size_t)>& progress) {
  ExtendedSnapshot done;
  GOOFFSETS_TRY(const BuildPrints wanted, ReadBuildPrints(from->connection()));
  GOOFFSETS_TRY(const BuildPrints there, ReadBuildPrints(to->connection()));
  GOOFFSETS_TRY(const Digest128 versions_before, KnownVersionsPrint(to->connection()));
  for (const auto& [id, print] : there) {
    if (wanted.contains(id)) continue;
    GOOFFSETS_CHECK_OK(to->RemoveBuild(id));
    ++done.removed;
  }
  std::vector<std::string> missing;
  for (const auto& [id, print] : wanted) {
    const auto old = there.find(id);
    if (old != there.end() && old->second == print) {
      ++done.kept;
    } else {
      missing.push_back(id);
    }
  }
  BuildCopier copier(from, to);
  for (const std::string& id : missing) {
    if (progress) progress(done.added + done.replaced, missing.size());
    if (there.contains(id)) {
      GOOFFSETS_CHECK_OK(to->RemoveBuild(id));
      copier.Forget();
      ++done.replaced;
    } else {
      ++done.added;
    }
    GOOFFSETS_CHECK_OK(copier.Copy(id));
  }
  if (progress) progress(missing.size(), missing.size());
  GOOFFSETS_CHECK_OK(AddVersions(from, to));
  GOOFFSETS_TRY(const Digest128 versions_after, KnownVersionsPrint(to->connection()));
  done.changed = done.added + done.replaced + done.removed > 0 || versions_before != versions_after;
  GOOFFSETS_TRY(const BuildPrints made, ReadBuildPrints(to->connection()));
  if (made != wanted) {
    return Fail(ErrorCode::kInternal, "the continued snapshot does not say what " + from->path() + " says");
  }
  return done;
}

}  // namespace

Result<ExtendedSnapshot> ExtendSnapshot(const std::string& previous, const std::string& database,
                                        const std::string& out,
                                        const std::function<void(size_t done, size_t total)>& progress) {
  GOOFFSETS_TRY(Store from, Store::Open(database, OpenMode::kReadOnly));
  TemporaryDatabase working(out + ".working");
  std::error_code error;
  if (!previous.empty()) {
    std::filesystem::copy_file(previous, working.path(), std::filesystem::copy_options::overwrite_existing, error);
    if (error) return Fail(ErrorCode::kIo, "cannot copy " + previous + ": " + error.message());
  }
  ExtendedSnapshot done;
  {
    GOOFFSETS_TRY(Store to, Store::Open(working.path(), OpenMode::kCreate));
    GOOFFSETS_TRY(done, Continue(&from, &to, progress));
    if (previous.empty()) done.changed = true;
    if (done.changed) GOOFFSETS_CHECK_OK(Publish(&to, out));
  }
  return done;
}

}  // namespace gooffsets
