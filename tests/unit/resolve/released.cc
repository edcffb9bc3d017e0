#include "released.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/digest.h"
#include "store/export.h"
#include "store/shard.h"
#include "store/store.h"

namespace gooffsets::testing {
namespace fs = std::filesystem;

std::string ReleasedDatabase() {
  std::vector<fs::path> shards;
  for (const auto& entry : fs::recursive_directory_iterator(std::string(GOOFFSETS_SOURCE_DIR) + "/data")) {
    if (entry.path().string().ends_with(".jsonl.zst")) shards.push_back(entry.path());
  }
  std::sort(shards.begin(), shards.end());
  std::string key;
  for (const fs::path& shard : shards) {
    Result<std::string> digest = Sha256HexOfFile(shard.string());
    if (!digest) {
      ADD_FAILURE() << digest.error().ToString();
      return {};
    }
    key += shard.string() + " " + *digest + "\n";
  }
  const fs::path folder = fs::temp_directory_path() / ("gooffsets-resolve-test-" + std::to_string(::getuid()));
  fs::create_directories(folder);
  const fs::path made = folder / (Blake2b128Hex(key) + ".db");
  if (fs::exists(made)) return made.string();
  // Beside it, then renamed: test processes run side by side.
  const fs::path working = folder / ("working-" + std::to_string(::getpid()) + ".db");
  auto fail = [&](const Error& error) {
    ADD_FAILURE() << error.ToString();
    fs::remove(working);
    return std::string();
  };
  Result<Store> store = Store::Open(working.string(), OpenMode::kCreate);
  if (!store) return fail(store.error());
  for (const fs::path& shard : shards) {
    Result<ImportCounts> counts = ImportShard(&*store, shard.string());
    if (!counts) return fail(counts.error());
  }
  if (Result<void> published = Publish(&*store, made.string()); !published) return fail(published.error());
  for (const char* end : {"", "-wal", "-shm"}) fs::remove(working.string() + end);
  return made.string();
}

bool CopyWithout(const std::string& path, const std::function<bool(const BuildInfo&)>& drop) {
  const std::string released = ReleasedDatabase();
  if (released.empty()) return false;
  fs::copy_file(released, path, fs::copy_options::overwrite_existing);
  Result<Store> store = Store::Open(path, OpenMode::kReadWrite);
  if (!store) {
    ADD_FAILURE() << store.error().ToString();
    return false;
  }
  Result<std::vector<BuildInfo>> builds = store->AllBuilds();
  if (!builds) {
    ADD_FAILURE() << builds.error().ToString();
    return false;
  }
  // Straight from the tables: what a build leaves behind unused does no harm to a test.
  for (const BuildInfo& build : *builds) {
    if (!drop(build)) continue;
    Statement statement = store->connection()->Prepare("DELETE FROM build WHERE lower(hex(uid)) = ?");
    if (!statement.BindText(build.id).Run()) {
      ADD_FAILURE() << "build " << build.id << " cannot be deleted";
      return false;
    }
  }
  return true;
}

}  // namespace gooffsets::testing
