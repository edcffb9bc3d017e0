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

Result<VersionSieve::Told> VersionSieve::Translate(const std::string& path, const PackageFacts& facts) {
  Told told;
  told.path = &path;
  for (const auto& [name, layout] : facts.structs) {
    GOOFFSETS_TRY(const std::optional<int64_t> id, reader_->StringId(name));
    if (id) told.structs.push_back({*id, &name, &layout, ShapeText(layout)});
  }
  for (const std::string& name : facts.functions) {
    if (!IsPlainFunction(name)) continue;
    GOOFFSETS_TRY(const std::optional<int64_t> id, reader_->StringId(name));
    if (id) told.functions.push_back(*id);
  }
  return told;
}

Result<VersionSieve::Verdict> VersionSieve::Judge(const Told& told, int64_t package_layout) {
  Verdict verdict;
  GOOFFSETS_TRY(const std::vector<PackageEntry> entries, reader_->ReadEntries(package_layout));
  for (size_t i = 0; i < told.structs.size(); ++i) {
    // Types declared inside functions have names of this form as well, and no entry.
    const PackageEntry* entry = FindEntry(entries, told.structs[i].symbol);
    if (entry == nullptr || entry->layout == 0) continue;
    auto [same, fresh] = same_.try_emplace({i, entry->layout}, -1);
    if (fresh) {
      GOOFFSETS_TRY(const std::string* shape, reader_->ShapeOf(entry->layout));
      if (shape != nullptr) same->second = *shape == told.structs[i].shape ? 1 : 0;
    }
    if (same->second >= 0) ++verdict.structs;
    if (same->second == 0) verdict.suspects.emplace_back(i, entry->layout);
  }
  for (const int64_t function : told.functions) {
    if (FindEntry(entries, function) != nullptr) {
      ++verdict.functions;
    } else {
      verdict.missing.push_back(function);
    }
  }
  return verdict;
}

Result<bool> VersionSieve::Declared(const Told& told, const std::vector<int64_t>& functions) {
  if (!declared_known_) {
    GOOFFSETS_CHECK_OK(reader_->ReadSeen(module_, versions_, *told.path, goarch_));
    std::set<int64_t> layouts;
    for (const std::string& version : versions_) {
      GOOFFSETS_TRY(const TargetWorld::Sightings seen, world_of_(version, *told.path));
      if (seen.holds.empty()) continue;
      GOOFFSETS_TRY(const ModuleViewReader::StateLayout state, reader_->LayoutOfState(seen.holds.front().state));
      layouts.insert(state.package_layout);
    }
    for (const int64_t layout : layouts) {
      GOOFFSETS_TRY(const std::vector<PackageEntry> entries, reader_->ReadEntries(layout));
      for (const int64_t function : told.functions) {
        if (FindEntry(entries, function) != nullptr) declared_.insert(function);
      }
    }
    declared_known_ = true;
  }
  return std::any_of(functions.begin(), functions.end(), [&](int64_t id) { return declared_.contains(id); });
}

Result<bool> VersionSieve::Differs(const Told& told, const Verdict& verdict, const Scope& scope,
                                   const Candidate& candidate) {
  if (candidate.as_stored) return !verdict.suspects.empty();
  for (const auto& [index, id] : verdict.suspects) {
    GOOFFSETS_TRY(const Layout* stored, reader_->LayoutOf(id));
    const auto* structure = std::get_if<StructLayout>(stored);
    if (structure == nullptr) continue;
    const Told::Struct& own = told.structs[index];
    GOOFFSETS_TRY(const ComposedStruct composed, candidate.composer->Struct(scope, *own.name, *structure));
    if (composed.complete && !SameLayout(composed.layout, *own.layout)) return true;
  }
  return false;
}

Result<void> VersionSieve::Run(std::vector<Candidate>* candidates) {
  std::vector<const std::pair<const std::string, PackageFacts>*> packages;
  for (const auto& package : *facts_) packages.push_back(&package);
  std::stable_sort(packages.begin(), packages.end(),
                   [](const auto* a, const auto* b) { return a->second.structs.size() > b->second.structs.size(); });
  for (const auto* package : packages) {
    std::vector<std::string> left;
    for (const Candidate& candidate : *candidates) {
      if (candidate.left && (left.empty() || left.back() != candidate.version)) left.push_back(candidate.version);
    }
    if (left.empty()) return {};
    if (left.size() > kFew) GOOFFSETS_CHECK_OK(reader_->ReadSeen(module_, left, package->first, goarch_));
    same_.clear();
    declared_.clear();
    declared_known_ = false;
    std::optional<Told> told;
    std::map<int64_t, Verdict> verdicts;  // by package layout
    for (Candidate& candidate : *candidates) {
      if (!candidate.left) continue;
      GOOFFSETS_TRY(const TargetWorld::Sightings* found, candidate.world->Find(package->first));
      if (found->no_such_package) candidate.left = false;
      if (found->holds.empty()) continue;
      const SeenPackage& seen = found->holds.front();
      GOOFFSETS_TRY(const ModuleViewReader::StateLayout state, reader_->LayoutOfState(seen.state));
      if (!told) {
        GOOFFSETS_TRY(told, Translate(package->first, package->second));
      }
      auto verdict = verdicts.find(state.package_layout);
      if (verdict == verdicts.end()) {
        GOOFFSETS_TRY(Verdict made, Judge(*told, state.package_layout));
        verdict = verdicts.emplace(state.package_layout, std::move(made)).first;
      }
      const Verdict& word = verdict->second;
      candidate.structs += word.structs;
      candidate.functions += word.functions;
      GOOFFSETS_TRY(const bool differs, Differs(*told, word, {seen, package->first}, candidate));
      bool lacks = false;
      if (!differs && state.fully_kept && !word.missing.empty()) {
        GOOFFSETS_TRY(lacks, Declared(*told, word.missing));
      }
      if (differs || lacks) candidate.left = false;
    }
  }
  return {};
}

}  // namespace gooffsets
