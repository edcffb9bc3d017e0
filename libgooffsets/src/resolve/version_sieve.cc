#include "resolve/version_sieve.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <variant>

namespace gooffsets {
namespace {

// Fewer versions than this are asked one by one; measured: a query for each of many costs more than one for all.
constexpr size_t kFew = 4;

}  // namespace

bool IsPlainFunction(std::string_view name) {
  return !name.empty() && name.find_first_of(".[(-") == std::string_view::npos && name != "init" && name != "main";
}

bool SameLayout(const StructLayout& a, const StructLayout& b) {
  if (a.size != b.size || a.fields.size() != b.fields.size()) return false;
  for (size_t i = 0; i < a.fields.size(); ++i) {
    if (a.fields[i].name != b.fields[i].name || a.fields[i].offset != b.fields[i].offset ||
        a.fields[i].size != b.fields[i].size) {
      return false;
    }
  }
  return true;
}

VersionSieve::VersionSieve(ModuleViewReader* reader, std::string module, GoArch goarch,
                           const std::map<std::string, PackageFacts>& facts, std::vector<std::string> versions,
                           WorldOf world_of)
    : reader_(reader),
      module_(std::move(module)),
      goarch_(goarch),
      versions_(std::move(versions)),
      world_of_(std::move(world_of)) {
  for (const auto& [path, told] : facts) {
    Package& package = packages_.emplace_back();
    package.path = &path;
    package.facts = &told;
  }
  std::stable_sort(packages_.begin(), packages_.end(), [](const Package& a, const Package& b) {
    return a.facts->structs.size() > b.facts->structs.size();
  });
}

Result<VersionSieve::Told> VersionSieve::Translate(const PackageFacts& facts) {
  Told told;
  for (const auto& [name, layout] : facts.structs) {
    GOOFFSETS_TRY(const std::optional<int64_t> id, reader_->StringId(name));
    if (id) told.structs.push_back({*id, &name, &layout, StructShape(layout)});
  }
  for (const std::string& name : facts.functions) {
    if (!IsPlainFunction(name)) continue;
    GOOFFSETS_TRY(const std::optional<int64_t> id, reader_->StringId(name));
    if (id) told.functions.push_back(*id);
  }
  return told;
}

Result<const VersionSieve::Verdict*> VersionSieve::Judge(Package* package, int64_t package_layout) {
  auto [known, fresh] = package->verdicts.try_emplace(package_layout);
  if (!fresh) return &known->second;
  if (!package->told) {
    GOOFFSETS_TRY(package->told, Translate(*package->facts));
  }
  const Told& told = *package->told;
  Verdict& verdict = known->second;
  GOOFFSETS_TRY(const std::vector<PackageEntry> entries, reader_->ReadEntries(package_layout));
  for (size_t i = 0; i < told.structs.size(); ++i) {
    // Types declared inside functions have names of this form as well, and no entry.
    const PackageEntry* entry = FindEntry(entries, told.structs[i].symbol);
    if (entry == nullptr || entry->layout == 0) continue;
    auto [same, unread] = package->same.try_emplace({i, entry->layout}, Same::kNoStruct);
    if (unread) {
      GOOFFSETS_TRY(const StructShape* shape, reader_->ShapeOf(entry->layout));
      const StructShape& own = told.structs[i].shape;
      if (shape != nullptr) {
        same->second = *shape == own               ? Same::kSame
                       : shape->names == own.names ? Same::kOtherNumbers
                                                   : Same::kOtherNames;
      }
    }
    if (same->second == Same::kNoStruct) continue;
    ++verdict.structs;
    if (same->second == Same::kSame) continue;
    verdict.suspects.emplace_back(i, entry->layout);
    verdict.other_names |= same->second == Same::kOtherNames;
  }
  for (const int64_t function : told.functions) {
    if (FindEntry(entries, function) != nullptr) {
      ++verdict.functions;
    } else {
      verdict.missing.push_back(function);
    }
  }
  return &verdict;
}

Result<bool> VersionSieve::Declared(Package* package, const std::vector<int64_t>& functions) {
  if (!package->declared) {
    GOOFFSETS_CHECK_OK(reader_->ReadSeen(module_, versions_, *package->path, goarch_));
    std::set<int64_t> layouts;
    for (const std::string& version : versions_) {
      GOOFFSETS_TRY(const TargetWorld::Sightings* seen, world_of_(version)->Find(*package->path));
      if (seen->holds.empty()) continue;
      GOOFFSETS_TRY(const ModuleViewReader::StateLayout state, reader_->LayoutOfState(seen->holds.front().state));
      layouts.insert(state.package_layout);
    }
    package->declared.emplace();
    for (const int64_t layout : layouts) {
      GOOFFSETS_TRY(const std::vector<PackageEntry> entries, reader_->ReadEntries(layout));
      for (const int64_t function : package->told->functions) {
        if (FindEntry(entries, function) != nullptr) package->declared->insert(function);
      }
    }
  }
  return std::any_of(functions.begin(), functions.end(), [&](int64_t id) { return package->declared->contains(id); });
}

Result<bool> VersionSieve::Differs(const Package& package, const Verdict& verdict, const SeenPackage& seen,
                                   const Candidate& candidate) {
  if (verdict.other_names) return true;
  if (candidate.as_stored) return !verdict.suspects.empty();
  if (candidate.composer == nullptr) return false;
  const Scope scope{seen, *package.path};
  for (const auto& [index, id] : verdict.suspects) {
    GOOFFSETS_TRY(const Layout* stored, reader_->LayoutOf(id));
    const auto* structure = std::get_if<StructLayout>(stored);
    if (structure == nullptr) continue;
    const Told::Struct& own = package.told->structs[index];
    GOOFFSETS_TRY(const ComposedStruct composed, candidate.composer->Struct(scope, *own.name, *structure));
    if (composed.complete && !SameLayout(composed.layout, *own.layout)) return true;
  }
  return false;
}

Result<void> VersionSieve::Run(std::vector<Candidate>* candidates) {
  for (Package& package : packages_) {
    std::vector<std::string> left;
    for (const Candidate& candidate : *candidates) {
      if (candidate.left && (left.empty() || left.back() != candidate.version)) left.push_back(candidate.version);
    }
    if (left.empty()) return {};
    if (left.size() > kFew) GOOFFSETS_CHECK_OK(reader_->ReadSeen(module_, left, *package.path, goarch_));
    for (Candidate& candidate : *candidates) {
      if (!candidate.left) continue;
      GOOFFSETS_TRY(const TargetWorld::Sightings* found, candidate.world->Find(*package.path));
      if (found->no_such_package) candidate.left = false;
      if (found->holds.empty()) continue;
      const SeenPackage& seen = found->holds.front();
      GOOFFSETS_TRY(const ModuleViewReader::StateLayout state, reader_->LayoutOfState(seen.state));
      GOOFFSETS_TRY(const Verdict* word, Judge(&package, state.package_layout));
      candidate.structs += word->structs;
      candidate.functions += word->functions;
      GOOFFSETS_TRY(const bool differs, Differs(package, *word, seen, candidate));
      bool lacks = false;
      if (!differs && state.fully_kept && !word->missing.empty()) {
        GOOFFSETS_TRY(lacks, Declared(&package, word->missing));
      }
      if (differs || lacks) candidate.left = false;
    }
  }
  return {};
}

}  // namespace gooffsets
