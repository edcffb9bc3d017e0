// Programs that do not name their versions: no stored version is taken for another, whether a program tells much or
// little.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "ask_all.h"
#include "program.h"
#include "released.h"

namespace gooffsets {
namespace {

using testing::AskAll;
using testing::Chain;
using testing::Counts;
using testing::FactsOf;
using testing::Program;
using testing::ToldSource;

// Each `step`th version, with one of the Go releases that it was built with; of all its symbols the program tells every
// first and every ninth.
// `package` is one that every version has.
void CheckVersions(const std::string& module, const std::string& package, size_t step) {
  const std::string released = testing::ReleasedDatabase();
  Chain stored(released, Program("1.27.4"));
  const std::vector<std::string> versions = **stored.reader().Versions(module);
  Counts counts;
  for (size_t i = step / 2; i < versions.size(); i += step) {
    const auto& seen = **stored.reader().Seen(module, versions[i], package, GoArch::kAmd64);
    ASSERT_FALSE(seen.empty()) << module << " " << versions[i];
    const int64_t build = seen[i % seen.size()].build;
    const std::string go = (*stored.reader().HeadOf(build))->go;
    Chain truth(released, Program(go, **stored.reader().ClosureOf(build)));
    for (const size_t one_in : {1, 9}) {
      ToldSource program;
      program.facts = FactsOf(&stored.reader(), module, versions[i], go, one_in);
      Chain chain(released, Program(go), &program);
      AskAll(module + " " + versions[i] + " of Go " + go + ", told one in " + std::to_string(one_in), &truth, &chain,
             go, module, versions[i], 5, &counts);
    }
  }
  EXPECT_EQ(counts.wrong, 0U);
  EXPECT_GT(counts.right[Source::kInferred], 500U);
}

size_t Step(size_t few) { return std::getenv("GOOFFSETS_TEST_ALL") == nullptr ? few : 3; }

TEST(Inferred, NoGrpcIsTakenForAnother) { CheckVersions("google.golang.org/grpc", "google.golang.org/grpc", Step(60)); }
TEST(Inferred, NoXNetIsTakenForAnother) { CheckVersions("golang.org/x/net", "golang.org/x/net/http2", Step(25)); }
TEST(Inferred, NoProtobufIsTakenForAnother) {
  CheckVersions("google.golang.org/protobuf", "google.golang.org/protobuf/proto", Step(20));
}

}  // namespace
}  // namespace gooffsets
