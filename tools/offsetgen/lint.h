// `offsetgen lint`: looks for what is odd in a database although every single build of it was fine.
//
// Over the versions of a module, for each symbol, architecture and Go selection: releases that contradict both
// neighbours (spikes), things missing in between (holes), what is listed and never there (columns), disagreements of
// two derivations that nothing explains, and jumps in the share of what could not be compared. A finding is a question,
// no verdict: one that a person has judged goes into data/lint-known.toml with the reason (docs/lint.md). Package by
// package over content-addressed layouts, so that memory does not grow with the number of builds. Borrows the store for
// the call; deterministic: equal content gives equal reports.
//
//   GOOFFSETS_TRY(LintReport report, Lint(&store, {.judgements = judgements}));
//   std::cout << PrintLint(report, ReportFormat::kText);
//   return LintExitStatus(report);
#ifndef OFFSETGEN_LINT_H_
#define OFFSETGEN_LINT_H_

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gooffsets/result.h"
#include "lint_known.h"
#include "report_format.h"
#include "store/store.h"

namespace offsetgen {

struct LintFinding {
  LintKind kind = LintKind::kSpike;
  std::string module;
  std::string package;        // import path; empty for findings about builds
  std::string symbol;         // relative to the package, empty for the package itself. Disagreements: the whole symbol;
                              // kNotCompared: "structs" or "parameters"
  std::string first, last;    // versions; empty where all of them are meant
  std::string before, after;  // spikes and holes: the nearest observed versions around it
  size_t versions = 0;        // observed versions from first to last that are meant
  std::vector<std::string> goarch;
  std::vector<std::string> go;  // Go releases whose builds show it; empty for std, where the version says it
  std::string variant;          // GOEXPERIMENT and tags of those builds, if any
  struct Detail {
    std::string item;        // a field, "param 0", or empty for the symbol itself
    std::string found;       // what these versions show
    std::string neighbours;  // what the versions around them show; empty where there are none
    auto operator<=>(const Detail&) const = default;
  };
  std::vector<Detail> details;

  std::string FullSymbol() const;  // "net/http.Request", or the package path
  auto operator<=>(const LintFinding&) const = default;
};

// A field, struct or function that somebody relies on: a finding if no version ever had it.
struct TrackedSymbol {
  std::string module, symbol;  // "std", "net/http.Request.URL"
};

struct LintOptions {
  std::vector<std::string> modules;  // empty: all
  std::vector<Judgement> judgements;
  std::vector<TrackedSymbol> tracked;
  // A share of what was not compared that moves by more than this from one release to the next is a finding...
  double not_compared_jump = 0.02;
  // ... if it stands for at least so many structs or parameters.
  size_t not_compared_least = 20;
  bool all = false;             // also what is only counted otherwise: appearances and returns
  size_t max_findings = 20000;  // the rest is counted only
};

struct LintReport {
  std::vector<LintFinding> findings;  // sorted
  struct Judged {
    LintFinding finding;
    std::string reason;
  };
  std::vector<Judged> judged;  // findings that a judgement explains
  size_t backports = 0;        // symbols whose history a backport explains, see lint_series.h
  size_t appearances = 0;      // there in one release only: a source that declares it cannot be invented by a build
  size_t returns = 0;          // gone for whole minor lines, and back
  size_t explained_disagreements = 0;
  size_t not_listed = 0;                                              // findings beyond max_findings
  size_t modules = 0, packages = 0, package_layouts = 0, builds = 0;  // what was looked at
};

gooffsets::Result<LintReport> Lint(gooffsets::Store* store, const LintOptions& options);
// Ends with a line break; equal reports give equal bytes.
std::string PrintLint(const LintReport& report, ReportFormat format);
// 0: no findings, 1: some.
int LintExitStatus(const LintReport& report);

}  // namespace offsetgen

#endif  // OFFSETGEN_LINT_H_
