// Replays the checked-in fuzz corpora of this folder's parsers as an ordinary test.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#define LLVMFuzzerTestOneInput FuzzVersion
#include "../../../fuzz/version_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput FuzzGoVersionString
#include "../../../fuzz/go_version_string_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput FuzzNames
#include "../../../fuzz/names_fuzz.cc"
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

TEST(FuzzReplay, Version) { EXPECT_GE(Replay("version", FuzzVersion), 4U); }
TEST(FuzzReplay, GoVersionString) { EXPECT_GE(Replay("go_version_string", FuzzGoVersionString), 6U); }
TEST(FuzzReplay, Names) { EXPECT_GE(Replay("names", FuzzNames), 5U); }

}  // namespace
}  // namespace gooffsets
