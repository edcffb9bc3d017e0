#include "lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "make_build.h"

namespace offsetgen {
namespace {

using gooffsets::BuildRecord;
using gooffsets::GoArch;
using gooffsets::SkipReason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr GoArch kAmd64 = GoArch::kAmd64;
constexpr GoArch kArm64 = GoArch::kArm64;

LintReport Report(TempStore* store, const LintOptions& options = {}) {
  auto report = Lint(store->get(), options);
  EXPECT_TRUE(report.has_value()) << report.error().ToString();
  return report ? *std::move(report) : LintReport{};
}

// example.test/m at three releases, one package whose symbols differ by release.
void AddThree(TempStore* store, const Symbols& first, const Symbols& second, const Symbols& third,
              const std::vector<GoArch>& arches = {kAmd64}) {
  const std::vector<const Symbols*> symbols = {&first, &second, &third};
  for (const GoArch goarch : arches) {
    for (size_t i = 0; i < symbols.size(); ++i) {
      store->Add(MakeBuild("example.test/m", "1." + std::to_string(i) + ".0", "1.27.4", goarch,
                           {{"example.test/m/p", *symbols[i]}}));
    }
  }
}

TEST(Lint, AnEmptyDatabaseHasNoFindings) {
  TempStore store;
  const LintReport report = Report(&store);
  EXPECT_TRUE(report.findings.empty());
  EXPECT_EQ(LintExitStatus(report), 0);
}

TEST(Lint, FindsTheSpikeAndTheHoleOfOneStruct) {
  TempStore store;
  const Symbols usual = {{"Entry", Struct({"Key", "Extra"})}, {"Calm", Struct({"A"})}};
  AddThree(&store, usual, {{"Entry", Struct({"flag", "Key"})}, {"Calm", Struct({"A"})}}, usual, {kAmd64, kArm64});
  const LintReport report = Report(&store);
  ASSERT_EQ(report.findings.size(), 2u) << PrintLint(report, ReportFormat::kText);
  const LintFinding& spike = report.findings[0];
  EXPECT_EQ(spike.kind, LintKind::kSpike);
  EXPECT_EQ(spike.FullSymbol(), "example.test/m/p.Entry");
  EXPECT_EQ(spike.first, "1.1.0");
  EXPECT_EQ(spike.last, "1.1.0");
  EXPECT_EQ(spike.before, "1.0.0");
  EXPECT_EQ(spike.after, "1.2.0");
  EXPECT_THAT(spike.goarch, ElementsAre("amd64", "arm64"));
  EXPECT_THAT(spike.go, ElementsAre("1.27.4"));
  ASSERT_EQ(spike.details.size(), 2u);
  EXPECT_EQ(spike.details[0].item, "Key");
  EXPECT_EQ(spike.details[0].found, "offset 8, size 8, align 8, uint64 (uint64)");
  EXPECT_EQ(spike.details[0].neighbours, "offset 0, size 8, align 8, uint64 (uint64)");
  EXPECT_EQ(spike.details[1].item, "flag");
  EXPECT_EQ(spike.details[1].neighbours, "missing");
  const LintFinding& hole = report.findings[1];
  EXPECT_EQ(hole.kind, LintKind::kHole);
  ASSERT_EQ(hole.details.size(), 1u);
  EXPECT_EQ(hole.details[0].item, "Extra");
  EXPECT_EQ(hole.details[0].found, "missing");
  EXPECT_EQ(LintExitStatus(report), 1);
  const std::string text = PrintLint(report, ReportFormat::kText);
  EXPECT_THAT(text, HasSubstr("1.1.0 between 1.0.0 and 1.2.0"));
  EXPECT_THAT(text, HasSubstr("example.test/m/p.Entry.Key: offset 8"));
  EXPECT_THAT(text, HasSubstr("example.test/m/p.Entry.Extra: missing"));
  EXPECT_THAT(text, Not(HasSubstr("Calm")));
}

// The struct changes with every release; one field of it goes and comes back.
TEST(Lint, FindsASpikeOfAFieldInsideAStructThatChangesAnyway) {
  TempStore store;
  AddThree(&store, {{"T", Struct({"a", "b"})}}, {{"T", Struct({"x", "a", "b"})}},
           {{"T", Struct({"a", "b", "y", "z"})}});
  const LintReport report = Report(&store);
  std::vector<std::string> items;
  for (const LintFinding& finding : report.findings) {
    for (const auto& detail : finding.details) items.push_back(std::string(ToString(finding.kind)) + " " + detail.item);
  }
  EXPECT_THAT(items, ElementsAre("spike a", "spike b", "spike x")) << "x is told with what it moves";
}

TEST(Lint, AChangeThatStaysIsNoFinding) {
  TempStore store;
  AddThree(&store, {{"T", Struct({"a", "b"})}, {"Gone", Struct({"a"})}, {"F", Function({"a"})}},
           {{"T", Struct({"b", "a"})}, {"New", Struct({"a"})}, {"F", Function({"a", "b"})}},
           {{"T", Struct({"b", "a"})}, {"New", Struct({"a"})}, {"F", Function({"a", "b"})}});
  const LintReport report = Report(&store);
  EXPECT_TRUE(report.findings.empty()) << PrintLint(report, ReportFormat::kText);
  EXPECT_EQ(report.packages, 1u);
  EXPECT_EQ(report.package_layouts, 2u);
  EXPECT_EQ(report.builds, 3u);
}

TEST(Lint, AFunctionsParametersArePartOfItsAnswer) {
  TempStore store;
  AddThree(&store, {{"F", Function({"a"})}}, {{"F", Function({"ctx", "a"})}}, {{"F", Function({"a"})}});
  const LintReport report = Report(&store);
  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_EQ(report.findings[0].kind, LintKind::kSpike);
  ASSERT_EQ(report.findings[0].details.size(), 2u);
  EXPECT_EQ(report.findings[0].details[0].item, "param 0");
  EXPECT_THAT(report.findings[0].details[0].found, HasSubstr("ctx int"));
  EXPECT_EQ(report.findings[0].details[1].item, "param 1");
  EXPECT_EQ(report.findings[0].details[1].neighbours, "none");
}

TEST(Lint, AStructThatIsMissingOrUnbuildableInBetweenIsAHole) {
  TempStore store;
  AddThree(&store, {{"T", Struct({"a"})}, {"U", Struct({"a"})}, {"Other", Struct({"a"})}},
           {{"U", Skipped(SkipReason::kUnbuildable)}, {"Other", Struct({"a"})}},
           {{"T", Struct({"a"})}, {"U", Struct({"a"})}, {"Other", Struct({"a"})}});
  const LintReport report = Report(&store);
  ASSERT_EQ(report.findings.size(), 2u) << PrintLint(report, ReportFormat::kText);
  EXPECT_EQ(report.findings[0].kind, LintKind::kHole);
  EXPECT_EQ(report.findings[0].symbol, "T");
  EXPECT_EQ(report.findings[1].symbol, "U");
}

TEST(Lint, WhatIsThereInOneReleaseOnlyIsCountedAndListedWhenAskedFor) {
  TempStore store;
  AddThree(&store, {{"T", Struct({"a"})}}, {{"T", Struct({"a"})}, {"New", Struct({"a"})}}, {{"T", Struct({"a"})}});
  LintOptions options;
  const LintReport quiet = Report(&store, options);
  EXPECT_TRUE(quiet.findings.empty()) << PrintLint(quiet, ReportFormat::kText);
  EXPECT_EQ(quiet.appearances, 1u);
  EXPECT_EQ(LintExitStatus(quiet), 0);
  options.all = true;
  const LintReport all = Report(&store, options);
  ASSERT_EQ(all.findings.size(), 1u);
  EXPECT_EQ(all.findings[0].kind, LintKind::kAppearance);
  EXPECT_EQ(all.findings[0].symbol, "New");
  EXPECT_EQ(all.appearances, 1u);
}

TEST(Lint, GoneForWholeMinorLinesIsHistoryAndGoneForLessIsAHole) {
  const auto holes = [](const std::vector<std::string>& versions, const std::string& first, const std::string& last) {
    TempStore store;
    bool inside = false;
    for (const std::string& version : versions) {
      if (version == first) inside = true;
      Symbols symbols = {{"T", Struct({"a"})}, {"Z", Struct({"a"})}};
      if (inside) symbols.erase("T");
      if (version == last) inside = false;
      store.Add(MakeBuild("example.test/m", version, "1.27.4", kAmd64, {{"example.test/m/p", symbols}}));
    }
    const LintReport report = Report(&store);
    return std::pair(report.findings.size(), report.returns);
  };
  const std::vector<std::string> versions = {"1.0.0", "1.0.1", "1.1.0", "1.1.1", "1.1.2",
                                             "1.2.0", "1.2.1", "1.2.2", "1.3.0", "1.3.1"};
  EXPECT_EQ(holes(versions, "1.1.0", "1.2.2"), std::pair(size_t{0}, size_t{1}));
  EXPECT_EQ(holes(versions, "1.1.0", "1.1.2"), std::pair(size_t{1}, size_t{0})) << "one line: perhaps its Go release";
  EXPECT_EQ(holes(versions, "1.0.1", "1.2.2"), std::pair(size_t{1}, size_t{0})) << "begins inside a line";
  EXPECT_EQ(holes(versions, "1.1.0", "1.3.0"), std::pair(size_t{1}, size_t{0})) << "ends inside a line";
}

TEST(Lint, BlankFieldsShowInWhatTheyMove) {
  TempStore store;
  AddThree(&store, {{"T", Struct({"a", "_"})}}, {{"T", Struct({"_", "a"})}}, {{"T", Struct({"a", "_"})}});
  const LintReport report = Report(&store);
  ASSERT_EQ(report.findings.size(), 1u);
  ASSERT_EQ(report.findings[0].details.size(), 1u);
  EXPECT_EQ(report.findings[0].details[0].item, "a");
}

TEST(Lint, AnotherKindOfSymbolForOneReleaseIsASpikeAndNoHole) {
  TempStore store;
  AddThree(&store, {{"T", Struct({"a"})}}, {{"T", Skipped(SkipReason::kGeneric)}}, {{"T", Struct({"a"})}});
  const LintReport report = Report(&store);
  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_EQ(report.findings[0].kind, LintKind::kSpike);
  EXPECT_EQ(report.findings[0].details[0].found, "generic");
  EXPECT_EQ(report.findings[0].details[0].neighbours, "struct");
}

TEST(Lint, WhatWasSeenOnlyInPartProvesNoHole) {
  TempStore store;
  for (const std::string version : {"1.0.0", "1.1.0", "1.2.0"}) {
    BuildRecord record = MakeBuild("example.test/m", version, "1.27.4", kAmd64,
                                   {{"example.test/m/p", {{"T", Struct({"a"})}, {"U", Struct({"a"})}}}});
    if (version == "1.1.0") {
      record.packages[0].fully_kept = false;
      record.packages[0].symbols.erase("U");
    }
    store.Add(record);
  }
  EXPECT_TRUE(Report(&store).findings.empty());
}

TEST(Lint, APackageThatIsMissingInBetweenIsOneHole) {
  TempStore store;
  const std::map<std::string, Symbols> both = {{"example.test/m/p", {{"T", Struct({"a"})}, {"U", Struct({"a"})}}},
                                               {"example.test/m/q", {{"T", Struct({"a"})}}}};
  store.Add(MakeBuild("example.test/m", "1.0.0", "1.27.4", kAmd64, both));
  store.Add(MakeBuild("example.test/m", "1.1.0", "1.27.4", kAmd64, {{"example.test/m/q", {{"T", Struct({"a"})}}}}));
  store.Add(MakeBuild("example.test/m", "1.2.0", "1.27.4", kAmd64, both));
  const LintReport report = Report(&store);
  ASSERT_EQ(report.findings.size(), 1u) << PrintLint(report, ReportFormat::kText);
  EXPECT_EQ(report.findings[0].kind, LintKind::kHole);
  EXPECT_EQ(report.findings[0].FullSymbol(), "example.test/m/p");
  EXPECT_EQ(report.findings[0].details[0].found, "no such package");
}

TEST(Lint, AVersionThatWasNeverBuiltIsNoHole) {
  TempStore store;
  ASSERT_TRUE(store.get()->AddKnownVersions("example.test/m", {"1.0.0", "1.1.0", "1.2.0"}).has_value());
  for (const std::string version : {"1.0.0", "1.2.0"}) {
    store.Add(MakeBuild("example.test/m", version, "1.27.4", kAmd64, {{"example.test/m/p", {{"T", Struct({"a"})}}}}));
  }
  store.Add(MakeFailure("example.test/m", "1.1.0", "1.27.4", kAmd64, gooffsets::BuildStatus::kCompileFailed, "no"));
  EXPECT_TRUE(Report(&store).findings.empty());
}

// 1.0.0 and 1.2.0 have one build for each of two Go selections, 1.1.0 has one that stands for both of them.
TEST(Lint, EachGoSelectionIsComparedWithItsLike) {
  const Symbols old_go = {{"T", Struct({"a"})}}, new_go = {{"T", Struct({"a", "b"})}};
  {
    TempStore store;
    for (const std::string version : {"1.0.0", "1.1.0", "1.2.0"}) {
      store.Add(MakeBuild("example.test/m", version, "1.21.13", kAmd64, {{"example.test/m/p", old_go}}));
      store.Add(MakeBuild("example.test/m", version, "1.27.4", kAmd64, {{"example.test/m/p", new_go}}));
    }
    EXPECT_TRUE(Report(&store).findings.empty());
  }
  TempStore store;
  for (const std::string version : {"1.0.0", "1.1.0", "1.2.0"}) {
    if (version != "1.1.0") {
      store.Add(MakeBuild("example.test/m", version, "1.21.13", kAmd64, {{"example.test/m/p", old_go}}));
    }
    store.Add(MakeBuild("example.test/m", version, "1.27.4", kAmd64, {{"example.test/m/p", new_go}}));
  }
  const LintReport report = Report(&store);
  ASSERT_EQ(report.findings.size(), 1u) << PrintLint(report, ReportFormat::kText);
  EXPECT_EQ(report.findings[0].first, "1.1.0");
  EXPECT_EQ(report.findings[0].details.size(), 2u) << "the size, and b that only this one has for Go 1.21";
  EXPECT_THAT(report.findings[0].go, ElementsAre("1.27.4")) << "the release that 1.1.0 was built with";
}

// arm64 passes arguments on the stack with Go 1.17 and in registers from 1.18 on.
TEST(Lint, BuildsWithStackArgumentsAreComparedWithTheirLike) {
  TempStore store;
  for (const auto& [version, go] :
       {std::pair("1.0.0", "1.19.13"), std::pair("1.1.0", "1.17.13"), std::pair("1.2.0", "1.19.13")}) {
    gooffsets::SymbolEntry function = Function({"a"});
    auto& place =
        std::get<gooffsets::FunctionLayout>(std::get<gooffsets::Layout>(function.value)).params.at(0).pieces.at(0);
    if (go == std::string("1.17.13")) place.base = gooffsets::Piece::Base::kStack;
    store.Add(MakeBuild("example.test/m", version, go, kArm64, {{"example.test/m/p", {{"F", function}}}}));
  }
  const LintReport report = Report(&store);
  EXPECT_TRUE(report.findings.empty()) << PrintLint(report, ReportFormat::kText);
}

TEST(Lint, FindsColumnsThatAreNeverThere) {
  TempStore store;
  for (const std::string version : {"1.0.0", "1.1.0"}) {
    BuildRecord record = MakeBuild("example.test/m", version, "1.27.4", kAmd64,
                                   {{"example.test/m/empty", {}},
                                    {"example.test/m/p",
                                     {{"T", Struct({"a"})},
                                      {"Broken", Skipped(SkipReason::kUnbuildable)},
                                      {"Generic", Skipped(SkipReason::kGeneric)}}},
                                    {"example.test/m/sometimes", {{"T", Struct({"a"})}}}});
    record.modules[0].packages.push_back({"example.test/m/never", true, ""});
    record.modules[0].packages.push_back({"example.test/m/testdata", false, "not a root"});
    std::sort(record.modules[0].packages.begin(), record.modules[0].packages.end());
    if (version == "1.1.0") record.packages.pop_back();
    store.Add(record);
  }
  const LintReport report = Report(&store);
  std::vector<std::string> found;
  for (const LintFinding& finding : report.findings) {
    EXPECT_EQ(finding.kind, LintKind::kColumn);
    found.push_back(finding.FullSymbol() + " " + finding.first + ": " + finding.details.at(0).found);
  }
  EXPECT_THAT(found, ElementsAre("example.test/m/empty : measured, but no version has a symbol",
                                 "example.test/m/never : listed as measured, but no build of any version stored it",
                                 "example.test/m/p.Broken : declared, but no build could keep it",
                                 "example.test/m/sometimes 1.1.0: listed as measured, but nothing is stored"));
}

TEST(Lint, ATrackedSymbolThatNoVersionHasIsAFinding) {
  TempStore store;
  AddThree(&store, {{"T", Struct({"a"})}}, {{"T", Struct({"a"})}}, {{"T", Struct({"b"})}});
  LintOptions options;
  options.tracked = {{"example.test/m", "example.test/m/p.T.a"},
                     {"example.test/m", "example.test/m/p.T.c"},
                     {"example.test/m", "example.test/m/p.U"},
                     {"example.test/other", "example.test/other.T"}};
  const LintReport report = Report(&store, options);
  std::vector<std::string> found;
  for (const LintFinding& finding : report.findings) found.push_back(finding.FullSymbol());
  EXPECT_THAT(found, ElementsAre("example.test/m/p.T.c", "example.test/m/p.U", "example.test/other.T"));
}

TEST(Lint, DisagreementsAreFindingsUnlessExplained) {
  TempStore store;
  for (const std::string go : {"1.25.0", "1.26.0", "1.26.1"}) {
    BuildRecord record = MakeBuild("std", go, go, kAmd64, {{"net/http", {{"Request", Struct({"a"})}}}});
    if (go != "1.25.0") {
      record.build.disagreements = {
          {"net/http.(*Server).Serve", std::string("location of param 1") + gooffsets::kExplainedTwoValues, "RBX",
           "RCX"},
          {"net/http.Request", "struct size", "8", "16 (go/types)"}};
    }
    store.Add(record);
  }
  const LintReport report = Report(&store);
  EXPECT_EQ(report.explained_disagreements, 2u);
  ASSERT_EQ(report.findings.size(), 1u) << PrintLint(report, ReportFormat::kText);
  const LintFinding& finding = report.findings[0];
  EXPECT_EQ(finding.kind, LintKind::kDisagreement);
  EXPECT_EQ(finding.symbol, "net/http.Request");
  EXPECT_EQ(finding.first, "1.26.0");
  EXPECT_EQ(finding.last, "1.26.1");
  EXPECT_EQ(finding.versions, 2u);
  EXPECT_THAT(PrintLint(report, ReportFormat::kText),
              HasSubstr("net/http.Request struct size: DWARF: 8; 16 (go/types)"));
}

TEST(Lint, AJumpOfTheShareThatWasNotComparedIsAFinding) {
  TempStore store;
  const std::vector<std::pair<std::string, uint64_t>> not_compared = {{"1.24.0", 10}, {"1.24.1", 12},  {"1.24.2", 260},
                                                                      {"1.24.3", 12}, {"1.25.0", 300}, {"1.25.1", 300}};
  for (const auto& [go, count] : not_compared) {
    BuildRecord record = MakeBuild("std", go, go, kAmd64, {{"net/http", {{"Request", Struct({"a"})}}}});
    record.build.params_compared = 10000 - count;
    record.build.params_not_compared = count;
    store.Add(record);
  }
  const LintReport report = Report(&store);
  ASSERT_EQ(report.findings.size(), 2u) << PrintLint(report, ReportFormat::kText);
  EXPECT_EQ(report.findings[0].kind, LintKind::kNotCompared);
  EXPECT_EQ(report.findings[0].first, "1.24.2");
  EXPECT_EQ(report.findings[0].before, "1.24.1");
  EXPECT_EQ(report.findings[0].after, "1.24.3") << "one odd release is one finding";
  EXPECT_EQ(report.findings[1].first, "1.25.0");
  EXPECT_EQ(report.findings[1].details[0].found, "300 of 10000 not compared (3.00 %)");
}

TEST(Lint, OnlyTheModulesAskedFor) {
  TempStore store;
  AddThree(&store, {{"T", Struct({"a"})}}, {{"T", Struct({"b"})}}, {{"T", Struct({"a"})}});
  store.Add(MakeBuild("std", "1.27.4", "1.27.4", kAmd64, {{"net/http", {{"Request", Struct({"a"})}}}}));
  LintOptions options;
  options.modules = {"std"};
  EXPECT_TRUE(Report(&store, options).findings.empty());
  options.modules = {"example.test/typo"};
  const auto report = Lint(store.get(), options);
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code, gooffsets::ErrorCode::kNotFound);
}

TEST(Lint, AJudgementExplainsItsFindingAndOnlyThatOne) {
  TempStore store;
  const Symbols usual = {{"T", Struct({"a", "b"})}, {"U", Struct({"a", "b"})}};
  AddThree(&store, usual, {{"T", Struct({"x", "b"})}, {"U", Struct({"b"})}}, usual);
  const auto judgements = ParseJudgements(R"(format = 1
[[judged]]
kind = "spike"
module = "example.test/m"
symbol = "example.test/m/p.T"
versions = "v1.1.0"
reason = "x was put in front and taken back"
[[judged]]
kind = "hole"
module = "example.test/m"
symbol = "example.test/m/p.T"
versions = "1.1.0"
reason = "a is gone while it is called x"
[[judged]]
kind = "spike"
module = "example.test/m"
symbol = "example.test/m/p.U"
versions = "1.0.0"
reason = "another version"
)",
                                          "known.toml");
  ASSERT_TRUE(judgements.has_value()) << judgements.error().ToString();
  LintOptions options;
  options.judgements = *judgements;
  const auto found = [&]() {
    const LintReport report = Report(&store, options);
    EXPECT_EQ(report.judged.size(), 1u);
    std::vector<std::string> out;
    for (const LintFinding& finding : report.findings) {
      out.push_back(std::string(ToString(finding.kind)) + " " + finding.FullSymbol());
    }
    return out;
  };
  const std::vector<std::string> all = {"spike example.test/m/p.U", "hole example.test/m/p.U",
                                        "unused example.test/m/p.T", "unused example.test/m/p.U"};
  // A judgement may wait for a version that was not tried yet.
  EXPECT_THAT(found(), ElementsAre(all[0], all[1]));
  ASSERT_TRUE(store.get()->AddKnownVersions("example.test/m", {"1.0.0", "1.1.0", "1.2.0", "1.3.0"}).has_value());
  EXPECT_THAT(found(), ElementsAre(all[0], all[1]));
  store.Add(MakeFailure("example.test/m", "1.3.0", "1.27.4", kAmd64, gooffsets::BuildStatus::kCompileFailed, "no"));
  EXPECT_EQ(found(), all);
}

TEST(Lint, WhatIsBeyondTheLimitIsCounted) {
  TempStore store;
  AddThree(&store, {{"T", Struct({"a"})}, {"U", Struct({"a"})}}, {{"T", Struct({"b"})}, {"U", Struct({"b"})}},
           {{"T", Struct({"a"})}, {"U", Struct({"a"})}});
  LintOptions options;
  options.max_findings = 1;
  const LintReport report = Report(&store, options);
  EXPECT_EQ(report.findings.size(), 1u);
  EXPECT_EQ(report.not_listed, 1u);
  EXPECT_EQ(LintExitStatus(report), 1);
}

// The order in which builds were added decides row numbers, and nothing else.
TEST(Lint, TheReportDoesNotDependOnTheOrderOfAdding) {
  std::vector<BuildRecord> records;
  for (const GoArch goarch : {kAmd64, kArm64}) {
    for (int i = 0; i < 6; ++i) {
      const Symbols symbols = {
          {"T", Struct(i % 2 == 0 ? std::vector<std::string>{"a"} : std::vector<std::string>{"b", "a"})},
          {"F", Function(i == 3 ? std::vector<std::string>{"x"} : std::vector<std::string>{})}};
      records.push_back(MakeBuild("example.test/m", "1." + std::to_string(i) + ".0", "1.27.4", goarch,
                                  {{"example.test/m/p", symbols}, {"example.test/m/q", {}}}));
    }
  }
  TempStore forward, backward;
  for (const BuildRecord& record : records) forward.Add(record);
  std::reverse(records.begin(), records.end());
  for (const BuildRecord& record : records) backward.Add(record);
  for (const ReportFormat format : {ReportFormat::kText, ReportFormat::kJson}) {
    EXPECT_EQ(PrintLint(Report(&forward), format), PrintLint(Report(&backward), format));
  }
  const auto json = nlohmann::json::parse(PrintLint(Report(&forward), ReportFormat::kJson), nullptr, false);
  ASSERT_TRUE(json.is_object());
  EXPECT_FALSE(json["findings"].empty());
  EXPECT_EQ(json["findings"][0]["goarch"], nlohmann::json({"amd64", "arm64"}));
}

TEST(LintKnown, TheFileOfThisRepositoryCanBeRead) {
  const auto judgements = LoadJudgements(std::string(GOOFFSETS_SOURCE_DIR) + "/data/lint-known.toml");
  ASSERT_TRUE(judgements.has_value()) << judgements.error().ToString();
  EXPECT_FALSE(judgements->empty());
  EXPECT_FALSE(LoadJudgements("/nonexistent/lint-known.toml").has_value());
}

TEST(LintKnown, IsReadStrictly) {
  const std::string good = R"(kind = "spike"
module = "std"
symbol = "net/http.*"
versions = "1.26.0..1.26.3"
goarch = "x86_64"
reason = "judged"
)";
  const auto parsed = ParseJudgements("format = 1\n[[judged]]\n" + good, "known.toml");
  ASSERT_TRUE(parsed.has_value()) << parsed.error().ToString();
  ASSERT_EQ(parsed->size(), 1u);
  EXPECT_EQ((*parsed)[0].first, "1.26.0");
  EXPECT_EQ((*parsed)[0].last, "1.26.3");
  EXPECT_EQ((*parsed)[0].goarch, "amd64");
  EXPECT_EQ((*parsed)[0].line, 2u);
  const auto refuses = [&](const std::string& from, const std::string& to, const std::string& says) {
    std::string text = good;
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos);
    text.replace(at, from.size(), to);
    const auto result = ParseJudgements("format = 1\n[[judged]]\n" + text, "known.toml");
    ASSERT_FALSE(result.has_value()) << to;
    EXPECT_EQ(result.error().code, gooffsets::ErrorCode::kBadInput);
    EXPECT_THAT(result.error().message, HasSubstr("known.toml:"));
    EXPECT_THAT(result.error().message, HasSubstr(says));
  };
  refuses("\"spike\"", "\"spyke\"", "spyke");
  refuses("kind", "kinds", "kinds");
  refuses("\"std\"", "\"../std\"", "module path");
  refuses("\"net/http.*\"", "\"*\"", "everything");
  refuses("1.26.0..1.26.3", "1.26.0..", "");
  refuses("1.26.0..1.26.3", "one", "one");
  refuses("x86_64", "z80", "z80");
  refuses("reason = \"judged\"", "", "reason");
  refuses("\"judged\"", "\" \"", "reason");
  EXPECT_FALSE(ParseJudgements("", "known.toml").has_value());
  EXPECT_FALSE(ParseJudgements("format = 2", "known.toml").has_value());
  EXPECT_FALSE(ParseJudgements("format = 1\njudged = 1", "known.toml").has_value());
  EXPECT_FALSE(ParseJudgements("\xff\x00[[", "known.toml").has_value());
}

}  // namespace
}  // namespace offsetgen
