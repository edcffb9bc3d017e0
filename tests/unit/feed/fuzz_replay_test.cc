// Replays the checked-in fuzz corpora of this folder's parsers as an ordinary test.
#include "../fuzz_replay.h"

#include <gtest/gtest.h>

#define LLVMFuzzerTestOneInput FuzzManifest
#include "../../../fuzz/manifest_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput FuzzMinisign
#include "../../../fuzz/minisign_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput FuzzBundle
#include "../../../fuzz/bundle_fuzz.cc"
#undef LLVMFuzzerTestOneInput

namespace gooffsets {
namespace {

using testing::Replay;
using testing::Seed;

TEST(FuzzReplay, Manifest) {
  EXPECT_GE(Replay("manifest", FuzzManifest), 9U);
  EXPECT_TRUE(ParseManifest(Seed("manifest", "with_delta")));
  EXPECT_TRUE(ParseManifest(Seed("manifest", "correction")));
  EXPECT_EQ(ParseManifest(Seed("manifest", "newer")).error().code, ErrorCode::kTooNew);
  for (const char* bad : {"traversal", "huge", "expires_first", "deep"}) {
    EXPECT_EQ(ParseManifest(Seed("manifest", bad)).error().code, ErrorCode::kBadInput) << bad;
  }
}
TEST(FuzzReplay, Minisign) { EXPECT_GE(Replay("minisign", FuzzMinisign), 6U); }
TEST(FuzzReplay, Bundle) {
  EXPECT_GE(Replay("bundle", FuzzBundle), 4U);
  const std::string tar = std::string(GOOFFSETS_SOURCE_DIR) + "/fuzz/corpus/bundle/";
  EXPECT_TRUE(BundleReader::Open(tar + "tar"));
  EXPECT_FALSE(BundleReader::Open(tar + "cut_off"));
  EXPECT_FALSE(BundleReader::Open(tar + "symbolic_link"));
}

}  // namespace
}  // namespace gooffsets
