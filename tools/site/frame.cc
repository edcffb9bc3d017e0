// What all pages share: head, header with the search, footer, and small parts.
#include <algorithm>

#include "gooffsets/version.h"
#include "site/assets.h"
#include "site/pages.h"

namespace gooffsets {

std::string PageContext::ToSymbol(std::string_view module, std::string_view package, std::string_view name) const {
  const std::string symbol = std::string(package) + "." + std::string(name);
  if (!static_mode || static_mode->HasPage(module, symbol)) return To(PageAddress(module, symbol));
  // A field without a page is on its struct's page, if that has one.
  const size_t dot = name.starts_with('(') ? std::string_view::npos : name.rfind('.');
  if (dot != std::string_view::npos && !name.ends_with(']')) {
    const std::string outer = std::string(package) + "." + std::string(name.substr(0, dot));
    if (static_mode->HasPage(module, outer)) return To(PageAddress(module, outer));
    name = name.substr(0, dot);
  }
  return To(PageAddress(module, package)) + "#" + PercentEncode(name);
}

std::string Frame(const PageContext& context, const std::string& title, Html main, std::string_view search_text) {
  const std::string& root = context.root;
  Html html;
  html.Open("html", {{"lang", "en"}, {"data-root", root}, {"data-search", context.static_mode ? "files" : "service"}});
  html.Open("head").Void("meta", {{"charset", "utf-8"}});
  html.Void("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  html.Void("meta", {{"name", "color-scheme"}, {"content", "light dark"}});
  html.Void("meta", {{"http-equiv", "Content-Security-Policy"}, {"content", kContentSecurityPolicy}});
  html.Leaf("title", title + " \xc2\xb7 gooffsets");
  html.Void("link", {{"rel", "stylesheet"}, {"href", root + AssetNamed("site.css").address}});
  html.Void("link", {{"rel", "icon"}, {"type", "image/svg+xml"}, {"href", root + AssetNamed("icon.svg").address}});
  html.Leaf("script", {{"src", root + AssetNamed("site.js").address}, {"defer", "defer"}}, "").Close();

  html.Open("body").Leaf("a", {{"class", "skip"}, {"href", "#main"}}, "To the content");
  html.Open("header").Open("div", {{"class", "bar"}});
  html.Leaf("a", {{"class", "name"}, {"href", root}}, "gooffsets");
  html.Open("form", {{"role", "search"}, {"action", root + "search/"}, {"method", "get"}});
  html.Leaf("label", {{"for", "q"}, {"class", "hidden"}}, "Search a module, struct, field or function");
  html.Void("input", {{"id", "q"},
                      {"name", "q"},
                      {"type", "search"},
                      {"autocomplete", "off"},
                      {"spellcheck", "false"},
                      {"maxlength", "512"},
                      {"placeholder", "http.Request.URL"},
                      {"value", search_text.empty() ? Html::kNone : search_text}});
  html.Leaf("button", {{"type", "submit"}}, "Search");
  html.Leaf("ul", {{"id", "hits"}, {"role", "listbox"}, {"aria-label", "Found"}, {"hidden", "hidden"}}, "");
  html.Leaf("p", {{"id", "hits-said"}, {"class", "hidden"}, {"role", "status"}, {"aria-live", "polite"}}, "").Close();
  html.Open("nav", {{"aria-label", "Site"}}).Link(root + "coverage/", "Coverage").Close();
  html.Close().Close();

  html.Open("main", {{"id", "main"}}).Add(std::move(main)).Close();

  html.Open("footer").Open("p");
  html.Text(
      "Every number was read from a program that a Go compiler made, and is stored with the builds that showed it. ");
  html.Text("What was not observed is said to be unknown.").Close().Close();
  return "<!DOCTYPE html>\n" + std::move(html).Finish() + "\n";
}

void Trail(Html* html, const PageContext& context, const std::vector<std::pair<std::string, std::string>>& steps,
           std::string_view here) {
  html->Open("nav", {{"class", "trail"}, {"aria-label", "Where this page is"}}).Open("ol");
  html->Open("li").Link(context.root, "gooffsets").Close();
  for (const auto& [address, text] : steps) html->Open("li").Link(address, text).Close();
  html->Open("li").Leaf("span", {{"aria-current", "page"}}, here).Close();
  html->Close().Close();
}

std::string LinkOfType(const PageContext& context, const std::string& module, std::string_view type) {
  while (!type.empty()) {
    if (type.starts_with("*")) {
      type.remove_prefix(1);
    } else if (type.starts_with("[")) {
      const size_t end = type.find(']');
      if (end == std::string_view::npos) return {};
      type.remove_prefix(end + 1);
    } else {
      break;
    }
  }
  if (type.find('.') == std::string_view::npos) return {};
  const SymbolIndex& index = context.data.index;
  std::optional<Symbol> symbol = index.Find(module, type);
  if (!symbol && module != kStdModule) symbol = index.Find(kStdModule, type);
  if (!symbol) {
    for (const auto& [other, versions] : context.data.coverage) {
      // A package lies below its module's path.
      if (symbol || !type.starts_with(other)) continue;
      symbol = index.Find(other, type);
    }
  }
  if (!symbol || symbol->kind != SymbolKind::kStruct) return {};
  return context.ToSymbol(*symbol);
}

Numbers NumbersOf(const SiteData& data) {
  Numbers numbers;
  numbers.modules = data.coverage.size();
  for (const auto& [module, versions] : data.coverage) {
    numbers.versions +=
        static_cast<size_t>(std::count_if(versions.begin(), versions.end(), [](const VersionCoverage& v) {
          return v.amd64.packages > 0 || v.arm64.packages > 0;
        }));
  }
  for (const IndexedPackage& package : data.index.Packages()) {
    numbers.structs += package.structs;
    numbers.fields += package.fields;
    numbers.functions += package.functions;
  }
  return numbers;
}

std::vector<std::pair<const std::string*, const std::vector<VersionCoverage>*>> ModulesInOrder(const SiteData& data) {
  std::vector<std::pair<const std::string*, const std::vector<VersionCoverage>*>> modules;
  for (const auto& [name, versions] : data.coverage) modules.emplace_back(&name, &versions);
  std::stable_partition(modules.begin(), modules.end(), [](const auto& module) {
    return std::any_of(module.second->begin(), module.second->end(),
                       [](const VersionCoverage& v) { return v.amd64.builds > 0 || v.arm64.builds > 0; });
  });
  return modules;
}

std::string NewestObserved(const std::vector<VersionCoverage>& versions, GoArch arch) {
  std::string newest;
  for (const VersionCoverage& version : versions) {
    if (version.Of(arch).packages > 0) newest = version.version;
  }
  return newest;
}

Html ProblemPage(const PageContext& context, const std::string& heading, const std::string& what,
                 const std::string& search_text) {
  Html html;
  html.Leaf("h1", heading).Leaf("p", {{"class", "lead"}}, what);
  const std::vector<Symbol> near = context.data.index.Search({search_text, "", std::nullopt}, 12);
  if (!near.empty()) {
    html.Leaf("h2", "What is spelled like it").Open("ul", {{"class", "symbols"}});
    for (const Symbol& symbol : near) {
      html.Open("li").Open("code").Link(context.ToSymbol(symbol), symbol.Full()).Close();
      html.Leaf("span", {{"class", "kind"}}, ToString(symbol.kind)).Close();
    }
    html.Close();
  }
  html.Open("p").Link(context.root, "To the first page").Close();
  return html;
}

}  // namespace gooffsets
