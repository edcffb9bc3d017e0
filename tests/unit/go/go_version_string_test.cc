#include "go/go_version_string.h"

#include <gtest/gtest.h>

namespace gooffsets {
namespace {

// release|language|experiments|devel|suffix
std::string Parse(std::string_view text) {
  auto go = ParseGoVersionString(text);
  if (!go) return "error";
  std::string out = (go->release ? go->release->text() : "-") + "|" + go->language + "|";
  for (const std::string& experiment : go->experiments) out += experiment + ",";
  return out + "|" + (go->devel ? "devel" : "") + "|" + go->suffix;
}

TEST(GoVersionString, Releases) {
  EXPECT_EQ(Parse("go1.26.8"), "1.26.8|1.26|||");
  EXPECT_EQ(Parse("1.26.8"), "1.26.8|1.26|||");
  EXPECT_EQ(Parse("go1.24rc1"), "1.24rc1|1.24|||");
  EXPECT_EQ(Parse("go1.20"), "1.20|1.20|||");
  EXPECT_EQ(Parse("go1.21"), "-|1.21|||") << "a language version, not the release 1.21.0";
}

// The strings of production binaries that the project collected.
TEST(GoVersionString, OddOnes) {
  EXPECT_EQ(Parse("go1.25-20250209-RC00 cl/724968042 X:fieldtrack,boringcrypto"),
            "-|1.25|fieldtrack,boringcrypto,||20250209-RC00 cl/724968042");
  EXPECT_EQ(Parse("go1.20-20230101-RC00 cl/1"), "-|1.20|||20230101-RC00 cl/1") << "a snapshot, not release 1.20";
  EXPECT_EQ(Parse("devel go1.27-hash"), "-|1.27||devel|");
  EXPECT_EQ(Parse("devel go1.23-3cd3ef1de6 Mon Apr 1 12:00:00 2024 +0000 X:rangefunc"), "-|1.23|rangefunc,|devel|");
  EXPECT_EQ(Parse("devel +5e8a2a5c Mon Jan 4 2021"), "-|||devel|");
  EXPECT_EQ(Parse("go1.22.5 X:nocoverageredesign"), "1.22.5|1.22|nocoverageredesign,||");
  // As the linker of Go 1.26.8 wrote it with GOEXPERIMENT=fieldtrack,arenas.
  EXPECT_EQ(Parse("go1.26.8-X:fieldtrack,arenas"), "1.26.8|1.26|fieldtrack,arenas,||");
  EXPECT_EQ(Parse("go1.26.8-fips-X:boringcrypto"), "1.26.8|1.26|boringcrypto,||fips");
  EXPECT_EQ(Parse("go1.26.8-X:"), "1.26.8|1.26|||");
  EXPECT_EQ(Parse("go1.21.0-fips"), "1.21.0|1.21|||fips");
  EXPECT_EQ(Parse("go1.21.0-fips X:boringcrypto"), "1.21.0|1.21|boringcrypto,||fips");
  EXPECT_EQ(Parse("go1.22.5 (Red Hat 1.22.5-1.el9)"), "1.22.5|1.22|||(Red Hat 1.22.5-1.el9)");
  EXPECT_EQ(Parse("go1.18.5b7"), "1.18.5|1.18|||b7") << "the BoringCrypto branch";
  EXPECT_EQ(Parse("go1.24rc1-custom"), "1.24rc1|1.24|||custom");
  EXPECT_EQ(Parse(" go1.26.8\n"), "1.26.8|1.26|||");
}

TEST(GoVersionString, Nonsense) {
  for (const char* text : {"", "go", "unknown", "(devel)", "gogo1.2", "v1.2.3", "X:a", "go.1", "go-1.2", "devel goX",
                           "go99999999999999999999.1"}) {
    auto go = ParseGoVersionString(text);
    ASSERT_FALSE(go) << text;
    EXPECT_EQ(go.error().code, ErrorCode::kBadInput);
  }
  EXPECT_FALSE(ParseGoVersionString(std::string(100'000, '1')));
}

}  // namespace
}  // namespace gooffsets
