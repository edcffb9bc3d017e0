// All structs of one package at one version, in one pass: what a page or a list of a whole package asks.
#include <algorithm>
#include <map>
#include <set>

#include "gooffsets/version.h"
#include "store/database_impl.h"

namespace gooffsets {

Result<std::vector<PackageStruct>> Database::Structs(const std::string& module, const std::string& version,
                                                     GoArch goarch, const std::string& package) const {
  return impl_->Structs(module, version, goarch, package);
}

Result<std::vector<PackageStruct>> Database::Impl::Structs(const std::string& module, const std::string& version,
                                                           GoArch goarch, const std::string& package) {
  std::vector<PackageStruct> structs;
  Result<Version> parsed = Version::Parse(SchemeOf(module), version);
  if (!parsed) return Fail(ErrorCode::kUsage, parsed.error().message, parsed.error().hint);
  GOOFFSETS_TRY(std::optional<int64_t> id, reader_.FindVersion({module, parsed->text()}));
  if (!id) return structs;
  GOOFFSETS_TRY(std::vector<Sighting> sightings, SightingsOf(module, package, goarch, id));
  std::map<std::string, std::set<int64_t>> layouts;  // by name
  std::set<int64_t> read;
  for (const Sighting& sighting : sightings) {
    GOOFFSETS_TRY(const CatalogReader::State* state, StateOf(sighting.state));
    if (!read.insert(state->package_layout).second) continue;
    GOOFFSETS_TRY(const Entries* entries, EntriesOf(state->package_layout));
    for (const PackageEntry& entry : *entries) {
      if (entry.layout == 0) continue;
      // Most symbols of a package are functions, and reading their parameters would take most of the time.
      Statement kind = db_.Prepare("SELECT kind FROM layout WHERE id = ?");
      GOOFFSETS_TRY(const bool there, kind.BindInt(entry.layout).Next());
      if (there && kind.Int(0) != 0) continue;
      GOOFFSETS_TRY(std::string name, reader_.Text(entry.symbol));
      layouts[name].insert(entry.layout);
    }
  }
  for (const auto& [name, ids] : layouts) {
    PackageStruct one{name, {}};
    for (int64_t layout : ids) {
      GOOFFSETS_TRY(Layout value, reader_.ReadLayout(layout));
      if (auto* structure = std::get_if<StructLayout>(&value)) one.layouts.push_back(std::move(*structure));
    }
    if (!one.layouts.empty()) structs.push_back(std::move(one));
  }
  return structs;
}

}  // namespace gooffsets
