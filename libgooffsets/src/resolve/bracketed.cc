// Bracketed answers: what was not observed lies between two observed versions that agree.
//
// Go releases and module versions that the database does not have are stood for by the nearest observed ones below, and
// then by the nearest ones above, none farther than the next minor line. Both must be found, with the same number and
// the same fields and sizes before it. An item that moved between the two is refused.
#include <algorithm>
#include <optional>
#include <utility>

#include "gooffsets/version.h"
#include "resolve/database_side.h"
#include "store/version_order.h"

namespace gooffsets {
namespace {

using Kind = DatabaseAnswer::Kind;

struct Neighbours {
  std::optional<std::string> below, above;
  bool observed = false;
};

Neighbours NeighboursOf(const std::vector<std::string>& ascending, const std::string& version, VersionScheme scheme) {
  const VersionLess less(scheme);
  Neighbours neighbours;
  auto above = std::lower_bound(ascending.begin(), ascending.end(), version, less);
  if (above != ascending.end() && *above == version) neighbours.observed = true;
  if (above != ascending.begin()) neighbours.below = *(above - 1);
  if (above != ascending.end()) neighbours.above = *above;
  return neighbours;
}

// Whether nothing but the rest of one minor line lies between them, in part. Over more lines fields move and move back:
// grpclb.lbBalancer.state is at 456 in grpc 1.64 and 1.74, and at 472 from 1.66 to 1.70.
bool Adjacent(const std::string& a, const std::string& b, VersionScheme scheme) {
  const Result<Version> low = Version::Parse(scheme, a), high = Version::Parse(scheme, b);
  return low && high && low->major() == high->major() && high->minor() <= low->minor() + 1;
}

}  // namespace

// Every release and version that the program has and the database has not, with its neighbours on both sides: the same
// for all items of one module.
Result<DatabaseSide::Bracket> DatabaseSide::MakeBracket(const ModuleVersion& owner) {
  Bracket bracket;
  Assumptions below, above;
  auto surround = [&](const std::string& module, const std::string& version) -> Result<bool> {
    GOOFFSETS_TRY(const auto* versions, reader_->Versions(module));
    const Neighbours neighbours = NeighboursOf(*versions, version, SchemeOf(module));
    if (neighbours.observed || versions->empty()) return true;
    if (!neighbours.below || !neighbours.above) {
      bracket.missing = {NameOf({module, version}) + " lies outside of the observed versions (" + versions->front() +
                             " to " + versions->back() + ")",
                         strict_.world.BuildHint()};
      return false;
    }
    for (const auto& [low, high] : {std::pair(*neighbours.below, version), std::pair(version, *neighbours.above)}) {
      if (Adjacent(low, high, SchemeOf(module))) continue;
      bracket.missing = {"the nearest observed versions, " + *neighbours.below + " and " + *neighbours.above +
                             ", are too far from " + NameOf({module, version}),
                         strict_.world.BuildHint()};
      return false;
    }
    if (module == kStdModule) {
      below.go = *neighbours.below;
      above.go = *neighbours.above;
    } else {
      below.versions[module] = *neighbours.below;
      above.versions[module] = *neighbours.above;
    }
    if (bracket.below.empty()) {
      bracket.below = NameOf({module, *neighbours.below});
      bracket.above = NameOf({module, *neighbours.above});
    }
    return true;
  };
  if (target_->go.empty()) {
    bracket.missing.reason = target_->go_why;
    return bracket;
  }
  GOOFFSETS_TRY(bool inside, surround(std::string(kStdModule), target_->go));
  if (inside && owner.module != kStdModule) {
    GOOFFSETS_TRY(inside, surround(owner.module, owner.version));
  }
  if (!inside) return bracket;
  // Of the other modules only those count whose types are held by value; one that lies outside just stays unknown.
  for (const auto& [path, module] : target_->modules) {
    if (module.version.empty() || module.code_path == owner.module) continue;
    GOOFFSETS_CHECK_OK(surround(module.code_path, module.version));
  }
  bracket.missing = {};
  if (bracket.below.empty()) {
    bracket.missing.reason = "every version that the program names was observed";
    return bracket;
  }
  bracket.low = std::make_unique<ProgramView>(reader_, target_, std::move(below));
  bracket.high = std::make_unique<ProgramView>(reader_, target_, std::move(above));
  return bracket;
}

Result<const DatabaseSide::Bracket*> DatabaseSide::BracketOf(const ModuleVersion& owner) {
  if (auto known = brackets_.find(owner); known != brackets_.end()) return &known->second;
  GOOFFSETS_TRY(Bracket bracket, MakeBracket(owner));
  return &brackets_.emplace(owner, std::move(bracket)).first->second;
}

Result<DatabaseAnswer> DatabaseSide::Bracketed(const Item& item) {
  DatabaseAnswer unknown;
  GOOFFSETS_TRY(auto symbol, Split(item.symbol));
  GOOFFSETS_TRY(const TargetWorld::Sightings* found, strict_.world.Find(symbol.first));
  if (found->owner.module.empty() || found->owner.version.empty()) {
    unknown.missing = found->missing;
    return unknown;
  }
  GOOFFSETS_TRY(const Bracket* bracket, BracketOf(found->owner));
  if (!bracket->low) {
    unknown.missing = bracket->missing;
    return unknown;
  }
  GOOFFSETS_TRY(DatabaseAnswer first, AskIn(bracket->low.get(), item));
  GOOFFSETS_TRY(DatabaseAnswer second, AskIn(bracket->high.get(), item));
  const std::string &low_name = bracket->below, &high_name = bracket->above;
  for (const auto& [answer, name] : {std::pair(&first, &low_name), std::pair(&second, &high_name)}) {
    if (answer->kind == Kind::kFound) continue;
    unknown.missing = {"with " + *name + ": " + answer->Says(), strict_.world.BuildHint()};
    return unknown;
  }
  if (!first.SameAs(second) || first.walked != second.walked) {
    unknown.missing = {"it differs between the nearest observed versions: " + low_name + " says " + first.Says() +
                           ", " + high_name + " says " + second.Says(),
                       strict_.world.BuildHint()};
    return unknown;
  }
  first.source = Source::kBracketed;
  first.how = "the same in " + low_name + " and in " + high_name;
  first.evidence.insert(first.evidence.end(), second.evidence.begin(), second.evidence.end());
  std::sort(first.evidence.begin(), first.evidence.end());
  first.evidence.erase(std::unique(first.evidence.begin(), first.evidence.end()), first.evidence.end());
  return first;
}

}  // namespace gooffsets
