#include "text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace offsetgen {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Text, SplitKeepsEmptyParts) {
  EXPECT_THAT(Split("", ','), ElementsAre(""));
  EXPECT_THAT(Split(",a,", ','), ElementsAre("", "a", ""));
}

TEST(Text, TrimTakesWindowsLineEnds) {
  EXPECT_EQ(Trim(" v1.2.3\t\r\n"), "v1.2.3");
  EXPECT_EQ(Trim(" \r\n"), "");
}

TEST(Text, PrintableLetsNoEscapeReachATerminal) {
  EXPECT_EQ(Printable("a\x1b[31m\n"), "a\\x1b[31m\\x0a");
  EXPECT_EQ(Printable("\xc3\xbc"), "\\xc3\\xbc");
  EXPECT_EQ(Printable(std::string(300, 'x')).size(), 123u);
}

TEST(Text, LastLineOfACommand) {
  EXPECT_EQ(LastLine("go: downloading x\ngo: 404 Not Found\n\n"), "go: 404 Not Found");
  EXPECT_EQ(LastLine(""), "");
}

TEST(Text, NearSpellings) {
  const std::vector<std::string> modules = {"std", "google.golang.org/grpc", "golang.org/x/net",
                                            "github.com/IBM/sarama", "github.com/redis/go-redis/v9"};
  EXPECT_THAT(NearSpellings("google.golang.org/grcp", modules), ElementsAre("google.golang.org/grpc"));
  EXPECT_THAT(NearSpellings("google.golang.com/grpc", modules), ElementsAre("google.golang.org/grpc"));
  EXPECT_THAT(NearSpellings("github.com/ibm/sarama", modules), ElementsAre("github.com/IBM/sarama"));
  EXPECT_THAT(NearSpellings("grpc", modules), ElementsAre("google.golang.org/grpc"));
  EXPECT_THAT(NearSpellings("github.com/redis/go-redis", modules), ElementsAre("github.com/redis/go-redis/v9"));
  EXPECT_THAT(NearSpellings("example.com/other", modules), IsEmpty());
  EXPECT_THAT(NearSpellings("", modules), IsEmpty());
  EXPECT_THAT(NearSpellings(std::string(100000, 'a'), modules), IsEmpty());
}

// Cases of golang.org/x/mod/module's TestCheckPath (module_test.go) that concern the characters of a path.
TEST(Text, ModulePathsAsGoAllowsThem) {
  for (const char* ok : {"std", "x.y/z", "github.com/IBM/sarama", "gopkg.in/yaml.v3", "x.y/~z", "a.b/c-d_e"})
    EXPECT_TRUE(IsModulePath(ok)) << ok;
  for (const char* bad : {"", "/x.y/z", "x./z", ".x/z", "-x.y", "x..y/z./a", "x.y/z/", "x.y//z", "x.y/../z", "x.y/z w",
                          "x.y/a\nb", "x.y/\xc3\xbc", "x.y/a@b", "x.y/a:b", "x.y/...", "x.y\\z"}) {
    EXPECT_FALSE(IsModulePath(bad)) << bad;
  }
  EXPECT_FALSE(IsModulePath(std::string("a\0b", 3)));
}

}  // namespace
}  // namespace offsetgen
