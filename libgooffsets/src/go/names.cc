#include "go/names.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace gooffsets {
namespace {

bool AlwaysEscaped(unsigned char c) { return c <= ' ' || c == '%' || c == '"' || c >= 0x7f; }

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// Calls visit(i) for every dot outside of brackets until it returns false. An import path has no bracket of its own
// (src: golang.org/x/mod/module, CheckImportPath), so what follows a bracket is never part of the package.
template <typename Visit>
void ForEachDot(std::string_view symbol, Visit visit) {
  for (size_t i = 0; i < symbol.size(); ++i) {
    char c = symbol[i];
    if (c == '[' || c == '(' || c == '{') {
      // "net/http.(*Server).Serve": the dot before "(" was visited already; a receiver ends the path.
      return;
    }
    if (c == '.' && !visit(i)) return;
  }
}

constexpr size_t kMaxWord = 256;
constexpr size_t kMaxHaystack = 100'000;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string Lowered(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), Lower);
  return lowered;
}

// Edit distance with neighbour swaps (optimal string alignment). Gives up with limit + 1 once no way can stay below.
size_t Distance(std::string_view a, std::string_view b, size_t limit) {
  if ((a.size() > b.size() ? a.size() - b.size() : b.size() - a.size()) > limit) return limit + 1;
  std::array<std::array<size_t, kMaxWord + 1>, 3> rows;
  auto *previous2 = &rows[0], *previous = &rows[1], *current = &rows[2];
  for (size_t j = 0; j <= b.size(); ++j) (*previous)[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    (*current)[0] = i;
    size_t best = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t replace = (*previous)[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      size_t distance = std::min({(*previous)[j] + 1, (*current)[j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        distance = std::min(distance, (*previous2)[j - 2] + 1);
      }
      (*current)[j] = distance;
      best = std::min(best, distance);
    }
    if (best > limit) return limit + 1;
    std::swap(previous2, previous);
    std::swap(previous, current);
  }
  return (*previous)[b.size()];
}

}  // namespace

std::string EscapePath(std::string_view path) {
  static constexpr char kDigits[] = "0123456789abcdef";
  const size_t slash = path.rfind('/');
  std::string escaped;
  escaped.reserve(path.size());
  for (size_t i = 0; i < path.size(); ++i) {
    auto c = static_cast<unsigned char>(path[i]);
    const bool dot = c == '.' && (slash == std::string_view::npos || i > slash);
    if (dot || AlwaysEscaped(c)) {
      escaped += '%';
      escaped += kDigits[c >> 4];
      escaped += kDigits[c & 15];
    } else {
      escaped += path[i];
    }
  }
  return escaped;
}

std::string UnescapeName(std::string_view name) {
  std::string out;
  out.reserve(name.size());
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '%' && i + 2 < name.size()) {
      int high = HexValue(name[i + 1]), low = HexValue(name[i + 2]);
      auto c = static_cast<unsigned char>(high << 4 | low);
      if (high >= 0 && low >= 0 && (c == '.' || AlwaysEscaped(c))) {
        out += static_cast<char>(c);
        i += 2;
        continue;
      }
    }
    out += name[i];
  }
  return out;
}

std::optional<SplitName> SplitSymbol(std::string_view symbol, const std::function<bool(std::string_view)>& is_package) {
  std::optional<SplitName> longest;
  ForEachDot(symbol, [&](size_t dot) {
    if (dot + 1 < symbol.size() && is_package(symbol.substr(0, dot))) {
      longest = SplitName{symbol.substr(0, dot), symbol.substr(dot + 1)};
    }
    return true;
  });
  return longest;
}

std::optional<SplitName> SplitSymbol(std::string_view symbol, const std::vector<std::string>& sorted_packages) {
  return SplitSymbol(symbol, [&](std::string_view path) {
    return std::binary_search(sorted_packages.begin(), sorted_packages.end(), path, std::less<>());
  });
}

std::optional<OwnedSplitName> SplitEscapedSymbol(std::string_view escaped_symbol) {
  // Slashes behind a bracket belong to type arguments or receivers.
  std::string_view path = escaped_symbol.substr(0, escaped_symbol.find_first_of("[({"));
  size_t slash = path.rfind('/');
  size_t dot = path.find('.', slash == std::string_view::npos ? 0 : slash);
  if (dot == std::string_view::npos || dot + 1 >= escaped_symbol.size()) return std::nullopt;
  return OwnedSplitName{UnescapeName(escaped_symbol.substr(0, dot)), UnescapeName(escaped_symbol.substr(dot + 1))};
}

std::vector<std::string_view> SplitPath(std::string_view rest) {
  std::vector<std::string_view> parts;
  int depth = 0;
  size_t start = 0;
  for (size_t i = 0; i < rest.size(); ++i) {
    char c = rest[i];
    if (c == '[' || c == '(' || c == '{') ++depth;
    if (c == ']' || c == ')' || c == '}') --depth;
    if (c != '.' || depth > 0) continue;
    parts.push_back(rest.substr(start, i - start));
    start = i + 1;
  }
  parts.push_back(rest.substr(start));
  return parts;
}

std::vector<std::string> Similar(std::string_view needle, const std::vector<std::string>& haystack, size_t n) {
  if (needle.empty() || needle.size() > kMaxWord || n == 0) return {};
  // About one letter in three may differ, at least one and never more than eight.
  const size_t limit = std::clamp<size_t>((needle.size() + 1) / 3, 1, 8);
  const std::string lowered = Lowered(needle);
  const std::string path_end = "/" + std::string(needle);
  std::vector<std::tuple<size_t, size_t, std::string_view>> found;  // distance without case, with case, word
  const size_t count = std::min(haystack.size(), kMaxHaystack);
  for (size_t i = 0; i < count; ++i) {
    if (haystack[i].empty() || haystack[i].size() > kMaxWord) continue;
    if (haystack[i].ends_with(path_end)) {
      found.emplace_back(0, haystack[i].size(), haystack[i]);
      continue;
    }
    size_t distance = Distance(lowered, Lowered(haystack[i]), limit);
    if (distance <= limit) found.emplace_back(distance, Distance(needle, haystack[i], kMaxWord), haystack[i]);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  if (found.size() > n) found.resize(n);
  std::vector<std::string> words;
  words.reserve(found.size());
  for (const auto& [distance, with_case, word] : found) words.emplace_back(word);
  return words;
}

}  // namespace gooffsets
