#include "site/struct_drawing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gooffsets {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Field At(std::string name, uint64_t offset, uint64_t size, std::string type = "int") {
  Field field;
  field.name = std::move(name);
  field.offset = offset;
  field.size = size;
  field.type = std::move(type);
  field.kind = TypeKind::kInt;
  return field;
}

// Every byte of the struct is in exactly one extent, whatever the fields say.
void ExpectWhole(const StructLayout& layout) {
  uint64_t at = 0;
  for (const Extent& extent : ExtentsOf(layout)) {
    EXPECT_EQ(extent.begin, at);
    EXPECT_GT(extent.end, extent.begin);
    at = extent.end;
  }
  EXPECT_EQ(at, layout.size);
}

TEST(StructDrawing, ExtentsCoverEachByteOnce) {
  StructLayout layout;
  layout.size = 24;
  layout.fields = {At("a", 0, 1), At("b", 8, 8), At("none", 16, 0), At("c", 16, 2)};
  ExpectWhole(layout);
  const std::vector<Extent> extents = ExtentsOf(layout);
  ASSERT_EQ(extents.size(), 5u);  // a, padding, b, c, padding
  EXPECT_EQ(extents[1].field, Extent::kPadding);
  EXPECT_EQ(extents[1].end - extents[1].begin, 7u);
  EXPECT_EQ(extents[4].end - extents[4].begin, 6u);
}

TEST(StructDrawing, HostileLayoutsStayWithinTheStruct) {
  StructLayout layout;
  layout.size = 16;
  layout.fields = {At("outside", 100, 8), At("wraps", 8, UINT64_MAX), At("a", 4, 8), At("over", 6, 8)};
  ExpectWhole(layout);
  layout.size = UINT64_MAX;
  layout.fields = {At("all", 0, UINT64_MAX - 3)};
  ExpectWhole(layout);
}

TEST(StructDrawing, HugeStructsAreSmallPictures) {
  StructLayout layout;
  layout.size = 1ULL << 40;
  layout.fields = {At("head", 0, 8), At("array", 8, (1ULL << 40) - 16), At("tail", (1ULL << 40) - 8, 8)};
  Html html;
  DrawStruct(&html, layout, "p.T");
  const std::string text = std::move(html).Finish();
  EXPECT_LT(text.size(), 8000u);
  EXPECT_THAT(text, HasSubstr("bytes more"));
  EXPECT_THAT(text, HasSubstr("tail"));
  layout.fields.clear();
  layout.size = 100'000;
  for (uint64_t i = 0; i < 12'500; ++i) layout.fields.push_back(At("f" + std::to_string(i), i * 8, 8));
  Html many;
  DrawStruct(&many, layout, "p.T");
  EXPECT_THAT(std::move(many).Finish(), HasSubstr("The picture ends after 300 rows"));
}

TEST(StructDrawing, ChangesAreTold) {
  StructLayout before, after;
  before.size = 24;
  before.fields = {At("gone", 0, 8), At("moved", 8, 8), At("typed", 16, 8)};
  after.size = 32;
  after.fields = {At("moved", 0, 8), At("typed", 16, 8, "uint"), At("added", 24, 8)};
  const std::vector<std::string> changes = ChangesBetween(before, after);
  EXPECT_THAT(changes, Contains("The struct grew from 24 to 32 bytes"));
  EXPECT_THAT(changes, Contains("gone is gone (was at 0)"));
  EXPECT_THAT(changes, Contains("moved moved from 8 to 0"));
  EXPECT_THAT(changes, Contains("typed was int and is uint"));
  EXPECT_THAT(changes, Contains("added is new, at 24"));
  EXPECT_THAT(ChangesBetween(after, after), IsEmpty());
}

}  // namespace
}  // namespace gooffsets
