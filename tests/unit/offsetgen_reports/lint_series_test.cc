#include "lint_series.h"

#include <gtest/gtest.h>

namespace offsetgen {
namespace {

using gooffsets::VersionScheme;

// One segment a version; answer -1: not observed.
SeriesResult Find(const std::vector<std::pair<std::string, int64_t>>& answers,
                  VersionScheme scheme = VersionScheme::kModule) {
  std::vector<std::string> versions;
  for (const auto& [version, answer] : answers) versions.push_back(version);
  const VersionAxis axis = MakeAxis(scheme, versions);
  EXPECT_EQ(axis.versions, versions) << "the test's versions ascend";
  std::vector<Segment> segments;
  for (size_t i = 0; i < answers.size(); ++i) {
    if (answers[i].second >= 0) segments.push_back({i, i, 1, answers[i].second});
  }
  return FindAnomalies(axis, segments);
}

TEST(LintSeries, AxisIsOrderedByVersionAndKnowsMinorLines) {
  const VersionAxis axis = MakeAxis(VersionScheme::kModule, {"1.10.0", "odd", "1.9.1", "1.9.0", "1.9.0"});
  EXPECT_EQ(axis.versions, (std::vector<std::string>{"1.9.0", "1.9.1", "1.10.0", "odd"}));
  EXPECT_EQ(axis.line, (std::vector<size_t>{0, 0, 1, 2}));
}

TEST(LintSeries, OneReleaseThatDiffersFromBothNeighboursIsASpike) {
  const SeriesResult result = Find({{"1.0.0", 16}, {"1.1.0", 24}, {"1.2.0", 16}});
  ASSERT_EQ(result.anomalies.size(), 1u);
  EXPECT_EQ(result.anomalies[0], (Anomaly{Anomaly::Kind::kSpike, 1, 1, 0, 2, 1, 24, 16}));
}

TEST(LintSeries, AChangeIsNoSpike) {
  EXPECT_TRUE(Find({{"1.0.0", 16}, {"1.1.0", 24}, {"1.2.0", 24}}).anomalies.empty());
  EXPECT_TRUE(Find({{"1.0.0", 16}, {"1.1.0", 24}, {"1.2.0", 32}}).anomalies.empty());
  EXPECT_TRUE(Find({{"1.0.0", 16}, {"1.1.0", 24}, {"1.1.1", 24}, {"1.2.0", 16}}).anomalies.empty()) << "two releases";
  EXPECT_TRUE(Find({}).anomalies.empty());
}

TEST(LintSeries, TheFirstAndTheLastReleaseHaveOnlyOneNeighbour) {
  EXPECT_TRUE(Find({{"1.0.0", 24}, {"1.1.0", 16}, {"1.2.0", 16}, {"1.3.0", 8}}).anomalies.empty());
}

TEST(LintSeries, VersionsWithoutAnObservationAreNoNeighbours) {
  const SeriesResult result = Find({{"1.0.0", 16}, {"1.1.0", -1}, {"1.2.0", 24}, {"1.3.0", -1}, {"1.4.0", 16}});
  ASSERT_EQ(result.anomalies.size(), 1u);
  EXPECT_EQ(result.anomalies[0].first, 2u);
  EXPECT_EQ(result.anomalies[0].before, 0u);
  EXPECT_EQ(result.anomalies[0].after, 4u);
}

TEST(LintSeries, MissingInBetweenIsAHoleOfAnyLength) {
  const SeriesResult result = Find(
      {{"1.0.0", 16}, {"1.1.0", kMissing}, {"1.2.0", kMissing}, {"1.3.0", -1}, {"1.4.0", kMissing}, {"1.5.0", 24}});
  ASSERT_EQ(result.anomalies.size(), 1u);
  EXPECT_EQ(result.anomalies[0], (Anomaly{Anomaly::Kind::kHole, 1, 4, 0, 5, 3, kMissing, 16}));
}

TEST(LintSeries, AddedOrRemovedIsNoHole) {
  EXPECT_TRUE(Find({{"1.0.0", kMissing}, {"1.1.0", 16}, {"1.2.0", 16}, {"1.3.0", kMissing}}).anomalies.empty());
}

TEST(LintSeries, ThereInOneReleaseOnlyIsASpike) {
  const SeriesResult result = Find({{"1.0.0", kMissing}, {"1.1.0", 16}, {"1.2.0", kMissing}});
  ASSERT_EQ(result.anomalies.size(), 1u);
  EXPECT_EQ(result.anomalies[0].kind, Anomaly::Kind::kSpike);
}

// net/http.response.status is at 120 up to 1.26.10 and at 128 in 1.26.11, a patch release, and in 1.27.
TEST(LintSeries, AChangeInAPatchReleaseThatStaysIsNoSpike) {
  const SeriesResult result = Find({{"1.26.10", 120}, {"1.26.11", 128}, {"1.27.0", 128}}, VersionScheme::kGo);
  EXPECT_TRUE(result.anomalies.empty());
  EXPECT_EQ(result.backports, 0u);
}

TEST(LintSeries, ABackportIsCountedAndIsNoSpike) {
  // Security releases come out for two lines at once: 1.25.11 and 1.26.4 have what 1.26.0 to 1.26.3 do not have.
  const SeriesResult result = Find({{"1.25.9", 120},
                                    {"1.25.10", 120},
                                    {"1.25.11", 128},
                                    {"1.26.0", 120},
                                    {"1.26.3", 120},
                                    {"1.26.4", 128},
                                    {"1.26.5", 128}},
                                   VersionScheme::kGo);
  EXPECT_TRUE(result.anomalies.empty());
  EXPECT_EQ(result.backports, 1u);
}

TEST(LintSeries, ABackportIsNoHole) {
  const SeriesResult result = Find(
      {{"1.25.10", kMissing}, {"1.25.11", 1}, {"1.26.0", kMissing}, {"1.26.3", kMissing}, {"1.26.4", 1}, {"1.27.0", 1}},
      VersionScheme::kGo);
  EXPECT_TRUE(result.anomalies.empty());
  EXPECT_GE(result.backports, 1u);
}

TEST(LintSeries, TheEndOfALineWhoseAnswerNeverComesBackIsASpike) {
  const SeriesResult result =
      Find({{"1.25.10", 120}, {"1.25.11", 999}, {"1.26.0", 120}, {"1.26.4", 128}}, VersionScheme::kGo);
  ASSERT_EQ(result.anomalies.size(), 1u);
  EXPECT_EQ(result.anomalies[0].first, 1u);
}

TEST(LintSeries, InsideOneLineNothingIsABackport) {
  const SeriesResult result =
      Find({{"1.26.9", 120}, {"1.26.10", 128}, {"1.26.11", 120}, {"1.26.12", 128}}, VersionScheme::kGo);
  EXPECT_EQ(result.anomalies.size(), 2u);
  EXPECT_EQ(result.backports, 0u);
}

// Single releases per line: back and forth is no backport, because no line has both answers.
TEST(LintSeries, BackAndForthOverMinorReleasesIsReported) {
  const SeriesResult result = Find({{"1.57.0", 8}, {"1.58.0", 16}, {"1.59.0", 8}, {"1.60.0", 16}});
  EXPECT_EQ(result.anomalies.size(), 2u);
  EXPECT_EQ(result.backports, 0u);
}

}  // namespace
}  // namespace offsetgen
