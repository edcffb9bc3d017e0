// The offsets database as its makers see it: takes build records, knows versions, answers what the plan asks.
//
// The Store owns its connection. One Store belongs to one thread at a time; several processes may have the same file open
// (WAL): writers wait for each other, readers never wait. Each Add() is one transaction: after a kill at any moment the
// record is there wholly or not at all.
//
//   Result<Store> store = Store::Open("offsets.db", OpenMode::kCreate);
//   Result<AddOutcome> added = store->Add(record);
//   Result<std::vector<BuildInfo>> builds = store->Builds("google.golang.org/grpc", "1.60.1");
#ifndef GOOFFSETS_STORE_STORE_H_
#define GOOFFSETS_STORE_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gooffsets/result.h"
#include "store/build_rules.h"
#include "store/database_file.h"
#include "store/record.h"
#include "store/sqlite.h"
#include "store/std_types.h"

namespace gooffsets {

struct KnownVersion {
  ModuleVersion version;
  bool listed = false;  // a version list names it; false: only builds do
};

class Store {
 public:
  static Result<Store> Open(const std::string& path, OpenMode mode);
  Store(Store&&) noexcept = default;
  Store& operator=(Store&&) noexcept = default;

  // Writing.
  Result<AddOutcome> Add(const BuildRecord& record);
  // Puts `record` in the place of the build with its id, in one transaction; adds it if there is none. kKeptBetter: it is
  // a failure and a success is there.
  Result<AddOutcome> Replace(const BuildRecord& record);
  Result<void> AddKnownVersions(const std::string& module, const std::vector<std::string>& versions);
  // Takes a build out, and everything that only it needed. False: there was none.
  Result<bool> RemoveBuild(const std::string& id);

  // Builds. `Builds` without a version gives those of all versions. Sorted by module, version text, go, goarch, id.
  Result<bool> HasBuild(const std::string& id);  // a successful one
  Result<std::vector<BuildInfo>> Builds(const std::string& module, const std::string& version = {});
  Result<std::vector<BuildInfo>> AllBuilds();
  Result<std::optional<BuildInfo>> Build(const std::string& id);
  // Whole records, as they were added (packages sorted by path).
  Result<BuildRecord> ReadBuild(const std::string& id);
  // Like ReadBuild, without symbols: paths, owners, files, selections, std_by_value; module package lists.
  Result<BuildRecord> ReadBuildFacts(const std::string& id);

  // Versions and releases, ascending by version.
  Result<std::vector<std::string>> Modules();  // that are the root of a build or have known versions
  Result<std::vector<KnownVersion>> KnownVersions(const std::string& module);
  Result<std::vector<std::string>> StdReleases(GoArch goarch);  // Go releases whose std was built without error
  // `type`: "crypto/tls.ConnectionState".
  Result<StdTypeSize> StdSize(const std::string& go, GoArch goarch, const std::string& type);

  // Notes of this machine about a build: durations, log files, inputs of failures. Never exported.
  Result<void> SetLocal(const std::string& id, const std::string& key, const std::string& value);
  Result<std::optional<std::string>> Local(const std::string& id, const std::string& key);

  // For the other files of this folder (exports, imports, lookups).
  Connection* connection() { return &db_; }
  const std::string& path() const { return db_.path(); }
  struct ShardCache {
    std::string key, lines;
  };
  ShardCache* shard_cache() { return &shard_cache_; }

 private:
  explicit Store(Connection db) : db_(std::move(db)) {}
  Result<AddOutcome> Put(const BuildRecord& record, bool remove_first);

  Connection db_;
  StdTypes std_types_;
  ShardCache shard_cache_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_STORE_STORE_H_
