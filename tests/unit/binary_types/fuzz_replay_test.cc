// Replays the checked-in fuzz corpora of moduledata and runtime types as ordinary tests, and asks of the whole seeds
// what they were made to hold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "../fuzz_replay.h"

#define LLVMFuzzerTestOneInput FuzzModuledata
#include "../../../fuzz/moduledata_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput FuzzRuntimeTypes
#include "../../../fuzz/runtime_types_fuzz.cc"
#undef LLVMFuzzerTestOneInput

namespace gooffsets {
namespace {

using testing::Replay;
using testing::Seed;

const uint8_t* Data(const std::string& bytes) { return reinterpret_cast<const uint8_t*>(bytes.data()); }

TEST(FuzzReplay, Moduledata) { EXPECT_GE(Replay("moduledata", FuzzModuledata), 4U); }
TEST(FuzzReplay, RuntimeTypes) { EXPECT_GE(Replay("runtime_types", FuzzRuntimeTypes), 5U); }

// The seeds of moduledata are whole, so the fuzzer begins behind all the checks.
TEST(FuzzReplay, ModuledataOfTheSeedsIsFound) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"1_20_to_1_25", "1.20-1.25"}, {"1_26", "1.26"}, {"unknown", "searched"}};
  for (const auto& [name, layout] : cases) {
    const std::string bytes = Seed("moduledata", name);
    auto image = Image::Open(MemorySource(name, ModuleImage(Data(bytes), bytes.size())));
    ASSERT_TRUE(image) << image.error().ToString();
    auto table = Pclntab::Find(*image);
    ASSERT_TRUE(table) << table.error().ToString();
    auto module = FindModuledata(*image, *table);
    ASSERT_TRUE(module) << name << ": " << module.error().ToString();
    EXPECT_EQ(module->layout, layout);
    EXPECT_TRUE(module->self_checked);
    EXPECT_EQ(module->address, kData);
  }
}

// Types that contain themselves: slices, arrays and functions without an end. They are left out, the others are not.
TEST(HostileTypes, CyclesCostNoMoreThanThemselves) {
  const std::string bytes = Seed("runtime_types", "cyclic");
  ASSERT_GT(bytes.size(), 8U);
  auto image = Image::Open(MemorySource("cyclic", TypesImage(Data(bytes) + 8, bytes.size() - 8)));
  ASSERT_TRUE(image);
  Moduledata module;
  module.types = kTypes;
  module.etypes = kTypes + bytes.size() - 8;
  uint16_t links = 0;
  std::memcpy(&links, bytes.data(), 2);
  module.typelinks = {module.etypes - 8 - links * 4U, links};
  auto types = RuntimeTypes::Open(*image, module);
  ASSERT_TRUE(types) << types.error().ToString();
  std::vector<std::string> names;
  ASSERT_TRUE(types->ForEachStruct([&](const RuntimeType& type) {
    names.push_back(type.name);
    return true;
  }));
  EXPECT_THAT(names, ::testing::ElementsAre("main.T"));
  const std::vector<std::string> wanted = {"main.Loop", "main.T"};
  auto found = types->FindTypes(wanted);
  ASSERT_TRUE(found) << found.error().ToString();
  EXPECT_FALSE(found->types[0]);
  ASSERT_TRUE(found->types[1]);
  std::vector<std::string> fields;
  for (const Field& field : found->types[1]->structure.fields) fields.push_back(field.name + " " + field.type);
  EXPECT_THAT(fields, ::testing::ElementsAre("a int", "B string", "C [3]int", "d []int", "e chan int",
                                             "F func() string", "g func(int, ...int) string",
                                             "Stringer runtime.Stringer"));
}

}  // namespace
}  // namespace gooffsets
