#include "text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>

namespace offsetgen {
namespace {

constexpr std::string_view kSpace = " \t\r\n\f\v";

// The number of insertions, removals, replacements and swaps of neighbours between two short texts
// (optimal string alignment).
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool IsPathCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string Printable(std::string_view text, size_t limit) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    if (out.size() >= limit) return out + "...";
    const uint8_t byte = static_cast<uint8_t>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

std::string LastLine(std::string_view text) {
  const std::vector<std::string_view> lines = Split(text, '\n');
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    if (!Trim(*line).empty()) return Printable(Trim(*line), 400);
  }
  return {};
}

std::vector<std::string> NearSpellings(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr size_t kLongestWord = 200;  // the distance costs the product of both lengths
  if (word.empty() || word.size() > kLongestWord) return {};
  const std::string wanted = Lower(word);
  std::vector<std::pair<size_t, std::string>> near;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kLongestWord) continue;
    const std::string lower = Lower(candidate);
    size_t distance = EditDistance(wanted, lower);
    // People leave out the host ("grpc") or the major version ("github.com/redis/go-redis").
    if (("/" + lower + "/").find("/" + wanted + "/") != std::string::npos) distance = std::min<size_t>(distance, 1);
    if (distance <= 1 + std::min(wanted.size(), lower.size()) / 8) near.emplace_back(distance, candidate);
  }
  std::sort(near.begin(), near.end());
  near.erase(std::unique(near.begin(), near.end()), near.end());
  if (near.size() > 3) near.resize(3);
  std::vector<std::string> out;
  for (auto& [distance, candidate] : near) out.push_back(std::move(candidate));
  return out;
}

bool IsModulePath(std::string_view path) {
  if (path.empty() || path.size() > 500 || path.front() == '-') return false;
  for (std::string_view element : Split(path, '/')) {
    if (element.empty() || element.front() == '.' || element.back() == '.') return false;
    if (!std::all_of(element.begin(), element.end(), IsPathCharacter)) return false;
  }
  return true;
}

}  // namespace offsetgen
