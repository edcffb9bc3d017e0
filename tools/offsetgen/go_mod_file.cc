// src: golang.org/x/mod/modfile (read.go for the syntax, rule.go for `module` and `retract`), https://go.dev/ref/mod.
#include "go_mod_file.h"

#include <optional>

#include "text.h"

namespace offsetgen {
namespace {

using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::Result;
using gooffsets::Version;
using gooffsets::VersionScheme;

// The words of one line. Brackets, parentheses and commas are words of their own; strings are unquoted.
std::vector<std::string> Words(std::string_view line) {
  std::vector<std::string> words;
  while (true) {
    line = Trim(line);
    if (line.empty() || line.starts_with("//")) return words;
    const char c = line.front();
    if (c == '"' || c == '`') {
      std::string word;
      size_t i = 1;
      for (; i < line.size() && line[i] != c; ++i) {
        if (c == '"' && line[i] == '\\' && i + 1 < line.size()) ++i;
        word += line[i];
      }
      words.push_back(std::move(word));
      line.remove_prefix(i < line.size() ? i + 1 : i);
      continue;
    }
    constexpr std::string_view kPunctuation = "()[]{},";
    size_t end = 1;
    if (kPunctuation.find(c) == std::string_view::npos) {
      while (end < line.size() && line[end] != ' ' && line[end] != '\t' && line[end] != '\r' &&
             kPunctuation.find(line[end]) == std::string_view::npos && !line.substr(end).starts_with("//")) {
        ++end;
      }
    }
    words.emplace_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

std::optional<Version> ModuleVersionOf(const std::string& word) {
  Result<Version> version = Version::Parse(VersionScheme::kModule, word);
  if (!word.starts_with('v') || !version) return std::nullopt;
  return *std::move(version);
}

// "v1.0.0" or "[v1.0.0, v1.2.0]".
void ReadRetract(const std::vector<std::string>& words, size_t at, GoModFile* file) {
  if (words.size() == at + 1) {
    if (auto version = ModuleVersionOf(words[at])) file->retracted.push_back({*version, *version});
  } else if (words.size() == at + 5 && words[at] == "[" && words[at + 2] == "," && words[at + 4] == "]") {
    auto low = ModuleVersionOf(words[at + 1]), high = ModuleVersionOf(words[at + 3]);
    if (low && high) file->retracted.push_back({*std::move(low), *std::move(high)});
  }
}

}  // namespace

bool GoModFile::IsRetracted(const Version& version) const {
  for (const Interval& interval : retracted) {
    if (!(version < interval.low) && !(interval.high < version)) return true;
  }
  return false;
}

Result<GoModFile> ParseGoModFile(std::string_view text, const std::string& name) {
  GoModFile file;
  std::string block;  // the directive of the parentheses that we are in
  for (std::string_view line : Split(text, '\n')) {
    const std::vector<std::string> words = Words(line);
    if (words.empty()) continue;
    if (!block.empty() && words[0] == ")") {
      block.clear();
      continue;
    }
    if (block.empty() && words.size() >= 2 && words[1] == "(") {
      block = words[0];
      continue;
    }
    const std::string directive = block.empty() ? words[0] : block;
    const size_t at = block.empty() ? 1 : 0;
    if (directive == "module" && words.size() == at + 1 && file.module.empty()) file.module = words[at];
    if (directive == "retract") ReadRetract(words, at, &file);
  }
  if (file.module.empty()) {
    return Fail(ErrorCode::kBadInput, name + " has no module directive", "go mod init MODULE");
  }
  if (!IsModulePath(file.module)) {
    return Fail(ErrorCode::kBadInput, name + ": \"" + Printable(file.module) + "\" is not a module path");
  }
  return file;
}

}  // namespace offsetgen
