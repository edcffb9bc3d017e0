// Distributions generate protobuf packages anew: such a package says nothing of the module's version, and no stored one
// answers for it.
#include <gtest/gtest.h>

#include <string>

#include "program.h"
#include "released.h"

namespace gooffsets {
namespace {

using testing::Chain;
using testing::FactsOf;
using testing::Program;
using testing::ToldSource;
using Kind = DatabaseAnswer::Kind;

constexpr char kGo[] = "1.26.11", kModule[] = "google.golang.org/grpc", kVersion[] = "1.60.1";
constexpr char kGenerated[] = "google.golang.org/grpc/binarylog/grpc_binarylog_v1";

TEST(Generated, APackageGeneratedAnewCountsForItselfOnly) {
  const std::string released = testing::ReleasedDatabase();
  Chain stored(released, Program(kGo));
  ToldSource source;
  source.facts = FactsOf(&stored.reader(), kModule, kVersion, kGo);
  const std::string written = "google.golang.org/grpc.(*Server).Serve";
  const std::string generated = std::string(kGenerated) + ".(*GrpcLogEntry).GetCallId";
  {
    Chain chain(released, Program(kGo), &source);
    for (const std::string& symbol : {written, generated}) {
      const DatabaseAnswer answer = chain.Ask(symbol);
      EXPECT_EQ(answer.kind, Kind::kFound) << symbol << ": " << answer.missing.reason;
      EXPECT_EQ(answer.source, Source::kInferred) << symbol;
    }
  }
  // As an older protoc-gen-go had it.
  StructLayout* message = &source.facts.at(kGenerated).structs.at("GrpcLogEntry");
  ASSERT_EQ(message->fields.at(0).name, "state");
  message->fields.erase(message->fields.begin());
  Chain chain(released, Program(kGo), &source);
  EXPECT_EQ(chain.Ask(written).source, Source::kInferred);
  const DatabaseAnswer answer = chain.Ask(generated);
  EXPECT_EQ(answer.kind, Kind::kUnknown) << answer.how;
  EXPECT_NE(answer.missing.reason.find("generated code of"), std::string::npos) << answer.missing.reason;

  // A generated package of which nothing is told may have been generated otherwise.
  const std::string untold = "google.golang.org/grpc/health/grpc_health_v1";
  EXPECT_EQ(chain.Ask(untold + ".HealthCheckRequest.Service").source, Source::kInferred);
  source.facts.erase(untold);
  Chain without(released, Program(kGo), &source);
  EXPECT_EQ(without.Ask(written).source, Source::kInferred);
  EXPECT_EQ(without.Ask(untold + ".HealthCheckRequest.Service").kind, Kind::kUnknown);

  // Another layout of a package that people wrote is another version's, and none has it.
  StructLayout* server = &source.facts.at(kModule).structs.at("Server");
  server->fields.erase(server->fields.begin());
  Chain other(released, Program(kGo), &source);
  EXPECT_EQ(other.Ask(written).kind, Kind::kUnknown);
}

}  // namespace
}  // namespace gooffsets
