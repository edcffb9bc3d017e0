#include "resolve/resolver_core.h"

#include <algorithm>
#include <set>
#include <utility>

#include "go/names.h"
#include "store/database_impl.h"

namespace gooffsets {
namespace {

using Kind = DatabaseAnswer::Kind;

// Levels of structs inside structs that a symbol may walk: each is one more question to the program.
constexpr int kMostRounds = 16;

// A misspelt field, by the names that its struct has; "" where none is near.
std::string DidYouMean(const std::string& before, std::string_view name, const StructLayout& layout) {
  std::vector<std::string> fields;
  for (const Field& field : layout.fields) {
    if (field.name != "_") fields.push_back(field.name);
  }
  const std::vector<std::string> near = Similar(name, fields, 1);
  return near.empty() ? std::string() : std::string(kDidYouMean) + before + near.front() + "?";
}

// What two sources say of one struct, where it differs.
void CompareStructs(const StructLayout& self, const StructLayout& other, const std::string& other_name,
                    std::vector<Conflict>* conflicts) {
  auto add = [&](const std::string& what, const std::string& kept, const std::string& refused) {
    conflicts->push_back({what, "self: " + kept, other_name + ": " + refused});
  };
  if (self.size != other.size) add("size", std::to_string(self.size), std::to_string(other.size));
  for (const Field& field : self.fields) {
    if (field.name == "_") continue;
    const auto same = std::find_if(other.fields.begin(), other.fields.end(),
                                   [&](const Field& candidate) { return candidate.name == field.name; });
    if (same == other.fields.end()) {
      add("field " + field.name, SaysOf(field), "no such field");
    } else if (same->offset != field.offset || same->size != field.size) {
      add("field " + field.name, SaysOf(field), SaysOf(*same));
    }
  }
}

}  // namespace

std::vector<std::string> TypePrefixes(const std::string& symbol) {
  std::vector<std::string> prefixes;
  const size_t bracket = std::min(symbol.find_first_of("[({"), symbol.size());
  const size_t slash = symbol.rfind('/', bracket);
  const size_t from = slash == std::string::npos ? 0 : slash;
  int depth = 0;
  size_t dots = 0;
  for (size_t i = from; i < symbol.size(); ++i) {
    const char c = symbol[i];
    if (c == '[' || c == '(' || c == '{') ++depth;
    if (c == ']' || c == ')' || c == '}') --depth;
    if (c == '.' && depth == 0 && dots++ > 0) prefixes.push_back(symbol.substr(0, i));
  }
  prefixes.push_back(symbol);
  std::reverse(prefixes.begin(), prefixes.end());
  return prefixes;
}

std::string SaysOf(const Field& field) {
  return "offset " + std::to_string(field.offset) + ", size " + std::to_string(field.size) + ", " + field.type;
}

std::string NameOf(const DatabaseAnswer& answer) {
  return std::string(ToString(answer.source)) + (answer.how.empty() ? "" : " (" + answer.how + ")");
}

ResolverCore::ResolverCore(BinaryInfo info, SelfSource* source, const Database* database, ResolveOptions options)
    : info_(std::move(info)), source_(source), options_(std::move(options)), target_(TargetOf(info_)) {
  if (database == nullptr) return;
  reader_ = Database::Impl::Of(*database).LendReader();
  database_ = std::make_unique<DatabaseSide>(reader_.get(), &target_, source_);
}

ResolverCore::OwnWord ResolverCore::Walk(const std::string& symbol, const SelfFacts& facts) const {
  OwnWord word;
  const std::vector<std::string> prefixes = facts.structs.empty() ? std::vector<std::string>() : TypePrefixes(symbol);
  for (const std::string& prefix : prefixes) {
    auto found = facts.structs.find(prefix);
    if (found == facts.structs.end()) continue;
    word.how = found->second.how;
    if (prefix.size() == symbol.size()) {
      word.found = true;
      word.kind = ItemKind::kStruct;
      word.structure = found->second.layout;
      return word;
    }
    const StructLayout* layout = &found->second.layout;
    uint64_t base = 0;
    for (std::string_view rest = std::string_view(symbol).substr(prefix.size() + 1);;) {
      const std::string_view name = rest.substr(0, rest.find('.'));
      const auto field = std::find_if(layout->fields.begin(), layout->fields.end(),
                                      [&](const Field& f) { return f.name == name && name != "_"; });
      if (field == layout->fields.end()) {
        word.absent = true;
        word.reason = "no such field (" + word.how + ")";
        word.hint = DidYouMean(symbol.substr(0, symbol.size() - rest.size()), name, *layout);
        return word;
      }
      base += field->offset;
      if (name.size() == rest.size()) {
        word.found = true;
        word.kind = ItemKind::kField;
        word.field = *field;
        word.field.offset = base;
        return word;
      }
      if (field->kind != TypeKind::kStruct) {
        word.absent = true;
        word.reason = "no such field: " + field->name + " is of type " + field->type + ", no struct held by value";
        return word;
      }
      auto inner = facts.structs.find(field->type);
      if (inner == facts.structs.end()) {
        word.next = field->type;
        word.reason = "the program does not describe " + field->type;
        return word;
      }
      layout = &inner->second.layout;
      rest.remove_prefix(name.size() + 1);
    }
  }
  word.reason = facts.no_structs.empty() ? "the program does not describe the type" : facts.no_structs;
  return word;
}

Result<SelfFacts> ResolverCore::Collect(const std::vector<Item>& items) {
  SelfQuestion question;
  if (source_->IsSilent()) return source_->Tell(question);
  for (const Item& item : items) {
    if (item.kind == ItemKind::kItab) {
      question.itabs.emplace(item.symbol, item.interface);
      continue;
    }
    question.functions.insert(item.symbol);
    if (item.kind == ItemKind::kFunction || options_.ignore_self) continue;
    for (std::string& prefix : TypePrefixes(item.symbol)) question.structs.insert(std::move(prefix));
  }
  question.arguments = database_ != nullptr && !options_.ignore_self;
  question.packages = database_ != nullptr && (target_.go.empty() || !target_.has_modules);
  GOOFFSETS_TRY(SelfFacts facts, source_->Tell(question));
  std::set<std::string> asked = question.structs;
  for (int round = 0; round < kMostRounds && !options_.ignore_self; ++round) {
    SelfQuestion more;
    for (const Item& item : items) {
      if (item.kind != ItemKind::kField && item.kind != ItemKind::kStruct) continue;
      OwnWord word = Walk(item.symbol, facts);
      if (!word.next.empty() && asked.insert(word.next).second) more.structs.insert(std::move(word.next));
    }
    if (more.structs.empty()) break;
    GOOFFSETS_TRY(SelfFacts further, source_->Tell(more));
    facts.structs.merge(further.structs);
  }
  return facts;
}

std::string ResolverCore::Refusal(Source source, const std::string& how) const {
  const Policy& policy = options_.policy;
  const bool not_allowed = source == Source::kBracketed && !policy.allow_bracketed;
  // Allowing them says more than the default of min_source; a stricter one stays in force.
  const bool allowed = source == Source::kBracketed && policy.allow_bracketed && policy.min_source >= Source::kInferred;
  if (!not_allowed && (allowed || source <= policy.min_source)) return {};
  const std::string article = source == Source::kExact || source == Source::kInferred ? "an " : "a ";
  return "there is only " + article + std::string(ToString(source)) + " answer (" + how + "), and " +
         (not_allowed ? "bracketed ones are not allowed" : std::string(ToString(policy.min_source)) + " is asked for");
}

Resolved ResolverCore::FromDatabase(const Item& item, DatabaseAnswer&& answer) const {
  Resolved resolved;
  resolved.item = item;
  resolved.evidence = std::move(answer.evidence);
  if (answer.kind != Kind::kFound) {
    resolved.absent = answer.kind == Kind::kAbsent;
    resolved.reason = answer.missing.reason;
    resolved.hint = answer.missing.hint;
    return resolved;
  }
  resolved.item.kind = answer.item;
  std::string refusal = Refusal(answer.source, answer.how);
  if (!refusal.empty()) {
    resolved.reason = std::move(refusal);
    resolved.hint = answer.source == Source::kBracketed ? "--allow-bracketed" : "--min-source";
    return resolved;
  }
  resolved.source = answer.source;
  resolved.how = std::move(answer.how);
  if (answer.item == ItemKind::kField) resolved.field = std::move(answer.field);
  if (answer.item == ItemKind::kStruct) resolved.structure = std::move(answer.structure);
  return resolved;
}

Resolved ResolverCore::FromSelf(const Item& item, const OwnWord& own, const DatabaseAnswer* other) const {
  Resolved resolved;
  resolved.item = item;
  resolved.how = own.how;
  if (own.found) {
    resolved.item.kind = own.kind;
    resolved.source = Source::kSelf;
    if (own.kind == ItemKind::kField) resolved.field = own.field;
    if (own.kind == ItemKind::kStruct) resolved.structure = own.structure;
  } else {
    resolved.absent = true;
    resolved.reason = own.reason;
    resolved.hint = own.hint;
  }
  if (other == nullptr || other->kind == Kind::kUnknown) return resolved;
  if (other->kind == Kind::kAbsent) {
    if (own.found)
      resolved.conflicts.push_back({"presence", "self: it is there", "database: " + other->missing.reason});
    return resolved;
  }
  resolved.evidence = other->evidence;
  if (!own.found) {
    resolved.conflicts.push_back({"presence", "self: " + own.reason, NameOf(*other) + ": " + other->Says()});
  } else if (own.kind != other->item) {
    resolved.conflicts.push_back({"kind", "self: " + std::string(ToString(own.kind)), NameOf(*other)});
  } else if (own.kind == ItemKind::kStruct) {
    CompareStructs(own.structure, other->structure, NameOf(*other), &resolved.conflicts);
  } else if (own.field.offset != other->field.offset || own.field.size != other->field.size) {
    resolved.conflicts.push_back({own.field.offset != other->field.offset ? "offset" : "size",
                                  "self: " + SaysOf(own.field), NameOf(*other) + ": " + SaysOf(other->field)});
  }
  return resolved;
}

Result<Resolved> ResolverCore::ResolveItab(const Item& item, const SelfFacts& facts) const {
  Resolved resolved;
  resolved.item = item;
  auto found = facts.itabs.find(item.Text());
  if (found != facts.itabs.end() && found->second.view) {
    resolved.source = Source::kSelf;
    resolved.how = "itabs of the program";
    resolved.itab = found->second.view;
  } else if (!facts.no_itabs.empty()) {
    resolved.reason = facts.no_itabs;
  } else {
    resolved.reason = "the linker made no such itab; one may still be made at run time";
  }
  return resolved;
}

Result<Resolved> ResolverCore::ResolveOne(const Item& item, const SelfFacts& facts) {
  if (item.kind == ItemKind::kItab) return ResolveItab(item, facts);
  OwnWord own;
  if (item.kind != ItemKind::kFunction && !options_.ignore_self) own = Walk(item.symbol, facts);
  auto self = facts.functions.find(item.symbol);
  const bool named = self != facts.functions.end() && self->second.named;
  // "T.m" is spelled as a field is; a type has no field and method of one name (Go specification, "Struct types").
  if (own.found || (own.absent && !named)) {
    if (!database_) return FromSelf(item, own, nullptr);
    GOOFFSETS_TRY(DatabaseAnswer direct, database_->Direct(item));
    const bool method = own.absent && direct.kind == Kind::kFound && direct.item == ItemKind::kFunction;
    return method ? ResolveFunction(item, facts, std::move(direct)) : FromSelf(item, own, &direct);
  }
  std::optional<DatabaseAnswer> answer;
  if (database_) {
    GOOFFSETS_TRY(answer, database_->Ask(item));
  }
  const bool is_function = answer && answer->kind == Kind::kFound && answer->item == ItemKind::kFunction;
  if (item.kind == ItemKind::kFunction || named || is_function) return ResolveFunction(item, facts, std::move(answer));
  if (answer) {
    Resolved resolved = FromDatabase(item, std::move(*answer));
    if (!resolved.found() && !resolved.absent && !own.reason.empty())
      resolved.reason = own.reason + "; " + resolved.reason;
    return resolved;
  }
  Resolved resolved;
  resolved.item = item;
  resolved.reason = (own.reason.empty() ? "" : own.reason + ", and ") + std::string("there is no database");
  resolved.hint = "--db offsets.db";
  return resolved;
}

Result<std::vector<Resolved>> ResolverCore::ResolveItems(const std::vector<Item>& items) {
  GOOFFSETS_TRY(std::vector<Resolved> answers, ResolveAsWritten(items));
  for (size_t i = 0; i < items.size(); ++i) GOOFFSETS_CHECK_OK(Promote(items[i], &answers[i]));
  if (options_.suggest) GOOFFSETS_CHECK_OK(Suggest(&answers));
  return answers;
}

Result<std::vector<Resolved>> ResolverCore::ResolveAsWritten(const std::vector<Item>& items) {
  GOOFFSETS_TRY(SelfFacts facts, Collect(items));
  notes_ = Notes(facts);
  knows_functions_ = facts.no_functions.empty();
  std::vector<Resolved> answers;
  answers.reserve(items.size());
  for (const Item& item : items) {
    GOOFFSETS_TRY(Resolved resolved, ResolveOne(item, facts));
    answers.push_back(std::move(resolved));
  }
  return answers;
}

std::vector<std::string> ResolverCore::Notes(const SelfFacts& facts) const {
  std::vector<std::string> notes = facts.notes;
  for (const std::string* reason : {&facts.no_structs, &facts.no_functions, &facts.no_itabs}) {
    if (!reason->empty() && std::find(notes.begin(), notes.end(), *reason) == notes.end()) notes.push_back(*reason);
  }
  if (!database_) {
    notes.emplace_back("no database: only the program itself answers");
  } else if (!target_.go_why.empty()) {
    notes.push_back(target_.go_why);
  } else if (Result<const std::vector<std::string>*> releases = reader_->Versions(std::string(kStdModule));
             releases && std::find((*releases)->begin(), (*releases)->end(), target_.go) == (*releases)->end()) {
    notes.push_back("the database has no Go " + target_.go);
  }
  return notes;
}

ResolvedWant ResolverCore::Choose(const Want& want, bool attach, std::vector<Resolved>* answers, size_t* next) const {
  ResolvedWant chosen;
  chosen.want = want;
  for (size_t i = 0; i < want.any.size(); ++i) {
    Resolved resolved = std::move((*answers)[(*next)++]);
    if (chosen.answer) continue;
    const auto& function = resolved.function;
    if (attach && resolved.found() && (!function || (function->bodies.empty() && knows_functions_))) {
      resolved.reason = !function ? "it is no function" : "it has no body in this program";
      if (function && function->inlined_sites) {
        resolved.reason += ": inlined at " + std::to_string(*function->inlined_sites) + " sites";
      }
      resolved.source = Source::kUnknown;
      resolved.absent = true;
    }
    if (resolved.found()) {
      chosen.answer = std::move(resolved);
    } else {
      chosen.not_found.push_back(std::move(resolved));
    }
  }
  return chosen;
}

Result<Resolution> ResolverCore::Resolve(const WantList& wants) {
  std::vector<Item> items;
  for (const WantedProbe& probe : wants.probes) {
    for (const auto* list : {&probe.attach, &probe.wants}) {
      for (const Want& want : *list) items.insert(items.end(), want.any.begin(), want.any.end());
    }
  }
  GOOFFSETS_TRY(std::vector<Resolved> answers, ResolveItems(items));
  Resolution resolution;
  resolution.binary = info_;
  resolution.notes = notes_;
  size_t next = 0;
  for (const WantedProbe& probe : wants.probes) {
    ResolvedProbe resolved;
    resolved.name = probe.name;
    for (const bool attach : {true, false}) {
      for (const Want& want : attach ? probe.attach : probe.wants) {
        ResolvedWant chosen = Choose(want, attach, &answers, &next);
        if (want.needed && !chosen.answer) {
          for (const Resolved& tried : chosen.not_found)
            resolved.disabled_by.push_back(tried.item.Text() + ": " + tried.reason);
        }
        (attach ? resolved.attach : resolved.wants).push_back(std::move(chosen));
      }
    }
    resolved.usable = resolved.disabled_by.empty();
    resolution.probes.push_back(std::move(resolved));
  }
  return resolution;
}

}  // namespace gooffsets
