#include "feed/extend_snapshot.h"

#include <filesystem>
#include <vector>

#include "feed/build_prints.h"
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

Result<ExtendedSnapshot> Continue(Store* from, Store* to) {
  ExtendedSnapshot done;
  GOOFFSETS_TRY(const BuildPrints wanted, ReadBuildPrints(from->connection()));
  GOOFFSETS_TRY(const BuildPrints there, ReadBuildPrints(to->connection()));
  GOOFFSETS_TRY(const Digest128 versions_before, KnownVersionsPrint(to->connection()));
  for (const auto& [id, print] : there) {
    if (wanted.contains(id)) continue;
    GOOFFSETS_CHECK_OK(to->RemoveBuild(id));
    ++done.removed;
  }
  for (const auto& [id, print] : wanted) {
    auto old = there.find(id);
    if (old != there.end() && old->second == print) {
      ++done.kept;
      continue;
    }
    GOOFFSETS_TRY(BuildRecord record, from->ReadBuild(id));
    // Taken out first: Replace() keeps a success where the database now has a failure.
    if (old != there.end()) GOOFFSETS_CHECK_OK(to->RemoveBuild(id));
    GOOFFSETS_CHECK_OK(to->Add(record));
    ++(old != there.end() ? done.replaced : done.added);
  }
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
                                        const std::string& out) {
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
    GOOFFSETS_TRY(done, Continue(&from, &to));
    if (previous.empty()) done.changed = true;
    if (done.changed) GOOFFSETS_CHECK_OK(Publish(&to, out));
  }
  return done;
}

}  // namespace gooffsets
