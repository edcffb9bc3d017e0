// Replays the checked-in fuzz corpora of this folder's parsers as an ordinary test.
#include <gtest/gtest.h>

#include <string>

#include "../fuzz_replay.h"

#define LLVMFuzzerTestOneInput FuzzZstd
#include "../../../fuzz/zstd_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput FuzzByteReader
#include "../../../fuzz/byte_reader_fuzz.cc"
#undef LLVMFuzzerTestOneInput

namespace gooffsets {
namespace {

using testing::Replay;

TEST(FuzzReplay, Zstd) { EXPECT_GE(Replay("zstd", FuzzZstd), 4U); }
TEST(FuzzReplay, ByteReader) { EXPECT_GE(Replay("byte_reader", FuzzByteReader), 2U); }

}  // namespace
}  // namespace gooffsets
