// What a stripped program tells of its functions' arguments, against layouts that its unstripped twin's DWARF gives:
// right ones are never refuted, wrong ones are.
#include "resolve/self_arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "../store/temp_dir.h"
#include "go/abi.h"
#include "gooffsets/binary.h"
#include "resolve/self_source.h"

namespace gooffsets {
namespace {

Parameter Word64(const std::string& type) { return {"p", type, 8, 8, true, {{0, 8, type == "float64"}}, {}}; }
Parameter StringParameter() { return {"s", "string", 16, 8, true, {{0, 8, false}, {8, 8, false}}, {}}; }

FunctionLayout Placed(std::vector<Parameter> params, std::vector<Parameter> results) {
  FunctionLayout layout{std::move(params), std::move(results), false};
  AssignAbi(&layout, GoArch::kAmd64, true);
  return layout;
}

std::vector<std::byte> Bytes(const std::vector<int>& values) {
  std::vector<std::byte> bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

ToldArguments Told(const std::vector<int>& info, uint32_t bytes) {
  ToldArguments told;
  Result<ArgumentInfo> decoded = DecodeArgumentInfo(Bytes(info));
  EXPECT_TRUE(decoded);
  if (decoded) told.bodies.push_back({bytes, std::move(*decoded)});
  return told;
}

TEST(ArgumentInfo, ListsArgumentsWithTheirWords) {
  // func(int, string, uint16): what the compiler of Go 1.26 writes for it.
  const Result<ArgumentInfo> info = DecodeArgumentInfo(Bytes({0, 8, 0xfe, 8, 8, 16, 8, 0xfd, 24, 2, 0xff}));
  ASSERT_TRUE(info);
  ASSERT_EQ(info->arguments.size(), 3U);
  EXPECT_TRUE(info->whole);
  EXPECT_FALSE(info->arguments[0].aggregate);
  EXPECT_TRUE(info->arguments[1].aggregate);
  EXPECT_EQ(info->arguments[1].words.size(), 2U);
  EXPECT_EQ(info->arguments[2].words[0].size, 2U);
}

TEST(ArgumentInfo, WhatNoCompilerWritesIsRefused) {
  for (const std::vector<int>& bytes : std::vector<std::vector<int>>{
           {}, {0}, {0, 8}, {0xfd, 0xff}, {0xfe, 0xff}, {0xf3, 0xff}, std::vector<int>(500, 0xfe)}) {
    EXPECT_FALSE(DecodeArgumentInfo(Bytes(bytes))) << bytes.size();
  }
}

TEST(CheckArguments, AgreesAndRefutes) {
  const FunctionLayout layout = Placed({Word64("int"), StringParameter()}, {Word64("error")});
  const ToldArguments right = Told({0, 8, 0xfe, 8, 8, 16, 8, 0xfd, 0xff}, 24);
  const ArgumentVerdict agreed = CheckArguments(layout, right);
  EXPECT_FALSE(agreed.conflict);
  EXPECT_EQ(agreed.confirmed_by, "argument info, argument bytes");
  const ArgumentVerdict refuted = CheckArguments(Placed({StringParameter(), Word64("int")}, {}), right);
  ASSERT_TRUE(refuted.conflict);
  EXPECT_EQ(refuted.conflict->what, "argument 1");
  EXPECT_EQ(refuted.confirmed_by, "");
  EXPECT_FALSE(CheckArguments(layout, {}).conflict);
  EXPECT_EQ(CheckArguments(layout, {}).confirmed_by, "");
}

TEST(CheckArguments, OneBodyThatAgreesIsEnough) {
  const FunctionLayout layout = Placed({Word64("int")}, {Word64("int")});
  ToldArguments told = Told({0, 8, 0xff}, 16);  // the wrapper for assembly: the result is on the stack
  EXPECT_TRUE(CheckArguments(layout, told).conflict);
  told.bodies.push_back(Told({0, 8, 0xff}, 8).bodies.front());
  EXPECT_FALSE(CheckArguments(layout, told).conflict);
}

TEST(CheckArguments, MethodTypesTellResults) {
  const FunctionLayout layout = Placed({Word64("*T"), Word64("int")}, {Word64("float64")});
  ToldArguments told;
  told.method.emplace();
  told.method->params.push_back({"int", 8, 8, TypeKind::kInt});
  told.method->results.push_back({"float64", 8, 8, TypeKind::kFloat64});
  EXPECT_EQ(CheckArguments(layout, told).confirmed_by, "method type");
  told.method->results[0] = {"int64", 8, 8, TypeKind::kInt64};  // comes in another register
  ASSERT_TRUE(CheckArguments(layout, told).conflict);
  EXPECT_EQ(CheckArguments(layout, told).conflict->what, "result 1");
  told.method->results.clear();
  EXPECT_TRUE(CheckArguments(layout, told).conflict);
}

// A real program, twice.
class RealProgram : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const std::string source = std::string(GOOFFSETS_SOURCE_DIR) + "/tests/fixtures/twins/server";
    const std::string go = "cd '" + source + "' && GOARCH=" + GetParam() +
                           " GOFLAGS= GOWORK=off GOTOOLCHAIN=local CGO_ENABLED=0 go build -trimpath -buildvcs=false ";
    const std::string plain = dir_ / "plain", stripped = dir_ / "stripped";
    if (std::system((go + "-o '" + plain + "' . && " + go + "-ldflags '-s -w' -o '" + stripped + "' .").c_str()) != 0) {
      GTEST_SKIP() << "no go command that builds the program";
    }
    goarch_ = *ParseGoArch(GetParam());
    Result<DwarfContents> dwarf = ReadDwarf(plain);
    ASSERT_TRUE(dwarf) << dwarf.error().ToString();
    SelfQuestion question;
    question.arguments = true;
    for (const DwarfFunction& function : dwarf->functions) {
      // An instance's first argument is its dictionary, which neither side lists.
      if (function.name.find('[') != function.name.npos || !question.functions.insert(function.name).second) continue;
      // Of assembly, and of some wrappers, DWARF lists nothing; of this method of Go 1.26 all but the result.
      if (function.name.starts_with("reflect.") && function.name.ends_with(".Comparable")) continue;
      auto layout = LayoutFromDwarf(function, goarch_, true);
      if (layout && !(layout->params.empty() && layout->results.empty())) {
        layouts_.emplace(function.name, std::move(*layout));
      }
    }
    Result<GoBinary> binary = GoBinary::Open(stripped);
    ASSERT_TRUE(binary) << binary.error().ToString();
    ResolveOptions options;
    options.probe_points = options.count_inlined = false;
    BinarySource teller(&*binary, options);
    Result<SelfFacts> facts = teller.Tell(question);
    ASSERT_TRUE(facts) << facts.error().ToString();
    for (auto& [name, function] : facts->functions) {
      if (function.named && !function.bodies.empty() && layouts_.contains(name)) told_[name] = std::move(function.told);
    }
    ASSERT_GT(told_.size(), 4000U);
  }

  // How many layouts are refuted once `change` was made to them; it says whether it changed anything.
  std::pair<size_t, size_t> Refuted(const std::function<bool(FunctionLayout*)>& change,
                                    std::vector<std::string>* not_refuted) {
    size_t refuted = 0, changed = 0;
    for (const auto& [name, told] : told_) {
      // Of more than ten words only the first are listed; of words that lie far off neither place nor size.
      const auto far = [](const auto& argument) {
        return std::any_of(argument.words.begin(), argument.words.end(), [](const auto& word) { return word.far; });
      };
      const bool listed = std::any_of(told.bodies.begin(), told.bodies.end(), [&](const auto& body) {
        return body.info && body.info->whole &&
               std::none_of(body.info->arguments.begin(), body.info->arguments.end(), far);
      });
      if (!listed) continue;
      FunctionLayout layout = layouts_.at(name);
      if (!change(&layout)) continue;
      AssignAbi(&layout, goarch_, true);
      ++changed;
      if (CheckArguments(layout, told).conflict) {
        ++refuted;
      } else {
        not_refuted->push_back(name);
      }
    }
    return {refuted, changed};
  }

  testing::TempDir dir_;
  GoArch goarch_ = GoArch::kAmd64;
  std::map<std::string, FunctionLayout> layouts_;
  std::map<std::string, ToldArguments> told_;
};

TEST_P(RealProgram, RightLayoutsAreNeverRefutedAndWrongOnesAre) {
  std::map<std::string, size_t> by;
  size_t conflicts = 0;
  for (const auto& [name, told] : told_) {
    const ArgumentVerdict verdict = CheckArguments(layouts_.at(name), told);
    ++by[verdict.confirmed_by];
    if (!verdict.conflict || ++conflicts > 20) continue;
    ADD_FAILURE() << name << ": " << verdict.conflict->what << ": the program says " << verdict.conflict->told
                  << ", its DWARF " << verdict.conflict->layout;
  }
  std::cout << told_.size() << " functions, " << conflicts << " conflicts\n";
  for (const auto& [what, count] : by) std::cout << count << ": " << (what.empty() ? "nothing told" : what) << "\n";
  const std::map<std::string, std::function<bool(FunctionLayout*)>> changes = {
      {"an argument more",
       [](FunctionLayout* layout) {
         layout->params.insert(layout->params.begin(), Word64("int"));
         return true;
       }},
      {"an argument less",
       [](FunctionLayout* layout) {
         if (layout->params.empty() || layout->params.back().size == 0) return false;
         layout->params.pop_back();
         return true;
       }},
      {"a string instead of a word",
       [](FunctionLayout* layout) {
         for (Parameter& param : layout->params) {
           if (param.size != 8 || param.words.size() != 1) continue;
           param = StringParameter();
           return true;
         }
         return false;
       }},
      {"two of different sizes changed places", [](FunctionLayout* layout) {
         for (size_t i = 1; i < layout->params.size(); ++i) {
           if (layout->params[i - 1].size == layout->params[i].size) continue;
           std::swap(layout->params[i - 1], layout->params[i]);
           return true;
         }
         return false;
       }}};
  for (const auto& [what, change] : changes) {
    std::vector<std::string> not_refuted;
    const auto [refuted, changed] = Refuted(change, &not_refuted);
    std::cout << what << ": " << refuted << " of " << changed << " refuted\n";
    EXPECT_GT(changed, 1000U);
    EXPECT_THAT(not_refuted, ::testing::IsEmpty()) << what;
  }
}

INSTANTIATE_TEST_SUITE_P(Architectures, RealProgram, ::testing::Values("amd64", "arm64"),
                         [](const auto& arch) { return arch.param; });

}  // namespace
}  // namespace gooffsets
