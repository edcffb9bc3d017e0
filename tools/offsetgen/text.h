// Small text helpers for reading lists and command output. Pure functions, safe from any thread.
//
//   for (std::string_view line : Split("a\nb", '\n')) Use(Trim(line));
#ifndef OFFSETGEN_TEXT_H_
#define OFFSETGEN_TEXT_H_

#include <string>
#include <string_view>
#include <vector>

namespace offsetgen {

// Without ASCII white space at both ends.
std::string_view Trim(std::string_view text);
// The parts between separators; "" has one empty part.
std::vector<std::string_view> Split(std::string_view text, char separator);
// For messages: control characters and bytes that are not ASCII as \xNN, at most `limit` characters.
std::string Printable(std::string_view text, size_t limit = 120);
// The last line that is not blank: what commands print as their error.
std::string LastLine(std::string_view text);
// Those of `candidates` that `word` may be a misspelling of, nearest first, at most three.
std::vector<std::string> NearSpellings(std::string_view word, const std::vector<std::string>& candidates);

// Whether `path` is a module path as Go allows it (src: golang.org/x/mod/module.CheckPath): safe as a command's
// argument and as a part of a file name. "std" is one.
bool IsModulePath(std::string_view path);

}  // namespace offsetgen

#endif  // OFFSETGEN_TEXT_H_
