// Replays the checked-in fuzz corpora of what a run is given as an ordinary test.
#include <gtest/gtest.h>

#include <string>

#include "../fuzz_replay.h"

#define LLVMFuzzerTestOneInput FuzzBuildInfo
#include "../../../fuzz/build_info_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput FuzzGoMod
#include "../../../fuzz/go_mod_fuzz.cc"
#undef LLVMFuzzerTestOneInput

namespace offsetgen {
namespace {

using gooffsets::testing::Replay;

TEST(FuzzReplay, BuildInfo) { EXPECT_GE(Replay("build_info", FuzzBuildInfo), 5U); }
TEST(FuzzReplay, GoMod) { EXPECT_GE(Replay("go_mod", FuzzGoMod), 3U); }

}  // namespace
}  // namespace offsetgen
