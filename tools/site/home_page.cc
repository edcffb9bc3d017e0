// The first page and what a search finds.
#include <algorithm>

#include "site/pages.h"
#include "store/json_text.h"

namespace gooffsets {

namespace {

constexpr size_t kHitsOnPage = 100, kHitsAsYouType = 12;

struct Example {
  const char *module, *symbol, *what;
};
// Shown if the database has them: fields and functions that tracers read.
constexpr Example kExamples[] = {
    {"std", "net/http.Request.URL", "the request's address, in every HTTP server"},
    {"std", "net/http.Request", "the struct it lies in, byte by byte"},
    {"std", "runtime.g.goid", "the goroutine's number"},
    {"google.golang.org/grpc", "google.golang.org/grpc/internal/transport.Stream.method", "the method of a gRPC call"},
    {"std", "net/http.(*Server).Serve", "a function's parameters in registers"},
    {"golang.org/x/net", "golang.org/x/net/http2.MetaHeadersFrame", "HTTP/2 headers of golang.org/x/net"},
};

// A search also names whole modules and packages.
struct Place {
  std::string text, address;
  const char* kind;
};
std::vector<Place> PlacesFor(const PageContext& context, const std::string& text, size_t limit) {
  std::vector<Place> places;
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const size_t begin = lower.find_first_not_of(' ');
  if (begin == std::string::npos) return places;
  lower = lower.substr(begin, lower.find_last_not_of(' ') - begin + 1);
  for (const auto& [module, versions] : context.data.coverage) {
    std::string name = module;
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    if (places.size() < limit && name.find(lower) != std::string::npos) {
      places.push_back({module, ModuleAddress(module), "module"});
    }
  }
  for (const IndexedPackage& package : context.data.index.Packages()) {
    if (places.size() >= limit) break;
    std::string name = package.path;
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    if (name == lower || name.ends_with("/" + lower)) {
      places.push_back({package.path, PageAddress(package.module, package.path), "package"});
    }
  }
  return places;
}

void ModuleTable(Html* html, const PageContext& context) {
  html->Open("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "Modules"}});
  html->Open("table").Open("thead").Open("tr");
  for (const char* head : {"Module", "Versions observed", "Newest", "Packages", "Structs", "Functions"}) {
    html->Leaf("th", {{"scope", "col"}}, head);
  }
  html->Close().Close().Open("tbody");
  for (const auto& [name, known] : ModulesInOrder(context.data)) {
    const std::string& module = *name;
    const std::vector<VersionCoverage>& versions = *known;
    size_t seen = 0, packages = 0, structs = 0, functions = 0;
    for (const VersionCoverage& version : versions) seen += version.amd64.packages > 0 || version.arm64.packages > 0;
    for (const IndexedPackage& package : context.data.index.Packages()) {
      if (package.module != module) continue;
      ++packages;
      structs += package.structs;
      functions += package.functions;
    }
    html->Open("tr").Open("th", {{"scope", "row"}}).Link(context.To(ModuleAddress(module)), module).Close();
    html->Leaf("td", {{"class", "number"}}, Thousands(seen) + " of " + Thousands(versions.size()));
    html->Open("td").Leaf("code", NewestObserved(versions, GoArch::kAmd64)).Close();
    for (size_t number : {packages, structs, functions}) html->Leaf("td", {{"class", "number"}}, Thousands(number));
    html->Close();
  }
  html->Close().Close().Close();
}

}  // namespace

Html HomePage(const PageContext& context) {
  const Numbers numbers = NumbersOf(context.data);
  Html html;
  html.Leaf("h1", "Where struct fields and function arguments of Go programs lie");
  html.Leaf(
      "p", {{"class", "lead"}},
      "At which byte of a struct a field is, and in which register a function gets an argument, for every release "
      "of Go and of the modules below, on amd64 and arm64. Type a name above.");
  html.Open("dl", {{"class", "numbers"}});
  const std::pair<const char*, size_t> shown[] = {{"modules", numbers.modules},
                                                  {"versions observed", numbers.versions},
                                                  {"structs", numbers.structs},
                                                  {"fields", numbers.fields},
                                                  {"functions", numbers.functions}};
  for (const auto& [what, number] : shown) {
    html.Open("div").Leaf("dt", what).Leaf("dd", Thousands(number)).Close();
  }
  html.Close();
  html.Leaf("h2", "For example").Open("ul", {{"class", "symbols"}});
  for (const Example& example : kExamples) {
    std::optional<Symbol> symbol = context.data.index.Find(example.module, example.symbol);
    if (!symbol) continue;
    html.Open("li").Open("code").Link(context.ToSymbol(*symbol), symbol->Full()).Close();
    html.Leaf("span", {{"class", "what"}}, example.what).Close();
  }
  html.Close();
  html.Leaf("h2", "Modules");
  ModuleTable(&html, context);
  return html;
}

Html SearchPage(const PageContext& context, const std::string& text) {
  Html html;
  html.Leaf("h1", "Search");
  if (context.static_mode) {
    html.Leaf(
        "p", {{"class", "lead"}, {"id", "search-note"}},
        "On this copy of the pages searching needs JavaScript. Without it, find the symbol by its module and package.");
    html.Leaf("ul", {{"class", "symbols"}, {"id", "results"}}, "");
    ModuleTable(&html, context);
    return html;
  }
  const std::vector<Symbol> hits = context.data.index.Search({text, "", std::nullopt}, kHitsOnPage + 1);
  const std::vector<Place> places = PlacesFor(context, text, kHitsAsYouType);
  if (text.find_first_not_of(" \t") == std::string::npos) {
    html.Leaf("p", {{"class", "lead"}}, "Type words of the symbol's name: http.Request, stream method, goid.");
    return html;
  }
  const size_t shown = std::min(hits.size(), kHitsOnPage);
  html.Leaf(
      "p", {{"class", "lead"}},
      hits.empty() && places.empty()
          ? "Nothing has \"" + text + "\" in its name."
          : (hits.size() > shown ? "The best " + Thousands(shown) : Count(shown, "symbol")) + " for \"" + text + "\"");
  html.Open("ul", {{"class", "symbols"}});
  for (const Place& place : places) {
    html.Open("li").Open("code").Link(context.To(place.address), place.text).Close();
    html.Leaf("span", {{"class", "kind"}}, place.kind).Close();
  }
  for (size_t i = 0; i < shown; ++i) {
    html.Open("li").Open("code").Link(context.ToSymbol(hits[i]), hits[i].Full()).Close();
    html.Leaf("span", {{"class", "kind"}}, ToString(hits[i].kind));
    html.Leaf("span", {{"class", "what"}}, hits[i].module).Close();
  }
  html.Close();
  return html;
}

std::string SearchJson(const PageContext& context, const std::string& text) {
  std::string out;
  JsonObject json(&out);
  json.Key("hits");
  JsonArray hits(&out);
  auto add = [&](std::string_view kind, std::string_view module, const std::string& name, const std::string& address) {
    hits.Next();
    JsonObject hit(&out);
    hit.Text("kind", kind);
    hit.Text("module", module);
    hit.Text("name", name);
    hit.Text("address", PercentEncode(address));
    hit.Close();
  };
  for (const Place& place : PlacesFor(context, text, 4)) add(place.kind, "", place.text, place.address);
  for (const Symbol& symbol : context.data.index.Search({text, "", std::nullopt}, kHitsAsYouType)) {
    add(ToString(symbol.kind), symbol.module, symbol.Full(), PageAddress(symbol.module, symbol.Full()));
  }
  hits.Close();
  json.Close();
  return out;
}

}  // namespace gooffsets
