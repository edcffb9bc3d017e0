// What people read on a terminal: whole texts, so that a change of any of it is seen here.
#include "render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace gooffsets {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

Query AskedFor(const std::string& symbol) {
  Query query;
  query.module = "m.x/a";
  query.version = "1.2.0";
  query.symbol = symbol;
  return query;
}

Answer MakeAnswer(Status status, const Query& query, std::vector<Value> values, const std::string& reason = "") {
  Answer answer;
  answer.status = status;
  answer.query = query;
  answer.values = std::move(values);
  answer.reason = reason;
  return answer;
}

Field MakeField(const std::string& name, uint64_t offset, uint64_t size, const std::string& type) {
  Field field;
  field.name = name;
  field.offset = offset;
  field.size = size;
  field.type = type;
  return field;
}

Value FieldValue(uint64_t offset, const std::vector<std::string>& go) {
  Value value;
  value.field = MakeField("f", offset, 16, "string");
  value.go = go;
  for (const std::string& release : go) value.evidence.push_back({"build-" + release, release});
  return value;
}

Parameter MakeParameter(const std::string& name, const std::string& type, uint64_t size, std::vector<Piece> pieces) {
  Parameter param;
  param.name = name;
  param.type = type;
  param.size = size;
  param.pieces = std::move(pieces);
  return param;
}

TEST(RenderAnswer, Field) {
  Answer answer = MakeAnswer(Status::kFound, AskedFor("m.x/a.T.f"), {FieldValue(176, {"1.27.4"})});
  EXPECT_EQ(RenderAnswer(answer),
            "offset 176 (0xb0), size 16, string\n"
            "m.x/a.T.f  (m.x/a 1.2.0, amd64; seen in 1 build, Go 1.27.4)\n");
  answer.query.go = "1.27.4";
  answer.query.goarch = GoArch::kArm64;
  answer.values = {FieldValue(0, {"1.17", "1.18", "1.19", "1.20", "1.21.0"})};
  EXPECT_EQ(RenderAnswer(answer),
            "offset 0 (0x0), size 16, string\n"
            "m.x/a.T.f  (m.x/a 1.2.0, arm64, Go 1.27.4; seen in 5 builds, Go 1.17 .. 1.21.0 (5 releases))\n");
}

TEST(RenderAnswer, StructShowsItsPadding) {
  Value value;
  value.kind = SymbolKind::kStruct;
  value.structure = {24, 8, {MakeField("a", 0, 1, "bool"), MakeField("Embedded", 8, 8, "m.x/a.Embedded")}};
  value.structure.fields[1].embedded = true;
  value.go = {"1.26.8", "1.27.4"};
  value.evidence = {{"b1", "1.26.8"}, {"b2", "1.27.4"}};
  EXPECT_EQ(RenderAnswer(MakeAnswer(Status::kFound, AskedFor("m.x/a.T"), {value})),
            "size 24, align 8, 2 fields\n"
            "  offset  size  name      type\n"
            "       0     1  a         bool\n"
            "       1     7  -         (padding)\n"
            "       8     8  Embedded  m.x/a.Embedded (embedded)\n"
            "      16     8  -         (padding)\n"
            "m.x/a.T  (m.x/a 1.2.0, amd64; seen in 2 builds, Go 1.26.8, 1.27.4)\n");
}

TEST(RenderAnswer, FunctionNamesRegistersOfItsArchitecture) {
  using Base = Piece::Base;
  Value value;
  value.kind = SymbolKind::kFunction;
  value.function.params = {
      MakeParameter("s", "string", 16, {{Base::kIntRegister, 0, 8, 0}, {Base::kIntRegister, 1, 8, 8}}),
      MakeParameter("", "float64", 8, {{Base::kFloatRegister, 0, 8, 0}}),
      MakeParameter("big", "[4]int", 32, {{Base::kStack, 8, 32, 0}}),
      MakeParameter("none", "struct {}", 0, {}),
      MakeParameter("lost", "int", 8, {}),
  };
  value.function.wrapper = true;
  value.go = {"1.27.4"};
  value.evidence = {{"b", "1.27.4"}};
  Answer answer = MakeAnswer(Status::kFound, AskedFor("m.x/a.F"), {value});
  EXPECT_EQ(RenderAnswer(answer),
            "parameters, at entry (SP+8 is the first stack word)\n"
            "  #  name  type       size  where\n"
            "  0  s     string       16  RAX 0..8, RBX 8..16\n"
            "  1  -     float64       8  X0\n"
            "  2  big   [4]int       32  SP+8\n"
            "  3  none  struct {}     0  nowhere (no bytes)\n"
            "  4  lost  int           8  not known\n"
            "no results\n"
            "a wrapper that the compiler makes: no probe target\n"
            "m.x/a.F  (m.x/a 1.2.0, amd64; seen in 1 build, Go 1.27.4)\n");
  answer.query.goarch = GoArch::kArm64;
  answer.values[0].function.results = {MakeParameter("err", "error", 16, {{Base::kIntRegister, 0, 8, 0}})};
  EXPECT_THAT(RenderAnswer(answer), HasSubstr("R0 0..8, R1 8..16"));
  EXPECT_THAT(RenderAnswer(answer),
              HasSubstr("results, at return\n"
                        "  #  name  type   size  where\n"
                        "  0  err   error    16  R0\n"));
}

TEST(RenderAnswer, AmbiguousListsEveryAnswer) {
  Value absent;
  absent.absent_reason = "no such field";
  absent.go = {"1.20.14"};
  EXPECT_EQ(RenderAnswer(MakeAnswer(Status::kAmbiguous, AskedFor("m.x/a.T.f"),
                                    {absent, FieldValue(176, {"1.21.13"}), FieldValue(192, {"1.26.8", "1.27.4"})})),
            "ambiguous: m.x/a.T.f  (m.x/a 1.2.0, amd64)\n"
            "with Go 1.20.14:\n"
            "absent: no such field\n"
            "with Go 1.21.13:\n"
            "offset 176 (0xb0), size 16, string\n"
            "with Go 1.26.8, 1.27.4:\n"
            "offset 192 (0xc0), size 16, string\n"
            "name the Go release of the program with --go\n");
}

TEST(RenderAnswer, AbsentAndUnknownSayWhy) {
  Answer answer = MakeAnswer(Status::kAbsent, AskedFor("m.x/a.T.g"), {}, "no such field");
  answer.evidence = {{"b1", "1.26.8"}};
  EXPECT_EQ(RenderAnswer(answer), "absent: no such field\nm.x/a.T.g  (m.x/a 1.2.0, amd64; 1 build proves it)\n");
  answer.evidence.push_back({"b2", "1.27.4"});
  answer.similar = {"m.x/a.T.G", "m.x/a.T.f"};
  EXPECT_EQ(RenderAnswer(answer),
            "absent: no such field\n"
            "m.x/a.T.g  (m.x/a 1.2.0, amd64; 2 builds prove it)\n"
            "did you mean m.x/a.T.G?\n"
            "did you mean m.x/a.T.f?\n");
  answer = MakeAnswer(Status::kUnknown, AskedFor("m.x/a.T.g"), {}, "never built");
  answer.hint = "offsetgen --module m.x/a --versions 1.2.0";
  EXPECT_EQ(RenderAnswer(answer),
            "unknown: never built\n"
            "m.x/a.T.g  (m.x/a 1.2.0, amd64)\n"
            "try: offsetgen --module m.x/a --versions 1.2.0\n");
}

TEST(RenderTimeline, RunsAreATableAndGapsAreListed) {
  Timeline timeline;
  timeline.query = AskedFor("m.x/a.T.f");
  timeline.query.version.clear();
  timeline.runs = {{"1.0.0", "1.0.0", 1, std::nullopt, "no such field", {"1.27.4"}},
                   {"1.10.0", "1.12.3", 120, FieldValue(8, {}), "", {"1.21.13", "1.27.4"}}};
  timeline.gaps = {{"1.11.0", "never built"}, {"1.9.0", "build failed: p.go:1: x"}};
  for (int i = 0; i < 9; ++i) timeline.gaps.push_back({"2." + std::to_string(i) + ".0", "never built"});
  EXPECT_EQ(RenderTimeline(timeline),
            "m.x/a.T.f  (m.x/a, amd64)\n"
            "  versions          value                  observations  Go\n"
            "  1.0.0             absent: no such field             1  1.27.4\n"
            "  1.10.0 .. 1.12.3  8  (string, 16 bytes)           120  1.21.13, 1.27.4\n"
            "  no observation of 10 versions (never built): "
            "1.11.0, 2.0.0, 2.1.0, 2.2.0, 2.3.0, 2.4.0, 2.5.0, 2.6.0, ... 2.8.0\n"
            "  no observation of 1 version (build failed): 1.9.0\n");
  timeline.runs.clear();
  timeline.gaps.clear();
  EXPECT_EQ(RenderTimeline(timeline), "m.x/a.T.f  (m.x/a, amd64)\n");
}

TEST(RenderTimeline, CellsOfStructsAndFunctions) {
  Value structure, function;
  structure.kind = SymbolKind::kStruct;
  structure.structure = {24, 8, {MakeField("a", 0, 1, "bool")}};
  function.kind = SymbolKind::kFunction;
  function.function.params = {MakeParameter("a", "int", 8, {{Piece::Base::kIntRegister, 0, 8, 0}}),
                              MakeParameter("", "int", 8, {{Piece::Base::kStack, 16, 8, 0}}),
                              MakeParameter("z", "struct {}", 0, {})};
  Timeline timeline;
  timeline.query = AskedFor("m.x/a.T");
  timeline.runs = {{"1.0.0", "1.0.0", 1, structure, "", {}}, {"1.1.0", "1.1.0", 1, function, "", {}}};
  EXPECT_THAT(RenderTimeline(timeline), HasSubstr("size 24, 1 fields"));
  EXPECT_THAT(RenderTimeline(timeline), HasSubstr("(a RAX, _ SP+16, z -)"));
}

// A database is a file from elsewhere: no text in it may move the cursor of the terminal.
TEST(Render, ControlCharactersAreMadeSafe) {
  const std::string evil = "x\x1b[2J\r\n\x7f\xc2\x9bz";
  Query query;
  query.module = query.version = query.go = query.symbol = evil;
  Value field = FieldValue(8, {evil});
  field.field.name = field.field.type = evil;
  Value structure;
  structure.kind = SymbolKind::kStruct;
  structure.structure = {8, 8, {MakeField(evil, 0, 8, evil)}};
  Value function;
  function.kind = SymbolKind::kFunction;
  function.function.params = {MakeParameter(evil, evil, 8, {})};
  Value absent;
  absent.absent_reason = evil;
  std::vector<std::string> texts;
  for (const Status status : {Status::kFound, Status::kAmbiguous, Status::kAbsent, Status::kUnknown}) {
    for (Value value : {field, structure, function, absent}) {
      value.go = std::vector<std::string>(status == Status::kFound ? 1 : 5, evil);
      Answer answer = MakeAnswer(status, query, {value}, evil);
      answer.evidence = {{evil, evil}};
      answer.hint = evil;
      answer.similar = {evil};
      texts.push_back(RenderAnswer(answer));
    }
  }
  Timeline timeline;
  timeline.query = query;
  timeline.runs = {{evil, evil, 1, field, "", {evil}}, {evil, evil, 1, function, "", {evil}},
                   {evil, evil, 1, std::nullopt, evil, {evil}}};
  timeline.gaps = {{evil, evil}};
  texts.push_back(RenderTimeline(timeline));
  for (const std::string& text : texts) {
    EXPECT_THAT(text, EndsWith("\n"));
    EXPECT_THAT(text, Not(HasSubstr("\xc2\x9b"))) << text;
    for (const char c : text) {
      EXPECT_TRUE(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f)) << static_cast<int>(c) << text;
    }
    // Nothing in a text begins a line of its own: "z", the last letter of each, is always on the line of its "x".
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      EXPECT_EQ(line.find("??z") == std::string::npos, line.find("x?[2J") == std::string::npos) << line;
    }
  }
  // Letters of other scripts stay.
  EXPECT_THAT(RenderAnswer(MakeAnswer(Status::kAbsent, AskedFor("m.x/a.Größe"), {}, "世")),
              HasSubstr("absent: 世\nm.x/a.Größe  ("));
}

}  // namespace
}  // namespace gooffsets
