// Bracketed answers: what was not observed lies between two observed versions that agree.
//
// Go releases and module versions that the database does not have are stood for by observed ones below, and then by
// observed ones above. Both must be found, with the same number and the same fields and sizes before it. An item that
// moved between the two is refused.
//
// Minor lines are branches: a fix reaches 1.19.6 and 1.20.1, and 1.20 is without it although it lies between them. So a
// neighbour is the nearest one of the version's own line, or else of the next line the one farthest away, which has
// what the versions between can have: below the first of the line before, above the last of the line behind. No
// neighbour lies farther off: over more lines fields move and move back (grpclb.lbBalancer.state: 456 in grpc 1.64,
// 472, 456 in 1.74).
#include <algorithm>
#include <optional>
#include <utility>

#include "gooffsets/version.h"
#include "resolve/database_side.h"

namespace gooffsets {
namespace {

using Kind = DatabaseAnswer::Kind;

struct Neighbours {
  std::optional<std::string> below, above;
  bool observed = false;
};

// The same line, or one that follows it.
bool SameLine(const Version& a, const Version& b) { return a.major() == b.major() && a.minor() == b.minor(); }
bool NextLine(const Version& a, const Version& b) { return a.major() == b.major() && a.minor() + 1 == b.minor(); }

Neighbours NeighboursOf(const std::vector<std::string>& ascending, const Version& version) {
  Neighbours neighbours;
  bool own_above = false;
  std::optional<Version> low;
  for (const std::string& text : ascending) {
    const Result<Version> seen = Version::Parse(version.scheme(), text);
    if (!seen) continue;
    if (*seen == version) neighbours.observed = true;
    if (*seen < version) {
      const bool first_of_line_before = NextLine(*seen, version) && (!low || !NextLine(*low, version));
      if (!SameLine(*seen, version) && !first_of_line_before) continue;
      neighbours.below = text;
      low = *seen;
    } else if (version < *seen && !own_above) {
      own_above = SameLine(version, *seen);
      if (own_above || NextLine(version, *seen)) neighbours.above = text;
    }
  }
  return neighbours;
}

}  // namespace

// Every release and version that the program has and the database has not, with its neighbours on both sides: the same
// for all items of one module.
Result<DatabaseSide::Bracket> DatabaseSide::MakeBracket(const ModuleVersion& owner) {
  Bracket bracket;
  Assumptions below, above;
  auto surround = [&](const std::string& module, const std::string& version) -> Result<bool> {
    GOOFFSETS_TRY(const auto* versions, reader_->Versions(module));
    if (versions->empty()) return true;
    const Result<Version> wanted = Version::Parse(SchemeOf(module), version);
    const Neighbours neighbours = wanted ? NeighboursOf(*versions, *wanted) : Neighbours{};
    if (neighbours.observed) return true;
    if (!neighbours.below || !neighbours.above) {
      bracket.missing = {NameOf({module, version}) + " has no neighbours among the observed versions (" +
                             versions->front() + " to " + versions->back() +
                             ") on both sides, in its own or the next minor line",
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
  bracket.low = std::make_unique<ProgramView>(reader_, target_, std::move(below), &named_);
  bracket.high = std::make_unique<ProgramView>(reader_, target_, std::move(above), &named_);
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
