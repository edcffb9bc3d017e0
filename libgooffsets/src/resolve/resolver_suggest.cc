// Near spellings of what was not found: by what the program itself has in that package, else by what the database has.
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "go/names.h"
#include "resolve/resolver_core.h"

namespace gooffsets {
namespace {

// More misspelt names than this are no misspellings.
constexpr size_t kMostSuggested = 32;

struct Spelling {
  std::string before, name, after;  // "net/http.(*", "Servr", ").Serve"
};

// Where the name of a type or function stands in a symbol whose package ends at `dot`.
Spelling SpellingAt(const std::string& symbol, size_t dot) {
  size_t begin = dot + 1;
  for (const std::string_view open : {"(*", "("}) {
    if (std::string_view(symbol).substr(begin).starts_with(open)) {
      begin += open.size();
      break;
    }
  }
  const size_t end = std::min(symbol.find_first_of(".)[", begin), symbol.size());
  return {symbol.substr(0, begin), symbol.substr(begin, end - begin), symbol.substr(end)};
}

// Ends of what may be the package's path: its last element may have dots.
std::vector<size_t> PackageEnds(const std::string& symbol) {
  const size_t bracket = std::min(symbol.find_first_of("[({"), symbol.size());
  const size_t slash = symbol.rfind('/', bracket);
  std::vector<size_t> ends;
  for (size_t dot = symbol.find('.', slash == std::string::npos ? 0 : slash); dot < bracket;
       dot = symbol.find('.', dot + 1)) {
    ends.push_back(dot);
  }
  return ends;
}

}  // namespace

Result<void> ResolverCore::Suggest(std::vector<Resolved>* answers) {
  std::vector<Resolved*> missing;
  std::set<std::string> packages;
  for (Resolved& resolved : *answers) {
    const bool plain = resolved.item.kind != ItemKind::kItab && !resolved.found();
    if (!plain || resolved.hint.starts_with(kDidYouMean) || missing.size() >= kMostSuggested) continue;
    missing.push_back(&resolved);
    for (const size_t end : PackageEnds(resolved.item.symbol)) packages.insert(resolved.item.symbol.substr(0, end));
  }
  if (missing.empty()) return {};
  GOOFFSETS_TRY(const auto facts, source_->TellPackages(packages, true));
  for (Resolved* resolved : missing) {
    const std::string& symbol = resolved->item.symbol;
    for (const size_t end : PackageEnds(symbol)) {
      const auto package = facts.find(symbol.substr(0, end));
      if (package == facts.end()) continue;
      const Spelling spelling = SpellingAt(symbol, end);
      std::vector<std::string> names;
      for (const auto& [name, layout] : package->second.structs) names.push_back(name);
      const bool may_be_function = spelling.after.empty() && !spelling.before.ends_with('*');
      if (may_be_function)
        names.insert(names.end(), package->second.functions.begin(), package->second.functions.end());
      if (std::find(names.begin(), names.end(), spelling.name) != names.end()) continue;
      const std::vector<std::string> near = Similar(spelling.name, names, 1);
      if (near.empty()) continue;
      resolved->hint = std::string(kDidYouMean) + spelling.before + near.front() + spelling.after + "?";
      break;
    }
    if (!database_ || !resolved->absent || resolved->hint.starts_with(kDidYouMean)) continue;
    GOOFFSETS_TRY(const std::string stored, database_->NearSymbol(symbol));
    if (!stored.empty()) resolved->hint = std::string(kDidYouMean) + stored + "?";
  }
  return {};
}

}  // namespace gooffsets
