#include "resolve/database_side.h"

#include <algorithm>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "go/abi.h"
#include "go/names.h"
#include "store/layout_json.h"

namespace gooffsets {
namespace {

using Kind = DatabaseAnswer::Kind;

DatabaseAnswer Absent(std::string reason) {
  DatabaseAnswer answer;
  answer.kind = Kind::kAbsent;
  answer.missing.reason = std::move(reason);
  return answer;
}

DatabaseAnswer NotKnown(Missing missing) {
  DatabaseAnswer answer;
  answer.missing = std::move(missing);
  return answer;
}

// Why the walk cannot go on behind this field; empty if it can.
std::string WhyNotThrough(const Field& field, std::string_view next) {
  switch (field.kind) {
    case TypeKind::kStruct:
      return {};
    case TypeKind::kPointer:
      return field.name + " is a pointer (" + field.type + "): " + std::string(next) +
             " lies in another block of memory";
    case TypeKind::kArray:
      return field.name + " is an array (" + field.type + "): where " + std::string(next) +
             " lies depends on the index";
    default:
      return field.name + " is of type " + field.type + ", which has no fields";
  }
}

std::string Pieces(const Parameter& param) {
  const std::string text = PiecesText(param.pieces);
  return (param.name.empty() ? "_" : param.name) + " " + (text.empty() ? "nowhere" : text);
}

}  // namespace

std::string NameOf(const ModuleVersion& version) {
  return (version.module == kStdModule ? "Go" : version.module) + " " + version.version;
}

bool WalkedStruct::operator==(const WalkedStruct& other) const {
  if (fields != other.fields || whole != other.whole) return false;
  const StructLayout &here = structure->composed.layout, &there = other.structure->composed.layout;
  if (whole) return here == there;
  return std::equal(here.fields.begin(), here.fields.begin() + static_cast<std::ptrdiff_t>(fields),
                    there.fields.begin());
}

bool DatabaseAnswer::SameAs(const DatabaseAnswer& other) const {
  if (kind != other.kind) return false;
  if (kind != Kind::kFound) return true;
  if (item != other.item) return false;
  switch (item) {
    case ItemKind::kField:
      return field == other.field;
    case ItemKind::kStruct:
      return structure == other.structure;
    default:
      return function == other.function;
  }
}

bool DatabaseAnswer::SameNumbersAs(const DatabaseAnswer& other) const {
  if (kind != Kind::kFound || item != ItemKind::kField || other.kind != kind || other.item != item)
    return SameAs(other);
  return field.offset == other.field.offset && field.size == other.field.size && field.kind == other.field.kind;
}

std::string DatabaseAnswer::Says() const {
  if (kind == Kind::kAbsent) return missing.reason;
  if (kind == Kind::kUnknown) return "nothing: " + missing.reason;
  if (item == ItemKind::kField) {
    return "offset " + std::to_string(field.offset) + ", size " + std::to_string(field.size) + ", " + field.type;
  }
  if (item == ItemKind::kStruct) {
    return "size " + std::to_string(structure.size) + ", " + std::to_string(structure.fields.size()) + " fields";
  }
  std::string text = "arguments:";
  for (const Parameter& param : function.params) text.append(" ").append(Pieces(param)).append(";");
  text += " results:";
  for (const Parameter& result : function.results) text.append(" ").append(Pieces(result)).append(";");
  return text;
}

DatabaseSide::DatabaseSide(ModuleViewReader* reader, const Target* target, SelfSource* self)
    : reader_(reader), target_(target), self_(self), named_(reader), strict_(reader, target, {}, &named_) {}

Result<std::pair<std::string, std::string>> DatabaseSide::Split(const std::string& symbol) {
  return SplitIn(&strict_, symbol);
}

Result<std::pair<std::string, std::string>> DatabaseSide::SplitIn(ProgramView* view, const std::string& symbol) {
  const std::string_view text = symbol;
  const std::string_view head = text.substr(0, std::min(text.find_first_of("[({"), text.size()));
  const size_t slash = head.rfind('/');
  const size_t first = head.find('.', slash == std::string_view::npos ? 0 : slash);
  if (first == std::string_view::npos || first + 1 >= text.size()) {
    return Fail(ErrorCode::kUsage, symbol + " is no full symbol", "net/http.Request.URL, net/http.(*Server).Serve");
  }
  // The longest path that is a package; else the shortest that some module would provide, by the linker's own rule.
  std::optional<size_t> provided;
  for (size_t dot = head.rfind('.');; dot = head.rfind('.', dot - 1)) {
    if (dot + 1 < text.size()) {
      GOOFFSETS_TRY(const TargetWorld::Sightings* found, view->world.Find(symbol.substr(0, dot)));
      if (!found->holds.empty() || found->config_unknown) {
        return std::pair(symbol.substr(0, dot), symbol.substr(dot + 1));
      }
      if (!found->owner.module.empty() && !found->no_such_package) provided = dot;
    }
    if (dot == first) break;
  }
  const size_t end = provided.value_or(first);
  return std::pair(symbol.substr(0, end), symbol.substr(end + 1));
}

Result<std::string> DatabaseSide::NearSymbol(const std::string& symbol) {
  GOOFFSETS_TRY(const auto split, Split(symbol));
  GOOFFSETS_TRY(const TargetWorld::Sightings* found, strict_.world.Find(split.first));
  if (found->no_such_package) {
    GOOFFSETS_TRY(const std::set<std::string>* paths, reader_->PackagePaths(found->owner.module, found->owner.version));
    const std::vector<std::string> near = Similar(split.first, {paths->begin(), paths->end()}, 1);
    return near.empty() ? std::string() : near.front() + "." + split.second;
  }
  if (found->holds.empty()) return std::string();
  GOOFFSETS_TRY(const std::vector<PackageEntry>* entries, reader_->Entries(found->holds.front().state));
  std::vector<std::string> names;
  for (const PackageEntry& entry : *entries) {
    GOOFFSETS_TRY(const std::string* name, reader_->TextOf(entry.symbol));
    names.push_back(*name);
  }
  std::sort(names.begin(), names.end());
  // Of "Strem.method" only the type can be spelled nearly like a symbol.
  const std::string_view whole = split.second;
  const std::string_view wanted = whole.starts_with('(') ? whole : SplitPath(whole).front();
  const std::vector<std::string> near = Similar(wanted, names, 1);
  if (near.empty() || near.front() == wanted) return std::string();
  return split.first + "." + near.front() + split.second.substr(wanted.size());
}

Result<DatabaseAnswer> DatabaseSide::Ask(const Item& item) {
  Result<DatabaseAnswer> asked = Direct(item);
  if (!asked || asked->kind != Kind::kUnknown) return asked;
  DatabaseAnswer& direct = *asked;
  GOOFFSETS_TRY(DatabaseAnswer inferred, Inferred(item));
  if (inferred.kind != Kind::kUnknown) return inferred;
  GOOFFSETS_TRY(DatabaseAnswer bracketed, Bracketed(item));
  if (bracketed.kind != Kind::kUnknown) return bracketed;
  // The first reason is about this very program; what inference lacked is said where it was tried.
  if (!inferred.missing.reason.empty() && inferred.missing.reason != direct.missing.reason) {
    direct.missing.reason += "; " + inferred.missing.reason;
  }
  return asked;
}

Result<DatabaseAnswer> DatabaseSide::Direct(const Item& item) { return AskIn(&strict_, item); }

Result<DatabaseAnswer> DatabaseSide::AskIn(ProgramView* view, const Item& item) {
  GOOFFSETS_TRY(auto symbol, SplitIn(view, item.symbol));
  GOOFFSETS_TRY(const TargetWorld::Sightings* found, view->world.Find(symbol.first));
  auto finish = [&](DatabaseAnswer&& answer) -> Result<DatabaseAnswer> {
    answer.package = std::move(symbol.first);
    answer.rest = std::move(symbol.second);
    return std::move(answer);
  };
  if (found->no_such_package) {
    DatabaseAnswer absent = Absent(found->missing.reason);
    absent.evidence = found->evidence;
    return finish(std::move(absent));
  }
  if (found->holds.empty()) return finish(NotKnown(found->missing));

  // Builds of one selection show one shape; where they show two (a type argument, an alias of another module), the one
  // that needs no composition counts, and two that contradict each other are no answer.
  struct Told {
    DatabaseAnswer answer;
    int64_t layout = 0;
  };
  std::vector<Told> words;
  std::vector<std::pair<int64_t, int64_t>> asked;  // build, layout
  std::map<int64_t, int64_t> answered;             // state, layout
  for (const SeenPackage& seen : found->holds) {
    // Another build that saw the same of the package has the same answer, or none.
    if (const auto same = answered.find(seen.state); same != answered.end()) {
      asked.emplace_back(seen.build, same->second);
      continue;
    }
    Told& word = words.emplace_back();
    GOOFFSETS_TRY(word.answer, AskSighting(view, {seen, symbol.first}, symbol.second, &word.layout));
    asked.emplace_back(seen.build, word.layout);
    if (word.answer.kind != Kind::kUnknown) answered.emplace(seen.state, word.layout);
    const auto last = std::prev(words.end());
    const auto same = std::find_if(words.begin(), last, [&](const Told& w) {
      return w.layout == word.layout && w.answer.SameAs(word.answer) && w.answer.source == word.answer.source;
    });
    if (same != last) words.pop_back();
  }
  if (words.size() > 1) {  // sorting asks for memory even where there is nothing to sort
    std::stable_sort(words.begin(), words.end(), [](const Told& a, const Told& b) {
      return std::pair(a.answer.kind, a.answer.source) < std::pair(b.answer.kind, b.answer.source);
    });
  }
  Told& best = words.front();
  for (const Told& other : words) {
    if (other.answer.kind == Kind::kUnknown || other.answer.source != best.answer.source) continue;
    if (!other.answer.SameNumbersAs(best.answer)) {
      return finish(NotKnown(
          {"builds disagree: " + best.answer.Says() + ", or " + other.answer.Says(), view->world.BuildHint()}));
    }
  }
  std::string built_with;
  for (const auto& [seen_build, layout] : asked) {
    if (layout != best.layout) continue;
    GOOFFSETS_TRY(const SeenBuild* build, reader_->Build(seen_build));
    best.answer.evidence.push_back(build->evidence);
    if (built_with.empty()) built_with = build->evidence.go;
  }
  if (best.answer.kind == Kind::kFound) {
    best.answer.how = NameOf(found->owner);
    if (found->owner.module != kStdModule) best.answer.how += " built with Go " + built_with;
    if (best.answer.source == Source::kComposed) best.answer.how += ", with the sizes of this program's Go and modules";
  }
  return finish(std::move(best.answer));
}

Result<DatabaseAnswer> DatabaseSide::AskSighting(ProgramView* view, const Scope& scope, const std::string& rest,
                                                 int64_t* layout_id) {
  auto skipped = [&](SkipReason reason) {
    if (reason == SkipReason::kUnbuildable) {
      return NotKnown({"not measured: keeping it in a program broke the link", ""});
    }
    return Absent(reason == SkipReason::kExcluded ? "excluded by build constraint" : std::string(ToString(reason)));
  };
  const std::vector<std::string_view> parts = SplitPath(rest);
  // The longest prefix that is a symbol: methods ("Header.Get") have a dot of their own.
  for (size_t count = parts.size(); count > 0; --count) {
    const auto size = static_cast<size_t>(parts[count - 1].data() + parts[count - 1].size() - rest.data());
    const std::string symbol = rest.substr(0, size);
    GOOFFSETS_TRY(std::optional<PackageEntry> entry, reader_->Find(scope.seen.state, symbol));
    if (!entry) continue;
    if (entry->layout == 0) return skipped(entry->reason);
    *layout_id = entry->layout;
    GOOFFSETS_TRY(const Layout* layout, reader_->LayoutOf(entry->layout));
    DatabaseAnswer answer;
    if (const auto* structure = std::get_if<StructLayout>(layout)) {
      if (size < rest.size()) {
        return WalkFields(view, scope, symbol, *structure, std::string_view(rest).substr(size + 1));
      }
      GOOFFSETS_TRY(std::shared_ptr<const PlacedStruct> placed, view->composer.Placed(scope, symbol, *structure));
      if (!placed->composed.complete) return NotKnown(placed->composed.missing);
      answer.item = ItemKind::kStruct;
      answer.source = placed->as_stored ? Source::kExact : Source::kComposed;
      answer.structure = placed->composed.layout;
      answer.walked.push_back({std::move(placed), answer.structure.fields.size(), true});
    } else {
      if (size < rest.size()) return Absent("no such field: " + symbol + " is a function");
      Result<Version> go = Version::Parse(VersionScheme::kGo, view->world.go());
      if (!go) return NotKnown({target_->go_why, ""});
      std::string experiments;
      for (const std::string& word : target_->experiments) experiments += (experiments.empty() ? "" : ",") + word;
      const bool register_abi = UsesRegisterAbi(*go, target_->goarch, experiments);
      const auto& stored = std::get<FunctionLayout>(*layout);
      GOOFFSETS_TRY(ComposedFunction composed, view->composer.Function(scope, stored, target_->goarch, register_abi));
      if (!composed.layout) return NotKnown(composed.missing);
      answer.item = ItemKind::kFunction;
      answer.source = *composed.layout == stored ? Source::kExact : Source::kComposed;
      answer.function = std::move(*composed.layout);
    }
    answer.kind = Kind::kFound;
    return answer;
  }
  GOOFFSETS_TRY(const CatalogReader::State* state, reader_->State(scope.seen.state));
  if (!state->package.fully_kept) {
    return NotKnown({"package " + scope.path + " was seen only in part", view->world.BuildHint()});
  }
  if (rest.starts_with('(')) return Absent("no such function");
  return Absent(parts.size() > 1 ? "no such type" : "no such type or function");
}

Result<DatabaseAnswer> DatabaseSide::WalkFields(ProgramView* view, const Scope& scope, const std::string& symbol,
                                                const StructLayout& stored, std::string_view path) {
  const std::vector<std::string_view> names = SplitPath(path);
  Composer::Held here{scope, symbol, &stored};
  DatabaseAnswer answer;
  answer.source = Source::kExact;
  uint64_t base = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::vector<Field>& shapes = here.stored->fields;
    const auto shape =
        std::find_if(shapes.begin(), shapes.end(), [&](const Field& field) { return field.name == names[i]; });
    if (names[i] == "_") return Absent("no such field: blank fields have no name");
    if (shape == shapes.end()) return Absent("no such field");
    const auto at = static_cast<size_t>(shape - shapes.begin());
    GOOFFSETS_TRY(std::shared_ptr<const PlacedStruct> placed,
                  view->composer.Placed(here.scope, here.symbol, *here.stored));
    const ComposedStruct& composed = placed->composed;
    if (at >= composed.layout.fields.size()) return NotKnown(composed.missing);
    if (!placed->as_stored) answer.source = Source::kComposed;
    const Field& field = composed.layout.fields[at];
    base += field.offset;
    if (i + 1 == names.size()) {
      answer.kind = Kind::kFound;
      answer.item = ItemKind::kField;
      answer.field = field;
      answer.field.offset = base;
    } else {
      const std::string blocked = WhyNotThrough(field, names[i + 1]);
      if (!blocked.empty()) return Absent("no such field: " + blocked);
      Missing missing;
      GOOFFSETS_TRY(std::optional<Composer::Held> held, view->composer.FindHeld(here.scope, field.type, &missing));
      if (!held) {
        if (missing.reason.empty()) missing.reason = "the layout of " + field.type + " was not observed";
        return NotKnown(std::move(missing));
      }
      here = std::move(*held);
    }
    answer.walked.push_back({std::move(placed), at + 1, false});
  }
  return answer;
}

}  // namespace gooffsets
