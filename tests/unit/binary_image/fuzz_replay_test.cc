// Replays the checked-in fuzz corpora of this folder's parsers as an ordinary test.
#include <gtest/gtest.h>

#include <string>

#include "../fuzz_replay.h"

#define LLVMFuzzerTestOneInput FuzzElf
#include "../../../fuzz/elf_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput FuzzBinaryBuildInfo
#include "../../../fuzz/binary_build_info_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput FuzzBinaryInfoJson
#include "../../../fuzz/binary_info_json_fuzz.cc"
#undef LLVMFuzzerTestOneInput

namespace gooffsets {
namespace {

using testing::Replay;

TEST(FuzzReplay, Elf) { EXPECT_GE(Replay("elf", FuzzElf), 4U); }
TEST(FuzzReplay, BinaryBuildInfo) { EXPECT_GE(Replay("binary_build_info", FuzzBinaryBuildInfo), 3U); }
TEST(FuzzReplay, BinaryInfoJson) { EXPECT_GE(Replay("binary_info_json", FuzzBinaryInfoJson), 4U); }

}  // namespace
}  // namespace gooffsets
