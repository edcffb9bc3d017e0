// A program that names its modules, built with cgo: a package whose own files do not depend on it may hold types that
// do.
#include <gtest/gtest.h>

#include <string>

#include "program.h"
#include "released.h"

namespace gooffsets {
namespace {

using testing::Chain;
using testing::Program;
using testing::ToldSource;
using Kind = DatabaseAnswer::Kind;

constexpr char kStats[] = "google.golang.org/grpc/stats";

// net depends on cgo, and stats.OutHeader holds two net.Addr.
TEST(DoubtElsewhere, WhatTheModulesOtherPackagesTellIsCompared) {
  const std::string released = testing::ReleasedDatabase();
  const std::string asked = std::string(kStats) + ".OutHeader.LocalAddr";
  BinaryInfo info = Program("1.26.11", {{"google.golang.org/grpc", "1.60.1"}});
  ToldSource source;
  PackageFacts& told = source.facts[kStats];
  DatabaseAnswer exact;
  {
    Chain plain(released, info);
    for (const char* name : {"InHeader", "ConnTagInfo"}) {
      const DatabaseAnswer answer = plain.Direct(std::string(kStats) + "." + name);
      ASSERT_EQ(answer.source, Source::kExact) << name << ": " << answer.missing.reason;
      told.structs.emplace(name, answer.structure);
    }
    exact = plain.Direct(asked);
    ASSERT_EQ(exact.kind, Kind::kFound);
  }
  info.cgo = true;
  {
    Chain chain(released, info, &source);
    ASSERT_EQ(chain.Direct(asked).kind, Kind::kUnknown);
    const DatabaseAnswer answer = chain.Ask(asked);
    ASSERT_EQ(answer.kind, Kind::kFound) << answer.missing.reason;
    EXPECT_EQ(answer.source, Source::kInferred);
    EXPECT_EQ(answer.field.offset, exact.field.offset);
  }
  // A struct of the program with a net.Addr of another size: then OutHeader's is another as well.
  StructLayout& tag = told.structs.at("ConnTagInfo");
  tag.fields.at(0).size += 8;
  tag.size += 16;
  Chain chain(released, info, &source);
  EXPECT_EQ(chain.Ask(asked).kind, Kind::kUnknown);
}

}  // namespace
}  // namespace gooffsets
