#include "status_counts.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "store/catalog.h"

namespace offsetgen {
namespace {

using gooffsets::Connection;
using gooffsets::Result;
using gooffsets::Statement;

// Which layouts are functions: one bit for each row, because an entry does not say it.
Result<std::vector<bool>> FunctionLayouts(Connection* db) {
  GOOFFSETS_TRY(const int64_t highest, db->IntOf("SELECT coalesce(max(id), 0) FROM layout"));
  constexpr int64_t kMostLayouts = 1 << 28;
  if (highest < 0 || highest > kMostLayouts) {
    return gooffsets::Fail(gooffsets::ErrorCode::kBadInput, "the database is damaged: layout numbers are out of range");
  }
  std::vector<bool> functions(static_cast<size_t>(highest) + 1, false);
  Statement query = db->Prepare("SELECT id FROM layout WHERE kind = 1 AND id > 0");
  while (true) {
    GOOFFSETS_TRY(const bool row, query.Next());
    if (!row) return functions;
    functions[static_cast<size_t>(query.Int(0))] = true;
  }
}

struct Symbols {
  std::vector<int64_t> structs, functions;  // string numbers, sorted
};

// The distinct numbers in several sorted lists.
size_t CountDistinct(const std::vector<const std::vector<int64_t>*>& lists) {
  if (lists.size() == 1) return lists[0]->size();
  std::unordered_set<int64_t> all;
  for (const auto* list : lists) all.insert(list->begin(), list->end());
  return all.size();
}

SymbolCount CountOf(const std::unordered_map<int64_t, Symbols>& symbols, const std::vector<int64_t>& layouts) {
  std::vector<const std::vector<int64_t>*> structs, functions;
  for (const int64_t layout : layouts) {
    structs.push_back(&symbols.at(layout).structs);
    functions.push_back(&symbols.at(layout).functions);
  }
  return {1, CountDistinct(structs), CountDistinct(functions)};
}

void AddTo(SymbolCount* sum, const SymbolCount& more) {
  sum->packages += more.packages;
  sum->structs += more.structs;
  sum->functions += more.functions;
}

}  // namespace

Result<SymbolCounts> CountSymbols(Connection* db) {
  GOOFFSETS_TRY(const std::vector<bool> is_function, FunctionLayouts(db));
  gooffsets::CatalogReader reader(db);
  SymbolCounts counts;
  struct VersionName {
    std::string module, version;
  };
  std::unordered_map<int64_t, VersionName> versions;
  // One package at a time: module and GOARCH -> version -> distinct package layouts.
  using ByVersion = std::map<std::string, std::vector<int64_t>>;
  std::map<std::pair<std::string, std::string>, ByVersion> seen;
  std::unordered_map<int64_t, Symbols> symbols;
  const auto finish = [&]() {
    for (const auto& [key, by_version] : seen) {
      std::vector<int64_t> all;
      for (const auto& [version, layouts] : by_version) {
        AddTo(&counts.by_version[{key.first, version, key.second}], CountOf(symbols, layouts));
        all.insert(all.end(), layouts.begin(), layouts.end());
      }
      std::sort(all.begin(), all.end());
      all.erase(std::unique(all.begin(), all.end()), all.end());
      AddTo(&counts.all[key], CountOf(symbols, all));
    }
    seen.clear();
    symbols.clear();
  };
  Statement query = db->Prepare(
      "SELECT DISTINCT s.package, o.version, b.goarch, s.package_layout FROM observation o "
      "JOIN package_state s ON s.id = o.state JOIN build b ON b.id = o.build WHERE b.status = 0 ORDER BY s.package");
  int64_t package = 0;
  while (true) {
    GOOFFSETS_TRY(const bool row, query.Next());
    if (!row) break;
    if (query.Int(0) != package) finish();
    package = query.Int(0);
    auto version = versions.find(query.Int(1));
    if (version == versions.end()) {
      GOOFFSETS_TRY(gooffsets::ModuleVersion name, reader.ReadVersion(query.Int(1)));
      version = versions.emplace(query.Int(1), VersionName{std::move(name.module), std::move(name.version)}).first;
    }
    const int64_t layout = query.Int(3);
    seen[{version->second.module, query.Text(2)}][version->second.version].push_back(layout);
    const auto [entry, is_new] = symbols.try_emplace(layout);
    if (!is_new) continue;
    GOOFFSETS_TRY(const auto entries, reader.Entries(layout));
    for (const gooffsets::PackageEntry& one : entries) {
      if (one.layout <= 0) continue;
      const bool function =
          static_cast<size_t>(one.layout) < is_function.size() && is_function[static_cast<size_t>(one.layout)];
      (function ? entry->second.functions : entry->second.structs).push_back(one.symbol);
    }
  }
  finish();
  return counts;
}

}  // namespace offsetgen
