#include "go/names.h"

#include <gtest/gtest.h>

namespace gooffsets {
namespace {

// src: cmd/internal/objabi/path_test.go of Go 1.26
TEST(Names, EscapesAsTheLinkerDoes) {
  const std::pair<const char*, const char*> cases[] = {
      {"foo.bar/v1", "foo.bar/v1"},
      {"foo.bar/v.1", "foo.bar/v%2e1"},
      {"f.o.o.b.a.r/v1", "f.o.o.b.a.r/v1"},
      {"f.o.o.b.a.r/v.1", "f.o.o.b.a.r/v%2e1"},
      {"f.o.o.b.a.r/v..1", "f.o.o.b.a.r/v%2e%2e1"},
      {"f.o.o.b.a.r/v..1.", "f.o.o.b.a.r/v%2e%2e1%2e"},
      {"f.o.o.b.a.r/v%1", "f.o.o.b.a.r/v%251"},
      {"runtime", "runtime"},
      {"sync/atomic", "sync/atomic"},
      {"golang.org/x/tools/godoc", "golang.org/x/tools/godoc"},
      {"foo.bar/baz.quux", "foo.bar/baz%2equux"},
      {"", ""},
      {"%foo%bar", "%25foo%25bar"},
  };
  for (const auto& [path, escaped] : cases) {
    EXPECT_EQ(EscapePath(path), escaped);
    EXPECT_EQ(UnescapeName(escaped), path);
  }
  const std::string odd("\x01\x00\x7F\xE2\x98\xBA", 6);
  EXPECT_EQ(EscapePath(odd), "%01%00%7f%e2%98%ba");
  EXPECT_EQ(UnescapeName("%01%00%7f%e2%98%ba"), odd);
}

TEST(Names, UnescapesPathsInsideNames) {
  EXPECT_EQ(UnescapeName("gopkg.in/yaml%2ev3.(*Node).X"), "gopkg.in/yaml.v3.(*Node).X");
  EXPECT_EQ(UnescapeName("*gopkg.in/yaml%2ev3.Node"), "*gopkg.in/yaml.v3.Node");
  EXPECT_EQ(UnescapeName("map[string]gopkg.in/yaml%2ev3.Node"), "map[string]gopkg.in/yaml.v3.Node");
  EXPECT_EQ(UnescapeName("sync/atomic.Pointer[gopkg.in/yaml%2ev3.Node]"), "sync/atomic.Pointer[gopkg.in/yaml.v3.Node]");
  EXPECT_EQ(UnescapeName("func(gopkg.in/yaml%2ev3.Node, a%2eb.C)"), "func(gopkg.in/yaml.v3.Node, a.b.C)");
}

TEST(Names, OtherPercentSignsStay) {
  for (const char* name : {"%", "a%", "a%2", "a%2g", "a%zz", "struct { A int \"fmt:\\\"%d\\\"\" }", "a%41b", "a%2E"}) {
    EXPECT_EQ(UnescapeName(name), name);
  }
}

TEST(Names, SplitsAtTheLongestKnownPackage) {
  const std::vector<std::string> packages = {"google.golang.org/grpc",
                                             "google.golang.org/grpc/internal/transport",
                                             "gopkg.in/yaml.v3",
                                             "net",
                                             "net/http",
                                             "sync/atomic"};
  auto split = [&](std::string_view symbol) {
    auto name = SplitSymbol(symbol, packages);
    return name ? std::string(name->package) + "|" + std::string(name->rest) : "none";
  };
  EXPECT_EQ(split("google.golang.org/grpc/internal/transport.Stream.method"),
            "google.golang.org/grpc/internal/transport|Stream.method");
  EXPECT_EQ(split("google.golang.org/grpc.(*Server).Serve"), "google.golang.org/grpc|(*Server).Serve");
  EXPECT_EQ(split("gopkg.in/yaml.v3.Node.Kind"), "gopkg.in/yaml.v3|Node.Kind");
  EXPECT_EQ(split("net/http.Request.URL"), "net/http|Request.URL");
  EXPECT_EQ(split("net.Dialer"), "net|Dialer");
  EXPECT_EQ(split("sync/atomic.Pointer[gopkg.in/yaml.v3.Node]"), "sync/atomic|Pointer[gopkg.in/yaml.v3.Node]");
  EXPECT_EQ(split("unknown/x.Pointer[gopkg.in/yaml.v3.Node]"), "none") << "not at a dot inside brackets";
  EXPECT_EQ(split("google.golang.org/other.X"), "none");
  EXPECT_EQ(split("net."), "none") << "nothing behind the dot";
  EXPECT_EQ(split("net"), "none");
  EXPECT_EQ(split(""), "none");
  EXPECT_EQ(split("..."), "none");
}

TEST(Names, SplitsEscapedSymbolsWithoutKnowledge) {
  auto split = [](std::string_view symbol) {
    auto name = SplitEscapedSymbol(symbol);
    return name ? name->package + "|" + name->rest : "none";
  };
  EXPECT_EQ(split("gopkg.in/yaml%2ev3.(*Node).X"), "gopkg.in/yaml.v3|(*Node).X");
  EXPECT_EQ(split("google.golang.org/grpc.Server"), "google.golang.org/grpc|Server");
  EXPECT_EQ(split("runtime.g"), "runtime|g");
  EXPECT_EQ(split("sync/atomic.Pointer[net/http.response]"), "sync/atomic|Pointer[net/http.response]");
  EXPECT_EQ(split("main.Map[string,gopkg.in/yaml%2ev3.Node]"), "main|Map[string,gopkg.in/yaml.v3.Node]");
  EXPECT_EQ(split("struct { a int }"), "none");
  EXPECT_EQ(split("int"), "none");
  EXPECT_EQ(split("a/b."), "none");
  EXPECT_EQ(split(""), "none");
}

TEST(Names, Similar) {
  const std::vector<std::string> words = {"Request",  "Response", "RequestURI", "request", "Requests",
                                          "Requset.", "Server",   "Method",     "URL",     "Request"};
  EXPECT_EQ(Similar("Requst", words, 3), (std::vector<std::string>{"Request", "request", "Requests"}));
  EXPECT_EQ(Similar("REQUEST", words, 1), (std::vector<std::string>{"Request"}));
  EXPECT_EQ(Similar("Reqeust", words, 1), (std::vector<std::string>{"Request"})) << "swapped letters are one edit";
  EXPECT_EQ(Similar("Url", words, 5), (std::vector<std::string>{"URL"}));
  EXPECT_TRUE(Similar("Zzzzzz", words, 5).empty()) << "nothing near";
  const std::vector<std::string> paths = {"net/http/internal", "vendor/x/http", "net/http", "net/https"};
  EXPECT_EQ(Similar("http", paths, 2), (std::vector<std::string>{"net/http", "vendor/x/http"})) << "ends of paths";
  EXPECT_EQ(Similar("ttp", paths, 2), std::vector<std::string>{}) << "whole elements only";
  EXPECT_TRUE(Similar("", words, 5).empty());
  EXPECT_TRUE(Similar("Request", words, 0).empty());
  EXPECT_TRUE(Similar(std::string(10'000, 'x'), words, 5).empty());
  EXPECT_TRUE(Similar("x", {std::string(10'000, 'x')}, 5).empty());
  EXPECT_EQ(Similar(std::string(256, 'x'), {std::string(255, 'x')}, 5).size(), 1U);
}

}  // namespace
}  // namespace gooffsets
