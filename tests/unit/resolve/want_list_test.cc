// Want lists: what is read, and that everything else is refused with its line.
#include "gooffsets/want_list.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#define LLVMFuzzerTestOneInput FuzzWantList
#include "../../../fuzz/want_list_fuzz.cc"
#undef LLVMFuzzerTestOneInput

namespace gooffsets {
namespace {

TEST(WantList, ReadsProbesInFileOrder) {
  Result<WantList> list = ParseWantList(R"(
[probe.http_server]
attach = ["net/http.serverHandler.ServeHTTP"]
need   = ["net/http.Request.URL", "net/http.Request"]
want   = [{ any = ["net/http.response.status", "net/http.response2.status"], as = "status" }, "gopkg.in/yaml.v3.Node.Kind",
          "net/http.(*Server).Serve"]
itab   = ["*net/http.response:net/http.ResponseWriter"]
[probe.a]
want = ["sync/atomic.Pointer[net/http.response].v"]
)",
                                        "wants.toml");
  ASSERT_TRUE(list) << list.error().ToString();
  ASSERT_EQ(list->probes.size(), 2U);
  const WantedProbe& probe = list->probes[0];
  EXPECT_EQ(probe.name, "http_server");
  ASSERT_EQ(probe.attach.size(), 1U);
  EXPECT_EQ(probe.attach[0].any[0], (Item{ItemKind::kFunction, "net/http.serverHandler.ServeHTTP", ""}));
  EXPECT_TRUE(probe.attach[0].needed);
  ASSERT_EQ(probe.wants.size(), 6U);
  EXPECT_EQ(probe.wants[0].any[0].kind, ItemKind::kField);
  EXPECT_TRUE(probe.wants[0].needed);
  EXPECT_EQ(probe.wants[1].any[0].kind, ItemKind::kStruct);
  EXPECT_EQ(probe.wants[2].as, "status");
  EXPECT_EQ(probe.wants[2].any.size(), 2U);
  EXPECT_FALSE(probe.wants[2].needed);
  EXPECT_EQ(probe.wants[4].any[0].kind, ItemKind::kFunction);
  EXPECT_EQ(probe.wants[5].any[0], (Item{ItemKind::kItab, "*net/http.response", "net/http.ResponseWriter"}));
  EXPECT_EQ(probe.wants[5].as, "*net/http.response:net/http.ResponseWriter");
  EXPECT_EQ(list->probes[1].name, "a");
}

TEST(WantList, RefusesWhatItDoesNotKnowAndNamesTheLine) {
  const struct {
    const char* text;
    const char* says;
  } cases[] = {
      {"", "no probe"},
      {"[probe.a]\n", "wants nothing"},
      {"[probe.a]\nneeds = [\"net/http.Request.URL\"]", "w:2: unknown key \"needs\""},
      {"[probes.a]\nneed = [\"net/http.Request.URL\"]", "w:1: unknown key \"probes\""},
      {"[probe.a]\nneed = \"net/http.Request.URL\"", "is no list"},
      {"[probe.a]\nneed = [1]", "neither a symbol nor a table"},
      {"[probe.a]\nneed = [\"Request\"]", "w:2: \"Request\" names no package"},
      {"[probe.a]\nneed = [\n\"net/http.Request URL\"]", "w:3: \"net/http.Request URL\" holds a space"},
      {"[probe.a]\nneed = [\"net/http.(Request.URL\"]", "brackets"},
      {"[probe.a]\nneed = [\".Request\"]", "empty package path"},
      {"[probe.a]\nneed = [{ any = [], as = \"x\" }]", "no list of symbols"},
      {"[probe.a]\nneed = [{ as = \"x\" }]", "has no \"any\""},
      {"[probe.a]\nneed = [{ any = [\"a.B.c\"], or = \"x\" }]", "unknown key \"or\""},
      {"[probe.a]\nneed = [{ any = [\"a.B.c\"], promoted = 1 }]", "neither true nor false"},
      {"[probe.a]\nattach = [{ any = [\"a.B\"], promoted = true }]", "w:2: only fields are promoted"},
      {"[probe.a]\nneed = [\"a.B.c\"]\nwant = [\"a.B.c\"]", "w:3: \"a.B.c\" is the name of two wants"},
      {"[probe.a]\nattach = [\"*a.B:c.D\"]", "begins with a star"},
      {"[probe.a]\nitab = [\"a.B\"]", "is no itab"},
      {"[probe.a\n", "w:1"},
      {"[probe.a]\nneed = [\"a.\xc3\x84\"]", "w:2: a character beyond ASCII"},
      {"[.a]\nneed = [\"a.B\"]", "no TOML"},  // an assertion of toml++ 3.3
      {"probe = 1", "is no table"},
  };
  for (const auto& test : cases) {
    Result<WantList> list = ParseWantList(test.text, "w");
    ASSERT_FALSE(list) << test.text;
    EXPECT_EQ(list.error().code, ErrorCode::kBadInput);
    EXPECT_NE(list.error().message.find(test.says), std::string::npos) << test.text << "\n" << list.error().message;
  }
  EXPECT_FALSE(ParseWantList(std::string((1 << 20) + 1, ' '), "w"));
}

TEST(WantList, PromotedFieldsAreAskedForByElement) {
  Result<WantList> list = ParseWantList(
      "[probe.a]\nneed = [\"a.B.c\", { any = [\"a.B.d\", \"a.C.d\"], promoted = true },\n"
      "{ any = [\"a.B.e\"], promoted = false }]",
      "w");
  ASSERT_TRUE(list) << list.error().ToString();
  const std::vector<Want>& wants = list->probes[0].wants;
  EXPECT_FALSE(wants[0].any[0].promoted);
  EXPECT_TRUE(wants[1].any[0].promoted && wants[1].any[1].promoted);
  EXPECT_FALSE(wants[2].any[0].promoted);
}

TEST(WantList, OtherAlphabetsInCommentsAndEscapes) {
  Result<WantList> list = ParseWantList("# \xc3\xa4\n[probe.a]  # \xef\xbd\xbf\nneed = [\"a.\\u00c4.b\"]", "w");
  ASSERT_TRUE(list) << list.error().ToString();
  EXPECT_EQ(list->probes[0].wants[0].any[0].symbol, "a.\xc3\x84.b");
}

TEST(WantList, ItemsOnTheirOwn) {
  EXPECT_EQ(ParseItem("net/http.Request.URL")->kind, ItemKind::kField);
  EXPECT_EQ(ParseItem("*a.B:error")->interface, "error");
  EXPECT_EQ(ParseItem("*a.B:error")->Text(), "*a.B:error");
  ASSERT_FALSE(ParseItem("nothing"));
  EXPECT_EQ(ParseItem("nothing").error().code, ErrorCode::kUsage);
}

TEST(FuzzReplay, WantList) {
  size_t count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(GOOFFSETS_SOURCE_DIR) + "/fuzz/corpus/want_list")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    SCOPED_TRACE(entry.path().string());
    EXPECT_EQ(FuzzWantList(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()), 0);
    ++count;
  }
  EXPECT_GE(count, 5U);
}

}  // namespace
}  // namespace gooffsets
