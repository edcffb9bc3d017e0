// What one build says of one symbol: a struct, a function, or a field along `Type.field.field`.
#include "go/names.h"
#include "gooffsets/version.h"
#include "store/database_impl.h"
#include "store/layout_json.h"

namespace gooffsets {

namespace {

Outcome Absent(std::string reason) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::kAbsent;
  outcome.reason = std::move(reason);
  return outcome;
}

Outcome NotKnown(std::string reason, std::string hint) {
  Outcome outcome;
  outcome.reason = std::move(reason);
  outcome.hint = std::move(hint);
  return outcome;
}

// A declared symbol without a layout.
Outcome Skipped(SkipReason reason, const Query& query) {
  switch (reason) {
    case SkipReason::kUnbuildable:
      return NotKnown("not measured: keeping it in a program broke the link", BuildCommand(query));
    case SkipReason::kExcluded: return Absent("excluded by build constraint");
    default: return Absent(std::string(ToString(reason)));
  }
}

const Field* FindField(const StructLayout& layout, std::string_view name) {
  if (name == "_") return nullptr;
  for (const Field& field : layout.fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

// Why one cannot go on behind this field; empty if one can.
std::string WhyNotThrough(const Field& field, std::string_view next) {
  const std::string name = "\"" + field.name + "\" ";
  switch (field.kind) {
    case TypeKind::kStruct: return {};
    case TypeKind::kPointer:
      return name + "is a pointer (" + field.type + "): \"" + std::string(next) +
             "\" lies in another block of memory, look it up from its own type";
    case TypeKind::kArray:
      return name + "is an array (" + field.type + "): \"" + std::string(next) + "\" depends on the index";
    default: return name + "is of type " + field.type + ", which has no fields";
  }
}

// "net/url.URL" of a field of type *net/url.URL; empty: it is no pointer to a type that has a plain name.
std::string_view PointedTo(const Field& field) {
  const std::string_view type = field.type;
  if (field.kind != TypeKind::kPointer || !type.starts_with('*')) return {};
  return type.find_first_of("*[](){} ", 1) == std::string_view::npos ? type.substr(1) : std::string_view();
}

}  // namespace

Result<std::optional<PackageEntry>> Database::Impl::FindEntry(int64_t state, std::string_view symbol) {
  GOOFFSETS_TRY(std::optional<int64_t> id, reader_.FindString(symbol));
  if (!id) return std::optional<PackageEntry>();
  GOOFFSETS_TRY(const CatalogReader::State* read, StateOf(state));
  GOOFFSETS_TRY(const Entries* entries, EntriesOf(read->package_layout));
  const PackageEntry* entry = gooffsets::FindEntry(*entries, *id);
  return entry == nullptr ? std::optional<PackageEntry>() : std::optional<PackageEntry>(*entry);
}

Result<Outcome> Database::Impl::Ask(const Sighting& sighting, const std::string& rest, const Query& query,
                                    const std::string& go) {
  GOOFFSETS_TRY(std::optional<PackageEntry> entry, FindEntry(sighting.state, rest));
  if (entry) {
    if (entry->layout == 0) {
      Outcome skipped = Skipped(entry->reason, query);
      skipped.used_states = {sighting.state};
      return skipped;
    }
    GOOFFSETS_TRY(Layout layout, reader_.ReadLayout(entry->layout));
    Outcome found;
    found.kind = Outcome::Kind::kFound;
    found.used_states = {sighting.state};
    if (auto* structure = std::get_if<StructLayout>(&layout)) {
      found.value.kind = SymbolKind::kStruct;
      found.value.structure = std::move(*structure);
    } else {
      found.value.kind = SymbolKind::kFunction;
      found.value.function = std::get<FunctionLayout>(std::move(layout));
    }
    return found;
  }
  // The longest prefix that is a symbol: methods ("Header.Get") have a dot of their own.
  const std::vector<std::string_view> parts = SplitPath(rest);
  for (size_t count = parts.size() - 1; count > 0; --count) {
    const auto size = static_cast<size_t>(parts[count - 1].data() + parts[count - 1].size() - rest.data());
    GOOFFSETS_TRY(std::optional<PackageEntry> prefix, FindEntry(sighting.state, rest.substr(0, size)));
    if (!prefix) continue;
    Outcome outcome;
    if (prefix->layout == 0) {
      outcome = Skipped(prefix->reason, query);
    } else {
      GOOFFSETS_TRY(Layout layout, reader_.ReadLayout(prefix->layout));
      if (auto* structure = std::get_if<StructLayout>(&layout)) {
        GOOFFSETS_TRY(outcome, WalkFields(sighting, std::move(*structure), rest, size, query, go));
      } else {
        outcome = Absent("no such field: " + rest.substr(0, size) + " is a function");
      }
    }
    outcome.used_states.insert(sighting.state);
    return outcome;
  }
  GOOFFSETS_TRY(const CatalogReader::State* state, StateOf(sighting.state));
  Outcome outcome;
  if (!state->package.fully_kept) {
    outcome = NotKnown("not measured: this package was seen only in part", BuildCommand(query));
  } else if (rest.starts_with('(')) {
    outcome = Absent("no such function");
  } else {
    outcome = Absent(parts.size() > 1 ? "no such type" : "no such type or function");
  }
  outcome.used_states = {sighting.state};
  return outcome;
}

Result<Outcome> Database::Impl::WalkFields(const Sighting& sighting, StructLayout layout, std::string_view rest,
                                           size_t type_size, const Query& query, const std::string& go) {
  std::vector<std::string_view> names = SplitPath(rest.substr(type_size + 1));
  Sighting scope = sighting;
  Outcome outcome;
  uint64_t base = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string_view name = names[i];
    std::optional<FoundField> found;
    std::string why_not;
    if (const Field* field = FindField(layout, name)) {
      found = FoundField{*field, scope};
    } else if (name != "_") {
      Sighting found_in;
      std::string hint;
      GOOFFSETS_TRY(Promotion promotion, Promoted(scope, layout, name, query, go, &found_in, &hint));
      const bool is_there = promotion.kind == Promotion::Kind::kFound;
      if (is_there && query.promoted) {
        found = FoundField{std::move(promotion.field), found_in};
      } else if (is_there) {
        why_not = "no such field (it is promoted from an embedded struct: ask with --promoted)";
      } else if (query.promoted && promotion.kind == Promotion::Kind::kNotKnown) {
        Outcome unknown = NotKnown(promotion.why, hint);
        unknown.used_states = outcome.used_states;
        return unknown;
      } else if (promotion.kind == Promotion::Kind::kNone && !promotion.why.empty()) {
        why_not = "no such field: " + promotion.why;
      }
    }
    if (!found) {
      Outcome absent = Absent(name == "_" ? "no such field: blank fields have no name"
                                          : why_not.empty() ? "no such field" : why_not);
      absent.used_states = outcome.used_states;
      for (const Field& field : layout.fields) absent.field_names.push_back(field.name);
      const auto before = static_cast<size_t>(name.data() - rest.data());  // `rest` ends the symbol
      absent.field_prefix = query.symbol.substr(0, query.symbol.size() - rest.size() + before);
      return absent;
    }
    outcome.used_states.insert(found->scope.state);
    base += found->field.offset;
    scope = found->scope;
    if (i + 1 == names.size()) {
      outcome.kind = Outcome::Kind::kFound;
      outcome.value.kind = SymbolKind::kField;
      outcome.value.field = std::move(found->field);
      outcome.value.field.offset = base;
      return outcome;
    }
    std::string blocked = WhyNotThrough(found->field, names[i + 1]);
    if (!blocked.empty()) {
      Outcome absent = Absent("no such field: " + blocked);
      absent.used_states = outcome.used_states;
      const std::string_view behind = PointedTo(found->field);
      if (!behind.empty()) {
        const std::string_view path = rest.substr(static_cast<size_t>(names[i + 1].data() - rest.data()));
        absent.field_names = {std::string(names.back())};
        absent.field_prefix =
            std::string(behind) + "." + std::string(path.substr(0, path.size() - names.back().size()));
      }
      return absent;
    }
    GOOFFSETS_TRY(HeldStruct held, FindHeld(scope, found->field.type, query, go));
    if (held.kind != Outcome::Kind::kFound) {
      Outcome unknown = NotKnown(held.reason, held.hint);
      unknown.used_states = outcome.used_states;
      return unknown;
    }
    layout = std::move(held.layout);
    scope = held.scope;
    outcome.used_states.insert(scope.state);
  }
  return outcome;
}

Result<HeldStruct> Database::Impl::FindHeld(const Sighting& scope, const std::string& type, const Query& query,
                                            const std::string& go) {
  HeldStruct held;
  auto take = [&](const Sighting& where, std::string_view symbol) -> Result<bool> {
    GOOFFSETS_TRY(std::optional<PackageEntry> entry, FindEntry(where.state, symbol));
    if (!entry || entry->layout == 0) return false;
    GOOFFSETS_TRY(Layout layout, reader_.ReadLayout(entry->layout));
    auto* structure = std::get_if<StructLayout>(&layout);
    if (structure == nullptr) return false;
    held.kind = Outcome::Kind::kFound;
    held.layout = std::move(*structure);
    held.scope = where;
    return true;
  };
  // Types without a package of their own are listed, under their full name, with the package that holds them.
  GOOFFSETS_TRY(bool listed, take(scope, type));
  if (listed) return held;
  GOOFFSETS_TRY(const auto* packages, PackagesOf(scope));
  auto known = [&](std::string_view path) { return packages->contains(std::string(path)); };
  if (std::optional<SplitName> name = SplitSymbol(type, known)) {
    GOOFFSETS_TRY(bool taken, take(packages->at(std::string(name->package)), name->rest));
    if (taken) return held;
  }
  if (query.module != kStdModule) {
    GOOFFSETS_TRY(const auto* std_packages, std_types_.Packages(&db_, go, query.goarch));
    if (std_packages->empty()) {
      held.reason = "the standard library of Go " + go + " was not measured, and " + type + " may belong to it";
      held.hint = ModuleCommand(std::string(kStdModule), go, query.goarch);
      return held;
    }
    auto in_std = [&](std::string_view path) { return std_packages->contains(std::string(path)); };
    if (std::optional<SplitName> name = SplitSymbol(type, in_std)) {
      GOOFFSETS_TRY(std::optional<int64_t> version, reader_.FindVersion({std::string(kStdModule), go}));
      GOOFFSETS_TRY(std::vector<Sighting> sightings,
                    SightingsOf(std::string(kStdModule), std::string(name->package), query.goarch, version));
      for (const Sighting& sighting : sightings) {
        GOOFFSETS_TRY(bool taken, take(sighting, name->rest));
        if (taken) return held;
      }
    }
  }
  held.reason = "not measured: the layout of " + type + " was not seen by this build";
  held.hint = BuildCommand(query);
  return held;
}

Result<Promotion> Database::Impl::Promoted(const Sighting& scope, const StructLayout& layout, std::string_view name,
                                           const Query& query, const std::string& go, Sighting* found_in,
                                           std::string* hint) {
  std::vector<Sighting> scopes = {scope};
  const auto find = [&](size_t in, const std::string& type, std::string* why) -> Result<std::optional<EmbeddedStruct>> {
    GOOFFSETS_TRY(HeldStruct held, FindHeld(scopes[in], type, query, go));
    if (held.kind != Outcome::Kind::kFound) {
      *why = held.reason;
      *hint = held.hint;
      return std::optional<EmbeddedStruct>();
    }
    scopes.push_back(held.scope);
    return std::optional<EmbeddedStruct>(std::in_place, std::move(held.layout), scopes.size() - 1);
  };
  GOOFFSETS_TRY(Promotion promotion, FindPromoted(layout, name, find));
  *found_in = scopes[promotion.scope];
  return promotion;
}

}  // namespace gooffsets
