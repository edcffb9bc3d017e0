// What an offset service answers: put where nothing is known, never over the program's own word; hostile answers are
// refused.
#include "gotrace/remote_answers.h"

#include <gtest/gtest.h>

#include <string>

#include "gotrace/table.h"

namespace gooffsets::trace {
namespace {

// As docs/formats.md, "resolve", has it; the offset is that of net/http.Request.URL in Go 1.22.
constexpr char kAnswer[] = R"({"probes":[{"name":"p","usable":true,
  "attach":[{"as":"f","status":"found","item":"a/b.(*T).f","source":"exact","function":{"bodies":[],
    "params":[{"index":0,"name":"t","type":"*b.T","size":8,"pieces":[{"reg":"RAX","size":8,"at":0}]},
              {"index":1,"name":"s","type":"string","size":16,"pieces":[{"stack":8,"size":16,"at":0}]}],"results":[]}}],
  "wants":[{"as":"x","status":"found","item":"net/http.Request.URL","source":"exact","offset":16,"size":8,"type":"*net/url.URL"},
           {"as":"y","status":"absent"}]}]})";

ResolvedWant Wanted(const std::string& symbol, bool needed, bool absent) {
  ResolvedWant want;
  want.want.any = {*ParseItem(symbol)};
  want.want.needed = needed;
  Resolved tried;
  tried.item = want.want.any.front();
  tried.absent = absent;
  want.not_found = {tried};
  return want;
}

TEST(RemoteAnswers, CompletesWhatIsMissing) {
  const auto answers = RemoteAnswers::Parse(kAnswer, GoArch::kAmd64);
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_EQ(answers->size(), 2u);
  Resolution resolution;
  ResolvedProbe probe;
  ResolvedWant function = Wanted("a/b.(*T).f", true, false);
  function.answer.emplace();
  function.answer->item = function.want.any.front();
  function.answer->function.emplace();
  function.answer->source = Source::kSelf;
  probe.attach = {function};
  probe.wants = {Wanted("net/http.Request.URL", true, false)};
  probe.disabled_by = {"net/http.Request.URL: not known"};
  resolution.probes = {probe};
  answers->Complete(&resolution);
  const ResolvedProbe& done = resolution.probes.front();
  EXPECT_TRUE(done.usable);
  EXPECT_TRUE(done.disabled_by.empty());
  ASSERT_TRUE(done.wants[0].answer && done.wants[0].answer->field);
  EXPECT_EQ(done.wants[0].answer->field->offset, 16u);
  ASSERT_TRUE(done.attach[0].answer->function->layout);
  const auto& params = done.attach[0].answer->function->layout->params;
  ASSERT_EQ(params.size(), 2u);
  EXPECT_EQ(params[0].pieces, (std::vector<Piece>{{Piece::Base::kIntRegister, 0, 8, 0}}));
  EXPECT_EQ(params[1].pieces, (std::vector<Piece>{{Piece::Base::kStack, 8, 16, 0}}));
}

TEST(RemoteAnswers, ProgramsOwnWordWins) {
  const auto answers = RemoteAnswers::Parse(kAnswer, GoArch::kAmd64);
  ASSERT_TRUE(answers);
  Resolution resolution;
  ResolvedProbe probe;
  ResolvedWant own = Wanted("net/http.Request.URL", true, false);
  own.answer.emplace();
  own.answer->item = own.want.any.front();
  own.answer->field.emplace();
  own.answer->field->offset = 24;
  probe.wants = {own, Wanted("net/http.Request.URL", false, /*absent=*/true)};
  resolution.probes = {probe};
  answers->Complete(&resolution);
  EXPECT_EQ(resolution.probes[0].wants[0].answer->field->offset, 24u);
  EXPECT_FALSE(resolution.probes[0].wants[1].answer) << "the program does not have it";
}

TEST(RemoteAnswers, RefusesWhatDoesNotFit) {
  const std::string good = kAnswer;
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return RemoteAnswers::Parse(text.replace(at, from.size(), to), GoArch::kAmd64).has_value();
  };
  EXPECT_TRUE(with("\"RAX\"", "\"RBX\""));
  EXPECT_FALSE(with("\"RAX\"", "\"R99\""));
  EXPECT_FALSE(with("\"RAX\"", "7"));
  EXPECT_FALSE(with("\"offset\":16", "\"offset\":-16"));
  EXPECT_FALSE(with("\"offset\":16", "\"offset\":\"16\""));
  EXPECT_FALSE(with("\"source\":\"exact\"", "\"source\":\"guessed\""));
  EXPECT_FALSE(with("\"stack\":8", "\"stack\":99999999999"));
  EXPECT_FALSE(with("\"wants\":[", "\"other\":["));
  for (const char* text : {"", "null", "[]", "{", "{}", "{\"probes\":{}}", "{\"probes\":[1]}", "{\"probes\":[null]}",
                           "{\"probes\":[{\"attach\":[[]],\"wants\":[]}]}"}) {
    EXPECT_FALSE(RemoteAnswers::Parse(text, GoArch::kAmd64)) << text;
  }
  for (size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_FALSE(RemoteAnswers::Parse(good.substr(0, cut), GoArch::kAmd64)) << cut;
  }
  // Another architecture has no such register.
  EXPECT_FALSE(RemoteAnswers::Parse(good, GoArch::kArm64));
}

TEST(KeepKnown, KeepsWhatTheFreshPlanDoesNotSay) {
  Plan known, fresh;
  EXPECT_EQ(fresh.table.value[GT_G_GOID], GT_NONE);
  known.table.value[GT_G_GOID] = 152;
  known.table.value[GT_G_PARENT] = 8;
  fresh.table.value[GT_G_PARENT] = 16;
  known.table.type[GT_TYPE_TCP_ADDR] = 0x1000;
  KeepKnown(known, &fresh);
  EXPECT_EQ(fresh.table.value[GT_G_GOID], 152);
  EXPECT_EQ(fresh.table.value[GT_G_PARENT], 16) << "newer data wins";
  EXPECT_EQ(fresh.table.value[GT_G_STACK_HI], GT_NONE);
  EXPECT_EQ(fresh.table.type[GT_TYPE_TCP_ADDR], 0x1000u);
}

}  // namespace
}  // namespace gooffsets::trace
