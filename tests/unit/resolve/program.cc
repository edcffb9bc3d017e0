#include "program.h"

#include <gtest/gtest.h>

#include <variant>

#include "dwarf/read_dwarf.h"
#include "go/names.h"
#include "gooffsets/version.h"
#include "store/database_impl.h"

namespace gooffsets::testing {

BinaryInfo Program(const std::string& go, const std::map<std::string, std::string>& modules, GoArch goarch) {
  BinaryInfo info;
  info.file = "./server";
  info.goarch = goarch;
  info.go_text = go.empty() ? "" : "go" + go;
  info.go_version = go;
  if (Result<Version> version = Version::Parse(VersionScheme::kGo, go)) info.go_language = version->minor_line();
  info.cgo = false;
  for (const auto& [path, version] : modules) {
    BinaryModule module;
    module.path = path;
    module.version = "v" + version;
    info.modules.push_back(module);
  }
  if (!modules.empty()) {
    info.main_module = BinaryModule();
    info.main_module->path = "example.com/server";
    info.main_module->version = "(devel)";
  }
  return info;
}

Chain::Chain(const std::string& path, const BinaryInfo& info, SelfSource* self) : target_(TargetOf(info)) {
  Result<Database> opened = Database::Open(path);
  if (!opened) {
    ADD_FAILURE() << opened.error().ToString();
    return;
  }
  database_ = std::make_unique<Database>(*std::move(opened));
  connection_ = Database::Impl::Of(*database_).connection();
  reader_ = std::make_unique<ModuleViewReader>(connection_);
  side_ = std::make_unique<DatabaseSide>(reader_.get(), &target_, self);
}

namespace {
DatabaseAnswer Taken(Result<DatabaseAnswer> answer, const std::string& symbol) {
  if (answer) return *std::move(answer);
  ADD_FAILURE() << symbol << ": " << answer.error().ToString();
  return {};
}
Item FieldItem(const std::string& symbol) { return {ItemKind::kField, symbol, ""}; }
}  // namespace

DatabaseAnswer Chain::Ask(const std::string& symbol) { return Taken(side_->Ask(FieldItem(symbol)), symbol); }
DatabaseAnswer Chain::Direct(const std::string& symbol) { return Taken(side_->Direct(FieldItem(symbol)), symbol); }
DatabaseAnswer Chain::Bracketed(const std::string& symbol) {
  return Taken(side_->Bracketed(FieldItem(symbol)), symbol);
}

DwarfSource::DwarfSource(const std::string& path) {
  Result<DwarfContents> contents = ReadDwarf(path);
  if (!contents) {
    ADD_FAILURE() << contents.error().ToString();
    return;
  }
  for (DwarfStruct& structure : contents->structs) {
    if (!structure.conflicting) structs_.emplace(structure.name, std::move(structure.layout));
  }
  for (DwarfFunction& function : contents->functions) functions_.insert(std::move(function.name));
}

Result<SelfFacts> DwarfSource::Tell(const SelfQuestion& question) {
  SelfFacts facts;
  for (const std::string& name : question.structs) {
    auto found = structs_.find(name);
    if (found != structs_.end()) facts.structs[name] = {found->second, "DWARF"};
  }
  for (const std::string& name : question.functions) facts.functions[name].named = functions_.contains(name);
  facts.no_itabs = "DWARF has no itabs";
  return facts;
}

Result<std::map<std::string, PackageFacts>> DwarfSource::TellPackages(const std::set<std::string>& packages, bool) {
  std::map<std::string, PackageFacts> facts;
  auto in = [&](std::string_view path) { return packages.contains(std::string(path)); };
  for (const auto& [name, layout] : structs_) {
    if (auto split = SplitSymbol(name, in)) facts[std::string(split->package)].structs.emplace(split->rest, layout);
  }
  for (const std::string& name : functions_) {
    if (auto split = SplitSymbol(name, in)) facts[std::string(split->package)].functions.emplace(split->rest);
  }
  return facts;
}

Result<std::map<std::string, PackageFacts>> ToldSource::TellPackages(const std::set<std::string>& packages, bool) {
  std::map<std::string, PackageFacts> told;
  for (const auto& [path, of_package] : facts) {
    if (packages.contains(path)) told.emplace(path, of_package);
  }
  return told;
}

std::map<std::string, PackageFacts> FactsOf(ModuleViewReader* reader, const std::string& module,
                                            const std::string& version, const std::string& go, size_t one_in) {
  std::map<std::string, PackageFacts> facts;
  for (const std::string& path : **reader->PackagePaths(module, version)) {
    for (const SeenPackage& seen : **reader->Seen(module, version, path, GoArch::kAmd64)) {
      if ((*reader->HeadOf(seen.build))->go != go) continue;
      size_t number = 0;
      for (const PackageEntry& entry : **reader->Entries(seen.state)) {
        if (entry.layout == 0 || ++number % one_in != 0) continue;
        const std::string name = *reader->Text(entry.symbol);
        const Layout& layout = **reader->LayoutOf(entry.layout);
        if (const auto* structure = std::get_if<StructLayout>(&layout)) {
          facts[path].structs.emplace(name, *structure);
        } else {
          facts[path].functions.insert(name);
        }
      }
    }
  }
  return facts;
}

}  // namespace gooffsets::testing
