// Replays the checked-in fuzz corpora of this folder's parsers as an ordinary test.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#define LLVMFuzzerTestOneInput FuzzElf
#include "../../../fuzz/elf_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput FuzzBinaryBuildInfo
#include "../../../fuzz/binary_build_info_fuzz.cc"
#undef LLVMFuzzerTestOneInput

namespace gooffsets {
namespace {

size_t Replay(const std::string& target, int (*run)(const uint8_t*, size_t)) {
  size_t count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(GOOFFSETS_SOURCE_DIR) + "/fuzz/corpus/" + target)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    SCOPED_TRACE(entry.path().string());
    EXPECT_EQ(run(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()), 0);
    ++count;
  }
  return count;
}

TEST(FuzzReplay, Elf) { EXPECT_GE(Replay("elf", FuzzElf), 4U); }
TEST(FuzzReplay, BinaryBuildInfo) { EXPECT_GE(Replay("binary_build_info", FuzzBinaryBuildInfo), 3U); }

}  // namespace
}  // namespace gooffsets
