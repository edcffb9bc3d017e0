// A package: its structs at the newest version that has it, its functions.
#include <map>
#include <set>

#include "site/pages.h"
#include "site/struct_drawing.h"

namespace gooffsets {

namespace {

using Structs = std::map<std::string, std::vector<StructLayout>>;

Result<Structs> StructsAt(const PageContext& context, const std::string& module, const std::string& version,
                          GoArch arch, const std::string& package) {
  GOOFFSETS_TRY(std::vector<PackageStruct> all, context.db.Structs(module, version, arch, package));
  Structs structs;
  for (PackageStruct& one : all) structs.emplace(std::move(one.name), std::move(one.layouts));
  return structs;
}

std::string SizeText(const Structs& structs, const std::string& name) {
  auto found = structs.find(name);
  if (found == structs.end()) return structs.empty() ? "not seen" : "not there";
  std::set<uint64_t> sizes;
  for (const StructLayout& layout : found->second) sizes.insert(layout.size);
  std::string text;
  for (uint64_t size : sizes) text += (text.empty() ? "" : " or ") + Thousands(size);
  return text;
}

}  // namespace

Result<Html> PackagePage(const PageContext& context, const std::string& module, const std::string& package) {
  const std::vector<Symbol> symbols = context.data.index.Of(module, package);
  Html html;
  Trail(&html, context, {{context.To(ModuleAddress(module)), module}}, package);
  html.Leaf("h1", package);
  std::string newest;
  for (const IndexedPackage& one : context.data.index.Packages()) {
    if (one.module == module && one.path == package) newest = one.newest;
  }
  GOOFFSETS_TRY(const Structs amd64, StructsAt(context, module, newest, GoArch::kAmd64, package));
  GOOFFSETS_TRY(const Structs arm64, StructsAt(context, module, newest, GoArch::kArm64, package));
  size_t structs = 0, functions = 0;
  for (const Symbol& symbol : symbols) {
    structs += symbol.kind == SymbolKind::kStruct;
    functions += symbol.kind == SymbolKind::kFunction;
  }
  html.Leaf("p", {{"class", "lead"}},
            Count(structs, "struct") + " and " + Count(functions, "function") + " in any version of " + module + ".");
  if (structs > 0) {
    html.Leaf("h2", "Structs");
    html.Open("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "Structs"}});
    html.Open("table").Leaf("caption", "Sizes in bytes at " + module + " " + newest);
    html.Open("thead").Open("tr");
    for (const char* head : {"Struct", "amd64", "arm64", "Fields"}) html.Leaf("th", {{"scope", "col"}}, head);
    html.Close().Close().Open("tbody");
    for (const Symbol& symbol : symbols) {
      if (symbol.kind != SymbolKind::kStruct) continue;
      const std::string full = symbol.Full(), name(symbol.name);
      const bool page = !context.static_mode || context.static_mode->HasPage(module, full);
      html.Open("tr", {{"id", name}}).Open("th", {{"scope", "row"}});
      if (page) {
        html.Link(context.ToSymbol(symbol), name);
      } else {
        html.Text(name);
      }
      html.Close()
          .Leaf("td", {{"class", "number"}}, SizeText(amd64, name))
          .Leaf("td", {{"class", "number"}}, SizeText(arm64, name));
      html.Open("td");
      const Structs& side = amd64.contains(name) ? amd64 : arm64;
      if (auto shown = side.find(name); shown != side.end()) {
        const StructLayout& layout = shown->second.back();
        if (page) {
          html.Text(Thousands(layout.fields.size()));
        } else {
          html.Open("details").Leaf("summary", Count(layout.fields.size(), "field"));
          const auto none = [](const std::string&) { return std::string(); };
          FieldTable(&html, layout, none, none);
          html.Close();
        }
      }
      html.Close().Close();
    }
    html.Close().Close().Close();
  }
  if (functions > 0) {
    html.Leaf("h2", "Functions").Open("ul", {{"class", "names"}});
    for (const Symbol& symbol : symbols) {
      if (symbol.kind != SymbolKind::kFunction) continue;
      const std::string name(symbol.name);
      html.Open("li", {{"id", name}}).Open("code");
      if (!context.static_mode || context.static_mode->HasPage(module, symbol.Full())) {
        html.Link(context.ToSymbol(symbol), name);
      } else {
        html.Text(name);
      }
      html.Close().Close();
    }
    html.Close();
  }
  return html;
}

}  // namespace gooffsets
