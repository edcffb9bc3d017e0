// The stored versions of a module that fit everything the program tells of itself.
//
// A version fits if no struct that the program describes has another layout there, and no function of the program is
// missing there that another version declares.
#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "resolve/database_side.h"
#include "resolve/version_sieve.h"

namespace gooffsets {
namespace {

// Versions that are compared: far more than any module has stored, and a bound for hostile databases.
constexpr size_t kMostCandidates = 2000;

}  // namespace

// How many structs are known in this program's world; nullopt: one of them has another layout than the program says.
Result<std::optional<size_t>> DatabaseSide::CompareStructs(ProgramView* view,
                                                           const std::map<std::string, PackageFacts>& facts) {
  size_t compared = 0;
  for (const auto& [path, told] : facts) {
    GOOFFSETS_TRY(const TargetWorld::Sightings* found, view->world.Find(path));
    if (found->holds.empty()) continue;
    const Scope scope{found->holds.front(), path};
    for (const auto& [name, layout] : told.structs) {
      GOOFFSETS_TRY(std::optional<PackageEntry> entry, reader_->Find(scope.seen.state, name));
      // Types declared inside functions have names of this form as well, and no entry.
      if (!entry || entry->layout == 0) continue;
      GOOFFSETS_TRY(const Layout* stored, reader_->LayoutOf(entry->layout));
      const auto* structure = std::get_if<StructLayout>(stored);
      if (structure == nullptr) continue;
      GOOFFSETS_TRY(ComposedStruct composed, view->composer.Struct(scope, name, *structure));
      if (!composed.complete) continue;
      ++compared;
      if (!SameLayout(composed.layout, layout)) return std::optional<size_t>();
    }
  }
  return std::optional<size_t>(compared);
}

// One set of assumptions for each set of other modules that the version was built with, where the program names none.
Result<std::vector<Assumptions>> DatabaseSide::AssumptionsFor(const std::string& module, const std::string& version) {
  std::vector<std::map<std::string, std::string>> closures;
  if (module != kStdModule && !target_->has_modules) {
    GOOFFSETS_TRY(const std::vector<int64_t> builds, reader_->BuildsOf(module, version, target_->goarch));
    for (const int64_t build : builds) {
      GOOFFSETS_TRY(const SeenBuild* made, reader_->Build(build));
      std::map<std::string, std::string> closure = made->closure;
      closure[module] = version;
      if (std::find(closures.begin(), closures.end(), closure) == closures.end()) {
        closures.push_back(std::move(closure));
      }
    }
  } else {
    closures.push_back({{module, version}});
  }
  std::vector<Assumptions> all;
  for (auto& closure : closures) {
    Assumptions& assumptions = all.emplace_back();
    assumptions.lenient = true;
    if (module == kStdModule) {
      assumptions.go = version;
    } else {
      assumptions.versions = std::move(closure);
    }
  }
  return all;
}

Result<const DatabaseSide::Fitting*> DatabaseSide::FittingVersions(const std::string& module,
                                                                   const std::string& version) {
  const auto key = std::pair(module, version);
  if (auto known = fitting_.find(key); known != fitting_.end()) return &known->second;
  Fitting fitting;
  std::vector<std::string> versions = {version};
  if (version.empty()) {
    GOOFFSETS_TRY(const auto* stored, reader_->Versions(module));
    versions = *stored;
    if (module == kStdModule && !target_->language.empty()) {
      // The language version is known: only its releases can be meant.
      std::erase_if(versions, [&](const std::string& text) {
        Result<Version> release = Version::Parse(VersionScheme::kGo, text);
        return !release || release->minor_line() != target_->language;
      });
    }
    if (versions.size() > kMostCandidates) versions.erase(versions.begin(), versions.end() - kMostCandidates);
  }
  std::map<std::string, PackageFacts> facts;
  if (self_ != nullptr) {
    GOOFFSETS_TRY(const std::set<std::string> packages, reader_->PackagesOf(module, versions));
    if (!packages.empty()) {
      GOOFFSETS_TRY(facts, self_->TellPackages(packages));
    }
  }
  std::vector<Candidate> candidates;
  std::vector<VersionSieve::Candidate> sieved;
  for (const std::string& candidate : versions) {
    bool as_stored = false;
    if (module == kStdModule) {
      GOOFFSETS_TRY(const std::vector<int64_t> builds, reader_->BuildsOf(module, candidate, target_->goarch));
      as_stored = builds.size() == 1;
    }
    GOOFFSETS_TRY(std::vector<Assumptions> all, AssumptionsFor(module, candidate));
    for (Assumptions& assumptions : all) {
      candidates.push_back({candidate, std::make_unique<ProgramView>(reader_, target_, std::move(assumptions))});
      ProgramView& view = *candidates.back().view;
      sieved.push_back({candidate, &view.world, &view.composer, as_stored});
    }
  }
  // What a version's own packages hold does not depend on the other modules of its closure.
  const auto world_of = [&](const std::string& of, const std::string& path) -> Result<TargetWorld::Sightings> {
    Assumptions assumptions;
    assumptions.lenient = true;
    if (module == kStdModule) {
      assumptions.go = of;
    } else {
      assumptions.versions[module] = of;
    }
    TargetWorld world(reader_, target_, std::move(assumptions));
    GOOFFSETS_TRY(const TargetWorld::Sightings* found, world.Find(path));
    return *found;
  };
  VersionSieve sieve(reader_, module, target_->goarch, &facts, versions, world_of);
  GOOFFSETS_CHECK_OK(sieve.Run(&sieved));
  std::set<std::string> tried, fit;
  for (size_t i = 0; i < candidates.size(); ++i) {
    tried.insert(candidates[i].version);
    if (!sieved[i].left) continue;
    size_t compared = sieved[i].structs;
    if (!sieved[i].as_stored) {
      GOOFFSETS_TRY(const std::optional<size_t> structs, CompareStructs(candidates[i].view.get(), facts));
      if (!structs) continue;
      compared = *structs;
    }
    compared += sieved[i].functions;
    if (compared == 0) continue;
    fit.insert(candidates[i].version);
    fitting.compared = std::max(fitting.compared, compared);
    fitting.fit.push_back(std::move(candidates[i]));
  }
  fitting.tried = tried.size();
  fitting.versions = fit.size();
  if (self_ == nullptr) {
    fitting.why_none = "what the program tells of itself was left out";
  } else if (facts.empty()) {
    fitting.why_none = "the program tells nothing of " + module + " that could be compared";
  } else if (fitting.fit.empty()) {
    fitting.why_none =
        "none of " + std::to_string(fitting.tried) + " stored versions of " + module + " fits what the program tells";
  }
  return &fitting_.emplace(key, std::move(fitting)).first->second;
}

}  // namespace gooffsets
