// data/lint-known.toml: findings that a person has looked at and found to be true, each with the reason.
//
// Read strictly: an unknown key, kind or malformed version range is an error that names the line, because a judgement
// that silently matches nothing (or everything) hides what lint is for. One that matches no finding is itself a
// finding, as soon as every listed version of its module was tried. docs/lint.md describes the file. Plain values, safe
// from any thread.
//
//   [[judged]]
//   kind = "spike"
//   module = "std"
//   symbol = "net/http.response"
//   versions = "1.26.10"
//   reason = "the field was taken back in the next release: golang/go#12345"
#ifndef OFFSETGEN_LINT_KNOWN_H_
#define OFFSETGEN_LINT_KNOWN_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/result.h"

namespace offsetgen {

enum class LintKind {
  kSpike,         // one release contradicts both neighbours
  kHole,          // missing between releases that have it
  kColumn,        // listed or tracked, and never there
  kDisagreement,  // two derivations differ, and nothing explains it
  kNotCompared,   // the share of what could not be compared jumps
  kUnused,        // a judgement that matches nothing
  // Patterns that real histories are full of, and that no fault of a build makes: counted, and listed when asked for.
  kAppearance,  // there in one release only
  kReturn,      // gone for whole minor lines, and back
};
// "spike", "hole", "column", "disagreement", "not-compared", "unused", "appearance", "return"
std::string_view ToString(LintKind kind);

struct Judgement {
  LintKind kind = LintKind::kSpike;
  std::string module;
  std::string symbol;       // full symbol or package path; a '*' at the end stands for any rest
  std::string first, last;  // the versions of the finding; both empty ("*"): any
  std::string goarch;       // empty: any
  std::string reason;
  uint32_t line = 0;
};

// `name` is how messages call the text: the file's path.
gooffsets::Result<std::vector<Judgement>> ParseJudgements(std::string_view text, const std::string& name);
gooffsets::Result<std::vector<Judgement>> LoadJudgements(const std::string& path);

}  // namespace offsetgen

#endif  // OFFSETGEN_LINT_KNOWN_H_
