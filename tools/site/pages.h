// The inside of the site: what each page's main part is, and the frame around all of them.
//
// Each function writes one page's main part; addresses on it are relative to where the page lies (PageContext::root).
// Pure but for reading the database; one thread at a time.
//
//   PageContext context(db, data, nullptr, "coverage/");
//   std::string page = Frame(context, "Coverage", CoveragePage(context));
#ifndef GOOFFSETS_TOOLS_SITE_PAGES_H_
#define GOOFFSETS_TOOLS_SITE_PAGES_H_

#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/database.h"
#include "gooffsets/symbol_index.h"
#include "site/address.h"
#include "site/html.h"
#include "site/site.h"

namespace gooffsets {

struct PageContext {
  const Database& db;
  const SiteData& data;
  const StaticMode* static_mode;
  std::string address;  // of this page, from the site's root
  std::string root;     // the way back

  PageContext(const Database& database, const SiteData& site, const StaticMode* mode, std::string page)
      : db(database), data(site), static_mode(mode), address(std::move(page)), root(RootFrom(address)) {}
  std::string To(std::string_view address_of_page) const { return root + PercentEncode(address_of_page); }
  std::string ToSymbol(const Symbol& symbol) const { return ToSymbol(symbol.module, symbol.package, symbol.name); }
  // Of the page, or in a static site without one: of its row on the package's page.
  std::string ToSymbol(std::string_view module, std::string_view package, std::string_view name) const;
};

// The whole document.
std::string Frame(const PageContext& context, const std::string& title, Html main, std::string_view search_text = {});

Html HomePage(const PageContext& context);
Html SearchPage(const PageContext& context, const std::string& text);
std::string SearchJson(const PageContext& context, const std::string& text);
Html CoveragePage(const PageContext& context);
Html ModulePage(const PageContext& context, const std::string& module);
Result<Html> PackagePage(const PageContext& context, const std::string& module, const std::string& package);
// kUnknown: nothing of this symbol was ever observed.
Result<Html> SymbolPage(const PageContext& context, const std::string& module, const std::string& symbol);
Html ProblemPage(const PageContext& context, const std::string& heading, const std::string& what,
                 const std::string& search_text);

// Where one is: a list of links that ends with the page itself.
void Trail(Html* html, const PageContext& context, const std::vector<std::pair<std::string, std::string>>& steps,
           std::string_view here);
// The page of the struct that a field's type is or points at; empty: there is none.
std::string LinkOfType(const PageContext& context, const std::string& module, std::string_view type);

// What the page says of the database as a whole.
struct Numbers {
  size_t modules = 0, versions = 0, structs = 0, fields = 0, functions = 0;
};
Numbers NumbersOf(const SiteData& data);
// Those that were built for their own sake before those that others brought along; by name.
std::vector<std::pair<const std::string*, const std::vector<VersionCoverage>*>> ModulesInOrder(const SiteData& data);
// The newest version that any build of the architecture observed; empty: none.
std::string NewestObserved(const std::vector<VersionCoverage>& versions, GoArch arch);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_SITE_PAGES_H_
