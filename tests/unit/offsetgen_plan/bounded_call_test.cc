#include "bounded_call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "process.h"

namespace offsetgen {
namespace {

using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::Result;
using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr milliseconds kLong{60'000};

[[noreturn]] void Hang() {
  while (true) pause();
}

TEST(CallBounded, ResultsComeBackAsTheyAre) {
  const std::string bytes("..a\0.b\n", 7);
  for (const std::string& value : {std::string(), std::string("."), bytes, std::string(1 << 20, 'x')}) {
    const auto back = CallBounded("work", kLong, [&](const Alive& alive) -> Result<std::string> {
      alive();
      alive();
      return value;
    });
    ASSERT_TRUE(back) << back.error().ToString();
    EXPECT_EQ(*back, value);
  }
  const auto error = CallBounded("work", kLong, [](const Alive&) -> Result<std::string> {
    return Fail(ErrorCode::kPermission, "no such right", "ask for it");
  });
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error().code, ErrorCode::kPermission);
  EXPECT_EQ(error.error().message, "no such right");
  EXPECT_EQ(error.error().hint, "ask for it");
}

TEST(CallBounded, QuietIsEndedAndSignsOfLifeAreNot) {
  const auto quiet = CallBounded("work", milliseconds(200), [](const Alive&) -> Result<std::string> { Hang(); });
  ASSERT_FALSE(quiet);
  EXPECT_EQ(quiet.error().code, ErrorCode::kTimeout);
  EXPECT_THAT(quiet.error().message, HasSubstr("work: no answer for 1 s"));
  // Works for longer than the limit, and says so.
  const auto busy = CallBounded("work", milliseconds(1500), [](const Alive& alive) -> Result<std::string> {
    for (int i = 0; i < 20; ++i) {
      alive();
      poll(nullptr, 0, 100);
    }
    return std::string("done");
  });
  ASSERT_TRUE(busy) << busy.error().ToString();
  EXPECT_EQ(*busy, "done");
}

TEST(CallBounded, DeathIsAnError) {
  const auto died = CallBounded("work", kLong, [](const Alive&) -> Result<std::string> {
    raise(SIGKILL);
    return std::string("alive");
  });
  ASSERT_FALSE(died);
  EXPECT_THAT(died.error().message, HasSubstr("work ended without a result"));
}

TEST(CallBounded, MoreThanTheLimitIsRefused) {
  const auto large = CallBounded("work", kLong, [](const Alive&) -> Result<std::string> {
    return std::string((64u << 20) + 1, 'x');
  });
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, ErrorCode::kUnsupported);
}

TEST(CallBounded, InterruptEndsIt) {
  g_interrupted = true;
  const auto stopped = CallBounded("work", kLong, [](const Alive&) -> Result<std::string> { Hang(); });
  g_interrupted = false;
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::kInterrupted);
}

}  // namespace
}  // namespace offsetgen
