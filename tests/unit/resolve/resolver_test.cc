// The whole chain on a real program that says its own offsets when it runs: stripped, not stripped, and with its Go
// version kept from the resolver.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "../store/temp_dir.h"
#include "gooffsets/resolve.h"
#include "released.h"
#include "resolve/resolver_core.h"
#include "resolve/self_source.h"

namespace gooffsets {
namespace {

// Prints "symbol offset size" of fields by reflection: the compiler's own numbers.
constexpr char kProgram[] = R"(package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"unsafe"
)

type base struct {
	hidden string
	Deep   int32
}
type middle struct {
	pad byte
	base
	Shared int64
	Near   int16
}
type other struct {
	Shared int64
	Only   uint16
}
type pointed struct {
	Far  int64
	Deep int64
}
type promoting struct {
	first byte
	middle
	other
	link link
}
type link struct {
	one byte
	*pointed
	middle
}

type inner struct {
	a byte
	B int64
}
type outer struct {
	x    string
	in   inner
	last bool
}

func say(symbol string, t reflect.Type, fields ...string) {
	for _, name := range fields {
		f, _ := t.FieldByName(name)
		fmt.Println(symbol+"."+name, f.Offset, f.Type.Size())
	}
}

func main() {
	if len(os.Args) > 5 {
		http.ListenAndServe("127.0.0.1:0", nil)
	}
	say("net/http.Request", reflect.TypeOf(http.Request{}), "Method", "URL", "Body", "Pattern", "ctx")
	say("net/url.URL", reflect.TypeOf(url.URL{}), "Path", "RawQuery", "Fragment")
	say("net/http.Server", reflect.TypeOf(http.Server{}), "Addr", "ErrorLog", "inShutdown")
	say("main.outer", reflect.TypeOf(outer{}), "x", "in", "last")
	f, _ := reflect.TypeOf(outer{}).FieldByName("in")
	g, _ := f.Type.FieldByName("B")
	fmt.Println("main.outer.in.B", f.Offset+g.Offset, g.Type.Size())
	// Promoted fields, by the compiler's own rule for them.
	var p promoting
	fmt.Println(reflect.TypeOf(p).Name(), 0, unsafe.Sizeof(p))
	fmt.Println("+main.promoting.Near", unsafe.Offsetof(p.Near), unsafe.Sizeof(p.Near))
	fmt.Println("+main.promoting.Deep", unsafe.Offsetof(p.Deep), unsafe.Sizeof(p.Deep))
	fmt.Println("+main.promoting.hidden", unsafe.Offsetof(p.hidden), unsafe.Sizeof(p.hidden))
	fmt.Println("+main.promoting.Only", unsafe.Offsetof(p.Only), unsafe.Sizeof(p.Only))
	fmt.Println("+main.promoting.link.Near", unsafe.Offsetof(p.link)+unsafe.Offsetof(p.link.Near), unsafe.Sizeof(p.link.Near))
}
)";

struct Built {
  testing::TempDir dir;
  std::string plain, stripped;
  std::map<std::string, std::pair<uint64_t, uint64_t>> says;      // symbol -> offset, size
  std::map<std::string, std::pair<uint64_t, uint64_t>> promoted;  // the same of promoted fields
};

// One program for all tests of a process. Null: the go command cannot build it (the reason is printed).
const Built* Program() {
  static const std::unique_ptr<Built> built = [] {
    auto made = std::make_unique<Built>();
    std::ofstream(made->dir / "main.go") << kProgram;
    std::ofstream(made->dir / "go.mod") << "module example.com/program\n\ngo 1.21\n";
    made->plain = made->dir / "plain";
    made->stripped = made->dir / "stripped";
    const std::string go = "GOFLAGS= GOWORK=off GOTOOLCHAIN=local CGO_ENABLED=0 go build -trimpath ";
    const std::string build =
        "cd '" + (made->dir / ".") + "' && " + go + "-o plain . && " + go + "-ldflags '-s -w' -o stripped .";
    const std::string run = "'" + made->stripped + "' > '" + (made->dir / "said") + "'";
    if (std::system(build.c_str()) != 0 || std::system(run.c_str()) != 0) {
      return std::unique_ptr<Built>();
    }
    std::ifstream said(made->dir / "said");
    std::string symbol;
    uint64_t offset = 0, size = 0;
    while (said >> symbol >> offset >> size) {
      if (symbol.starts_with('+')) made->promoted[symbol.substr(1)] = {offset, size};
      if (symbol.find('.') != std::string::npos && !symbol.starts_with('+')) made->says[symbol] = {offset, size};
    }
    return made;
  }();
  return built.get();
}

class ResolverTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (Program() == nullptr) GTEST_SKIP() << "no go command that builds the program";
    ASSERT_GT(Program()->says.size(), 12U);
    Result<Database> opened = Database::Open(testing::ReleasedDatabase());
    ASSERT_TRUE(opened) << opened.error().ToString();
    database_ = std::make_unique<Database>(std::move(*opened));
  }
  std::unique_ptr<GoBinary> Open(const std::string& path) {
    Result<GoBinary> binary = GoBinary::Open(path);
    EXPECT_TRUE(binary) << binary.error().ToString();
    return binary ? std::make_unique<GoBinary>(std::move(*binary)) : nullptr;
  }
  std::vector<Item> Items(bool with_main) {
    std::vector<Item> items;
    for (const auto& [symbol, numbers] : Program()->says) {
      if (with_main || !symbol.starts_with("main.")) items.push_back(*ParseItem(symbol));
    }
    return items;
  }
  void ExpectRight(const std::vector<Resolved>& answers, Source source) {
    for (const Resolved& answer : answers) {
      ASSERT_TRUE(answer.field.has_value()) << answer.item.symbol << ": " << answer.reason;
      const auto& [offset, size] = Program()->says.at(answer.item.symbol);
      EXPECT_EQ(answer.field->offset, offset) << answer.item.symbol << " " << answer.how;
      EXPECT_EQ(answer.field->size, size) << answer.item.symbol;
      EXPECT_EQ(answer.source, source) << answer.item.symbol << " " << answer.how;
      EXPECT_TRUE(answer.conflicts.empty()) << answer.item.symbol << " " << answer.conflicts.front().refused;
    }
  }
  std::unique_ptr<Database> database_;
};

TEST_F(ResolverTest, TheBinarysOwnWordIsWhatTheProgramSays) {
  for (const std::string& path : {Program()->stripped, Program()->plain}) {
    auto binary = Open(path);
    ASSERT_TRUE(binary);
    Result<Resolver> resolver = Resolver::Make(binary.get(), database_.get(), {});
    ASSERT_TRUE(resolver);
    Result<std::vector<Resolved>> answers = resolver->ResolveItems(Items(true));
    ASSERT_TRUE(answers) << answers.error().ToString();
    ExpectRight(*answers, Source::kSelf);
  }
}

TEST_F(ResolverTest, TheDatabaseSaysTheSame) {
  auto binary = Open(Program()->stripped);
  ASSERT_TRUE(binary);
  if (binary->info().go_version != "1.26.8")
    GTEST_SKIP() << "the go command is not of a release that is stored: " << binary->info().go_text;
  ResolveOptions options;
  options.ignore_self = true;
  Result<Resolver> resolver = Resolver::Make(binary.get(), database_.get(), options);
  Result<std::vector<Resolved>> answers = resolver->ResolveItems(Items(false));
  ASSERT_TRUE(answers) << answers.error().ToString();
  ExpectRight(*answers, Source::kExact);
  for (const Resolved& answer : *answers) EXPECT_FALSE(answer.evidence.empty());
}

TEST_F(ResolverTest, WithoutAGoVersionTheReleasesThatFitAgreeOrNothingIsSaid) {
  auto binary = Open(Program()->stripped);
  ASSERT_TRUE(binary);
  if (binary->info().go_language != "1.26")
    GTEST_SKIP() << "the go command is of another line: " << binary->info().go_text;
  BinaryInfo info = binary->info();
  info.go_version.clear();
  info.go_text = "devel";
  ResolveOptions options;
  options.ignore_self = true;
  BinarySource source(binary.get(), options);
  ResolverCore core(info, &source, database_.get(), options);
  Result<std::vector<Resolved>> answers = core.ResolveItems(Items(false));
  ASSERT_TRUE(answers) << answers.error().ToString();
  ExpectRight(*answers, Source::kInferred);
  EXPECT_NE(answers->front().how.find(" that fit"), std::string::npos) << answers->front().how;
  // The policy may refuse that.
  options.policy.min_source = Source::kComposed;
  ResolverCore strict(info, &source, database_.get(), options);
  answers = strict.ResolveItems({*ParseItem("net/http.Request.URL")});
  ASSERT_TRUE(answers);
  EXPECT_FALSE(answers->front().found());
  EXPECT_NE(answers->front().reason.find("only an inferred answer"), std::string::npos) << answers->front().reason;
}

TEST_F(ResolverTest, AProbeIsUsableWithWhatItNeeds) {
  auto binary = Open(Program()->stripped);
  ASSERT_TRUE(binary);
  Result<WantList> wants = ParseWantList(R"(
[probe.server]
attach = ["net/http.serverHandler.ServeHTTP"]
need = ["net/http.Request.URL", "net/url.URL.Path"]
want = ["net/http.Request.Nope", { any = ["net/http.Request.Nope", "net/http.Request.Method"], as = "method" },
        "net/http.ListenAndServe"]
itab = ["*net/http.response:net/http.ResponseWriter"]
[probe.never]
need = ["net/http.Request.Nope"]
)",
                                         "wants");
  ASSERT_TRUE(wants) << wants.error().ToString();
  Result<Resolver> resolver = Resolver::Make(binary.get(), database_.get(), {});
  Result<Resolution> resolution = resolver->Resolve(*wants);
  ASSERT_TRUE(resolution) << resolution.error().ToString();
  ASSERT_EQ(resolution->probes.size(), 2U);
  const ResolvedProbe& server = resolution->probes[0];
  EXPECT_TRUE(server.usable) << (server.disabled_by.empty() ? "" : server.disabled_by.front());
  ASSERT_TRUE(server.attach[0].answer);
  EXPECT_FALSE(server.attach[0].answer->function->bodies.empty());
  EXPECT_FALSE(server.attach[0].answer->function->bodies[0].returns.empty());
  EXPECT_FALSE(server.wants[2].answer);
  EXPECT_TRUE(server.wants[2].not_found.at(0).absent);
  EXPECT_EQ(server.wants[3].answer->item.symbol, "net/http.Request.Method");
  ASSERT_TRUE(server.wants[4].answer);
  EXPECT_EQ(server.wants[4].answer->item.kind, ItemKind::kFunction);
  ASSERT_TRUE(server.wants[5].answer);
  EXPECT_NE(server.wants[5].answer->itab->address, 0U);
  EXPECT_FALSE(resolution->probes[1].usable);
  EXPECT_EQ(resolution->probes[1].disabled_by.size(), 1U);
  const nlohmann::json json = nlohmann::json::parse(ResolutionJson(*resolution), nullptr, false);
  ASSERT_FALSE(json.is_discarded());
  EXPECT_EQ(json["probes"][0]["wants"][0]["offset"], Program()->says.at("net/http.Request.URL").first);
  EXPECT_EQ(json["probes"][0]["wants"][3]["as"], "method");
  Result<Explanation> why = resolver->Explain(*ParseItem("net/http.Request.URL"));
  ASSERT_TRUE(why);
  EXPECT_EQ(why->words.size(), 5U);
  EXPECT_FALSE(nlohmann::json::parse(ExplanationJson(*why), nullptr, false).is_discarded());
}

TEST_F(ResolverTest, AMisspeltFieldIsSuggestedFromTheProgramsOwn) {
  auto binary = Open(Program()->stripped);
  ASSERT_TRUE(binary);
  Result<Resolver> resolver = Resolver::Make(binary.get(), database_.get(), {});
  ASSERT_TRUE(resolver);
  Result<std::vector<Resolved>> answers = resolver->ResolveItems(
      {*ParseItem("net/http.Request.Ur1"), *ParseItem("main.outer.in.b"), *ParseItem("net/http.Request.Zzzzzzz")});
  ASSERT_TRUE(answers) << answers.error().ToString();
  EXPECT_TRUE(answers->at(0).absent);
  EXPECT_EQ(answers->at(0).hint, "did you mean net/http.Request.URL?");
  EXPECT_EQ(answers->at(1).hint, "did you mean main.outer.in.B?");
  EXPECT_EQ(answers->at(2).hint, "");
}

TEST_F(ResolverTest, MisspeltTypesAndFunctionsAreSuggestedWhereTheUserAsksForIt) {
  auto binary = Open(Program()->stripped);
  ASSERT_TRUE(binary);
  ResolveOptions options;
  options.suggest = true;
  Result<Resolver> resolver = Resolver::Make(binary.get(), nullptr, options);
  ASSERT_TRUE(resolver);
  const std::vector<std::pair<std::string, std::string>> misspelt = {
      {"net/http.Requst.URL", "did you mean net/http.Request.URL?"},
      {"net/http.(*Servr).Serve", "did you mean net/http.(*Server).Serve?"},
      {"net/http.readReqest", "did you mean net/http.readRequest?"},
      {"main.promotin", "did you mean main.promoting?"},
      {"net/http.Zzzzzzzzz", ""},
  };
  std::vector<Item> items;
  for (const auto& [symbol, hint] : misspelt) items.push_back(*ParseItem(symbol));
  Result<std::vector<Resolved>> answers = resolver->ResolveItems(items);
  ASSERT_TRUE(answers) << answers.error().ToString();
  for (size_t i = 0; i < items.size(); ++i) {
    EXPECT_FALSE(answers->at(i).found()) << misspelt[i].first;
    if (misspelt[i].second.empty()) {
      EXPECT_EQ(answers->at(i).hint.find("did you mean"), std::string::npos) << answers->at(i).hint;
    } else {
      EXPECT_EQ(answers->at(i).hint, misspelt[i].second);
    }
  }
}

TEST_F(ResolverTest, PromotedFieldsAreFoundOnRequestWhereTheCompilerHasThem) {
  ASSERT_EQ(Program()->promoted.size(), 5U);
  std::vector<Item> items;
  for (const auto& [symbol, numbers] : Program()->promoted) items.push_back(*ParseItem(symbol));
  for (const std::string& path : {Program()->stripped, Program()->plain}) {
    auto binary = Open(path);
    ASSERT_TRUE(binary);
    Result<Resolver> resolver = Resolver::Make(binary.get(), nullptr, {});
    ASSERT_TRUE(resolver);
    Result<std::vector<Resolved>> answers = resolver->ResolveItems(items);
    ASSERT_TRUE(answers) << answers.error().ToString();
    for (const Resolved& answer : *answers) EXPECT_TRUE(answer.absent) << answer.item.symbol;
    std::vector<Item> requested = items;
    for (Item& item : requested) item.promoted = true;
    answers = resolver->ResolveItems(requested);
    ASSERT_TRUE(answers) << answers.error().ToString();
    for (const Resolved& answer : *answers) {
      ASSERT_TRUE(answer.field) << answer.item.symbol << ": " << answer.reason;
      const auto& [offset, size] = Program()->promoted.at(answer.item.symbol);
      EXPECT_EQ(answer.field->offset, offset) << answer.item.symbol << " " << answer.how;
      EXPECT_EQ(answer.field->size, size) << answer.item.symbol;
      EXPECT_EQ(answer.source, Source::kSelf);
    }
    // What Go refuses to select, and what lies in another block of memory.
    for (const auto& [symbol, why] : {std::pair("main.promoting.Shared", "ambiguous"),
                                      {"main.promoting.link.Far", "embedded pointer pointed"},
                                      {"main.promoting.link.Deep", "embedded pointer pointed"},
                                      {"main.promoting.Nowhere", "no such field"}}) {
      Item item = *ParseItem(symbol);
      item.promoted = true;
      answers = resolver->ResolveItems({item});
      ASSERT_TRUE(answers) << answers.error().ToString();
      EXPECT_FALSE(answers->front().found()) << symbol;
      EXPECT_NE(answers->front().reason.find(why), std::string::npos) << answers->front().reason;
      const Result<Explanation> explained = resolver->Explain(item);
      ASSERT_TRUE(explained);
      EXPECT_FALSE(explained->answer.found());
    }
    Item near = *ParseItem("main.promoting.Near");
    near.promoted = true;
    const Result<Explanation> explained = resolver->Explain(near);
    ASSERT_TRUE(explained && explained->answer.field);
    EXPECT_EQ(explained->answer.field->offset, Program()->promoted.at("main.promoting.Near").first);
    EXPECT_TRUE(explained->words.front().found);
  }
}

TEST_F(ResolverTest, TheDatabasesPromotedFieldsAreTheProgramsOwn) {
  auto binary = Open(Program()->stripped);
  ASSERT_TRUE(binary);
  ResolveOptions options;
  options.ignore_self = true;
  Result<Resolver> own = Resolver::Make(binary.get(), nullptr, {});
  Result<Resolver> stored = Resolver::Make(binary.get(), database_.get(), options);
  ASSERT_TRUE(own && stored);
  // A promoted field behind an offset: net.TCPConn holds a conn, crypto/tls's half connections a Mutex.
  std::vector<Item> items;
  for (const char* symbol : {"net.TCPConn.fd", "crypto/tls.halfConn.state"}) {
    items.push_back(*ParseItem(symbol));
    items.back().promoted = true;
  }
  Result<std::vector<Resolved>> says = own->ResolveItems(items), has = stored->ResolveItems(items);
  ASSERT_TRUE(says && has);
  for (size_t i = 0; i < items.size(); ++i) {
    if (!has->at(i).found() && !has->at(i).absent) GTEST_SKIP() << "not stored: " << has->at(i).reason;
    ASSERT_EQ(says->at(i).found(), has->at(i).found()) << items[i].symbol << has->at(i).reason;
    if (says->at(i).field) {
      EXPECT_EQ(says->at(i).field->offset, has->at(i).field->offset) << items[i].symbol;
    }
  }
}

TEST_F(ResolverTest, InstancesOfGenericsAreNamedAsTheCompilerNamesThem) {
  auto binary = Open(Program()->stripped);
  ASSERT_TRUE(binary);
  Result<Resolver> resolver = Resolver::Make(binary.get(), nullptr, {});
  ASSERT_TRUE(resolver);
  Result<std::vector<Resolved>> answers = resolver->ResolveItems(
      {*ParseItem("sync/atomic.Pointer[net/http.response].v"),
       *ParseItem("slices.insertionSortOrdered[go.shape.string]"), *ParseItem("slices.insertionSortOrdered[string]")});
  ASSERT_TRUE(answers) << answers.error().ToString();
  ASSERT_TRUE(answers->at(0).field) << answers->at(0).reason;
  EXPECT_EQ(answers->at(0).field->size, 8U);
  ASSERT_TRUE(answers->at(1).function) << answers->at(1).reason;
  EXPECT_FALSE(answers->at(1).function->bodies.empty());
  EXPECT_FALSE(answers->at(2).found());
  EXPECT_FALSE(ParseItem("slices.Sort[...]"));
}

TEST_F(ResolverTest, AConflictIsReportedAndTheBinaryWins) {
  auto binary = Open(Program()->stripped);
  ASSERT_TRUE(binary);
  // The program claims another release than the one that made it: net/url.URL was reordered in Go 1.26.
  BinaryInfo info = binary->info();
  if (info.go_language != "1.26") GTEST_SKIP() << "the go command is of another line: " << info.go_text;
  info.go_version = "1.25.14";
  BinarySource source(binary.get(), {});
  ResolverCore core(info, &source, database_.get(), {});
  Result<std::vector<Resolved>> answers = core.ResolveItems({*ParseItem("net/url.URL.RawQuery")});
  ASSERT_TRUE(answers);
  const Resolved& answer = answers->front();
  EXPECT_EQ(answer.source, Source::kSelf);
  EXPECT_EQ(answer.field->offset, Program()->says.at("net/url.URL.RawQuery").first);
  ASSERT_EQ(answer.conflicts.size(), 1U);
  EXPECT_EQ(answer.conflicts[0].what, "offset");
  EXPECT_NE(answer.conflicts[0].refused.find("offset 96"), std::string::npos) << answer.conflicts[0].refused;
}

TEST_F(ResolverTest, AnotherHostAnswersFromTheBuildInfo) {
  auto binary = Open(Program()->stripped);
  ASSERT_TRUE(binary);
  if (binary->info().go_version != "1.26.8")
    GTEST_SKIP() << "the go command is not of a release that is stored: " << binary->info().go_text;
  const std::string json = BinaryInfoJson(binary->info());
  Result<BinaryInfo> info = ParseBinaryInfoJson(json);
  ASSERT_TRUE(info) << info.error().ToString();
  EXPECT_EQ(BinaryInfoJson(*info), json);
  Result<Resolver> resolver = Resolver::ForFacts(*info, database_.get(), {});
  ASSERT_TRUE(resolver);
  Result<std::vector<Resolved>> answers = resolver->ResolveItems(Items(false));
  ASSERT_TRUE(answers) << answers.error().ToString();
  ExpectRight(*answers, Source::kExact);
  Result<WantList> wants = ParseWantList(R"(
[probe.server]
attach = ["net/http.serverHandler.ServeHTTP"]
need = ["net/http.Request.URL"]
itab = ["*net/http.response:net/http.ResponseWriter"]
)",
                                         "wants");
  ASSERT_TRUE(wants);
  Result<Resolution> resolution = resolver->Resolve(*wants);
  ASSERT_TRUE(resolution) << resolution.error().ToString();
  const ResolvedProbe& server = resolution->probes.at(0);
  EXPECT_TRUE(server.usable) << (server.disabled_by.empty() ? "" : server.disabled_by.front());
  ASSERT_TRUE(server.attach.at(0).answer);
  EXPECT_TRUE(server.attach[0].answer->function->bodies.empty());
  EXPECT_TRUE(server.attach[0].answer->function->layout.has_value());
  // Addresses are in the file, which is elsewhere.
  ASSERT_FALSE(server.wants.at(1).answer);
  EXPECT_FALSE(server.wants[1].not_found.at(0).absent);
  EXPECT_NE(server.wants[1].not_found[0].reason.find("build info"), std::string::npos);
}

}  // namespace
}  // namespace gooffsets
