// Go's rule for promoted fields on shapes of its specification's kind; that the compiler's own numbers come out of it
// is tested with programs (tests/unit/resolve/resolver_test.cc).
#include "go/promotion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace gooffsets {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Field Plain(const std::string& name, uint64_t offset) {
  Field field;
  field.name = name;
  field.offset = offset;
  field.size = 8;
  field.kind = TypeKind::kInt64;
  field.type = "int64";
  return field;
}

Field Embedded(const std::string& type, uint64_t offset, bool pointer = false) {
  Field field;
  field.name = type;
  field.offset = offset;
  field.embedded = true;
  field.kind = pointer ? TypeKind::kPointer : TypeKind::kStruct;
  field.type = (pointer ? "*" : "") + type;
  return field;
}

StructLayout Of(std::vector<Field> fields) {
  StructLayout layout;
  layout.fields = std::move(fields);
  return layout;
}

class PromotionTest : public ::testing::Test {
 protected:
  Promotion Find(const StructLayout& outer, const std::string& name) {
    Result<Promotion> found = FindPromoted(outer, name, [&](size_t, const std::string& type, std::string* why) {
      ++asked_;
      const auto known = types_.find(type);
      if (known != types_.end()) return Result<std::optional<EmbeddedStruct>>({{known->second, asked_}});
      *why = "never seen";
      return Result<std::optional<EmbeddedStruct>>(std::nullopt);
    });
    EXPECT_TRUE(found);
    return found ? *found : Promotion();
  }
  std::map<std::string, StructLayout> types_;
  size_t asked_ = 0;
};

TEST_F(PromotionTest, TheShallowestOneCountsAndOffsetsAddUp) {
  types_["A"] = Of({Plain("a", 0), Embedded("B", 16)});
  types_["B"] = Of({Plain("x", 8)});
  types_["C"] = Of({Plain("pad", 0), Plain("x", 24)});
  const Promotion found = Find(Of({Embedded("A", 8), Embedded("C", 40)}), "x");
  ASSERT_EQ(found.kind, Promotion::Kind::kFound);
  EXPECT_THAT(found.path, ElementsAre("C", "x"));
  EXPECT_EQ(found.field.offset, 64U);
  const Promotion deep = Find(Of({Embedded("A", 8)}), "x");
  ASSERT_EQ(deep.kind, Promotion::Kind::kFound);
  EXPECT_THAT(deep.path, ElementsAre("A", "B", "x"));
  EXPECT_EQ(deep.field.offset, 8U + 16 + 8);
  EXPECT_EQ(Find(Of({Embedded("A", 8)}), "none").kind, Promotion::Kind::kNone);
  EXPECT_EQ(Find(Of({Plain("x", 0)}), "y").kind, Promotion::Kind::kNone);
}

TEST_F(PromotionTest, TwoOfOneDepthAreAmbiguousEvenIfTheyAreOneType) {
  types_["A"] = Of({Plain("x", 0)});
  types_["B"] = Of({Plain("x", 0)});
  EXPECT_THAT(Find(Of({Embedded("A", 0), Embedded("B", 8)}), "x").why, HasSubstr("ambiguous"));
  types_["L"] = Of({Embedded("A", 0)});
  types_["R"] = Of({Embedded("A", 8)});
  EXPECT_THAT(Find(Of({Embedded("L", 0), Embedded("R", 8)}), "x").why, HasSubstr("ambiguous"));
}

TEST_F(PromotionTest, AnEmbeddedPointerHidesWhatIsDeeper) {
  types_["P"] = Of({Plain("x", 0)});
  types_["A"] = Of({Embedded("B", 0)});
  types_["B"] = Of({Plain("x", 0)});
  const Promotion hidden = Find(Of({Embedded("P", 0, true), Embedded("A", 8)}), "x");
  EXPECT_EQ(hidden.kind, Promotion::Kind::kNone);
  EXPECT_THAT(hidden.why, HasSubstr("embedded pointer P"));
}

TEST_F(PromotionTest, WhatIsNotKnownDecidesNothing) {
  types_["A"] = Of({Plain("x", 0)});
  const Promotion unknown = Find(Of({Embedded("A", 0), Embedded("Unseen", 8)}), "x");
  EXPECT_EQ(unknown.kind, Promotion::Kind::kNotKnown);
  EXPECT_THAT(unknown.why, HasSubstr("Unseen: never seen"));
}

TEST_F(PromotionTest, CyclesEnd) {
  types_["A"] = Of({Embedded("B", 0, true)});
  types_["B"] = Of({Embedded("A", 0, true)});
  EXPECT_EQ(Find(types_["A"], "x").kind, Promotion::Kind::kNone);
  EXPECT_LT(asked_, 10U);
  // Each embeds the next twice: 2^64 paths.
  for (int i = 0; i < 64; ++i) {
    const std::string next = "T" + std::to_string(i + 1);
    types_["T" + std::to_string(i)] = Of({Embedded(next, 0), Embedded(next, 8)});
  }
  asked_ = 0;
  Find(types_["T0"], "x");
  EXPECT_LT(asked_, 2000U);
}

}  // namespace
}  // namespace gooffsets
