// Replays the checked-in fuzz corpora of this folder's parsers as an ordinary test.
#include <gtest/gtest.h>

#include <string>

#include "../fuzz_replay.h"

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

using testing::Replay;

TEST(FuzzReplay, Version) { EXPECT_GE(Replay("version", FuzzVersion), 4U); }
TEST(FuzzReplay, GoVersionString) { EXPECT_GE(Replay("go_version_string", FuzzGoVersionString), 6U); }
TEST(FuzzReplay, Names) { EXPECT_GE(Replay("names", FuzzNames), 5U); }

}  // namespace
}  // namespace gooffsets
