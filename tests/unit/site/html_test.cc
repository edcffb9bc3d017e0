#include "site/html.h"

#include <gtest/gtest.h>

#include "site/address.h"

namespace gooffsets {
namespace {

TEST(Html, EscapesWhatMeansSomethingAndWhatNoTextMayHold) {
  EXPECT_EQ(EscapeHtml("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
  EXPECT_EQ(EscapeHtml("\xc3\xa9\t\n"), "\xc3\xa9\t\n");
  EXPECT_EQ(EscapeHtml(std::string("\x00\x1b\x7f", 3)), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(EscapeHtml("a\xff"), "a\xef\xbf\xbd");
}

TEST(Html, ElementsArePairedAndAttributesEscaped) {
  Html html;
  html.Open("p", {{"title", "\"><script>"}, {"id", Html::kNone}}).Leaf("b", "x<y").Void("br", {});
  EXPECT_EQ(std::move(html).Finish(), "<p title=\"&quot;&gt;&lt;script&gt;\"><b>x&lt;y</b><br/></p>");
}

TEST(Html, NumbersForPeople) {
  EXPECT_EQ(Thousands(0), "0");
  EXPECT_EQ(Thousands(999), "999");
  EXPECT_EQ(Thousands(1000), "1,000");
  EXPECT_EQ(Thousands(1234567), "1,234,567");
  EXPECT_EQ(Count(1, "field"), "1 field");
  EXPECT_EQ(Count(2, "field"), "2 fields");
}

TEST(Address, ModulesPackagesAndSymbolsComeBack) {
  EXPECT_EQ(PageAddress("std", "net/http.Request"), "m/std/-/net/http.Request/");
  EXPECT_EQ(RootFrom("m/std/-/net/http.Request/"), "../../../../../");
  EXPECT_EQ(RootFrom(""), "./");
  std::optional<ModuleRequest> parsed = ParseModuleAddress(PageAddress("a.b/c", "a.b/c/d.(*T).M"));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->module, "a.b/c");
  EXPECT_EQ(parsed->rest, "a.b/c/d.(*T).M");
  parsed = ParseModuleAddress(ModuleAddress("std"));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->module, "std");
  EXPECT_EQ(parsed->rest, "");
  for (const char* none : {"", "m/", "m//", "x/std/", "m/std", "m/-/-/", "m/std/-//"}) {
    std::optional<ModuleRequest> odd = ParseModuleAddress(none);
    EXPECT_TRUE(!odd || odd->rest.empty()) << none;
  }
}

TEST(Address, NamesOfFilesAreChecked) {
  EXPECT_TRUE(FitForFile("m/std/-/net/http.(*Server).Serve/"));
  for (const char* odd :
       {"", "/m/", "m//x/", "m/../x/", "m/./x/", "m/a b/", "m/a\\b/", "m/a:b/", "m/a\x01/", "m/[x]/"}) {
    EXPECT_FALSE(FitForFile(odd)) << odd;
  }
  EXPECT_FALSE(FitForFile("m/" + std::string(201, 'x') + "/"));
  EXPECT_EQ(PercentEncode("m/a b/-/x.(*T).M[int]/"), "m/a%20b/-/x.(*T).M%5Bint%5D/");
}

}  // namespace
}  // namespace gooffsets
