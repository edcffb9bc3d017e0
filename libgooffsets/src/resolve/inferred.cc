// Inferred answers: the stored versions that fit everything the program tells of itself (fitting_versions.cc), if they
// agree on the item.
//
// For programs that do not name a module's version (Debian's packages, many Bazel builds), or that were built otherwise
// than the observed builds (cgo, tags).
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "resolve/database_side.h"

namespace gooffsets {
namespace {

using Kind = DatabaseAnswer::Kind;

}  // namespace

std::string ListOf(const std::vector<std::string>& versions) {
  constexpr size_t kFew = 3;
  if (versions.size() > kFew) return versions.front() + ", ..., " + versions.back();
  std::string list;
  for (const std::string& version : versions) list += (list.empty() ? "" : ", ") + version;
  return list;
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
  // Of a version that the program names, the packages in doubt are compared. If the one that is asked about is none of
  // them, the doubt lies in a type of another module (net, with cgo), which any package may hold.
  const bool doubt_within = found->config_unknown || found->owner.module == kStdModule;
  const Inference inference{found->owner, !found->owner.version.empty() && doubt_within};
  GOOFFSETS_TRY(const Fitting* fitting, FittingVersions(inference, symbol.first));
  GOOFFSETS_TRY(const ToldOfModule* told, TellModule(inference));
  unknown.missing.reason = fitting->why_none;
  std::optional<DatabaseAnswer> agreed;
  std::vector<std::string> versions;  // that count
  for (const Candidate& candidate : fitting->fit) {
    GOOFFSETS_TRY(DatabaseAnswer answer, AskIn(candidate.view.get(), item));
    const std::string name = NameOf({found->owner.module, candidate.version});
    if (answer.kind == Kind::kUnknown) {
      unknown.missing = {name + " fits, but says nothing of it: " + answer.missing.reason, answer.missing.hint};
      // Nobody has seen the files of this package for such a Go, and the go command does not build them.
      GOOFFSETS_TRY(const TargetWorld::Sightings* there, candidate.view->world.Find(symbol.first));
      if (there->holds.empty() && told->refused.contains(candidate.version)) continue;
      return unknown;
    }
    // What people wrote tells the version of this package's source, and not which generator it went through.
    const bool generated = std::ranges::any_of(answer.walked, [](const WalkedStruct& walked) {
      return IsGeneratedMessage(walked.structure->composed.layout);
    });
    if (generated && found->owner.version.empty() && !told->generated.contains(symbol.first)) {
      unknown.missing = {"protoc generated " + symbol.first + ", of which the program tells nothing that shows how",
                         strict_.world.BuildHint()};
      return unknown;
    }
    if (versions.empty() || versions.back() != candidate.version) versions.push_back(candidate.version);
    if (agreed && !agreed->SameAs(answer)) {
      unknown.missing = {std::to_string(fitting->versions.size()) +
                             " versions fit what the program tells and disagree: " + agreed->how + " says " +
                             agreed->Says() + ", " + name + " says " + answer.Says(),
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
    unknown.missing = {"all " + std::to_string(versions.size()) + " versions that fit say: " + agreed->missing.reason,
                       strict_.world.BuildHint()};
    return unknown;
  }
  std::sort(agreed->evidence.begin(), agreed->evidence.end());
  agreed->evidence.erase(std::unique(agreed->evidence.begin(), agreed->evidence.end()), agreed->evidence.end());
  agreed->source = Source::kInferred;
  const std::string compared = std::to_string(fitting->compared) + " layouts and functions compared)";
  if (found->owner.version.empty()) {
    const std::string count = std::to_string(versions.size());
    agreed->how = count + " of " + count + " versions of " + found->owner.module + " that fit (" + ListOf(versions) +
                  "; " + compared;
  } else {
    agreed->how = NameOf(found->owner) + " as observed, which fits what the program tells (" + compared;
  }
  return std::move(*agreed);
}

}  // namespace gooffsets
