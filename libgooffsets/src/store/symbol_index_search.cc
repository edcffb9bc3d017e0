// Searching the index. A word of the search is met by a package (it is in the path, or goes on from its end), which
// decides once for all of its symbols, or by a symbol's name.
#include <algorithm>
#include <tuple>

#include "store/symbol_index_state.h"

namespace gooffsets {

namespace {

constexpr size_t kMaxWords = 8;
constexpr size_t kMaxSearchBytes = 512;

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  const std::string lower = LowerAscii(text.substr(0, kMaxSearchBytes));
  size_t at = 0;
  while (words.size() < kMaxWords) {
    const size_t begin = lower.find_first_not_of(" \t\r\n", at);
    if (begin == std::string::npos) break;
    at = std::min(lower.find_first_of(" \t\r\n", begin), lower.size());
    words.push_back(lower.substr(begin, at - begin));
  }
  return words;
}

// What one word asks of the names of one package.
struct Wanted {
  std::string_view anywhere;  // the word itself
  bool met = false;           // by the package's path
  // The rest of a word whose beginning ends the path: the name must begin with one of them, if `anywhere` is not in it.
  std::vector<std::string_view> beginnings;
};

Wanted WantedOf(std::string_view word, std::string_view path) {
  Wanted wanted{word, path.find(word) != std::string_view::npos, {}};
  for (size_t dot = word.find('.'); dot != std::string_view::npos; dot = word.find('.', dot + 1)) {
    if (!path.ends_with(word.substr(0, dot))) continue;
    const bool whole = dot == path.size() || dot == 0 || path[path.size() - dot - 1] == '/' ||
                       word.substr(0, dot).find('/') != std::string_view::npos;
    if (whole) wanted.beginnings.push_back(word.substr(dot + 1));
  }
  return wanted;
}

constexpr int kNoMatch = 100;

// Lower is better.
int PlaceOf(const Wanted& wanted, std::string_view name) {
  int best = wanted.met ? 4 : kNoMatch;
  for (std::string_view beginning : wanted.beginnings) {
    if (name.starts_with(beginning)) best = std::min(best, name.size() == beginning.size() ? 0 : 1);
  }
  const std::string_view word = wanted.anywhere;
  for (size_t at = name.find(word); at != std::string_view::npos; at = name.find(word, at + 1)) {
    const bool begins = at == 0 || name[at - 1] == '.' || name[at - 1] == '*';
    const size_t end = at + word.size();
    const bool ends = end == name.size() || (at > 0 && name[end] == ')');
    best = std::min(best, begins && ends ? (at == 0 ? 0 : 1) : begins ? 2 : 3);
    if (best == 0) break;
  }
  return best;
}

// "Request" and "(*Server).Serve" are, "request" and "Request.ctx" are not.
bool Exported(std::string_view name) {
  bool begins = true;
  for (char c : name) {
    if (begins && c >= 'a' && c <= 'z') return false;
    begins = c == '.' || c == '*' || c == '(';
  }
  return true;
}

struct Hit {
  int place = 0;
  size_t length = 0;
  size_t package = 0;
  uint32_t symbol = 0;
  auto operator<=>(const Hit&) const = default;
};

// The best `limit` of what is added.
class Best {
 public:
  explicit Best(size_t limit) : limit_(limit) {}
  void Add(const Hit& hit) {
    if (hits_.size() < limit_) {
      hits_.push_back(hit);
      std::push_heap(hits_.begin(), hits_.end());
    } else if (limit_ > 0 && hit < hits_.front()) {
      std::pop_heap(hits_.begin(), hits_.end());
      hits_.back() = hit;
      std::push_heap(hits_.begin(), hits_.end());
    }
  }
  std::vector<Hit> Sorted() && {
    std::sort_heap(hits_.begin(), hits_.end());
    return std::move(hits_);
  }

 private:
  size_t limit_;
  std::vector<Hit> hits_;
};

}  // namespace

std::vector<Symbol> SymbolIndex::Search(const SymbolSearch& search, size_t limit) const {
  const State& state = *state_;
  const std::vector<std::string> words = Words(search.text);
  Best best(words.empty() ? 0 : limit);
  for (size_t p = 0; p < state.packages.size() && !words.empty(); ++p) {
    if (!search.module.empty() && state.names[p].module != search.module) continue;
    const State::Package& package = state.packages[p];
    std::vector<Wanted> wanted;
    const Wanted* narrow = nullptr;  // a word that every hit's name must hold as it stands: skips most names quickly
    for (const std::string& word : words) wanted.push_back(WantedOf(word, package.lower));
    for (const Wanted& one : wanted) {
      if (!one.met && one.beginnings.empty() && (!narrow || narrow->anywhere.size() < one.anywhere.size()))
        narrow = &one;
    }
    const std::string_view lower = state.lower;
    const bool internal = package.lower.find("internal") != std::string::npos;
    for (uint32_t symbol = package.first; symbol < package.end; ++symbol) {
      if (narrow) {
        const size_t end = state.starts[package.end];
        const size_t at = lower.substr(0, end).find(narrow->anywhere, state.starts[symbol]);
        if (at == std::string_view::npos) break;
        auto behind = std::upper_bound(state.starts.begin() + symbol, state.starts.begin() + package.end, at);
        symbol = static_cast<uint32_t>(behind - state.starts.begin()) - 1;
      }
      if (search.kind && state.kinds[symbol] != *search.kind) continue;
      const std::string_view name =
          lower.substr(state.starts[symbol], state.starts[symbol + 1] - state.starts[symbol] - 1);
      int place = 0;
      for (const Wanted& one : wanted) {
        const int found = PlaceOf(one, name);
        place = found == kNoMatch ? kNoMatch : place + found;
        if (found == kNoMatch) break;
      }
      if (place == kNoMatch) continue;
      const bool exported = Exported(state.Name(symbol));
      // Instances of generic types hold other names in their own: behind those.
      const bool instance = name.find('[') != std::string_view::npos;
      best.Add({place * 4 + (exported ? 0 : 2) + (internal ? 1 : 0) + (instance ? 16 : 0),
                name.size() + package.lower.size(), p, symbol});
    }
  }
  std::vector<Symbol> symbols;
  for (const Hit& hit : std::move(best).Sorted()) symbols.push_back(state.At(hit.package, hit.symbol));
  return symbols;
}

std::vector<Symbol> SymbolIndex::WithPrefix(std::string_view module, std::string_view prefix, size_t limit) const {
  const State& state = *state_;
  std::vector<Symbol> symbols;
  for (size_t p = 0; p < state.packages.size(); ++p) {
    if (!module.empty() && state.names[p].module != module) continue;
    const std::string begin = state.names[p].path + ".";
    // The part of the prefix that the names have to begin with.
    std::string_view rest;
    if (prefix.starts_with(begin)) {
      rest = prefix.substr(begin.size());
    } else if (!begin.starts_with(prefix)) {
      continue;
    }
    for (uint32_t symbol = state.FirstNotBelow(p, rest); symbol < state.packages[p].end; ++symbol) {
      if (!state.Name(symbol).starts_with(rest)) break;
      if (symbols.size() == limit) return symbols;
      symbols.push_back(state.At(p, symbol));
    }
  }
  return symbols;
}

std::vector<Symbol> SymbolIndex::Of(std::string_view module, std::string_view package) const {
  const State& state = *state_;
  std::vector<Symbol> symbols;
  auto key = std::tie(module, package);
  auto at =
      std::lower_bound(state.names.begin(), state.names.end(), key, [](const IndexedPackage& one, const auto& wanted) {
        return std::tuple(std::string_view(one.module), std::string_view(one.path)) < wanted;
      });
  if (at == state.names.end() || at->module != module || at->path != package) return symbols;
  const size_t p = static_cast<size_t>(at - state.names.begin());
  for (uint32_t symbol = state.packages[p].first; symbol < state.packages[p].end; ++symbol) {
    symbols.push_back(state.At(p, symbol));
  }
  return symbols;
}

std::optional<Symbol> SymbolIndex::Find(std::string_view module, std::string_view full_name) const {
  const State& state = *state_;
  for (size_t p = 0; p < state.packages.size(); ++p) {
    const IndexedPackage& package = state.names[p];
    if (package.module != module || full_name.size() <= package.path.size() + 1 ||
        !full_name.starts_with(package.path) || full_name[package.path.size()] != '.') {
      continue;
    }
    const std::string_view name = full_name.substr(package.path.size() + 1);
    const uint32_t symbol = state.FirstNotBelow(p, name);
    if (symbol < state.packages[p].end && state.Name(symbol) == name) return state.At(p, symbol);
  }
  return std::nullopt;
}

}  // namespace gooffsets
