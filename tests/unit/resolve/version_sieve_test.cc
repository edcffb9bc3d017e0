// The sieve leaves the releases that a comparison of everything, one release after the other, would leave.
#include "resolve/version_sieve.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "program.h"
#include "released.h"
#include "resolve/database_side.h"

namespace gooffsets {
namespace {

using testing::Chain;
using testing::Program;

constexpr GoArch kArch = GoArch::kAmd64;
const std::vector<std::string> kPackages = {"net/http", "crypto/tls", "mime/multipart"};

// What one release has of one package.
struct Stored {
  std::map<std::string, StructLayout> structs;
  std::set<std::string> functions;
  bool fully_kept = false;
};

Stored Read(ModuleViewReader* reader, const std::string& release, const std::string& package) {
  Stored stored;
  const std::vector<SeenPackage>& seen = **reader->Seen("std", release, package, kArch);
  if (seen.empty()) return stored;
  stored.fully_kept = reader->LayoutOfState(seen.front().state)->fully_kept;
  for (const PackageEntry& entry : **reader->Entries(seen.front().state)) {
    const std::string symbol = *reader->Text(entry.symbol);
    const Layout* layout = entry.layout == 0 ? nullptr : *reader->LayoutOf(entry.layout);
    const auto* structure = layout == nullptr ? nullptr : std::get_if<StructLayout>(layout);
    if (structure != nullptr) {
      stored.structs.emplace(symbol, *structure);
    } else {
      stored.functions.insert(symbol);
    }
  }
  return stored;
}

using Release = std::map<std::string, Stored>;  // by package

// As docs/resolve.md says it, without any thought of cost.
bool Fits(const std::map<std::string, PackageFacts>& program, const Release& release,
          const std::map<std::string, std::set<std::string>>& declared_anywhere) {
  for (const auto& [package, told] : program) {
    const Stored& stored = release.at(package);
    for (const auto& [name, layout] : told.structs) {
      const auto found = stored.structs.find(name);
      if (found != stored.structs.end() && !SameLayout(found->second, layout)) return false;
    }
    for (const std::string& function : told.functions) {
      if (!IsPlainFunction(function) || !stored.fully_kept) continue;
      if (!stored.functions.contains(function) && declared_anywhere.at(package).contains(function)) return false;
    }
  }
  return true;
}

TEST(VersionSieve, LeavesWhatComparingEverythingLeaves) {
  const std::string database = testing::ReleasedDatabase();
  Chain chain(database, Program(""));
  ModuleViewReader& reader = chain.reader();
  const std::vector<std::string> releases = **reader.Versions("std");
  ASSERT_GT(releases.size(), 50U);
  std::map<std::string, Release> all;
  std::map<std::string, std::set<std::string>> declared;
  for (const std::string& release : releases) {
    for (const std::string& package : kPackages) {
      Stored stored = Read(&reader, release, package);
      declared[package].insert(stored.functions.begin(), stored.functions.end());
      all[release].emplace(package, std::move(stored));
    }
  }
  std::set<size_t> counts;
  for (const std::string origin : {"1.19.13", "1.20", "1.24.9", "1.26.10", "1.26.11"}) {
    std::map<std::string, PackageFacts> facts;
    for (const std::string& package : kPackages) {
      const Stored& stored = all.at(origin).at(package);
      ASSERT_FALSE(stored.structs.empty()) << origin << " " << package;
      facts[package] = {stored.structs, stored.functions};
    }
    // What no release has told says nothing.
    facts["net/http"].functions.insert("madeUpByThisTest");

    const Target target = TargetOf(Program(""));
    NamedTypes named(&reader);
    std::deque<ProgramView> views;
    std::vector<VersionSieve::Candidate> candidates;
    const auto assume = [](const std::string& release) {
      Assumptions assumptions;
      assumptions.lenient = true;
      assumptions.go = release;
      return assumptions;
    };
    for (const std::string& release : releases) {
      ProgramView& view = views.emplace_back(&reader, &target, assume(release), &named);
      const bool as_stored = reader.StdBuilds(release, kArch)->size() == 1;
      candidates.push_back({release, &view.world, &view.composer, as_stored});
    }
    const auto world_of = [&](const std::string& release) {
      const auto found = std::find(releases.begin(), releases.end(), release);
      return &views[static_cast<size_t>(found - releases.begin())].world;
    };
    VersionSieve sieve(&reader, "std", kArch, facts, releases, world_of);
    ASSERT_TRUE(sieve.Run(&candidates));
    std::set<std::string> left, expected;
    for (const VersionSieve::Candidate& candidate : candidates) {
      if (candidate.left) left.insert(candidate.version);
    }
    for (const auto& [release, packages] : all) {
      if (Fits(facts, packages, declared)) expected.insert(release);
    }
    EXPECT_EQ(left, expected) << "a program of Go " << origin;
    EXPECT_TRUE(left.contains(origin));
    counts.insert(left.size());
  }
  EXPECT_LT(*counts.rbegin(), releases.size() / 4) << "the packages tell releases apart";
}

}  // namespace
}  // namespace gooffsets
