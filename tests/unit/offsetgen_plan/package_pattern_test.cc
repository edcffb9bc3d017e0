#include "package_pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace offsetgen {
namespace {

struct Case {
  const char* pattern;
  const char* package;
  bool matches;
};

// The cases of TestSimpleMatchPattern of the go command (src: cmd/internal/pkgpattern/pat_test.go). The rule about
// vendor directories is left out on purpose: a copied module has none, and those of std are measured as well.
TEST(PackagePattern, AsTheGoCommandMatches) {
  const Case cases[] = {
      {"...", "foo", true},
      {".../bar/.../baz", "foo/bar/abc/baz", true},
      {"net", "net", true},
      {"net", "net/http", false},
      {"net/http", "net/http", true},
      {"net/http", "net", false},
      {"net...", "net", true},
      {"net...", "net/http", true},
      {"net...", "netchan", true},
      {"net...", "not/http", false},
      {"net...", "not/net/http", false},
      {"net/...", "net", true},
      {"net/...", "net/http", true},
      {"net/...", "not/http", false},
      {"net/...", "not/net/http", false},
      {"net/...", "netchan", false},
  };
  for (const Case& c : cases)
    EXPECT_EQ(MatchesPattern(c.pattern, "m", c.package), c.matches) << c.pattern << " " << c.package;
}

// "(/...)?" behind other wildcards, as the regular expression of matchPatternInternal says in the same file.
TEST(PackagePattern, FinalWildcardMayBeEmptyBehindOthers) {
  EXPECT_TRUE(MatchesPattern("m/.../testing/...", "m", "m/a/testing"));
  EXPECT_TRUE(MatchesPattern("m/.../testing/...", "m", "m/a/b/testing/c"));
  EXPECT_FALSE(MatchesPattern("m/.../testing/...", "m", "m/testing"));
  EXPECT_FALSE(MatchesPattern("m/.../testing/...", "m", "m/a/testing2"));
}

TEST(PackagePattern, RelativePatternsAreInsideTheModule) {
  EXPECT_TRUE(MatchesPattern(".", "a.b/m", "a.b/m"));
  EXPECT_FALSE(MatchesPattern(".", "a.b/m", "a.b/m/x"));
  EXPECT_TRUE(MatchesPattern("./...", "a.b/m", "a.b/m"));
  EXPECT_TRUE(MatchesPattern("./...", "a.b/m", "a.b/m/x/y"));
  EXPECT_FALSE(MatchesPattern("./...", "a.b/m", "a.b/m2/x"));
  EXPECT_TRUE(MatchesPattern("./internal/...", "std", "internal/abi"));
}

TEST(PackagePattern, ExcludesAreStrongerThanRoots) {
  const PackageSelection grpc = {"google.golang.org/grpc", {".", "./reflection/..."}, {"./.../grpc_testing/..."}};
  EXPECT_TRUE(IsSelected(grpc, "google.golang.org/grpc"));
  EXPECT_TRUE(IsSelected(grpc, "google.golang.org/grpc/reflection/grpc_reflection_v1"));
  EXPECT_FALSE(IsSelected(grpc, "google.golang.org/grpc/reflection/grpc_testing"));
  EXPECT_FALSE(IsSelected(grpc, "google.golang.org/grpc/xds"));
  EXPECT_TRUE(IsSelected({"m.x/a", {}, {}}, "m.x/a/anything"));
}

TEST(PackagePattern, OnlyPatternsOfTheModuleAreAccepted) {
  EXPECT_TRUE(IsPatternOf("./a/...", "m.x/a"));
  EXPECT_TRUE(IsPatternOf("m.x/a/b", "m.x/a"));
  EXPECT_TRUE(IsPatternOf("net/http", "std"));
  for (const char* bad : {"", "..", "../b", "./../b", "m.x/other", "m.x/ab", "./a b", "/abs", "./", "-x"})
    EXPECT_FALSE(IsPatternOf(bad, "m.x/a")) << bad;
  EXPECT_FALSE(IsPatternOf(".", "std"));
}

TEST(PackagePattern, ManyWildcardsDoNotTakeExponentialTime) {
  std::string pattern, package(5000, 'a');
  for (int i = 0; i < 100; ++i) pattern += "...a";
  EXPECT_TRUE(MatchesPattern(pattern, "m", package));
  EXPECT_FALSE(MatchesPattern(pattern + "b", "m", package));
}

}  // namespace
}  // namespace offsetgen
