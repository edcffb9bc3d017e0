// The scan of all words against the walk from descriptor to descriptor, and what is asked for by package.
#include "binary/type_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "binary/runtime_types_links.h"
#include "binary/runtime_types_reader.h"
#include "binary/type_walk.h"
#include "program.h"

namespace gooffsets {
namespace {

using testing::BuildTwins;
using ::testing::IsEmpty;
using testing::Opened;
using testing::Twins;
using testing::Way;

class TypeScanTest : public ::testing::TestWithParam<Way> {
 protected:
  void SetUp() override {
    const Twins& twins = BuildTwins(GetParam());
    if (!twins.why_not.empty()) GTEST_SKIP() << twins.why_not;
    opened_ = testing::Open(twins.stripped);
    ASSERT_EQ(opened_.error, "");
    module_ = *opened_.module;
    if (module_.typelinks.count == 0) GTEST_SKIP() << "from Go 1.27 on there are no links that a walk begins with";
    const TypeFormat format = DetectTypeFormat(*opened_.image, module_);
    reader_.emplace(opened_.image.get(), module_.types, module_.etypes, format, size_t{32} << 10, size_t{64});
    walk_.emplace(&*reader_);
    TypeLinks links(&*reader_, module_.typelinks);
    for (uint64_t i = 0; i < module_.typelinks.count; ++i) {
      const Result<uint64_t> type = links.At(i);
      ASSERT_TRUE(type);
      walk_->Add(*type);
    }
    ASSERT_TRUE(walk_->Run([&](const TypeHeader& header) {
      if (header.named()) named_.emplace(static_cast<uint32_t>(header.address - module_.types), header.hash);
    }));
    ASSERT_GT(named_.size(), 1000U);
  }

  Opened opened_;
  Moduledata module_;
  std::optional<TypeReader> reader_;
  std::optional<TypeWalk> walk_;
  std::map<uint32_t, uint32_t> named_;  // hash by offset
};

TEST_P(TypeScanTest, StructsAreThoseThatAWalkReaches) {
  const auto scan = ScanTypes(*opened_.image, module_.types, module_.etypes, {});
  ASSERT_TRUE(scan) << scan.error().ToString();
  EXPECT_THAT(scan->hits, IsEmpty());
  // The compiler's stand-ins are reached from where they stand for something, which not every link says.
  const auto stands_in = [&](uint32_t type) {
    const Result<TypeHeader> header = reader_->Header(module_.types + type);
    const Result<std::string_view> text = header ? reader_->String(*header) : Result<std::string_view>("");
    return text && text->starts_with("go.shape.");
  };
  std::set<std::pair<uint32_t, uint32_t>> walked, scanned;
  for (const TypeWalk::NamedStruct& named : walk_->structs()) {
    if (!stands_in(named.type)) walked.emplace(named.type, named.package);
  }
  uint32_t last = 0;
  for (const TypeWalk::NamedStruct& named : scan->structs) {
    EXPECT_GT(named.type, last) << "not ascending, or seen twice";
    last = named.type;
    if (!stands_in(named.type)) scanned.emplace(named.type, named.package);
  }
  EXPECT_GT(walked.size(), 500U);
  EXPECT_EQ(scanned, walked);
}

TEST_P(TypeScanTest, EveryNamedTypeIsFoundByItsHash) {
  std::vector<uint32_t> hashes;
  for (const auto& [type, hash] : named_) hashes.push_back(hash);
  const auto scan = ScanTypes(*opened_.image, module_.types, module_.etypes, hashes);
  ASSERT_TRUE(scan) << scan.error().ToString();
  std::set<uint32_t> hits;
  for (const TypeScan::Hit& hit : scan->hits) hits.insert(hit.type);
  for (const auto& [type, hash] : named_) EXPECT_TRUE(hits.contains(type)) << type;
}

TEST_P(TypeScanTest, StructsOfPackagesAreThoseOfTheListOfAll) {
  const std::set<std::string> wanted = {"net/http", "sync/atomic", "main", "no/such/package"};
  std::map<std::string, uint64_t> expected, seen;
  ASSERT_TRUE(opened_.types->ForEachStruct([&](const RuntimeType& type) {
    const std::string head = type.name.substr(0, type.name.find('['));
    if (wanted.contains(head.substr(0, head.rfind('.')))) expected[type.name] = type.size;
    return true;
  }));
  Opened again = testing::Open(BuildTwins(GetParam()).stripped);
  ASSERT_TRUE(again.types->ForEachStructOf([&](const std::string& package) { return wanted.contains(package); },
                                           [&](const std::string& package, const RuntimeType& type) {
                                             EXPECT_TRUE(type.name.starts_with(package + ".")) << type.name;
                                             EXPECT_TRUE(wanted.contains(package));
                                             EXPECT_TRUE(seen.emplace(type.name, type.size).second) << type.name;
                                             for (const Field& field : type.structure.fields) {
                                               EXPECT_LE(field.offset + field.size, type.size) << type.name;
                                             }
                                           }));
  EXPECT_GT(expected.size(), 100U);
  EXPECT_EQ(seen, expected);
}

TEST_P(TypeScanTest, WhatWasLocatedIsFoundWithoutAnotherPass) {
  const std::vector<std::string> names = {"net/http.Request",     "net/http.Header",
                                          "no/such/package.Type", "net/url.URL",
                                          "net/http.Server",      "sync/atomic.Pointer[net/http.response]"};
  ASSERT_TRUE(opened_.types->Locate(names));
  const auto found = opened_.types->FindTypes(names);
  ASSERT_TRUE(found) << found.error().ToString();
  EXPECT_TRUE(found->types[0]);
  EXPECT_TRUE(found->types[1]);
  EXPECT_FALSE(found->types[2]);
  EXPECT_TRUE(found->types[3]);
  // One by one they are found through the links: the same.
  for (size_t i = 0; i < names.size(); ++i) {
    Opened again = testing::Open(BuildTwins(GetParam()).stripped);
    const auto one = again.types->FindTypes(std::span(&names[i], 1));
    ASSERT_TRUE(one) << one.error().ToString();
    ASSERT_EQ(one->types[0].has_value(), found->types[i].has_value()) << names[i];
    if (one->types[0]) {
      EXPECT_EQ(one->types[0]->address, found->types[i]->address) << names[i];
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, TypeScanTest,
                         ::testing::Values(Way{"amd64", "plain"}, Way{"amd64", "pie"}, Way{"arm64", "plain"}),
                         [](const auto& way) { return way.param.Name(); });

}  // namespace
}  // namespace gooffsets
