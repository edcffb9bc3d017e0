// Constraints over versions. docs/versions.md has the table of what each form selects.
//
// Fewer than three numbers name a whole line: "1.60" and "=1.60" are 1.60.x, ">1.60" begins behind it, "<=1.60" ends
// with it, "<1.60" ends before it (before its pre-releases too). Only ">=1.60" means the release 1.60.0 itself, so that
// it never selects 1.60.0-dev. Go below 1.21 has releases of two numbers: there "1.20", "=1.20" and "!=1.20" mean that
// release, and "1.20.x" or "~1.20" its line.
#include <algorithm>
#include <optional>

#include "base/quote.h"
#include "gooffsets/version.h"

namespace gooffsets {
namespace {

using Term = Constraint::Term;
using Op = Term::Op;

constexpr size_t kMaxConstraintLength = 4096;

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

Op CutOperator(std::string_view* text) {
  static constexpr std::pair<std::string_view, Op> kOperators[] = {
      {">=", Op::kGe}, {"<=", Op::kLe}, {"!=", Op::kNe},   {"==", Op::kEq},   {">", Op::kGt},
      {"<", Op::kLt},  {"=", Op::kEq},  {"~", Op::kTilde}, {"^", Op::kCaret},
  };
  for (const auto& [spelling, op] : kOperators) {
    if (text->starts_with(spelling)) {
      text->remove_prefix(spelling.size());
      *text = Trim(*text);
      return op;
    }
  }
  return Op::kEq;
}

// How many numbers are written, and the text without wildcards: "1.60.x" has two. nullopt: not numbers and dots only.
std::optional<int> CountParts(std::string_view* text) {
  while (text->ends_with(".x") || text->ends_with(".*") || text->ends_with(".X")) text->remove_suffix(2);
  if (text->find_first_not_of("0123456789.") != std::string_view::npos) return std::nullopt;
  return 1 + static_cast<int>(std::count(text->begin(), text->end(), '.'));
}

// Whether "1.20" is itself a release, as it is for Go below 1.21.
bool IsGoReleaseOfTwoNumbers(const Version& version) {
  return version.scheme() == VersionScheme::kGo && !version.is_prerelease() && version.minor() < 21;
}

bool SameLine(const Version& version, const Term& term) {
  return version.major() == term.version.major() && (term.parts < 2 || version.minor() == term.version.minor());
}

// -1, 0, 1: below, in, above the line that the term names with one or two numbers.
int CompareToLine(const Version& version, const Term& term) {
  auto line = std::pair(term.version.major(), term.parts < 2 ? 0 : term.version.minor());
  auto other = std::pair(version.major(), term.parts < 2 ? 0 : version.minor());
  return other < line ? -1 : (other == line ? 0 : 1);
}

// Up to the next change of the leftmost number that is not zero: ^1.2 is below 2, ^0.2.3 below 0.3, ^0.0.3 is 0.0.3.
bool CaretHolds(const Version& version, const Term& term) {
  if (version < term.version) return false;
  if (version.major() != term.version.major()) return false;
  if (term.version.major() != 0 || term.parts < 2) return true;
  if (version.minor() != term.version.minor()) return false;
  if (term.version.minor() != 0 || term.parts < 3) return true;
  return version.patch() == term.version.patch();
}

bool Holds(const Version& version, const Term& term) {
  const bool line = term.parts < 3;
  switch (term.op) {
    case Op::kAny:
    case Op::kLatest:
      return true;
    case Op::kEq:
      return line ? SameLine(version, term) : version == term.version;
    case Op::kNe:
      return line ? !SameLine(version, term) : version != term.version;
    case Op::kLt:
      return line ? CompareToLine(version, term) < 0 : version < term.version;
    case Op::kLe:
      return line ? CompareToLine(version, term) <= 0 : version <= term.version;
    case Op::kGt:
      return line ? CompareToLine(version, term) > 0 : version > term.version;
    case Op::kGe:
      return version >= term.version;
    case Op::kTilde:
      return SameLine(version, term) && (line || version >= term.version);
    case Op::kCaret:
      return CaretHolds(version, term);
  }
  return false;
}

}  // namespace

Result<Constraint> Constraint::Parse(VersionScheme scheme, std::string_view text) {
  const bool go = scheme == VersionScheme::kGo;
  const std::string hint = go ? "for example \">=1.17\", \"1.26.8\", \"~1.26\", \"latest\" or \"*\""
                              : "for example \">=1.14,<1.20\", \"~1.60\", \"1.60.1\", \"latest\" or \"*\"";
  auto invalid = [&](std::string_view term, std::string why) {
    return Fail(ErrorCode::kUsage, "cannot read the version constraint " + Quote(term) + ": " + std::move(why), hint);
  };
  if (text.size() > kMaxConstraintLength) return invalid(text, "too long");
  Constraint constraint;
  constraint.text_ = Trim(text);
  constraint.scheme_ = scheme;
  std::string_view rest = constraint.text_;
  for (bool more = true; more;) {
    const size_t comma = rest.find(',');
    const std::string_view written = Trim(rest.substr(0, comma));
    more = comma != std::string_view::npos;
    rest = more ? rest.substr(comma + 1) : std::string_view();
    if (written.empty()) return invalid(constraint.text_, "a term is empty");
    Term term;
    if (written == "*" || written == "latest") {
      term.op = written == "*" ? Op::kAny : Op::kLatest;
      constraint.terms_.push_back(term);
      continue;
    }
    std::string_view number = written;
    term.op = CutOperator(&number);
    if (go && number.starts_with("go")) number.remove_prefix(2);
    if (!go && number.starts_with("v")) number.remove_prefix(1);
    if (number.empty()) return invalid(written, "it names no version");
    std::string full(number);
    if (auto parts = CountParts(&number)) {
      term.parts = *parts;
      full = number;
      for (int part = *parts; !go && part < 3; ++part) full += ".0";
    }
    auto version = Version::Parse(scheme, full);
    if (!version) return invalid(written, version.error().message);
    term.version = *std::move(version);
    const bool wildcard = written.find_first_of("xX*") != std::string_view::npos;
    if ((term.op == Op::kEq || term.op == Op::kNe) && term.parts == 2 && !wildcard &&
        IsGoReleaseOfTwoNumbers(term.version)) {
      term.parts = 3;
    }
    if (term.op == Op::kEq && term.parts >= 3) constraint.named_.push_back(term.version);
    constraint.terms_.push_back(std::move(term));
  }
  std::sort(constraint.named_.begin(), constraint.named_.end());
  constraint.named_.erase(std::unique(constraint.named_.begin(), constraint.named_.end()), constraint.named_.end());
  return constraint;
}

std::vector<Version> Constraint::Select(const std::vector<Version>& versions, bool include_prereleases) const {
  auto is_named = [&](const Version& version) {
    return std::find(named_.begin(), named_.end(), version) != named_.end();
  };
  const bool latest = std::any_of(terms_.begin(), terms_.end(), [](const Term& t) { return t.op == Op::kLatest; });
  std::vector<Version> selected;
  for (const Version& version : versions) {
    if (version.scheme() != scheme_) continue;
    if (!std::all_of(terms_.begin(), terms_.end(), [&](const Term& term) { return Holds(version, term); })) continue;
    if (latest || include_prereleases || !version.is_prerelease() || is_named(version)) selected.push_back(version);
  }
  std::sort(selected.begin(), selected.end());
  selected.erase(std::unique(selected.begin(), selected.end()), selected.end());
  if (!latest || selected.empty()) return selected;
  // As the go command resolves "latest": the newest release, or else the newest pre-release, or else the newest
  // pseudo-version (src: go.dev/ref/mod#version-queries). Some modules have pseudo-versions only.
  auto rank = [](const Version& version) { return version.is_pseudo() ? 0 : (version.is_prerelease() ? 1 : 2); };
  auto newest = std::max_element(selected.begin(), selected.end(), [&](const Version& a, const Version& b) {
    return rank(a) != rank(b) ? rank(a) < rank(b) : a < b;
  });
  return {*newest};
}

}  // namespace gooffsets
