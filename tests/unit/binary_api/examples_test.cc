// The examples that the public headers and README.md show, compiled and run on a stripped Go program.
#include <gtest/gtest.h>

#include "../dwarf/go_fixture.h"
#include "gooffsets/binary.h"
#include "gooffsets/debug_file.h"
#include "gooffsets/resolve.h"
#include "gooffsets/version.h"
#include "gooffsets/want_list.h"

namespace gooffsets {
namespace {

using testing::GoOnPath;
using testing::RunGo;
using testing::TempDir;

// A stripped program that links net/http, and the offsets that its own reflection prints.
class PublicApi : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new TempDir();
    const testing::GoCommand go = GoOnPath();
    ASSERT_FALSE(go.go.empty()) << go.why;
    const std::string source = *directory_ / "source";
    std::filesystem::create_directory(source);
    ASSERT_TRUE(testing::RunShell("printf 'module example.test/server\\n\\ngo 1.19\\n' > " + testing::Quote(source + "/go.mod")).status == 0);
    ASSERT_EQ(testing::RunShell("cat > " + testing::Quote(source + "/main.go") + R"( <<'END'
package main

import (
	"fmt"
	"net/http"
	"reflect"
)

func main() {
	t := reflect.TypeOf(http.Request{})
	f, _ := t.FieldByName("URL")
	fmt.Println(f.Offset)
	http.Handle("/", http.NotFoundHandler())
	if t == nil {
		_ = http.ListenAndServe("", nil)
	}
}
END)").status, 0);
    server_ = *directory_ / "server";
    const testing::CommandResult built = RunGo(go, source, "amd64", {"build", "-ldflags=-s -w", "-o", server_, "."});
    ASSERT_EQ(built.status, 0) << built.output;
    const testing::CommandResult said = testing::RunShell(testing::Quote(server_));
    url_offset_ = std::stoull(said.output);
  }
  static void TearDownTestSuite() {
    delete directory_;
    directory_ = nullptr;
  }
  static inline TempDir* directory_ = nullptr;
  static inline std::string server_;
  static inline uint64_t url_offset_ = 0;
};

TEST_F(PublicApi, ReadmeResolvesAField) {
  Result<GoBinary> binary = GoBinary::Open(server_);
  ASSERT_TRUE(binary) << binary.error().ToString();
  auto resolver = Resolver::Make(&*binary, nullptr, {});
  ASSERT_TRUE(resolver);
  auto answers = resolver->ResolveItems({*ParseItem("net/http.Request.URL")});
  ASSERT_TRUE(answers);
  EXPECT_EQ(answers->at(0).field->offset, url_offset_);
  EXPECT_EQ(answers->at(0).source, Source::kSelf);
}

TEST_F(PublicApi, BinaryInfoNamesGoAndModules) {
  Result<GoBinary> binary = GoBinary::Open(server_);
  ASSERT_TRUE(binary);
  EXPECT_TRUE(Version::Parse(VersionScheme::kGo, binary->info().go_version));
  EXPECT_TRUE(binary->info().stripped);
  ASSERT_NE(binary->info().Module("example.test/server"), nullptr);
  EXPECT_EQ(binary->info().Module("google.golang.org/grpc"), nullptr);
}

TEST_F(PublicApi, WantListResolvesWithReasons) {
  Result<WantList> wants = ParseWantList(R"(
[probe.http_server]
attach = ["net/http.serverHandler.ServeHTTP"]
need = ["net/http.Request.URL"]
want = ["net/http.Request.NoSuchField", { any = ["net/http.response.nope", "net/http.response.status"], as = "status" }]
itab = ["*net/http.response:net/http.ResponseWriter"]
)", "wants.toml");
  ASSERT_TRUE(wants) << wants.error().ToString();
  Result<GoBinary> binary = GoBinary::Open(server_);
  ASSERT_TRUE(binary);
  Result<Resolver> resolver = Resolver::Make(&*binary, nullptr, {});
  ASSERT_TRUE(resolver);
  Result<Resolution> all = resolver->Resolve(*wants);
  ASSERT_TRUE(all) << all.error().ToString();
  const ResolvedProbe& probe = all->probes.at(0);
  EXPECT_TRUE(probe.usable);
  ASSERT_TRUE(probe.attach.at(0).answer);
  EXPECT_FALSE(probe.attach[0].answer->function->bodies.at(0).returns.empty());
  EXPECT_EQ(probe.wants.at(0).answer->field->offset, url_offset_);
  EXPECT_FALSE(probe.wants.at(1).answer);
  EXPECT_TRUE(probe.wants[1].not_found.at(0).absent);
  EXPECT_EQ(probe.wants.at(2).want.as, "status");
  EXPECT_TRUE(probe.wants[2].answer);
  EXPECT_TRUE(probe.wants.at(3).answer->itab);
}

TEST_F(PublicApi, AMissingDebugFileIsNoError) {
  Result<GoBinary> binary = GoBinary::Open(server_);
  ASSERT_TRUE(binary);
  Result<DebugFile> debug = FindDebugFile(*binary, {*directory_ / "nowhere"});
  ASSERT_TRUE(debug) << debug.error().ToString();
  EXPECT_TRUE(debug->path.empty());
  EXPECT_FALSE(debug->how.empty());
}

}  // namespace
}  // namespace gooffsets
