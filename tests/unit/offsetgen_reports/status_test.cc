#include "status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdio.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "coverage.h"
#include "make_build.h"

namespace offsetgen {
namespace {

using gooffsets::BuildRecord;
using gooffsets::BuildStatus;
using gooffsets::GoArch;
using gooffsets::SkipReason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

constexpr GoArch kAmd64 = GoArch::kAmd64;
constexpr GoArch kArm64 = GoArch::kArm64;

Targets ParsedTargets(const std::string& text) {
  auto targets = ParseTargets(text, "targets.toml");
  EXPECT_TRUE(targets.has_value()) << targets.error().ToString();
  return targets ? *std::move(targets) : Targets{};
}

StatusReport Report(TempStore* store, const StatusInput& input = {}) {
  auto report = Status(store->get(), input);
  EXPECT_TRUE(report.has_value()) << report.error().ToString();
  return report ? *std::move(report) : StatusReport{};
}

// A module with one version in each state on amd64, and one built version on arm64.
void Fill(TempStore* store) {
  ASSERT_TRUE(store->get()
                  ->AddKnownVersions("example.test/m", {"0.9.0", "1.0.0", "1.0.1", "1.1.0", "1.2.0", "1.3.0", "1.10.0",
                                                        "1.11.0", "2.0.0-rc.1"})
                  .has_value());
  const Symbols p = {{"T", Struct({"a"})}, {"F", Function({"x"})}, {"G", Skipped(SkipReason::kGeneric)}};
  const Symbols q = {{"T", Struct({"a", "b"})}, {"H", Function({})}};
  for (const GoArch goarch : {kAmd64, kArm64}) {
    store->Add(MakeBuild("example.test/m", "1.0.0", "1.27.4", goarch, {{"example.test/m/p", p}}));
  }
  for (const std::string go : {"1.21.13", "1.27.4"}) {
    BuildRecord record =
        MakeBuild("example.test/m", "1.10.0", go, kAmd64, {{"example.test/m/p", p}, {"example.test/m/q", q}});
    const gooffsets::ModuleVersion other = {"example.test/other", "0.5.0"};
    record.build.closure.push_back(other);
    gooffsets::PackageRecord package = record.packages[0];
    package.owner = other;
    package.path = "example.test/other";
    record.packages.push_back(package);
    std::sort(record.packages.begin(), record.packages.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
    record.modules[0].packages.push_back({"example.test/m/zcmd", false, "main"});
    record.build.fields_compared = 7;
    record.build.params_not_compared = 2;
    record.build.disagreements = {
        {"example.test/m/p.T", "struct size", "8", "16"},
        {"example.test/m/p.F", std::string("location of param 0") + gooffsets::kExplainedTwoValues, "a", "b"}};
    record.build.id = gooffsets::BuildId(record.build);
    store->Add(record);
  }
  // 1.1.0 was tried with two Go releases; what the newer one says counts. 1.2.0 fails for the same reason.
  store->Add(MakeFailure("example.test/m", "1.1.0", "1.21.13", kAmd64, BuildStatus::kCompileFailed, "something old"));
  store->Add(MakeFailure("example.test/m", "1.1.0", "1.27.4", kAmd64, BuildStatus::kCompileFailed,
                         "m@v1.1.0/p.go:1: not | a *number*"));
  store->Add(MakeFailure("example.test/m", "1.2.0", "1.27.4", kAmd64, BuildStatus::kCompileFailed,
                         "m@v1.2.0/p.go:1: not | a *number*"));
  store->Add(MakeFailure("example.test/m", "1.3.0", "1.27.4", kAmd64, BuildStatus::kTransientFailed, "time limit"));
  store->Add(MakeFailure("example.test/m", "1.0.1", "1.27.4", kAmd64, BuildStatus::kUnavailable, "404"));
  // Failed once with the newest Go, built with an older one: built.
  store->Add(MakeFailure("example.test/m", "1.0.0", "1.28.0", kAmd64, BuildStatus::kCompileFailed, "too new"));
}

const char* const kTargets = R"(format = 1
[[module]]
path = "example.test/m"
why = "it is an example"
versions = ">=1.0"
roots = ["./p", "./q"]
[[module]]
path = "example.test/later"
why = "not yet"
versions = "*"
data = "later"
)";

TEST(Status, EveryKnownVersionIsInOneState) {
  TempStore store;
  Fill(&store);
  const Targets targets = ParsedTargets(kTargets);
  const StatusReport report = Report(&store, {.targets = &targets, .wanted = {}, .modules = {}});
  ASSERT_EQ(report.modules.size(), 2u);
  const StatusModule& module = report.modules[0];
  EXPECT_EQ(module.module, "example.test/m");
  ASSERT_EQ(module.arches.size(), 2u);
  const StatusArch& amd64 = module.arches[0];
  EXPECT_EQ(amd64.known, 7u) << "0.9.0 is outside the constraint, 2.0.0-rc.1 is a pre-release";
  EXPECT_EQ(amd64.built, 2u);
  EXPECT_EQ(amd64.failed, 2u);
  EXPECT_EQ(amd64.transient, 1u);
  EXPECT_EQ(amd64.unavailable, 1u);
  EXPECT_EQ(amd64.missing, 1u);
  EXPECT_EQ(amd64.builds, 3u);
  EXPECT_EQ(amd64.newest, "1.10.0");
  EXPECT_EQ(amd64.go, (std::map<std::string, size_t>{{"1.21.13", 1}, {"1.27.4", 2}}));
  EXPECT_EQ(amd64.disagreements, 2u);
  EXPECT_EQ(amd64.explained_disagreements, 2u);
  EXPECT_EQ(amd64.fields_compared, 14u);
  EXPECT_EQ(amd64.params_not_compared, 4u);
  EXPECT_EQ(amd64.packages, 2u);
  EXPECT_EQ(amd64.structs, 2u) << "p.T and q.T";
  EXPECT_EQ(amd64.functions, 2u);
  EXPECT_EQ(amd64.newest_packages, 2u);
  ASSERT_EQ(amd64.reasons.size(), 4u);
  EXPECT_EQ(amd64.reasons[0].state, VersionState::kFailed);
  EXPECT_EQ(amd64.reasons[0].reason, "m@vVERSION/p.go:1: not | a *number*");
  EXPECT_THAT(amd64.reasons[0].versions, ElementsAre("1.1.0", "1.2.0"));
  EXPECT_EQ(amd64.reasons[1].reason, "time limit");
  EXPECT_EQ(amd64.reasons[2].reason, "404");
  EXPECT_EQ(amd64.reasons[3].state, VersionState::kMissing);
  EXPECT_THAT(amd64.reasons[3].versions, ElementsAre("1.11.0"));
  const StatusArch& arm64 = module.arches[1];
  EXPECT_EQ(arm64.built, 1u);
  EXPECT_EQ(arm64.missing, 6u);
  EXPECT_EQ(arm64.packages, 1u);
  for (const StatusArch& arch : module.arches) {
    EXPECT_EQ(arch.built + arch.failed + arch.transient + arch.unavailable + arch.missing, arch.known);
  }
  EXPECT_EQ(module.not_measured, (std::map<std::string, std::vector<std::string>>{{"main", {"example.test/m/zcmd"}}}));
  EXPECT_EQ(report.builds, 4u);
  EXPECT_EQ(report.failed_builds, 6u);
  ASSERT_EQ(report.harvested.size(), 1u);
  EXPECT_EQ(report.harvested[0].module, "example.test/other");
  EXPECT_EQ(report.harvested[0].newest, "0.5.0");
}

TEST(Status, MinorLinesAreOrderedByVersion) {
  TempStore store;
  Fill(&store);
  const StatusReport report = Report(&store);
  ASSERT_EQ(report.modules.size(), 1u);
  std::vector<std::string> lines;
  size_t known = 0, amd64 = 0;
  for (const StatusLine& line : report.modules[0].lines) {
    lines.push_back(line.line);
    known += line.known;
    const auto built = line.built.find(kAmd64);
    amd64 += built == line.built.end() ? 0 : built->second;
  }
  EXPECT_THAT(lines, ElementsAre("0.9", "1.0", "1.1", "1.2", "1.3", "1.10", "1.11", "2.0"));
  EXPECT_EQ(known, report.modules[0].arches[0].known);
  EXPECT_EQ(amd64, report.modules[0].arches[0].built);
  EXPECT_THAT(report.modules[0].lines[5].go, ElementsAre("1.21.13", "1.27.4"));
}

TEST(Status, VersionsThatTheCallerWantsReplaceTheStoredList) {
  TempStore store;
  Fill(&store);
  StatusInput input;
  input.wanted["example.test/m"] = {"1.0.0", "1.99.0"};
  const StatusReport report = Report(&store, input);
  const StatusArch& amd64 = report.modules.at(0).arches.at(0);
  EXPECT_EQ(amd64.missing, 1u);
  EXPECT_EQ(amd64.known, 7u) << "1.99.0 and the six that were tried";
}

TEST(Status, AnEmptyDatabaseAndAnUnknownModule) {
  TempStore store;
  EXPECT_TRUE(Report(&store).modules.empty());
  StatusInput input;
  input.modules = {"example.test/typo"};
  const auto report = Status(store.get(), input);
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code, gooffsets::ErrorCode::kNotFound);
}

// The same numbers, asked of the file by another program.
TEST(Status, NumbersEqualThoseOfTheSqliteShell) {
  TempStore store;
  Fill(&store);
  const auto shell = [&](const std::string& sql) {
    const std::string command = "sqlite3 '" + store.path() + "' \"" + sql + "\"";
    FILE* pipe = popen(command.c_str(), "r");
    std::string out;
    if (pipe == nullptr) return out;
    char buffer[256];
    while (fgets(buffer, sizeof buffer, pipe) != nullptr) out += buffer;
    pclose(pipe);
    while (!out.empty() && out.back() == '\n') out.pop_back();
    return out;
  };
  if (shell("SELECT 1") != "1") GTEST_SKIP() << "the sqlite3 shell is not installed";
  const StatusReport report = Report(&store);
  const std::string of_module =
      " FROM build b JOIN version v ON v.id = b.version JOIN module m ON m.id = v.module "
      "WHERE m.path = 'example.test/m' AND b.goarch = 'amd64' AND b.status = 0";
  const StatusArch& amd64 = report.modules.at(0).arches.at(0);
  EXPECT_EQ(std::to_string(amd64.builds), shell("SELECT count(*)" + of_module));
  EXPECT_EQ(std::to_string(amd64.built), shell("SELECT count(DISTINCT v.text)" + of_module));
  EXPECT_EQ(std::to_string(amd64.fields_compared), shell("SELECT sum(b.fields_compared)" + of_module));
  EXPECT_EQ(std::to_string(amd64.params_not_compared), shell("SELECT sum(b.params_not_compared)" + of_module));
  EXPECT_EQ(std::to_string(amd64.go.size()), shell("SELECT count(DISTINCT b.go)" + of_module));
  EXPECT_EQ(std::to_string(amd64.disagreements + amd64.explained_disagreements),
            shell("SELECT count(*) FROM disagreement d WHERE d.build IN (SELECT b.id" + of_module + ")"));
  EXPECT_EQ(
      std::to_string(amd64.packages),
      shell("SELECT count(DISTINCT s.package) FROM observation o JOIN package_state s ON s.id = o.state JOIN version "
            "v ON v.id = o.version JOIN module m ON m.id = v.module WHERE m.path = 'example.test/m'"));
  EXPECT_EQ(std::to_string(amd64.known),
            shell("SELECT count(*) FROM version v JOIN module m ON m.id = v.module WHERE m.path = 'example.test/m'"));
  EXPECT_EQ(std::to_string(report.layouts), shell("SELECT count(*) FROM layout"));
  EXPECT_EQ(std::to_string(report.package_layouts), shell("SELECT count(*) FROM package_layout"));
  EXPECT_EQ(std::to_string(report.failed_builds), shell("SELECT count(*) FROM build WHERE status != 0"));
}

TEST(Status, PrintsATableAndReasonsAndJson) {
  TempStore store;
  Fill(&store);
  const Targets targets = ParsedTargets(kTargets);
  const StatusReport report = Report(&store, {.targets = &targets, .wanted = {}, .modules = {}});
  const std::string text = PrintStatus(report, ReportFormat::kText);
  EXPECT_THAT(text, HasSubstr("example.test/m  amd64      7      2       2      1            1        1"));
  EXPECT_THAT(text, HasSubstr("failed (2): 1.1.0 1.2.0\n    m@vVERSION/p.go:1: not | a *number*"));
  EXPECT_THAT(text, HasSubstr("missing (1): 1.11.0"));
  EXPECT_THAT(text, HasSubstr("1.21.13 1.27.4"));
  EXPECT_THAT(text, Not(HasSubstr("example.test/later")));
  EXPECT_THAT(text, HasSubstr("1 more modules are tracked"));
  const auto json = nlohmann::json::parse(PrintStatus(report, ReportFormat::kJson), nullptr, false);
  ASSERT_TRUE(json.is_object());
  EXPECT_EQ(json["modules"][0]["arches"][0]["built"], 2);
  EXPECT_EQ(json["modules"][0]["arches"][0]["reasons"][0]["versions"], nlohmann::json({"1.1.0", "1.2.0"}));
  EXPECT_EQ(json["modules"][1]["later"], true);
}

// An imported database holds builds, and no lists of versions: what is missing is told all the same.
TEST(Status, VersionListsSayWhatAnImportedDatabaseLacks) {
  TempDir dir;
  std::ofstream(dir / "example.test_m.txt") << "0.9.0\n1.0.0\n1.1.0\nexclude 1.2.0  # broken\n1.3.0-rc.1\n";
  const Targets targets = ParsedTargets(kTargets);
  TempStore imported;
  imported.Add(MakeBuild("example.test/m", "1.0.0", "1.27.4", kAmd64, {{"example.test/m/p", {}}}));
  const auto wanted = WantedFromLists(imported.get(), targets, dir / "");
  ASSERT_TRUE(wanted.has_value()) << wanted.error().ToString();
  EXPECT_THAT(*wanted, ElementsAre(Pair("example.test/m", ElementsAre("1.0.0", "1.1.0"))));
  const StatusReport report = Report(&imported, {.targets = &targets, .wanted = *wanted, .modules = {}});
  EXPECT_EQ(report.modules[0].arches[0].known, 2u);
  EXPECT_EQ(report.modules[0].arches[0].missing, 1u);
  // The store's own list counts where there is one.
  TempStore own;
  Fill(&own);
  const auto nothing = WantedFromLists(own.get(), targets, dir / "");
  ASSERT_TRUE(nothing.has_value());
  EXPECT_THAT(*nothing, ElementsAre());
  std::ofstream(dir / "example.test_m.txt") << "1.x\n";
  EXPECT_FALSE(WantedFromLists(imported.get(), targets, dir / "").has_value());
}

TEST(Coverage, TellsWhatIsCoveredAndWhatIsNot) {
  TempStore store;
  Fill(&store);
  const Targets targets = ParsedTargets(kTargets);
  const std::string text = CoverageMarkdown(Report(&store, {.targets = &targets, .wanted = {}, .modules = {}}));
  EXPECT_THAT(text, HasSubstr("| example.test/m | amd64 | 2 / 7 | 1.10.0 | 3 | 2 | 2 | 2 |\n"));
  EXPECT_THAT(text, HasSubstr("| line | amd64 | arm64 | built with Go |\n|---|---:|---:|---|\n"));
  EXPECT_THAT(text, HasSubstr("| 1.0 | 1 / 2 | 1 / 2 | 1.27.4 |\n"));
  EXPECT_THAT(text, HasSubstr("| 1.10 | 1 / 1 | 0 / 1 | 1.21.13, 1.27.4 |\n"));
  EXPECT_THAT(text,
              HasSubstr("- failed, 2 versions (amd64): 1.1.0, 1.2.0. m@vVERSION/p.go:1: not \\| a \\*number\\*\n"));
  EXPECT_THAT(text, HasSubstr("- missing, 1 version (amd64): 1.11.0\n"));
  EXPECT_THAT(text, HasSubstr("- 1 package, main: example.test/m/zcmd\n"));
  EXPECT_THAT(text, HasSubstr("| example.test/other | 1 | 0.5.0 | 0.5.0 | 1 |\n"));
  EXPECT_THAT(text, HasSubstr("- example.test/later \\*: not yet\n"));
  EXPECT_THAT(text, HasSubstr("Of its packages: ./p, ./q."));
}

TEST(Coverage, VersionsInARowAreOneRange) {
  const std::vector<std::string> known = {"1.0.0", "1.1.0", "1.1.1", "1.2.0", "1.3.0", "1.4.0", "1.10.0"};
  EXPECT_THAT(VersionRanges({"1.0.0", "1.1.0", "1.1.1", "1.2.0", "1.4.0"}, known),
              ElementsAre("1.0.0 .. 1.2.0 (4 versions)", "1.4.0"));
  EXPECT_THAT(VersionRanges({"1.0.0", "1.1.0", "1.2.0", "1.3.0"}, known),
              ElementsAre("1.0.0", "1.1.0", "1.2.0", "1.3.0"));  // two and two: shorter named than counted
  EXPECT_THAT(VersionRanges(known, known), ElementsAre("1.0.0 .. 1.10.0 (7 versions)"));
  EXPECT_THAT(VersionRanges({}, known), ElementsAre());
  EXPECT_THAT(VersionRanges({"0.1.0", "0.2.0", "0.3.0", "1.0.0"}, known),
              ElementsAre("0.1.0", "0.2.0", "0.3.0", "1.0.0"));  // what is not known is in no row
}

TEST(Coverage, WhatIsMissingIsToldInRanges) {
  TempStore store;
  std::vector<std::string> versions;
  for (int i = 0; i < 1200; ++i) versions.push_back("1." + std::to_string(i) + ".0");
  ASSERT_TRUE(store.get()->AddKnownVersions("example.test/m", versions).has_value());
  store.Add(MakeBuild("example.test/m", "1.100.0", "1.27.4", kAmd64, {{"example.test/m/p", {{"T", Struct({"a"})}}}}));
  EXPECT_THAT(CoverageMarkdown(Report(&store)),
              HasSubstr("- missing, 1,199 versions (amd64): 1.0.0 .. 1.99.0 (100 versions), "
                        "1.101.0 .. 1.1199.0 (1,099 versions)\n"));
}

TEST(Coverage, DoesNotDependOnTheOrderOfAdding) {
  std::vector<BuildRecord> records;
  for (const std::string version : {"1.0.0", "1.1.0", "1.2.0"}) {
    for (const GoArch goarch : {kAmd64, kArm64}) {
      records.push_back(MakeBuild("example.test/m", version, "1.27.4", goarch,
                                  {{"example.test/m/p", {{"T" + version.substr(2, 1), Struct({"a"})}}}}));
    }
  }
  TempStore forward, backward;
  for (const BuildRecord& record : records) forward.Add(record);
  std::reverse(records.begin(), records.end());
  for (const BuildRecord& record : records) backward.Add(record);
  EXPECT_EQ(CoverageMarkdown(Report(&forward)), CoverageMarkdown(Report(&backward)));
  EXPECT_EQ(PrintStatus(Report(&forward), ReportFormat::kJson), PrintStatus(Report(&backward), ReportFormat::kJson));
}

TEST(Coverage, HostileTextStaysText) {
  TempStore store;
  store.Add(MakeFailure("example.test/m", "1.0.0", "1.27.4", kAmd64, BuildStatus::kCompileFailed,
                        "|x|\n# <script> `a` \x1b[31m" + std::string(1000, 'a')));
  const std::string text = CoverageMarkdown(Report(&store));
  EXPECT_THAT(text, HasSubstr("\\|x\\| \\# \\<script\\> \\`a\\`  \\[31m"));
  EXPECT_THAT(text, Not(HasSubstr(std::string(400, 'a'))));
  EXPECT_THAT(PrintStatus(Report(&store), ReportFormat::kText), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace offsetgen
