// Relocation tables that no linker writes: unsorted, unaligned, doubled, outside; applied as the rule says, word by word.
#include "binary/relocations.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

namespace gooffsets {
namespace {

std::vector<Segment> TwoSegments() {
  Segment first, second;
  first.address = 0x401010;
  first.file_size = first.memory_size = 9000;
  second.address = 0x500ff8;
  second.file_size = 5000;
  second.memory_size = 9000;
  return {first, second};
}

RelativeRelocations::ReadTable Reader(const std::vector<Elf64_Rela>& table) {
  return [&table](uint64_t offset, std::span<std::byte> out) -> Result<void> {
    if (offset + out.size() > table.size() * sizeof(Elf64_Rela)) return Fail(ErrorCode::kBadInput, "beyond the table");
    std::memcpy(out.data(), reinterpret_cast<const char*>(table.data()) + offset, out.size());
    return {};
  };
}

class Tables : public ::testing::TestWithParam<unsigned> {};

TEST_P(Tables, AreAppliedAsTheRuleSays) {
  std::mt19937_64 random(GetParam());
  const std::vector<Segment> segments = TwoSegments();
  std::vector<std::string> expected;
  for (const Segment& segment : segments) expected.emplace_back(segment.file_size, '\x55');
  std::vector<Elf64_Rela> table;
  // Places never overlap in part, as what counts then is not defined: the k-th entry lies 11 bytes behind the one before.
  std::vector<std::pair<size_t, uint64_t>> places;
  for (size_t s = 0; s < segments.size(); ++s) {
    for (uint64_t at = random() % 11; at + 8 <= segments[s].file_size; at += 11) places.emplace_back(s, at);
  }
  std::shuffle(places.begin(), places.end(), random);
  places.resize(places.size() / 2);
  for (const auto& [s, at] : places) {
    const uint64_t addend = 0x400000 + random() % 0x200000;
    table.push_back({segments[s].address + at, ELF64_R_INFO(0, R_X86_64_RELATIVE), static_cast<int64_t>(addend)});
    std::memcpy(expected[s].data() + at, &addend, 8);
  }
  // Another type, outside of the segments, across an end, and an addend that is no address.
  for (uint64_t place : {uint64_t{0x401010}, uint64_t{0}, UINT64_MAX - 3, uint64_t{0x401010 + 9000 - 4}, uint64_t{0x500ff8 + 5000}}) {
    const bool inside = place == 0x401010;
    table.push_back({place, ELF64_R_INFO(0, inside ? R_X86_64_64 : R_X86_64_RELATIVE), 0x1234});
  }
  table.push_back({0x401010, ELF64_R_INFO(0, R_X86_64_RELATIVE), INT64_MIN});
  std::shuffle(table.begin(), table.end(), random);
  auto relocations = RelativeRelocations::Load(table.size() * sizeof(Elf64_Rela), 0x400000, segments, GoArch::kAmd64, Reader(table));
  ASSERT_TRUE(relocations) << relocations.error().message;
  EXPECT_EQ(relocations->size(), places.size());
  for (size_t s = 0; s < segments.size(); ++s) {
    for (size_t step : {1U, 5U, 8U, 1000U, 100'000U}) {
      std::string got(segments[s].file_size, '\x55');
      for (size_t at = 0; at < got.size(); at += step) {
        const size_t size = std::min(step, got.size() - at);
        relocations->Apply(segments[s].address + at, std::as_writable_bytes(std::span(got).subspan(at, size)));
      }
      EXPECT_TRUE(got == expected[s]) << "segment " << s << " in steps of " << step;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(, Tables, ::testing::Range(0U, 8U));

TEST(Relocations, OfOneWordTheLastCounts) {
  const std::vector<Segment> segments = TwoSegments();
  const uint64_t type = ELF64_R_INFO(0, R_AARCH64_RELATIVE);
  const std::vector<Elf64_Rela> table = {{0x402000, type, 0x400001}, {0x500ff8, type, 0x400009}, {0x402000, type, 0x400002}};
  auto relocations = RelativeRelocations::Load(sizeof(Elf64_Rela) * 3, 0x400000, segments, GoArch::kArm64, Reader(table));
  ASSERT_TRUE(relocations);
  uint64_t word = 0;
  relocations->Apply(0x402000, std::as_writable_bytes(std::span(&word, 1)));
  EXPECT_EQ(word, 0x400002U);
  auto other = RelativeRelocations::Load(sizeof(Elf64_Rela) * 3, 0x400000, segments, GoArch::kAmd64, Reader(table));
  ASSERT_TRUE(other);
  EXPECT_EQ(other->size(), 0U);
}

TEST(Relocations, TablesLargerThanAnyAreRefused) {
  const auto unread = [](uint64_t, std::span<std::byte>) -> Result<void> { return Fail(ErrorCode::kInternal, "was read"); };
  auto relocations = RelativeRelocations::Load(uint64_t{1} << 40, 0x400000, TwoSegments(), GoArch::kAmd64, unread);
  ASSERT_FALSE(relocations);
  EXPECT_EQ(relocations.error().code, ErrorCode::kBadInput);
  Segment huge;
  huge.address = 0x400000;
  huge.file_size = huge.memory_size = uint64_t{1} << 50;
  relocations = RelativeRelocations::Load(24, 0x400000, {huge}, GoArch::kAmd64, unread);
  ASSERT_FALSE(relocations);
  EXPECT_EQ(relocations.error().code, ErrorCode::kBadInput);
}

}  // namespace
}  // namespace gooffsets
