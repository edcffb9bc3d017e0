// Replays the checked-in fuzz corpora of this folder's parsers as an ordinary test.
#include <gtest/gtest.h>

#include <string>

#include "../fuzz_replay.h"

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

using testing::Replay;

TEST(FuzzReplay, Record) { EXPECT_GE(Replay("record", FuzzRecord), 2U); }
TEST(FuzzReplay, ShardLine) { EXPECT_GE(Replay("shard_line", FuzzShardLine), 3U); }
TEST(FuzzReplay, Packed) { EXPECT_GE(Replay("packed", FuzzPacked), 4U); }

}  // namespace
}  // namespace gooffsets
