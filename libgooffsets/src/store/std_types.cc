#include "store/std_types.h"

#include "go/names.h"
#include "store/catalog.h"

namespace gooffsets {

Result<const std::map<std::string, int64_t>*> StdTypes::Packages(Connection* db, const std::string& go, GoArch goarch) {
  const std::string key = go + " " + std::string(ToString(goarch));
  auto known = packages_.find(key);
  if (known != packages_.end()) return &known->second;
  Statement query = db->Prepare(
      "SELECT p.text, s.package_layout FROM build b JOIN version v ON v.id = b.version "
      "JOIN module m ON m.id = v.module JOIN observation o ON o.build = b.id JOIN package_state s ON s.id = o.state "
      "JOIN string p ON p.id = s.package WHERE m.path = 'std' AND v.text = ? AND b.go = v.text AND b.goarch = ? AND "
      "b.status = 0 AND b.goexperiment = '' AND b.tags = '' AND s.fully_kept = 1");
  query.BindText(go).BindText(ToString(goarch));
  std::map<std::string, int64_t> found;
  while (true) {
    GOOFFSETS_TRY(bool row, query.Next());
    if (!row) break;
    found.emplace(query.Text(0), query.Int(1));
  }
  return &packages_.emplace(key, std::move(found)).first->second;
}

Result<StdTypes::Found> StdTypes::Find(Connection* db, const std::string& go, GoArch goarch, const std::string& type) {
  Found answer;
  GOOFFSETS_TRY(const auto* trees, Packages(db, go, goarch));
  if (trees->empty()) return answer;
  CatalogReader reader(db);
  std::optional<SplitName> name =
      SplitSymbol(type, [&](std::string_view path) { return trees->contains(std::string(path)); });
  // A package that was not measured, or that this release does not have: no size is known either way.
  if (!name) return answer;
  // Instances of generics are listed under their full name, with the package that holds them.
  const bool instance = type.find('[') != std::string::npos;
  GOOFFSETS_TRY(std::optional<int64_t> symbol, reader.FindString(instance ? type : std::string(name->rest)));
  answer.state = instance ? StdTypeSize::State::kUnknown : StdTypeSize::State::kAbsent;
  if (!symbol) return answer;
  for (const auto& [path, tree] : *trees) {
    if (!instance && path != name->package) continue;
    GOOFFSETS_TRY(std::vector<PackageEntry> entries, reader.Entries(tree));
    const PackageEntry* entry = FindEntry(entries, *symbol);
    if (entry == nullptr || entry->layout == 0) continue;
    return Found{StdTypeSize::State::kKnown, entry->layout};
  }
  return answer;
}

Result<StdTypeSize> StdTypes::Size(Connection* db, const std::string& go, GoArch goarch, const std::string& type) {
  GOOFFSETS_TRY(Found found, Find(db, go, goarch, type));
  if (found.layout == 0) return StdTypeSize{found.state, 0, 0};
  Statement query = db->Prepare("SELECT size, align FROM layout WHERE id = ? AND kind = 0");
  GOOFFSETS_TRY(bool is_struct, query.BindInt(found.layout).Next());
  if (!is_struct) return StdTypeSize{StdTypeSize::State::kAbsent, 0, 0};
  return StdTypeSize{StdTypeSize::State::kKnown, query.Unsigned(0), static_cast<uint32_t>(query.Int(1))};
}

Result<int64_t> StdTypes::LayoutOf(Connection* db, const std::string& go, GoArch goarch, const std::string& type) {
  GOOFFSETS_TRY(Found found, Find(db, go, goarch, type));
  return found.layout;
}

}  // namespace gooffsets
