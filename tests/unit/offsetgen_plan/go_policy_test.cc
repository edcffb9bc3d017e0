#include "go_policy.h"

#include <gtest/gtest.h>

namespace offsetgen {
namespace {

TEST(GoPolicy, TextRoundTrip) {
  for (const char* text : {"auto", "newest", "oldest", "1.21.13,1.26.8"})
    EXPECT_EQ(ToString(*ParseGoPolicy(text)), text);
  EXPECT_EQ(ToString(*ParseGoPolicy(" go1.26.8 , 1.21.13,1.26.8 ")), "1.21.13,1.26.8");
  for (const char* bad : {"", ",", "1.26.8,", "latest", "auto,1.26.8", "1.26.x", "-1"}) {
    auto policy = ParseGoPolicy(bad);
    ASSERT_FALSE(policy) << bad;
    EXPECT_EQ(policy.error().code, gooffsets::ErrorCode::kUsage);
  }
}

}  // namespace
}  // namespace offsetgen
