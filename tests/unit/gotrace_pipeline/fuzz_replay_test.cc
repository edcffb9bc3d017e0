// The fuzz target's corpus, replayed.
#include "../fuzz_replay.h"

#include <gtest/gtest.h>

#define LLVMFuzzerTestOneInput FuzzGotraceText
#include "../../../fuzz/gotrace_text_fuzz.cc"
#undef LLVMFuzzerTestOneInput

namespace gooffsets {
namespace {

using testing::Replay;

TEST(FuzzReplay, GotraceText) { EXPECT_GE(Replay("gotrace_text", FuzzGotraceText), 6U); }

}  // namespace
}  // namespace gooffsets
