// Replays the checked-in fuzz corpus as an ordinary test.
#include <gtest/gtest.h>

#include <filesystem>

#include "program.h"

#include "../../../fuzz/pclntab_fuzz.cc"

namespace gooffsets {
namespace {

TEST(FuzzReplay, Pclntab) {
  size_t count = 0, tables = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(GOOFFSETS_SOURCE_DIR) + "/fuzz/corpus/pclntab")) {
    const std::string bytes = testing::Bytes(entry.path().string());
    const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
    SCOPED_TRACE(entry.path().string());
    EXPECT_EQ(LLVMFuzzerTestOneInput(data, bytes.size()), 0);
    ++count;
    auto image = Image::Open(MemorySource("seed", FuzzImage(data, bytes.size())));
    ASSERT_TRUE(image) << image.error().ToString();
    tables += Pclntab::Find(*image) ? 1 : 0;
  }
  EXPECT_GE(count, 5U);
  EXPECT_GE(tables, 4U);
}

}  // namespace
}  // namespace gooffsets
