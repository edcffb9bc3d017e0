// Replays the checked-in fuzz corpora of what a run is given as an ordinary test.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#define LLVMFuzzerTestOneInput FuzzBuildInfo
#include "../../../fuzz/build_info_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput FuzzGoMod
#include "../../../fuzz/go_mod_fuzz.cc"
#undef LLVMFuzzerTestOneInput

namespace offsetgen {
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

TEST(FuzzReplay, BuildInfo) { EXPECT_GE(Replay("build_info", FuzzBuildInfo), 5U); }
TEST(FuzzReplay, GoMod) { EXPECT_GE(Replay("go_mod", FuzzGoMod), 3U); }

}  // namespace
}  // namespace offsetgen
