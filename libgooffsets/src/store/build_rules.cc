#include "store/build_rules.h"

#include <string>
#include <vector>

#include "base/digest.h"
#include "store/catalog.h"

namespace gooffsets {

namespace {

// How much a failure tells: a stored one gives way only to one that tells at least as much.
int Weight(BuildStatus status) {
  switch (status) {
    case BuildStatus::kOk: return 3;
    case BuildStatus::kCompileFailed: return 2;
    case BuildStatus::kUnavailable: return 1;
    case BuildStatus::kTransientFailed: return 0;
  }
  return 0;
}

struct Rival {
  int64_t id = 0;
  std::string uid;  // hex
  BuildStatus status = BuildStatus::kOk;
  bool has_closure = false;
  std::string reason;
};

// Builds of the same root, Go release, GOARCH, experiment and tags. A build that failed before its modules were known has
// no closure, so that its id differs from the id of the later success.
Result<std::vector<Rival>> Rivals(Connection* db, const BuildInfo& build) {
  Statement query = db->Prepare(
      "SELECT b.id, b.uid, b.status, EXISTS (SELECT 1 FROM build_module c WHERE c.build = b.id AND c.in_closure = 1), "
      "b.reason "
      "FROM build b JOIN version v ON v.id = b.version JOIN module m ON m.id = v.module WHERE m.path = ? AND v.text = ? "
      "AND b.go = ? AND b.goarch = ? AND b.goexperiment = ? AND b.tags = ?");
  query.BindText(build.root.module).BindText(build.root.version).BindText(build.go).BindText(ToString(build.goarch));
  query.BindText(build.goexperiment).BindText(JoinLines(build.tags));
  std::vector<Rival> rivals;
  while (true) {
    GOOFFSETS_TRY(bool row, query.Next());
    if (!row) return rivals;
    rivals.push_back({query.Int(0), ToHex(query.Bytes(1)), static_cast<BuildStatus>(query.Int(2)), query.Int(3) != 0, query.Text(4)});
  }
}

Result<void> DeleteBuildRow(Connection* db, int64_t id) {
  return db->Prepare("DELETE FROM build WHERE id = ?").BindInt(id).Run();
}

}  // namespace

Result<AddOutcome> MakeRoomFor(Connection* db, const BuildInfo& build) {
  GOOFFSETS_TRY(std::vector<Rival> rivals, Rivals(db, build));
  const bool ok = build.status == BuildStatus::kOk;
  for (const Rival& rival : rivals) {
    const bool same = rival.uid == build.id;
    const bool rival_ok = rival.status == BuildStatus::kOk;
    if (same && rival_ok) return ok ? AddOutcome::kAlreadyThere : AddOutcome::kKeptBetter;
    if (ok) continue;
    if (same && rival.status == build.status && rival.reason == build.reason) return AddOutcome::kAlreadyThere;
    const bool comparable = same || build.closure.empty();
    if (comparable && Weight(rival.status) > Weight(build.status)) return AddOutcome::kKeptBetter;
  }
  for (const Rival& rival : rivals) {
    if (rival.status == BuildStatus::kOk) continue;
    if (rival.uid == build.id || !rival.has_closure || build.closure.empty()) {
      GOOFFSETS_CHECK_OK(DeleteBuildRow(db, rival.id));
    }
  }
  return AddOutcome::kStored;
}

}  // namespace gooffsets
