// Replays the checked-in fuzz corpora of this folder's parsers as an ordinary test.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#define LLVMFuzzerTestOneInput FuzzRecord
#include "../../../fuzz/record_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput FuzzShardLine
#include "../../../fuzz/shard_line_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput FuzzPacked
#include "../../../fuzz/packed_fuzz.cc"
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

TEST(FuzzReplay, Record) { EXPECT_GE(Replay("record", FuzzRecord), 2U); }
TEST(FuzzReplay, ShardLine) { EXPECT_GE(Replay("shard_line", FuzzShardLine), 3U); }
TEST(FuzzReplay, Packed) { EXPECT_GE(Replay("packed", FuzzPacked), 4U); }

}  // namespace
}  // namespace gooffsets
