// Builds that failed: a version that a newer Go than the program's cannot compile is not the program's; one whose
// go.mod the go command of that Go refuses may be, as programs are also built without modules.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "program.h"
#include "released.h"

namespace gooffsets {
namespace {

using testing::Chain;
using testing::Program;
using testing::ToldSource;
using Kind = DatabaseAnswer::Kind;

constexpr char kNet[] = "golang.org/x/net", kHttp2[] = "golang.org/x/net/http2", kGo[] = "1.20.14";

bool SamePlaces(const FunctionLayout& a, const FunctionLayout& b) {
  const auto same = [](const std::vector<Parameter>& x, const std::vector<Parameter>& y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(),
                      [](const Parameter& p, const Parameter& q) { return p.pieces == q.pieces; });
  };
  return same(a.params, b.params) && same(a.results, b.results);
}

// What that version has of http2, by name in the package, in a program that names the version.
std::map<std::string, DatabaseAnswer> ExactOf(const std::string& database, const std::string& version) {
  std::map<std::string, DatabaseAnswer> exact;
  Chain chain(database, Program(kGo, {{kNet, version}}));
  const auto& seen = **chain.reader().Seen(kNet, version, kHttp2, GoArch::kAmd64);
  EXPECT_FALSE(seen.empty());
  if (seen.empty()) return exact;
  for (const PackageEntry& entry : **chain.reader().Entries(seen.front().state)) {
    const std::string name = *chain.reader().Text(entry.symbol);
    DatabaseAnswer answer = chain.Direct(std::string(kHttp2) + "." + name);
    if (answer.kind == Kind::kFound) exact.emplace(name, std::move(answer));
  }
  return exact;
}

// http2 of golang.org/x/net 0.38.0 compiles with Go 1.20.14 in GOPATH mode; with its go.mod, which says "go 1.23.0",
// the go command does not begin. The program tells what that version and 0.54.0 have in common: several arguments
// differ.
TEST(NotCompiling, AGoModThatTheGoCommandRefusesProvesNothing) {
  const std::string released = testing::ReleasedDatabase();
  const std::map<std::string, DatabaseAnswer> exact = ExactOf(released, "0.38.0"), other = ExactOf(released, "0.54.0");
  ToldSource part;
  PackageFacts& told = part.facts[kHttp2];
  for (const auto& [name, answer] : exact) {
    const auto same = other.find(name);
    if (same == other.end() || !same->second.SameAs(answer)) continue;
    if (answer.item == ItemKind::kStruct) {
      told.structs.emplace(name, answer.structure);
    } else {
      told.functions.insert(name);
    }
  }
  ASSERT_GT(told.structs.size(), 20U);
  ASSERT_GT(told.functions.size(), 100U);
  Chain chain(released, Program(kGo), &part);
  size_t found = 0;
  for (const auto& [name, expected] : exact) {
    if (expected.item != ItemKind::kFunction) continue;
    const DatabaseAnswer answer = chain.Ask(std::string(kHttp2) + "." + name);
    if (answer.kind != Kind::kFound) continue;
    ++found;
    EXPECT_TRUE(SamePlaces(answer.function, expected.function)) << name << ": " << answer.how << ": " << answer.Says();
  }
  EXPECT_GT(found, 100U);
}

TEST(NotCompiling, AFailureIsSaidOfThePackageWithTheError) {
  Chain chain(testing::ReleasedDatabase(), Program(kGo));
  const auto net = chain.reader().CompileFailuresOf(kNet, GoArch::kAmd64);
  ASSERT_TRUE(net);
  ASSERT_TRUE(net->contains("0.29.0"));  // http2/transport.go: tc.NetConn undefined
  EXPECT_EQ(net->at("0.29.0").front().go.text(), "1.17.13");
  EXPECT_EQ(net->at("0.29.0").front().package, kHttp2);
  ASSERT_TRUE(net->contains("0.38.0"));  // go: errors parsing go.mod
  EXPECT_EQ(net->at("0.38.0").front().package, "");
  EXPECT_FALSE(net->contains("0.13.0"));  // built with an older Go than those that cannot
  const auto grpc = chain.reader().CompileFailuresOf("google.golang.org/grpc", GoArch::kAmd64);
  ASSERT_TRUE(grpc);
  ASSERT_TRUE(grpc->contains("1.58.1"));
  EXPECT_EQ(grpc->at("1.58.1").front().package, "google.golang.org/grpc/internal/grpclog");
  EXPECT_FALSE(grpc->contains("1.56.2"));  // glog does not compile, which only its own package needs
}

}  // namespace
}  // namespace gooffsets
