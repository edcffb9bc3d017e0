#include "resolve/self_source.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "binary/go_binary_impl.h"
#include "binary/probe_points.h"
#include "dwarf/signature.h"
#include "go/abi.h"
#include "go/names.h"
#include "gooffsets/version.h"

namespace gooffsets {
namespace {

// Go's own names for what has none (src: cmd/compile/internal/noder, "~p0", "~r0"; "~b" in older releases).
std::string DeclaredName(const std::string& name) { return name.starts_with('~') ? std::string() : name; }

// Whether a place that DWARF gives is the one of the ABI.
bool SamePlace(GoArch goarch, const DwarfParameter& dwarf, const Parameter& param) {
  if (dwarf.location.empty()) return true;
  if (dwarf.location.size() != param.pieces.size()) return false;
  for (size_t i = 0; i < param.pieces.size(); ++i) {
    const DwarfPiece& seen = dwarf.location[i];
    const Piece& piece = param.pieces[i];
    if (seen.where == DwarfPiece::Where::kStack) {
      if (piece.base != Piece::Base::kStack || piece.index != seen.stack_offset) return false;
    } else if (seen.where == DwarfPiece::Where::kRegister) {
      const std::optional<Piece> place = RegisterPiece(goarch, seen.dwarf_register);
      if (!place || place->base != piece.base || place->index != piece.index) return false;
    } else {
      return false;
    }
  }
  return true;
}

struct MethodName {
  std::string type, name;  // "*net/http.Server" and "Serve"
  std::string BaseType() const { return type.starts_with('*') ? type.substr(1) : type; }
};
// "net/http.(*Server).Serve", "net/http.Header.Get"; nullopt: a plain function, a closure or an instance of a generic.
std::optional<MethodName> SplitMethod(const std::string& symbol) {
  if (symbol.find('[') != symbol.npos) return std::nullopt;
  if (const size_t open = symbol.find(".(*"); open != symbol.npos) {
    const size_t close = symbol.find(").", open);
    if (close == symbol.npos || symbol.find('.', close + 2) != symbol.npos) return std::nullopt;
    return MethodName{"*" + symbol.substr(0, open + 1) + symbol.substr(open + 3, close - open - 3),
                      symbol.substr(close + 2)};
  }
  // The path may have dots in its last element ("gopkg.in/yaml.v3.Node.Kind"), so the type is what the last dot ends;
  // of a plain function that is its package, which is the name of no type.
  const size_t dot = symbol.rfind('.');
  if (dot == symbol.npos || symbol.find('.', symbol.rfind('/') + 1) == dot) return std::nullopt;
  return MethodName{symbol.substr(0, dot), symbol.substr(dot + 1)};
}

}  // namespace

std::optional<bool> UsesRegisters(const BinaryInfo& info) {
  const std::string& text = info.go_version.empty() ? info.go_language : info.go_version;
  const Result<Version> go = Version::Parse(VersionScheme::kGo, text);
  if (!go) return std::nullopt;
  std::string experiments;
  for (const std::string& word : info.experiments) experiments += (experiments.empty() ? "" : ",") + word;
  return UsesRegisterAbi(*go, info.goarch, experiments);
}

std::optional<FunctionLayout> LayoutFromDwarf(const DwarfFunction& function, GoArch goarch, bool register_abi) {
  FunctionLayout layout;
  const auto [params, results] = SignatureOf(function);
  const auto add = [](const std::vector<const DwarfParameter*>& from, std::vector<Parameter>* to) {
    for (const DwarfParameter* param : from) {
      Parameter out;
      out.name = DeclaredName(param->name);
      out.type = param->type;
      out.size = param->size;
      out.align = param->align;
      out.register_assignable = param->register_assignable;
      out.words = param->words;
      to->push_back(std::move(out));
    }
  };
  add(params, &layout.params);
  add(results, &layout.results);
  layout.wrapper = function.trampoline;
  AssignAbi(&layout, goarch, register_abi);
  for (size_t i = 0; i < params.size(); ++i) {
    if (!SamePlace(goarch, *params[i], layout.params[i])) return std::nullopt;
  }
  return layout;
}

void BinarySource::TellDwarf(const SelfQuestion& question, SelfFacts* facts) {
  const BinaryInfo& info = binary_->info();
  const std::string& path = options_.debug_file.empty() ? info.file : options_.debug_file;
  DwarfWants wants;
  wants.structure = [&](std::string_view name) { return question.structs.contains(std::string(name)); };
  wants.function = [&](std::string_view name) { return question.functions.contains(std::string(name)); };
  Result<DwarfContents> contents = ReadDwarf(path, wants);
  if (!contents) {
    facts->notes.push_back("DWARF of " + path + ": " + contents.error().message);
    return;
  }
  for (DwarfStruct& structure : contents->structs) {
    if (!structure.conflicting) facts->structs[structure.name] = {std::move(structure.layout), "DWARF"};
  }
  const std::optional<bool> register_abi = UsesRegisters(info);
  for (const DwarfFunction& function : contents->functions) {
    if (!register_abi) break;
    SelfFunction& told = facts->functions[function.name];
    told.layout = LayoutFromDwarf(function, info.goarch, *register_abi);
    // Go up to 1.21 lists nothing of the wrappers that call a value's method through a pointer: each has a receiver.
    const std::optional<MethodName> method = SplitMethod(function.name);
    if (told.layout && told.layout->params.empty() && method && method->type.starts_with('*')) told.layout.reset();
    if (told.layout) told.how = "DWARF";
  }
}

void BinarySource::TellTypes(const SelfQuestion& question, SelfFacts* facts) {
  RuntimeTypes* types = binary_->impl().types();
  if (types == nullptr) {
    if (facts->structs.empty()) facts->no_structs = "no type descriptors: " + binary_->info().types.how;
    return;
  }
  std::vector<std::string> names;
  for (const std::string& name : question.structs) {
    if (!facts->structs.contains(name)) names.push_back(name);
  }
  if (names.empty()) return;
  // Receivers of methods with them, so that one pass finds both.
  std::vector<std::string> located = names;
  for (const std::string& function : question.functions) {
    if (!question.arguments) break;
    if (std::optional<MethodName> method = SplitMethod(function)) located.push_back(method->BaseType());
  }
  Result<void> looked = types->Locate(located);
  if (!looked) {
    facts->no_structs = "type descriptors: " + looked.error().message;
    return;
  }
  Result<RuntimeTypes::Found> found = types->FindTypes(names);
  if (!found) {
    facts->no_structs = "type descriptors: " + found.error().message;
    return;
  }
  for (size_t i = 0; i < names.size() && i < found->types.size(); ++i) {
    std::optional<RuntimeType>& type = found->types[i];
    if (type && type->kind == TypeKind::kStruct)
      facts->structs[names[i]] = {std::move(type->structure), "runtime types"};
  }
  for (const std::string& name : found->ambiguous) {
    facts->notes.push_back("the program has several types called " + name + ": none of them counts");
  }
}

FunctionBody BinarySource::BodyOf(const FunctionEntry& entry) {
  const Image& image = binary_->impl().image();
  FunctionBody body;
  body.address = body.entry_address = entry.entry;
  body.end = entry.end;
  body.file_offset = body.entry_file_offset = image.FileOffset(entry.entry);
  if (!options_.probe_points) return body;
  Result<ProbePoints> points = FindProbePoints(image, binary_->impl().pclntab(), entry);
  if (!points) {
    body.notes.push_back("no probe points: " + points.error().message);
    return body;
  }
  body.entry_address = points->entry.address;
  body.entry_file_offset = points->entry.file_offset;
  body.entry_emulated = points->entry_emulated;
  body.entry_sp_delta = points->entry_sp_delta;
  for (const ProbePoint& at : points->returns) body.returns.push_back({at.address, at.file_offset});
  body.notes = std::move(points->notes);
  return body;
}

void BinarySource::TellFunctions(const SelfQuestion& question, SelfFacts* facts) {
  if (question.functions.empty()) return;
  Pclntab* pclntab = binary_->impl().pclntab();
  if (pclntab == nullptr || binary_->impl().module() == nullptr) {
    const BinaryInfo& info = binary_->info();
    facts->no_functions =
        pclntab == nullptr ? "no pclntab: " + info.pclntab.how : "no moduledata: " + info.moduledata.how;
    return;
  }
  const std::vector<std::string> names(question.functions.begin(), question.functions.end());
  Result<std::vector<FunctionAnswer>> found = pclntab->FindFunctions(names, question.packages);
  if (!found) {
    facts->no_functions = "pclntab: " + found.error().message;
    return;
  }
  std::vector<std::string> inlined;
  std::map<std::string, std::vector<FunctionEntry>> without_layout;
  for (const FunctionAnswer& answer : *found) {
    SelfFunction& told = facts->functions[answer.name];
    told.named = answer.named || !answer.bodies.empty();
    for (const FunctionEntry& entry : answer.bodies) told.bodies.push_back(BodyOf(entry));
    if (told.named && told.bodies.empty()) inlined.push_back(answer.name);
    if (told.named && !told.layout && question.arguments) without_layout[answer.name] = answer.bodies;
  }
  TellArguments(without_layout, facts);
  if (inlined.empty() || !options_.count_inlined) return;
  Result<std::map<std::string, uint64_t>> counts = pclntab->CountInlined(inlined);
  if (!counts) {
    facts->notes.push_back("inline trees: " + counts.error().message);
    return;
  }
  for (const auto& [name, count] : *counts) facts->functions[name].inlined_sites = count;
}

void BinarySource::TellArguments(const std::map<std::string, std::vector<FunctionEntry>>& entries, SelfFacts* facts) {
  std::vector<RuntimeTypes::MethodWant> methods;
  std::vector<ToldArguments*> askers;
  for (const auto& [name, bodies] : entries) {
    ToldArguments& told = facts->functions[name].told;
    for (const FunctionEntry& entry : bodies) {
      ToldArguments::Body& body = told.bodies.emplace_back();
      // Negative: assembly that does not say (src: internal/abi/symtab.go, ArgsSizeUnknown).
      if (entry.args_size >= 0) body.bytes = static_cast<uint32_t>(entry.args_size);
      // What cannot be read tells nothing: the check is a help, not a condition.
      if (Result<std::optional<ArgumentInfo>> info = binary_->impl().pclntab()->Arguments(entry)) {
        body.info = std::move(*info);
      }
    }
    if (std::optional<MethodName> method = SplitMethod(name)) {
      methods.push_back({std::move(method->type), std::move(method->name)});
      askers.push_back(&told);
    }
  }
  RuntimeTypes* types = binary_->impl().types();
  if (types == nullptr || methods.empty()) return;
  Result<std::vector<std::optional<RuntimeTypes::MethodType>>> found = types->MethodsOf(methods);
  if (!found) {
    facts->notes.push_back("types of methods: " + found.error().message);
    return;
  }
  for (size_t i = 0; i < askers.size() && i < found->size(); ++i) {
    if (!(*found)[i]) continue;
    ToldArguments::Method& method = askers[i]->method.emplace();
    for (const auto& [from, to] :
         {std::pair(&(*found)[i]->params, &method.params), {&(*found)[i]->results, &method.results}}) {
      for (RuntimeType& type : *from) to->push_back({std::move(type.name), type.size, type.align, type.kind});
    }
  }
}

void BinarySource::TellItabs(const SelfQuestion& question, SelfFacts* facts) {
  if (question.itabs.empty()) return;
  RuntimeTypes* types = binary_->impl().types();
  if (types == nullptr) {
    facts->no_itabs = "no type descriptors: " + binary_->info().types.how;
    return;
  }
  std::vector<RuntimeTypes::ItabWant> wants;
  for (const auto& [type, interface] : question.itabs) wants.push_back({type, interface});
  Result<std::vector<std::optional<Itab>>> found = types->FindItabs(wants);
  if (!found) {
    facts->no_itabs = "itabs: " + found.error().message;
    return;
  }
  for (size_t i = 0; i < wants.size() && i < found->size(); ++i) {
    SelfItab& told = facts->itabs[wants[i].type + ":" + wants[i].interface];
    if (const std::optional<Itab>& itab = (*found)[i]) {
      told.view = ItabView{itab->address, itab->type_address, binary_->impl().image().FileOffset(itab->address)};
    }
  }
}

bool BinarySource::MayBeOf(const Version& go) const {
  const Moduledata* module = binary_->impl().module();
  // A layout that no descriptor confirms may be another's by accident.
  return module == nullptr || !module->self_checked || MayHaveLayout(go, module->layout);
}

Result<SelfFacts> BinarySource::Tell(const SelfQuestion& question) {
  SelfFacts facts;
  if (binary_->info().has_dwarf || !options_.debug_file.empty()) TellDwarf(question, &facts);
  TellTypes(question, &facts);
  TellFunctions(question, &facts);
  TellItabs(question, &facts);
  return facts;
}

Result<std::map<std::string, PackageFacts>> BinarySource::TellPackages(const std::set<std::string>& packages,
                                                                      bool with_functions) {
  std::map<std::string, PackageFacts> facts;
  const auto wanted = [&](const std::string& path) { return packages.contains(path); };
  if (RuntimeTypes* types = binary_->impl().types()) {
    GOOFFSETS_CHECK_OK(types->ForEachStructOf(wanted, [&](const std::string& package, const RuntimeType& type) {
      if (package.size() + 1 < type.name.size()) {
        facts[package].structs.emplace(type.name.substr(package.size() + 1), type.structure);
      }
    }));
  }
  Pclntab* pclntab = binary_->impl().pclntab();
  if (with_functions && pclntab != nullptr && binary_->impl().module() != nullptr) {
    GOOFFSETS_TRY(auto functions, pclntab->FunctionsOf(wanted));
    for (auto& [package, names] : functions) facts[package].functions = std::move(names);
  }
  return facts;
}

}  // namespace gooffsets
