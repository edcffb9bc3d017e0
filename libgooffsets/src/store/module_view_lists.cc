// What the package lists of module versions tell: which packages a version has, and on which tags their files depend.
#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/module_view_reader.h"

namespace gooffsets {
namespace {

// What a node of a map costs beside its content, roughly.
constexpr size_t kNode = 64;

const PackageListEntry* FindIn(const std::vector<PackageListEntry>& list, int64_t path) {
  auto entry = std::lower_bound(list.begin(), list.end(), path,
                                [](const PackageListEntry& a, int64_t wanted) { return a.path < wanted; });
  return entry == list.end() || entry->path != path ? nullptr : &*entry;
}

// The package of `module` in which the compiler found an error, by its message
// ("../../mod/golang.org/x/net@v0.29.0/http2/ transport.go:1078:13: tc.NetConn undefined"); empty: the message names no
// file; nullopt: another module's.
std::optional<std::string> FailedPackage(std::string_view reason, const std::string& module,
                                         const std::string& version) {
  const size_t end = reason.find(".go:");
  if (end == std::string_view::npos) return std::string();
  const std::string_view file = reason.substr(0, end);
  const std::string directory = "mod/" + module + "@v" + version + "/";
  const size_t begin = file.find(directory);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::string_view path = file.substr(begin + directory.size());
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? module : module + "/" + std::string(path.substr(0, slash));
}

}  // namespace

Result<const ModuleViewReader::PackageList*> ModuleViewReader::ListOf(int64_t id) {
  if (auto known = package_lists_.find(id); known != package_lists_.end()) return &known->second;
  GOOFFSETS_TRY(PackageList list, reader_.PackageListEntries(id));
  std::stable_sort(list.begin(), list.end(),
                   [](const PackageListEntry& a, const PackageListEntry& b) { return a.path < b.path; });
  remembered_ += kNode + list.size() * sizeof(PackageListEntry);
  return &package_lists_.emplace(id, std::move(list)).first->second;
}

Result<const std::vector<int64_t>*> ModuleViewReader::ListsOf(const std::string& module, const std::string& version) {
  const auto key = std::pair(module, version);
  if (auto known = lists_of_.find(key); known != lists_of_.end()) return &known->second;
  std::vector<int64_t> lists;
  GOOFFSETS_TRY(std::optional<int64_t> id, VersionId(module, version));
  if (id) {
    Statement query =
        db_->Prepare("SELECT DISTINCT package_list FROM build_module WHERE version = ? AND package_list IS NOT NULL");
    query.BindInt(*id);
    while (true) {
      GOOFFSETS_TRY(bool row, query.Next());
      if (!row) break;
      lists.push_back(query.Int(0));
    }
  }
  remembered_ += 3 * kNode;
  return &lists_of_.emplace(key, std::move(lists)).first->second;
}

Result<std::optional<bool>> ModuleViewReader::HasPackage(const std::string& module, const std::string& version,
                                                         const std::string& package) {
  const auto key = std::tuple(module, version, package);
  if (auto known = has_package_.find(key); known != has_package_.end()) return known->second;
  std::optional<bool> has;
  GOOFFSETS_TRY(std::optional<int64_t> id, VersionId(module, version));
  if (id) {
    GOOFFSETS_TRY(const std::vector<int64_t>* lists, ListsOf(module, version));
    Statement any = db_->Prepare("SELECT 1 FROM observation WHERE version = ? LIMIT 1");
    GOOFFSETS_TRY(const bool observed, any.BindInt(*id).Next());
    if (observed) has = false;
    GOOFFSETS_TRY(std::optional<int64_t> path, StringId(package));
    for (const int64_t list_id : *lists) {
      GOOFFSETS_TRY(const PackageList* list, ListOf(list_id));
      if (!list->empty()) has = has.value_or(false) || (path && FindIn(*list, *path) != nullptr);
    }
    if (has && !*has && path) {
      Statement seen = db_->Prepare(
          "SELECT 1 FROM package_state s CROSS JOIN observation o ON o.state = s.id "
          "WHERE s.package = ? AND o.version = ? LIMIT 1");
      GOOFFSETS_TRY(has, seen.BindInt(*path).BindInt(*id).Next());
    }
  }
  remembered_ += sizeof(key) + kNode + package.size();
  return has_package_.emplace(key, has).first->second;
}

Result<const std::set<std::string>*> ModuleViewReader::PackagePaths(const std::string& module,
                                                                    const std::string& version) {
  const auto key = std::pair(module, version);
  if (auto known = paths_.find(key); known != paths_.end()) return &known->second;
  std::set<std::string> paths;
  GOOFFSETS_TRY(std::optional<int64_t> id, VersionId(module, version));
  if (id) {
    Statement seen = db_->Prepare(
        "SELECT DISTINCT p.text FROM observation o JOIN package_state s ON s.id = o.state "
        "JOIN string p ON p.id = s.package WHERE o.version = ?");
    seen.BindInt(*id);
    while (true) {
      GOOFFSETS_TRY(bool row, seen.Next());
      if (!row) break;
      paths.insert(seen.Text(0));
    }
    GOOFFSETS_TRY(const std::vector<int64_t>* lists, ListsOf(module, version));
    for (int64_t list_id : *lists) {
      GOOFFSETS_TRY(const PackageList* list, ListOf(list_id));
      for (const PackageListEntry& package : *list) {
        GOOFFSETS_TRY(const std::string* path, TextOf(package.path));
        paths.insert(*path);
      }
    }
  }
  remembered_ += paths.size() * 2 * kNode;
  return &paths_.emplace(key, std::move(paths)).first->second;
}

Result<std::set<std::string>> ModuleViewReader::PackagesOf(const std::string& module,
                                                           const std::vector<std::string>& versions) {
  std::set<std::string> paths;
  std::set<int64_t> lists, listed;  // many versions have the same packages
  for (const std::string& version : versions) {
    GOOFFSETS_TRY(const std::vector<int64_t>* of_version, ListsOf(module, version));
    lists.insert(of_version->begin(), of_version->end());
    if (!of_version->empty()) continue;
    GOOFFSETS_TRY(const auto* seen, PackagePaths(module, version));
    paths.insert(seen->begin(), seen->end());
  }
  for (const int64_t id : lists) {
    GOOFFSETS_TRY(const PackageList* list, ListOf(id));
    for (const PackageListEntry& package : *list) listed.insert(package.path);
  }
  for (const int64_t package : listed) {
    GOOFFSETS_TRY(const std::string* path, TextOf(package));
    paths.insert(*path);
  }
  return paths;
}

Result<std::optional<std::vector<std::string>>> ModuleViewReader::ConstraintTags(const std::string& module,
                                                                                 const std::string& version,
                                                                                 const std::string& package) {
  std::optional<std::set<std::string>> tags;
  GOOFFSETS_TRY(const std::vector<int64_t>* lists, ListsOf(module, version));
  GOOFFSETS_TRY(const std::optional<int64_t> path, StringId(package));
  for (size_t i = 0; path && i < lists->size(); ++i) {
    GOOFFSETS_TRY(const PackageList* list, ListOf((*lists)[i]));
    const PackageListEntry* entry = FindIn(*list, *path);
    if (entry == nullptr || !entry->tags) continue;
    GOOFFSETS_TRY(const std::string* lines, TextOf(*entry->tags));
    if (!tags) tags.emplace();
    for (std::string& tag : SplitLines(*lines)) tags->insert(std::move(tag));
  }
  if (!tags) return std::optional<std::vector<std::string>>();
  return std::optional<std::vector<std::string>>(std::in_place, tags->begin(), tags->end());
}

Result<ModuleViewReader::Listed> ModuleViewReader::FindListed(const std::string& module, const std::string& version,
                                                              GoArch goarch, const std::string& package) {
  const auto key = std::tuple(module, version, goarch);
  auto seen = lists_seen_.find(key);
  if (seen == lists_seen_.end()) {
    std::vector<std::pair<int64_t, Evidence>> lists;
    GOOFFSETS_TRY(std::optional<int64_t> id, VersionId(module, version));
    if (id) {
      Statement query = db_->Prepare(
          "SELECT c.package_list, b.uid, b.go FROM build_module c JOIN build b ON b.id = c.build WHERE c.version = ? "
          "AND b.goarch = ? AND b.status = 0 AND c.package_list IS NOT NULL ORDER BY b.uid");
      query.BindInt(*id).BindText(ToString(goarch));
      while (true) {
        GOOFFSETS_TRY(bool row, query.Next());
        if (!row) break;
        lists.emplace_back(query.Int(0), Evidence{ToHex(query.Bytes(1)), query.Text(2)});
      }
    }
    remembered_ += sizeof(key) + kNode + lists.size() * 3 * kNode;
    seen = lists_seen_.emplace(key, std::move(lists)).first;
  }
  Listed listed;
  GOOFFSETS_TRY(const std::optional<int64_t> path, StringId(package));
  for (const auto& [id, evidence] : seen->second) {
    GOOFFSETS_TRY(const PackageList* list, ListOf(id));
    listed.known = true;
    listed.evidence.push_back(evidence);
    const PackageListEntry* entry = path ? FindIn(*list, *path) : nullptr;
    if (entry == nullptr) continue;
    listed.listed = true;
    if (entry->why_not == 0) continue;
    GOOFFSETS_TRY(const std::string* why_not, TextOf(entry->why_not));
    listed.why_not = *why_not;
  }
  return listed;
}

Result<std::string> ModuleViewReader::WhyNotBuilt(const std::string& module, const std::string& version,
                                                  GoArch goarch) {
  const auto key = std::tuple(module, version, goarch);
  if (auto known = why_not_built_.find(key); known != why_not_built_.end()) return known->second;
  std::string why = "never built";
  GOOFFSETS_TRY(std::optional<int64_t> id, VersionId(module, version));
  if (id) {
    Statement query =
        db_->Prepare("SELECT status, reason, go FROM build WHERE version = ? AND goarch = ? ORDER BY status, go");
    query.BindInt(*id).BindText(ToString(goarch));
    GOOFFSETS_TRY(bool row, query.Next());
    if (row) {
      switch (static_cast<BuildStatus>(query.Int(0))) {
        case BuildStatus::kOk:
          why.clear();
          break;
        case BuildStatus::kUnavailable:
          why = "not available from the proxy: " + query.Text(1);
          break;
        default:
          why = "build failed with Go " + query.Text(2) + ": " + query.Text(1);
      }
    }
  }
  remembered_ += sizeof(key) + kNode + why.size();
  return why_not_built_.emplace(key, std::move(why)).first->second;
}

Result<ModuleViewReader::CompileFailures> ModuleViewReader::CompileFailuresOf(const std::string& module,
                                                                              GoArch goarch) {
  CompileFailures failures;
  std::map<std::string, Version> oldest;  // that built it
  Statement query = db_->Prepare(
      "SELECT v.text, b.go, b.status, b.reason FROM build b JOIN version v ON v.id = b.version "
      "JOIN module m ON m.id = v.module WHERE m.path = ? AND b.goarch = ? AND b.status IN (0, 1)");
  query.BindText(module).BindText(ToString(goarch));
  while (true) {
    GOOFFSETS_TRY(bool row, query.Next());
    if (!row) break;
    Result<Version> go = Version::Parse(VersionScheme::kGo, query.Bytes(1));
    if (!go) continue;
    const std::string version = query.Text(0);
    if (static_cast<BuildStatus>(query.Int(2)) == BuildStatus::kCompileFailed) {
      std::optional<std::string> package = FailedPackage(query.Bytes(3), module, version);
      if (package) failures[version].push_back({*go, *std::move(package)});
    } else if (const auto [known, fresh] = oldest.emplace(version, *go); !fresh && *go < known->second) {
      known->second = *go;
    }
  }
  for (auto version = failures.begin(); version != failures.end();) {
    const auto built = oldest.find(version->first);
    // Too new a release, or never built: then it is not known what was at fault.
    std::erase_if(version->second,
                  [&](const CompileFailure& failure) { return built == oldest.end() || failure.go > built->second; });
    version = version->second.empty() ? failures.erase(version) : std::next(version);
  }
  return failures;
}

}  // namespace gooffsets
