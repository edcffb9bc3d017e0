#include "extract.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <unordered_set>

#include "extract_function.h"
#include "go/abi.h"
#include "gooffsets/version.h"

namespace offsetgen {

using gooffsets::BuildRecord;
using gooffsets::Disagreement;
using gooffsets::DwarfContents;
using gooffsets::DwarfFunction;
using gooffsets::DwarfStruct;
using gooffsets::Layout;
using gooffsets::PackageRecord;
using gooffsets::Result;
using gooffsets::SkipReason;
using gooffsets::StructLayout;
using gooffsets::SymbolEntry;

namespace {

template <typename T>
const T* Find(const std::vector<T>& sorted, const std::string& name) {
  auto it = std::lower_bound(sorted.begin(), sorted.end(), name, [](const T& a, const std::string& b) { return a.name < b; });
  return it != sorted.end() && it->name == name ? &*it : nullptr;
}

SkipReason ReasonOf(const std::string& kind) {
  if (kind == "generic") return SkipReason::kGeneric;
  if (kind == "alias") return SkipReason::kAlias;
  if (kind == "bodiless") return SkipReason::kBodiless;
  if (kind == "excluded") return SkipReason::kExcluded;
  if (kind == "notstruct") return SkipReason::kNotStruct;
  return SkipReason::kUnbuildable;
}

class Joiner {
 public:
  Joiner(const DwarfContents& dwarf, BuildRecord* record, bool register_abi)
      : dwarf_(dwarf), record_(record), register_abi_(register_abi) {}

  PackageRecord Package(KeptPackage facts) {
    PackageRecord out;
    for (const auto& [name, kind] : facts.symbols) {
      if (kind == "struct") {
        Struct(facts, name, facts.path + "." + name, &out);
      } else if (kind == "func") {
        Function(facts, name, &out);
      } else {
        out.symbols[name] = SymbolEntry{ReasonOf(kind)};
      }
    }
    for (const std::string& name : facts.held) Struct(facts, name, name, &out);
    for (const std::string& name : facts.wrappers) Wrapper(facts, name, &out);
    out.owner = std::move(facts.owner);
    out.path = std::move(facts.path);
    out.files = std::move(facts.files);
    out.selection = std::move(facts.selection);
    out.selections = std::move(facts.ranges);
    out.std_by_value = std::move(facts.std_by_value);
    return out;
  }

 private:
  void Struct(const KeptPackage& facts, const std::string& name, const std::string& full, PackageRecord* out) {
    auto known = facts.structs.find(name);
    const DwarfStruct* found = Find(dwarf_.structs, full);
    if (!found) {
      // Fully kept, and yet not described: never seen, so not stored as anything but "we could not keep it".
      ++record_->build.structs_not_compared;
      if (facts.symbols.contains(name)) out->symbols[name] = SymbolEntry{SkipReason::kUnbuildable};
      return;
    }
    ++record_->build.structs;
    if (found->conflicting) Disagree(full, "struct", "several descriptions differ", "one expected");
    if (known == facts.structs.end()) {
      ++record_->build.structs_not_compared;
    } else {
      Compare(full, found->layout, known->second);
    }
    out->symbols[name] = SymbolEntry{Layout(found->layout)};
  }

  void Compare(const std::string& symbol, const StructLayout& dwarf, const StructFacts& types) {
    if (dwarf.size != types.size) Disagree(symbol, "struct size", dwarf.size, types.size);
    if (dwarf.align != types.align) Disagree(symbol, "struct align", dwarf.align, types.align);
    if (dwarf.fields.size() != types.fields.size()) {
      Disagree(symbol, "number of fields", dwarf.fields.size(), types.fields.size());
      return;
    }
    for (size_t i = 0; i < dwarf.fields.size(); ++i) {
      const gooffsets::Field& d = dwarf.fields[i];
      const FieldFacts& t = types.fields[i];
      ++record_->build.fields_compared;
      if (d.name != t.name) Disagree(symbol, fmt::format("name of field {}", i), d.name, t.name);
      if (d.offset != t.offset) Disagree(symbol, "offset of " + d.name, d.offset, t.offset);
      if (d.size != t.size) Disagree(symbol, "size of " + d.name, d.size, t.size);
    }
  }

  void Function(const KeptPackage& facts, const std::string& name, PackageRecord* out) {
    auto known = facts.functions.find(name);
    std::string full = facts.path + "." + name;
    const DwarfFunction* found = Find(dwarf_.functions, full);
    auto link = facts.links.find(name);
    if (!found && link != facts.links.end()) found = Find(dwarf_.functions, link->second);
    if (!found || known == facts.functions.end()) {
      out->symbols[name] = SymbolEntry{SkipReason::kUnbuildable};
      return;
    }
    out->symbols[name] = SymbolEntry{Layout(Join(full, *found, known->second, false))};
  }

  // (*T).m for a method m declared on T: DWARF's own words, with the declared method's signature as second opinion.
  void Wrapper(const KeptPackage& facts, const std::string& name, PackageRecord* out) {
    if (out->symbols.contains(name)) return;
    const DwarfFunction* found = Find(dwarf_.functions, facts.path + "." + name);
    // "(*T).m" -> "T.m"
    size_t close = name.find(')');
    auto known = facts.functions.find(name.substr(2, close - 2) + name.substr(close + 1));
    if (!found || known == facts.functions.end() || known->second.params.empty()) return;
    FunctionFacts signature = known->second;
    gooffsets::Parameter& receiver = signature.params[0];
    receiver.type = "*" + receiver.type;
    receiver.size = 8;
    receiver.align = 8;
    receiver.register_assignable = true;
    receiver.words = {{0, 8, false}};
    out->symbols[name] = SymbolEntry{Layout(Join(facts.path + "." + name, *found, signature, true))};
  }

  gooffsets::FunctionLayout Join(const std::string& full, const DwarfFunction& found, const FunctionFacts& facts,
                                 bool wrapper) {
    ++record_->build.functions;
    FunctionJoin join = JoinFunction(found, facts, record_->build.goarch, register_abi_);
    record_->build.params_compared += join.compared;
    record_->build.params_not_compared += join.not_compared;
    for (Disagreement& d : join.disagreements) {
      d.symbol = full;
      record_->build.disagreements.push_back(std::move(d));
    }
    join.layout.wrapper = wrapper;
    return std::move(join.layout);
  }

  template <typename A, typename B>
  void Disagree(const std::string& symbol, const std::string& what, const A& dwarf, const B& other) {
    record_->build.disagreements.push_back({symbol, what, fmt::format("{}", dwarf), fmt::format("go/types: {}", other)});
  }

  const DwarfContents& dwarf_;
  BuildRecord* record_;
  bool register_abi_;
};

}  // namespace

gooffsets::DwarfWants WantsOf(const std::vector<KeptPackage>& facts) {
  auto structs = std::make_shared<std::unordered_set<std::string>>();
  auto functions = std::make_shared<std::unordered_set<std::string>>();
  for (const KeptPackage& p : facts) {
    for (const auto& [name, kind] : p.symbols) {
      if (kind == "struct") structs->insert(p.path + "." + name);
      if (kind == "func") functions->insert(p.path + "." + name);
    }
    for (const auto& [name, link] : p.links) functions->insert(link);
    for (const std::string& name : p.held) structs->insert(name);
    for (const std::string& name : p.wrappers) functions->insert(p.path + "." + name);
  }
  return {[functions](std::string_view name) { return functions->contains(std::string(name)); },
          [structs](std::string_view name) { return structs->contains(std::string(name)); }};
}

Result<void> Join(std::vector<KeptPackage> facts, const DwarfContents& dwarf, BuildRecord* record) {
  GOOFFSETS_TRY(gooffsets::Version go, gooffsets::Version::Parse(gooffsets::VersionScheme::kGo, record->build.go));
  Joiner joiner(dwarf, record, gooffsets::UsesRegisterAbi(go, record->build.goarch, record->build.goexperiment));
  std::sort(facts.begin(), facts.end(), [](const KeptPackage& a, const KeptPackage& b) { return a.path < b.path; });
  for (KeptPackage& p : facts) record->packages.push_back(joiner.Package(std::move(p)));
  return {};
}

}  // namespace offsetgen
