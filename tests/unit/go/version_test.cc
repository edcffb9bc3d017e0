#include "gooffsets/version.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace gooffsets {
namespace {

Version M(std::string_view text) { return Version::Parse(VersionScheme::kModule, text).value(); }
Version G(std::string_view text) { return Version::Parse(VersionScheme::kGo, text).value(); }

TEST(Version, CanonicalText) {
  EXPECT_EQ(M("v1.60.1").text(), "1.60.1");
  EXPECT_EQ(M("1.60.1"), M("v1.60.1"));
  EXPECT_EQ(M("v2.0.0+incompatible").text(), "2.0.0+incompatible");
  EXPECT_EQ(G("go1.26.8").text(), "1.26.8");
  EXPECT_EQ(G("go1.27rc1").text(), "1.27rc1");
  // Go names its releases "1.20" (never "1.20.0") up to 1.20 and "1.21.0" from then on.
  EXPECT_EQ(G("1.20.0"), G("1.20"));
  EXPECT_EQ(G("1.20.0").text(), "1.20");
  EXPECT_NE(G("1.21.0"), G("1.21"));
  EXPECT_EQ(M("1.60.1").minor_line(), "1.60");
  EXPECT_EQ(SchemeOf("std"), VersionScheme::kGo);
  EXPECT_EQ(SchemeOf("google.golang.org/grpc"), VersionScheme::kModule);
}

TEST(Version, BuildMetadataBreaksTiesOnly) {
  EXPECT_LT(M("1.0.0"), M("1.0.0+a"));
  EXPECT_LT(M("1.0.0+a"), M("1.0.0+b"));
  EXPECT_LT(M("1.0.0+b"), M("1.0.1-0"));
}

TEST(Version, OddStringsAreErrorsWithAHint) {
  for (const char* odd : {"", "v", "1", "1.2", "latest", "1.2.3.4", "(devel)", "go1.2.3", "99999999999999999999.0.0"}) {
    auto version = Version::Parse(VersionScheme::kModule, odd);
    ASSERT_FALSE(version) << odd;
    EXPECT_EQ(version.error().code, ErrorCode::kUsage);
    EXPECT_FALSE(version.error().hint.empty());
  }
  // go-facts: strings of production binaries that are no plain releases.
  for (const char* odd : {"", "go", "devel go1.27-hash", "go1.22.5 X:nocoverageredesign", "go1.21.0-fips", "v1.21.0",
                          "go1.25-20250209-RC00 cl/1 X:fieldtrack", "go1.2x", "go1.27rc"}) {
    EXPECT_FALSE(Version::Parse(VersionScheme::kGo, odd)) << odd;
  }
  std::string hostile = "1.2.3\n\x1b[31m" + std::string(100'000, 'x');
  auto version = Version::Parse(VersionScheme::kModule, hostile);
  ASSERT_FALSE(version);
  EXPECT_LT(version.error().message.size(), 400U);
  EXPECT_EQ(version.error().message.find('\n'), std::string::npos);
  EXPECT_EQ(version.error().message.find('\x1b'), std::string::npos);
}

// One string of what was selected, so that a failure shows itself.
std::string Select(VersionScheme scheme, std::string_view constraint, std::string_view versions,
                   bool prereleases = false) {
  auto parsed = Constraint::Parse(scheme, constraint);
  if (!parsed) return "error: " + parsed.error().message;
  std::vector<Version> list;
  for (size_t at = 0; at < versions.size();) {
    size_t end = std::min(versions.find(' ', at), versions.size());
    list.push_back(Version::Parse(scheme, versions.substr(at, end - at)).value());
    at = end + 1;
  }
  std::string selected;
  for (const Version& version : parsed->Select(list, prereleases)) {
    selected += (selected.empty() ? "" : " ") + version.text();
  }
  return selected;
}

constexpr std::string_view kModules =
    "v1.60.1 v1.9.0 v1.14.0-dev v1.14.0 v1.20.0 v1.60.0-dev v1.60.0 v1.61.0-rc.1 v1.61.0 v2.0.0+incompatible v1.60.1 "
    "v0.0.0-20240318140521-94a12d6c2237";
std::string Modules(std::string_view constraint, bool prereleases = false) {
  return Select(VersionScheme::kModule, constraint, kModules, prereleases);
}

TEST(Constraint, RangesOfModules) {
  EXPECT_EQ(Modules("*"), "1.9.0 1.14.0 1.20.0 1.60.0 1.60.1 1.61.0 2.0.0+incompatible") << "ascending, no duplicates";
  EXPECT_EQ(Modules(">=1.14,<1.20"), "1.14.0");
  EXPECT_EQ(Modules(">= v1.14 , <=1.20"), "1.14.0 1.20.0");
  EXPECT_EQ(Modules(">=1.14,<1.60", true), "1.14.0 1.20.0") << "neither 1.14.0-dev nor 1.60.0-dev";
  EXPECT_EQ(Modules(">1.20"), "1.60.0 1.60.1 1.61.0 2.0.0+incompatible");
  EXPECT_EQ(Modules(">1.60"), "1.61.0 2.0.0+incompatible") << "behind the line";
  EXPECT_EQ(Modules(">1.60.0"), "1.60.1 1.61.0 2.0.0+incompatible");
  EXPECT_EQ(Modules("<1.14"), "1.9.0");
  EXPECT_EQ(Modules("<1.14", true), "0.0.0-20240318140521-94a12d6c2237 1.9.0");
  EXPECT_EQ(Modules("<=1.60,>1.20"), "1.60.0 1.60.1");
  EXPECT_EQ(Modules("<=1.60.0,>1.20"), "1.60.0");
  EXPECT_EQ(Modules(">=2"), "2.0.0+incompatible");
  EXPECT_EQ(Modules(">=1,<2,!=1.60,!=1.9.0"), "1.14.0 1.20.0 1.61.0");
  EXPECT_EQ(Modules(">=1.99,<2"), "");
}

TEST(Constraint, LinesOfModules) {
  EXPECT_EQ(Modules("~1.60"), "1.60.0 1.60.1");
  EXPECT_EQ(Modules("1.60"), "1.60.0 1.60.1");
  EXPECT_EQ(Modules("1.60.x"), "1.60.0 1.60.1");
  EXPECT_EQ(Modules("1.60.*"), "1.60.0 1.60.1");
  EXPECT_EQ(Modules("=v1.60"), "1.60.0 1.60.1");
  EXPECT_EQ(Modules("~1.60.1"), "1.60.1");
  EXPECT_EQ(Modules("~1.60", true), "1.60.0-dev 1.60.0 1.60.1");
  EXPECT_EQ(Modules("~1.61,<1.61.0", true), "1.61.0-rc.1");
  EXPECT_EQ(Modules("1"), "1.9.0 1.14.0 1.20.0 1.60.0 1.60.1 1.61.0");
  EXPECT_EQ(Modules("~1"), "1.9.0 1.14.0 1.20.0 1.60.0 1.60.1 1.61.0");
  EXPECT_EQ(Modules("^1.20"), "1.20.0 1.60.0 1.60.1 1.61.0");
  EXPECT_EQ(Modules("^1.60.1"), "1.60.1 1.61.0");
  constexpr std::string_view kZero = "0.0.3 0.0.4 0.2.3 0.2.9 0.3.0 1.0.0";
  EXPECT_EQ(Select(VersionScheme::kModule, "^0.2.3", kZero), "0.2.3 0.2.9");
  EXPECT_EQ(Select(VersionScheme::kModule, "^0.0.3", kZero), "0.0.3");
  EXPECT_EQ(Select(VersionScheme::kModule, "^0.0", kZero), "0.0.3 0.0.4");
  EXPECT_EQ(Select(VersionScheme::kModule, "^0", kZero), "0.0.3 0.0.4 0.2.3 0.2.9 0.3.0");
}

TEST(Constraint, ExactVersions) {
  EXPECT_EQ(Modules("1.60.1"), "1.60.1");
  EXPECT_EQ(Modules("==v1.60.1"), "1.60.1");
  EXPECT_EQ(Modules("1.60.0-dev"), "1.60.0-dev") << "named, so no switch is needed";
  EXPECT_EQ(Modules("v0.0.0-20240318140521-94a12d6c2237"), "0.0.0-20240318140521-94a12d6c2237");
  EXPECT_EQ(Modules("2.0.0+incompatible"), "2.0.0+incompatible");
  EXPECT_EQ(Modules("1.60.7"), "");
  auto named = Constraint::Parse(VersionScheme::kModule, "1.60.7")->named();
  ASSERT_EQ(named.size(), 1U) << "may exist although no list has it";
  EXPECT_EQ(named[0].text(), "1.60.7");
  for (const char* unnamed : {"~1.60.1", "1.60", ">=1.60.1", "*", "latest", "!=1.60.1"}) {
    EXPECT_TRUE(Constraint::Parse(VersionScheme::kModule, unnamed)->named().empty()) << unnamed;
  }
}

TEST(Constraint, Latest) {
  EXPECT_EQ(Modules("latest"), "2.0.0+incompatible");
  EXPECT_EQ(Modules("latest", true), "2.0.0+incompatible");
  EXPECT_EQ(Modules("latest,<2"), "1.61.0");
  EXPECT_EQ(Modules("latest,<1.61", true), "1.60.1");
  // go.dev/ref/mod#version-queries: no release, so the newest pre-release; not even that, so the newest pseudo-version.
  EXPECT_EQ(Select(VersionScheme::kModule, "latest", "0.1.0-rc.1 0.1.0-rc.2 0.1.1-0.20240318140521-94a12d6c2237"),
            "0.1.0-rc.2");
  EXPECT_EQ(
      Select(VersionScheme::kModule, "latest", "0.0.0-20240318140521-94a12d6c2237 0.0.0-20250318140521-94a12d6c2237"),
      "0.0.0-20250318140521-94a12d6c2237");
  EXPECT_EQ(Select(VersionScheme::kModule, "latest", ""), "");
}

constexpr std::string_view kGoList =
    "1.16.15 1.17 1.17.1 1.20rc1 1.20 1.20.1 1.20.14 1.21rc2 1.21.0 1.21.13 1.26.8 1.26.10 1.26.11 1.27rc1 1.27.0";
std::string Go(std::string_view constraint, bool prereleases = false) {
  return Select(VersionScheme::kGo, constraint, kGoList, prereleases);
}

TEST(Constraint, GoReleases) {
  EXPECT_EQ(Go(">=1.17,<1.20"), "1.17 1.17.1");
  EXPECT_EQ(Go(">=go1.26.10"), "1.26.10 1.26.11 1.27.0");
  EXPECT_EQ(Go("1.20"), "1.20") << "a release of its own below 1.21";
  EXPECT_EQ(Go("=1.20.0"), "1.20");
  EXPECT_EQ(Go("~1.20"), "1.20 1.20.1 1.20.14");
  EXPECT_EQ(Go("1.20.x"), "1.20 1.20.1 1.20.14");
  EXPECT_EQ(Go("1.21"), "1.21.0 1.21.13") << "a line from 1.21 on";
  EXPECT_EQ(Go("go1.21"), "1.21.0 1.21.13");
  EXPECT_EQ(Go("1.21", true), "1.21rc2 1.21.0 1.21.13");
  EXPECT_EQ(Go("1.21rc2"), "1.21rc2");
  EXPECT_EQ(Go("!=1.26,>=1.21"), "1.21.0 1.21.13 1.27.0");
  EXPECT_EQ(Go("!=1.20,>=1.17,<1.21"), "1.17 1.17.1 1.20.1 1.20.14");
  EXPECT_EQ(Go("!=1.20.x,>=1.17,<1.21"), "1.17 1.17.1");
  EXPECT_EQ(Go("<=1.20,>=1.20"), "1.20 1.20.1 1.20.14");
  EXPECT_EQ(Go(">1.26"), "1.27.0");
  EXPECT_EQ(Go("latest"), "1.27.0");
  EXPECT_EQ(Go("latest,<1.27"), "1.26.11");
  EXPECT_EQ(Go(">=1.20,<1.21", true), "1.20 1.20.1 1.20.14") << "1.20rc1 comes before 1.20";
  EXPECT_EQ(Constraint::Parse(VersionScheme::kGo, "1.20")->named().at(0).text(), "1.20");
  EXPECT_TRUE(Constraint::Parse(VersionScheme::kGo, "1.26")->named().empty());
  EXPECT_EQ(Constraint::Parse(VersionScheme::kGo, "1.26.8")->named().at(0).text(), "1.26.8");
}

TEST(Constraint, UnreadableOnesSayWhatToWrite) {
  for (const char* bad : {"", " ", ",", "1.2.3,", ">=", "=>1.2", "abc", "1.2.3.4", ">=latest", "1..2", "1.x.2",
                          "> = 1.2", "~*", "1.2.3 1.2.4", ">=1.2\n"}) {
    for (VersionScheme scheme : {VersionScheme::kModule, VersionScheme::kGo}) {
      auto constraint = Constraint::Parse(scheme, bad);
      ASSERT_FALSE(constraint) << bad;
      EXPECT_EQ(constraint.error().code, ErrorCode::kUsage);
      EXPECT_NE(constraint.error().hint.find("latest"), std::string::npos);
    }
  }
  EXPECT_FALSE(Constraint::Parse(VersionScheme::kModule, std::string(1'000'000, ',')));
}

}  // namespace
}  // namespace gooffsets
