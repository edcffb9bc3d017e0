// The stored versions of a module that fit everything the program tells of itself.
//
// A version fits if no struct that the program describes has another layout there, and no function of the program is
// missing there that another version declares. Packages that protoc generated count for their own items only:
// distributions generate them anew, with another protoc-gen-go than the module's authors had.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "resolve/database_side.h"
#include "resolve/version_sieve.h"

namespace gooffsets {
namespace {

// Versions that are compared: far more than any module has stored, and a bound for hostile databases.
constexpr size_t kMostCandidates = 2000;

bool IsGenerated(const PackageFacts& facts) {
  return std::ranges::any_of(facts.structs, [](const auto& named) { return IsGeneratedMessage(named.second); });
}

}  // namespace

// src: google.golang.org/protobuf/cmd/protoc-gen-go/internal_gengo; "XXX_" before 1.20 and in gogo/protobuf.
bool IsGeneratedMessage(const StructLayout& layout) {
  const auto has = [&](std::string_view name) {
    return std::ranges::find(layout.fields, name, &Field::name) != layout.fields.end();
  };
  return (has("sizeCache") && has("unknownFields")) ||
         std::ranges::any_of(layout.fields, [](const Field& field) { return field.name.starts_with("XXX_"); });
}

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

// What a version by itself is asked with: what its own packages hold does not depend on the other modules of its build.
Assumptions DatabaseSide::Assume(const std::string& module, const std::string& version) {
  Assumptions assumptions;
  assumptions.lenient = true;
  if (module == kStdModule) {
    assumptions.go = version;
  } else {
    assumptions.versions[module] = version;
  }
  return assumptions;
}

// One set of assumptions for each set of other modules that the version was built with, where the program names none.
Result<std::vector<Assumptions>> DatabaseSide::AssumptionsFor(const std::string& module, const std::string& version) {
  if (module == kStdModule || target_->has_modules) return std::vector<Assumptions>{Assume(module, version)};
  GOOFFSETS_TRY(const std::vector<int64_t> builds, reader_->BuildsByClosure(module, version, target_->goarch));
  std::vector<Assumptions> all;
  for (const int64_t build : builds) {
    GOOFFSETS_TRY(const ModuleViewReader::Closure* closure, reader_->ClosureOf(build));
    Assumptions& assumptions = all.emplace_back(Assume(module, version));
    assumptions.versions.insert(closure->begin(), closure->end());
  }
  return all;
}

// The stored versions that may be it by what the program says outright.
Result<std::vector<std::string>> DatabaseSide::PossibleVersions(const std::string& module) {
  GOOFFSETS_TRY(const auto* stored, reader_->Versions(module));
  std::vector<std::string> versions = *stored;
  if (module == kStdModule) {
    std::erase_if(versions, [&](const std::string& text) {
      const Result<Version> release = Version::Parse(VersionScheme::kGo, text);
      if (!release || (!target_->language.empty() && release->minor_line() != target_->language)) return true;
      return self_ != nullptr && !self_->MayBeOf(*release);
    });
  }
  if (versions.size() > kMostCandidates) versions.erase(versions.begin(), versions.end() - kMostCandidates);
  return versions;
}

// What can refute a version.
Result<std::map<std::string, PackageFacts>> DatabaseSide::TellFacts(const Inference& inference,
                                                                    const std::vector<std::string>& versions) {
  if (self_ == nullptr) return std::map<std::string, PackageFacts>();
  GOOFFSETS_TRY(std::set<std::string> packages, reader_->PackagesOf(inference.owner.module, versions));
  for (auto package = packages.begin(); inference.in_doubt && package != packages.end();) {
    GOOFFSETS_TRY(const TargetWorld::Sightings* found, strict_.world.Find(*package));
    package = found->config_unknown ? std::next(package) : packages.erase(package);
  }
  // One version lacks no function that another has: functions count only where there is no struct.
  if (!inference.owner.version.empty()) {
    GOOFFSETS_TRY(auto structs, self_->TellPackages(packages, false));
    if (!structs.empty()) return structs;
  }
  if (packages.empty()) return std::map<std::string, PackageFacts>();
  return self_->TellPackages(packages, true);
}

// Versions that are not the program's because a newer Go than its own does not compile a package that it has. That the
// go command refuses a go.mod proves nothing: programs that name no modules may have been built without any (Debian's
// in GOPATH, Bazel's), and x/net 0.38, which asks for Go 1.23, compiles with Go 1.20.
Result<void> DatabaseSide::LeaveOutNotCompiling(const std::string& module, ToldOfModule* told) {
  const Result<Version> go = Version::Parse(VersionScheme::kGo, target_->go);
  if (module == kStdModule || !go) return {};
  GOOFFSETS_TRY(const auto failures, reader_->CompileFailuresOf(module, target_->goarch));
  for (const auto& [version, of_version] : failures) {
    for (const ModuleViewReader::CompileFailure& failure : of_version) {
      if (*go > failure.go) continue;
      if (failure.package.empty()) told->refused.insert(version);
      if (told->written.contains(failure.package)) std::erase(told->versions, version);
    }
  }
  return {};
}

Result<DatabaseSide::ToldOfModule*> DatabaseSide::TellModule(const Inference& inference) {
  const ModuleVersion& owner = inference.owner;
  if (auto known = told_.find(inference); known != told_.end()) return &known->second;
  ToldOfModule told;
  told.versions = {owner.version};
  if (owner.version.empty()) {
    GOOFFSETS_TRY(told.versions, PossibleVersions(owner.module));
  }
  GOOFFSETS_TRY(told.written, TellFacts(inference, told.versions));
  if (owner.version.empty()) GOOFFSETS_CHECK_OK(LeaveOutNotCompiling(owner.module, &told));
  for (auto package = told.written.begin(); package != told.written.end();) {
    const auto next = std::next(package);
    if (IsGenerated(package->second)) told.generated.insert(told.written.extract(package));
    package = next;
  }
  return &told_.emplace(inference, std::move(told)).first->second;
}

Result<const DatabaseSide::Fitting*> DatabaseSide::FittingVersions(const Inference& inference,
                                                                   const std::string& package) {
  const ModuleVersion& owner = inference.owner;
  GOOFFSETS_TRY(ToldOfModule * told, TellModule(inference));
  const auto generated = told->generated.find(package);
  const auto key = std::pair(inference, generated == told->generated.end() ? std::string() : package);
  if (auto known = fitting_.find(key); known != fitting_.end()) return &known->second;
  Fitting fitting;
  if (generated == told->generated.end()) {
    GOOFFSETS_TRY(fitting, Compare(owner.module, told->versions, told->written, nullptr));
    if (told->generated.empty()) told->written.clear();  // no item will ask again
  } else {
    GOOFFSETS_TRY(const Fitting* written, FittingVersions(inference, std::string()));
    const std::map<std::string, PackageFacts> facts = {*generated};
    GOOFFSETS_TRY(fitting, Compare(owner.module, told->versions, facts, &written->left));
    if (fitting.fit.empty() && !written->fit.empty()) {
      fitting.why_none = "the generated code of " + package + " is another than that of the stored versions of " +
                         owner.module + " that fit otherwise (" + ListOf(written->versions) + ")";
    }
  }
  return &fitting_.emplace(key, std::move(fitting)).first->second;
}

Result<void> DatabaseSide::AddCandidates(const std::string& module, const std::string& version,
                                         std::vector<Candidate>* candidates) {
  bool as_stored = false;
  if (module == kStdModule) {
    GOOFFSETS_TRY(const std::vector<int64_t> builds, reader_->StdBuilds(version, target_->goarch));
    as_stored = builds.size() == 1;
  }
  GOOFFSETS_TRY(std::vector<Assumptions> all, AssumptionsFor(module, version));
  for (Assumptions& assumptions : all) {
    auto view = std::make_shared<ProgramView>(reader_, target_, std::move(assumptions), &named_);
    candidates->push_back({version, std::move(view), as_stored, 0});
  }
  return {};
}

Result<DatabaseSide::Fitting> DatabaseSide::Compare(const std::string& module, const std::vector<std::string>& versions,
                                                    const std::map<std::string, PackageFacts>& facts,
                                                    const std::vector<Candidate>* before) {
  std::map<std::string, TargetWorld> worlds;  // of each version by itself
  for (const std::string& each : versions) worlds.try_emplace(each, reader_, target_, Assume(module, each));
  VersionSieve sieve(reader_, module, target_->goarch, facts, versions,
                     [&](const std::string& of) { return &worlds.at(of); });
  std::vector<Candidate> candidates;
  if (before != nullptr) {
    candidates = *before;
  } else {
    // A build's other modules count only for what is left when versions by themselves are sieved.
    std::vector<VersionSieve::Candidate> by_itself;
    for (const std::string& each : versions) by_itself.push_back({each, &worlds.at(each)});
    if (module != kStdModule) GOOFFSETS_CHECK_OK(sieve.Run(&by_itself));
    for (const VersionSieve::Candidate& each : by_itself) {
      if (each.left) GOOFFSETS_CHECK_OK(AddCandidates(module, each.version, &candidates));
    }
  }
  std::vector<VersionSieve::Candidate> sieved;
  for (const Candidate& each : candidates) {
    sieved.push_back({each.version, &each.view->world, &each.view->composer, each.as_stored});
  }
  GOOFFSETS_CHECK_OK(sieve.Run(&sieved));
  Fitting fitting;
  for (size_t i = 0; i < candidates.size(); ++i) {
    Candidate& candidate = candidates[i];
    if (!sieved[i].left) continue;
    size_t structs = sieved[i].structs;
    if (!candidate.as_stored) {
      GOOFFSETS_TRY(const std::optional<size_t> composed, CompareStructs(candidate.view.get(), facts));
      if (!composed) continue;
      structs = *composed;
    }
    candidate.compared += structs + sieved[i].functions;
    if (candidate.compared > 0) {
      if (fitting.versions.empty() || fitting.versions.back() != candidate.version) {
        fitting.versions.push_back(candidate.version);
      }
      fitting.compared = std::max(fitting.compared, candidate.compared);
      fitting.fit.push_back(candidate);
    }
    fitting.left.push_back(std::move(candidate));
  }
  if (self_ == nullptr) {
    fitting.why_none = "what the program tells of itself was left out";
  } else if (facts.empty()) {
    fitting.why_none = "the program tells nothing of " + module + " that could be compared";
  } else if (fitting.fit.empty()) {
    fitting.why_none =
        "none of " + std::to_string(versions.size()) + " stored versions of " + module + " fits what the program tells";
  }
  return fitting;
}

}  // namespace gooffsets
