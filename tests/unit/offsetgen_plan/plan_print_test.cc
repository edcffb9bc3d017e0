#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan.h"

namespace offsetgen {
namespace {

using gooffsets::GoArch;
using gooffsets::Version;
using testing::HasSubstr;

TEST(PrintPlan, TextAndJson) {
  Plan plan;
  plan.jobs = {{"m.x/a", "1.2.0", "1.27.4", GoArch::kArm64, {"t", "u"}, "jsonv2", "primary"},
               {"m.x/a", "1.1.0", "1.27.4", GoArch::kAmd64, {}, "", "asked for"}};
  plan.skipped = {{Skipped::Kind::kDone, "m.x/a", "1.0.0", GoArch::kAmd64, "built with go1.27.4"},
                  {Skipped::Kind::kFailed, "m.x/a", "0.9.0", GoArch::kAmd64, "does not compile with go1.17.13"}};
  plan.notes = {{"m.x/a", "what", 3}};
  EXPECT_EQ(PrintPlan(plan, PlanFormat::kText),
            "2 jobs, 1 done, 1 failed\n"
            "build m.x/a 1.2.0 arm64 go1.27.4 tags t,u GOEXPERIMENT=jsonv2: primary\n"
            "build m.x/a 1.1.0 amd64 go1.27.4: asked for\n"
            "skip  m.x/a 0.9.0 amd64: failed: does not compile with go1.17.13\n"
            "note  m.x/a: what (3)\n");
  plan.jobs.resize(1);
  plan.skipped.resize(1);
  EXPECT_EQ(PrintPlan(plan, PlanFormat::kJson), R"({
  "jobs": [
    {
      "module": "m.x/a",
      "version": "1.2.0",
      "go": "1.27.4",
      "goarch": "arm64",
      "tags": [
        "t",
        "u"
      ],
      "goexperiment": "jsonv2",
      "reason": "primary"
    }
  ],
  "skipped": [
    {
      "module": "m.x/a",
      "version": "1.0.0",
      "goarch": "amd64",
      "kind": "done",
      "why": "built with go1.27.4"
    }
  ],
  "notes": [
    {
      "module": "m.x/a",
      "what": "what",
      "count": 3
    }
  ]
}
)");
}

TEST(PrintPlan, OddBytesNeitherThrowNorReachATerminal) {
  Plan plan;
  plan.jobs = {{"\xff\x1b[31m", "1", "1", GoArch::kAmd64, {"\xff"}, "\xff", "\xff\n"}};
  EXPECT_THAT(PrintPlan(plan, PlanFormat::kText), testing::Not(HasSubstr("\x1b")));
  EXPECT_THAT(PrintPlan(plan, PlanFormat::kJson), HasSubstr("\xef\xbf\xbd"));
}

// The lines name shards: data/<module>/<minor>.jsonl.zst.
TEST(Plan, ShardNames) {
  const struct {
    const char* module;
    const char* version;
    const char* shard;
  } cases[] = {{"google.golang.org/grpc", "1.60.1", "1.60"},
               {"golang.org/x/net", "0.55.0", "0.55"},
               {"std", "1.26.8", "1.26"},
               {"std", "1.20", "1.20"},
               {"google.golang.org/genproto/googleapis/rpc", "0.0.0-20240318140521-94a12d6c2237", "0.0.0"},
               {"m.x/a", "1.2.4-0.20240318140521-94a12d6c2237", "1.2"}};
  for (const auto& c : cases) {
    auto version = Version::Parse(gooffsets::SchemeOf(c.module), c.version);
    ASSERT_TRUE(version);
    EXPECT_EQ(ShardName(*version), c.shard);
  }
}

}  // namespace
}  // namespace offsetgen
