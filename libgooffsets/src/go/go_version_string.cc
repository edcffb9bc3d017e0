#include "go/go_version_string.h"

#include <algorithm>

#include "base/quote.h"

namespace gooffsets {
namespace {

// Longer ones are no version string that any toolchain writes.
constexpr size_t kMaxLength = 1024;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

// Takes " X:a,b" off the text; it is a word of its own (src: runtime/proc.go and cmd/go append it behind a space, and
// old releases behind other words of the string). From Go 1.26 on, the linker appends it to a version without spaces
// behind a dash: "go1.26.8-X:a,b" (src: cmd/link/internal/ld/main.go).
std::string CutExperiments(std::string_view text, std::vector<std::string>* experiments) {
  std::string rest;
  while (!text.empty()) {
    std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    const size_t dashed = word.find("-X:");
    if (!word.starts_with("X:")) {
      if (!rest.empty()) rest += ' ';
      rest += word.substr(0, dashed);
      if (dashed == std::string_view::npos) continue;
      word.remove_prefix(dashed + 1);
    }
    word.remove_prefix(2);
    while (!word.empty()) {
      std::string_view name = word.substr(0, word.find(','));
      word.remove_prefix(std::min(word.size(), name.size() + 1));
      if (!name.empty()) experiments->emplace_back(name);
    }
  }
  return rest;
}

// The longest front part that is a release or language version: "1.22.5", "1.24rc1", "1.25".
size_t ReleaseLength(std::string_view text) {
  size_t end = 0, dots = 0;
  while (end < text.size() && (IsDigit(text[end]) || (text[end] == '.' && dots < 2))) {
    if (text[end] == '.') ++dots;
    ++end;
  }
  for (std::string_view kind : {"alpha", "beta", "rc"}) {
    if (dots != 1 || !text.substr(end).starts_with(kind)) continue;
    size_t number = end + kind.size();
    while (number < text.size() && IsDigit(text[number])) ++number;
    if (number > end + kind.size()) return number;
  }
  while (end > 0 && text[end - 1] == '.') --end;
  return end;
}

}  // namespace

Result<GoVersionString> ParseGoVersionString(std::string_view text) {
  const std::string_view original = text;
  auto invalid = [&] { return Fail(ErrorCode::kBadInput, Quote(original) + " names no Go version"); };
  if (text.size() > kMaxLength) return invalid();
  GoVersionString go;
  std::string words = CutExperiments(Trim(text), &go.experiments);
  std::string_view rest = Trim(words);
  if (rest == "devel" || rest.starts_with("devel ")) {
    go.devel = true;
    rest = Trim(rest.substr(5));
    // Up to Go 1.16 a development build names only a commit: "devel +5e8a2a5c Mon Jan …".
    if (!rest.starts_with("go")) return go;
  }
  if (rest.starts_with("go")) rest.remove_prefix(2);
  const size_t length = ReleaseLength(rest);
  auto version = Version::Parse(VersionScheme::kGo, rest.substr(0, length));
  if (length == 0 || !version) return invalid();
  go.language = version->minor_line();
  if (go.devel) return go;

  std::string_view suffix = rest.substr(length);
  const bool dashed = suffix.starts_with('-');
  while (!suffix.empty() && (suffix.front() == '-' || suffix.front() == '+' || suffix.front() == ' ')) {
    suffix.remove_prefix(1);
  }
  go.suffix = suffix;
  // "go1.21" is a language version, and "go1.25-20250209-RC00" or "go1.18-abcdef" is a snapshot of a branch; a dash
  // behind a release of two numbers never belongs to a published release.
  const bool two_numbers =
      !version->is_prerelease() && std::count(rest.begin(), rest.begin() + static_cast<ptrdiff_t>(length), '.') < 2;
  if (two_numbers && (version->minor() >= 21 || dashed)) return go;
  go.release = *std::move(version);
  return go;
}

}  // namespace gooffsets
