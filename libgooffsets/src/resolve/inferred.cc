// Inferred answers: the stored versions that fit everything the program tells of itself, if they agree on the item.
//
// For programs that do not name a module's version (Debian's packages, many Bazel builds), or that were built otherwise
// than the observed builds (cgo, tags). A version fits if no struct that the program describes has another layout
// there, and no function of the program is missing there that another version declares.
#include <algorithm>
#include <set>
#include <utility>
#include <variant>

#include "resolve/database_side.h"
#include "store/version_order.h"

namespace gooffsets {
namespace {

using Kind = DatabaseAnswer::Kind;

// Versions that are compared: far more than any module has stored, and a bound for hostile databases.
constexpr size_t kMostCandidates = 2000;

// Functions whose name the program and the declarations spell alike: no methods (the compiler makes more of them), no
// closures.
bool IsPlainFunction(std::string_view name) {
  return !name.empty() && name.find_first_of(".[(-") == std::string_view::npos && name != "init" && name != "main";
}

bool SameLayout(const StructLayout& a, const StructLayout& b) {
  if (a.size != b.size || a.fields.size() != b.fields.size()) return false;
  for (size_t i = 0; i < a.fields.size(); ++i) {
    // Types are compared by size only: descriptors and DWARF spell some of them differently.
    if (a.fields[i].name != b.fields[i].name || a.fields[i].offset != b.fields[i].offset ||
        a.fields[i].size != b.fields[i].size) {
      return false;
    }
  }
  return true;
}

}  // namespace

Result<DatabaseSide::Fit> DatabaseSide::Compare(ProgramView* view, const std::map<std::string, PackageFacts>& facts,
                                                const std::map<std::string, std::set<std::string>>& declared) {
  Fit fit;
  for (const auto& [path, told] : facts) {
    GOOFFSETS_TRY(const TargetWorld::Sightings* found, view->world.Find(path));
    if (found->no_such_package && !(told.structs.empty() && told.functions.empty())) {
      fit.fits = false;
      return fit;
    }
    if (found->holds.empty()) continue;
    const Scope scope{found->holds.front(), path};
    GOOFFSETS_TRY(const CatalogReader::State* state, reader_->State(scope.seen.state));
    for (const auto& [name, layout] : told.structs) {
      GOOFFSETS_TRY(std::optional<PackageEntry> entry, reader_->Find(scope.seen.state, name));
      // Types declared inside functions have names of this form as well, and no entry.
      if (!entry || entry->layout == 0) continue;
      GOOFFSETS_TRY(const Layout* stored, reader_->LayoutOf(entry->layout));
      const auto* structure = std::get_if<StructLayout>(stored);
      if (structure == nullptr) continue;
      GOOFFSETS_TRY(ComposedStruct composed, view->composer.Struct(scope, name, *structure));
      if (!composed.complete) continue;
      ++fit.structs;
      if (!SameLayout(composed.layout, layout)) {
        fit.fits = false;
        return fit;
      }
    }
    auto names = declared.find(path);
    for (const std::string& name : told.functions) {
      if (!IsPlainFunction(name)) continue;
      GOOFFSETS_TRY(std::optional<PackageEntry> entry, reader_->Find(scope.seen.state, name));
      if (entry) {
        ++fit.functions;
      } else if (state->package.fully_kept && names != declared.end() && names->second.contains(name)) {
        fit.fits = false;
        return fit;
      }
    }
  }
  return fit;
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
  std::set<std::string> packages;
  for (const std::string& candidate : versions) {
    GOOFFSETS_TRY(const auto* paths, reader_->PackagePaths(module, candidate));
    packages.insert(paths->begin(), paths->end());
  }
  std::map<std::string, PackageFacts> facts;
  if (self_ != nullptr && !packages.empty()) {
    GOOFFSETS_TRY(facts, self_->TellPackages(packages));
  }
  // One view for each version and each set of other modules it was built with, where the program names none of them.
  std::vector<Candidate> candidates;
  for (const std::string& candidate : versions) {
    std::vector<std::map<std::string, std::string>> closures;
    if (module != kStdModule && !target_->has_modules) {
      std::set<int64_t> builds;
      GOOFFSETS_TRY(const auto* paths, reader_->PackagePaths(module, candidate));
      for (const std::string& path : *paths) {
        GOOFFSETS_TRY(const auto* seen, reader_->Seen(module, candidate, path, target_->goarch));
        for (const SeenPackage& package : *seen) builds.insert(package.build);
      }
      for (int64_t build : builds) {
        GOOFFSETS_TRY(const SeenBuild* made, reader_->Build(build));
        std::map<std::string, std::string> closure = made->closure;
        closure[module] = candidate;
        if (std::find(closures.begin(), closures.end(), closure) == closures.end())
          closures.push_back(std::move(closure));
      }
    } else {
      closures.push_back({{module, candidate}});
    }
    for (auto& closure : closures) {
      Assumptions assumptions;
      assumptions.lenient = true;
      if (module == kStdModule) {
        assumptions.go = candidate;
      } else {
        assumptions.versions = std::move(closure);
      }
      candidates.push_back({candidate, std::make_unique<ProgramView>(reader_, target_, std::move(assumptions))});
    }
  }
  // Names that some candidate declares: assembly has symbols that no Go file declares, and these say nothing.
  std::map<std::string, std::set<std::string>> declared;
  for (Candidate& candidate : candidates) {
    for (const auto& [path, told] : facts) {
      GOOFFSETS_TRY(const TargetWorld::Sightings* found, candidate.view->world.Find(path));
      if (found->holds.empty()) continue;
      for (const std::string& name : told.functions) {
        if (!IsPlainFunction(name)) continue;
        GOOFFSETS_TRY(std::optional<PackageEntry> entry, reader_->Find(found->holds.front().state, name));
        if (entry) declared[path].insert(name);
      }
    }
  }
  std::set<std::string> tried, fit;
  for (Candidate& candidate : candidates) {
    tried.insert(candidate.version);
    GOOFFSETS_TRY(Fit compared, Compare(candidate.view.get(), facts, declared));
    if (!compared.fits || compared.structs + compared.functions == 0) continue;
    fit.insert(candidate.version);
    fitting.compared = std::max(fitting.compared, compared.structs + compared.functions);
    fitting.fit.push_back(std::move(candidate));
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

Result<DatabaseAnswer> DatabaseSide::Inferred(const Item& item) {
  DatabaseAnswer unknown;
  GOOFFSETS_TRY(auto symbol, Split(item.symbol));
  GOOFFSETS_TRY(const TargetWorld::Sightings* found, strict_.world.Find(symbol.first));
  if (found->owner.module.empty() || found->unobserved) {
    unknown.missing = found->missing;
    return unknown;
  }
  if (target_->go.empty() && found->owner.module != kStdModule) {
    unknown.missing.reason = target_->go_why;
    return unknown;
  }
  GOOFFSETS_TRY(const Fitting* fitting, FittingVersions(found->owner.module, found->owner.version));
  unknown.missing.reason = fitting->why_none;
  std::optional<DatabaseAnswer> agreed;
  for (const Candidate& candidate : fitting->fit) {
    GOOFFSETS_TRY(DatabaseAnswer answer, AskIn(candidate.view.get(), item));
    const std::string name = NameOf({found->owner.module, candidate.version});
    if (answer.kind == Kind::kUnknown) {
      unknown.missing = {name + " fits, but says nothing of it: " + answer.missing.reason, answer.missing.hint};
      return unknown;
    }
    if (agreed && !agreed->SameAs(answer)) {
      unknown.missing = {std::to_string(fitting->versions) + " versions fit what the program tells and disagree: " +
                             agreed->how + " says " + agreed->Says() + ", " + name + " says " + answer.Says(),
                         strict_.world.BuildHint()};
      return unknown;
    }
    if (agreed) {
      agreed->evidence.insert(agreed->evidence.end(), answer.evidence.begin(), answer.evidence.end());
      continue;
    }
    agreed = std::move(answer);
    agreed->how = name;
  }
  if (!agreed) return unknown;
  if (agreed->kind == Kind::kAbsent) {
    // No build of this very version and configuration proves it.
    unknown.missing = {"all " + std::to_string(fitting->versions) + " versions that fit say: " + agreed->missing.reason,
                       strict_.world.BuildHint()};
    return unknown;
  }
  std::sort(agreed->evidence.begin(), agreed->evidence.end());
  agreed->evidence.erase(std::unique(agreed->evidence.begin(), agreed->evidence.end()), agreed->evidence.end());
  agreed->source = Source::kInferred;
  const std::string compared = " (" + std::to_string(fitting->compared) + " layouts and functions compared)";
  if (found->owner.version.empty()) {
    const std::string count = std::to_string(fitting->versions);
    agreed->how = count + " of " + count + " versions of " + found->owner.module + " that fit" + compared;
  } else {
    agreed->how = NameOf(found->owner) + " as observed, which fits what the program tells" + compared;
  }
  return std::move(*agreed);
}

}  // namespace gooffsets
