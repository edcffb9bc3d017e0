// Distributions generate protobuf packages anew: such a package says nothing of the module's version, and no stored one
// answers for it.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <variant>

#include "program.h"
#include "released.h"

namespace gooffsets {
namespace {

using testing::Chain;
using testing::Program;
using Kind = DatabaseAnswer::Kind;

constexpr char kGo[] = "1.26.11", kModule[] = "google.golang.org/grpc", kVersion[] = "1.60.1";
constexpr char kGenerated[] = "google.golang.org/grpc/binarylog/grpc_binarylog_v1";

// A program of one stored version, which tells everything and does not name the version.
class StoredSource : public SelfSource {
 public:
  explicit StoredSource(Chain* chain) {
    ModuleViewReader& reader = chain->reader();
    for (const std::string& path : **reader.PackagePaths(kModule, kVersion)) {
      for (const SeenPackage& seen : **reader.Seen(kModule, kVersion, path, GoArch::kAmd64)) {
        if ((*reader.HeadOf(seen.build))->go != kGo) continue;
        for (const PackageEntry& entry : **reader.Entries(seen.state)) Add(&reader, entry, &facts_[path]);
      }
    }
  }

  Result<SelfFacts> Tell(const SelfQuestion&) override { return SelfFacts(); }
  Result<std::map<std::string, PackageFacts>> TellPackages(const std::set<std::string>& packages, bool) override {
    std::map<std::string, PackageFacts> told;
    for (const auto& [path, facts] : facts_) {
      if (packages.contains(path)) told.emplace(path, facts);
    }
    return told;
  }
  void Forget(const std::string& package) { facts_.erase(package); }
  StructLayout* Struct(const std::string& package, const std::string& name) {
    return &facts_.at(package).structs.at(name);
  }

 private:
  static void Add(ModuleViewReader* reader, const PackageEntry& entry, PackageFacts* facts) {
    if (entry.layout == 0) return;
    const std::string name = *reader->Text(entry.symbol);
    const Layout& layout = **reader->LayoutOf(entry.layout);
    if (const auto* structure = std::get_if<StructLayout>(&layout)) {
      facts->structs.emplace(name, *structure);
    } else {
      facts->functions.insert(name);
    }
  }
  std::map<std::string, PackageFacts> facts_;
};

TEST(Generated, APackageGeneratedAnewCountsForItselfOnly) {
  const std::string released = testing::ReleasedDatabase();
  Chain stored(released, Program(kGo));
  StoredSource source(&stored);
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
  StructLayout* message = source.Struct(kGenerated, "GrpcLogEntry");
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
  source.Forget(untold);
  Chain without(released, Program(kGo), &source);
  EXPECT_EQ(without.Ask(written).source, Source::kInferred);
  EXPECT_EQ(without.Ask(untold + ".HealthCheckRequest.Service").kind, Kind::kUnknown);

  // Another layout of a package that people wrote is another version's, and none has it.
  StructLayout* server = source.Struct(kModule, "Server");
  server->fields.erase(server->fields.begin());
  Chain other(released, Program(kGo), &source);
  EXPECT_EQ(other.Ask(written).kind, Kind::kUnknown);
}

}  // namespace
}  // namespace gooffsets
