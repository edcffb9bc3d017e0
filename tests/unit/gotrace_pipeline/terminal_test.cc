#include "gotrace/export/terminal.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <sstream>

namespace gooffsets::trace {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint64_t kMs = 1'000'000;

Span Make(uint8_t id, uint8_t parent, const std::string& name, uint64_t start_ms, uint64_t end_ms) {
  Span span;
  span.trace_id.fill(0x5a);
  span.span_id[7] = id;
  span.parent_span_id[7] = parent;
  span.parent = parent == 0 ? ParentSource::kNone : ParentSource::kContext;
  span.name = name;
  span.start_ns = start_ms * kMs;
  span.end_ns = end_ms * kMs;
  return span;
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

TEST(TerminalTest, ChildrenStandUnderTheirParentsInTheOrderOfTheirStarts) {
  // As they end: children first.
  const std::vector<Span> spans = {Make(4, 2, "inner", 12, 13), Make(3, 1, "second", 20, 30),
                                   Make(2, 1, "first", 10, 15), Make(1, 0, "root", 0, 40)};
  const auto lines = Lines(RenderTrace(spans, {}));
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_THAT(lines[0], HasSubstr("5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a · 4 spans · 40.0ms"));
  EXPECT_TRUE(lines[1].starts_with("✓ root")) << lines[1];
  EXPECT_TRUE(lines[2].starts_with("├─ ✓ first")) << lines[2];
  EXPECT_TRUE(lines[3].starts_with("│  └─ ✓ inner")) << lines[3];
  EXPECT_TRUE(lines[4].starts_with("└─ ✓ second")) << lines[4];
  // 20 columns for 40 ms: 10 to 15 ms are columns 5 to 7.
  EXPECT_THAT(lines[2], HasSubstr("▕     ███            ▏"));
  EXPECT_THAT(lines[1], HasSubstr("▕████████████████████▏"));
}

TEST(TerminalTest, FailuresInferredParentsAndResultsAreTold) {
  std::vector<Span> spans = {Make(2, 1, "call", 1, 2), Make(1, 0, "root", 0, 4)};
  spans[0].parent = ParentSource::kGoroutine;
  spans[0].status = StatusCode::kError;
  spans[0].status_message = "refused";
  spans[0].attributes = {{"server.address", std::string("db")}, {"http.response.status_code", int64_t{503}}};
  const auto lines = Lines(RenderTrace(spans, {}));
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_TRUE(lines[2].starts_with("└─ ✗ ~ call")) << lines[2];
  EXPECT_TRUE(lines[2].ends_with("▏ 503 refused server.address=db")) << lines[2];
}

TEST(TerminalTest, LinesKeepTheWidthAndColoursTakeNone) {
  std::vector<Span> spans = {Make(1, 0, "GET /日本語/{id}", 0, 4)};
  spans[0].attributes = {{"url.path", std::string(500, 'x')}, {"text", std::string("日本語日本語")}};
  for (const size_t columns : {20u, 47u, 80u, 121u}) {
    for (const auto& line : Lines(RenderTrace(spans, {.color = false, .columns = columns}))) {
      EXPECT_LE(Columns(line), columns) << line;
    }
    std::string plain, colored = RenderTrace(spans, {.color = true, .columns = columns});
    EXPECT_THAT(colored, HasSubstr("\x1b["));
    for (size_t i = 0; i < colored.size(); ++i) {
      if (colored[i] == '\x1b') {
        i = colored.find('m', i);
      } else {
        plain += colored[i];
      }
    }
    EXPECT_EQ(plain, RenderTrace(spans, {.color = false, .columns = columns}));
  }
}

TEST(TerminalTest, HostileTextCannotReachTheTerminal) {
  std::vector<Span> spans = {Make(1, 0,
                                  "a\x1b[2Jb\r\n\xc2\x9b"
                                  "c\xe2\x80\xae"
                                  "d\xff",
                                  0, 4)};
  spans[0].attributes = {{"k\x1b]0;x\x07", std::string("\x1b[31m\n\n")}};
  spans[0].status = StatusCode::kError;
  spans[0].status_message = "\x1b[1m\n";
  auto resource = std::make_shared<Resource>();
  resource->service_name = "\x1b[5m\n";
  spans[0].resource = resource;
  const std::string text = RenderTrace(spans, {});
  EXPECT_EQ(Lines(text).size(), 2u);
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\xc2\x9b")));
  EXPECT_THAT(text, Not(HasSubstr("\xe2\x80\xae")));
  EXPECT_THAT(text, HasSubstr("a?[2Jb????cd\xef\xbf\xbd"));
}

TEST(TerminalTest, LoopsAndEndlessChainsOfParentsAreShownOnce) {
  std::vector<Span> loop = {Make(1, 2, "one", 0, 1), Make(2, 1, "two", 0, 1), Make(3, 3, "self", 0, 1)};
  EXPECT_EQ(Lines(RenderTrace(loop, {})).size(), 4u);
  std::vector<Span> chain;
  for (int i = 0; i < 1'000; ++i) {
    Span span = Make(0, 0, "s", 0, 1);
    span.span_id = {1, static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)};
    if (i > 0) span.parent_span_id = {1, static_cast<uint8_t>((i - 1) >> 8), static_cast<uint8_t>(i - 1)};
    chain.push_back(span);
  }
  EXPECT_EQ(Lines(RenderTrace(chain, {})).size(), 1'001u);
}

TEST(TerminalTest, DurationsReadAsAPersonWritesThem) {
  EXPECT_EQ(HumanDuration(0), "0ns");
  EXPECT_EQ(HumanDuration(999), "999ns");
  EXPECT_EQ(HumanDuration(1'500), "1.50µs");
  EXPECT_EQ(HumanDuration(12'400'000), "12.4ms");
  EXPECT_EQ(HumanDuration(999'600'000), "1.00s");
  EXPECT_EQ(HumanDuration(59'000'000'000), "59.0s");
  EXPECT_EQ(HumanDuration(125'000'000'000), "2m05s");
  EXPECT_EQ(HumanDuration(3'720'000'000'000), "1h02m");
}

class TerminalExporterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    read_ = UniqueFd(ends[0]);
    exporter_ = MakeTerminalExporter(UniqueFd(ends[1]), {}, {.settle = milliseconds(100), .wait = milliseconds(1'000)});
  }
  std::string Shown() {
    std::string out(65'536, '\0');
    const ssize_t size = read(read_.get(), out.data(), out.size());
    out.resize(size < 0 ? 0 : static_cast<size_t>(size));
    return out;
  }

  UniqueFd read_;
  std::unique_ptr<Exporter> exporter_;
  Deadline deadline_;
};

TEST_F(TerminalExporterTest, ATraceIsShownOnceItsRootHasComeAndSettled) {
  const auto begin = std::chrono::steady_clock::now();
  const std::vector<Span> child = {Make(2, 1, "child", 1, 2)}, root = {Make(1, 0, "root", 0, 3)};
  EXPECT_EQ(exporter_->Export(child, &deadline_).exported, 1u);
  exporter_->Idle(begin + milliseconds(500));
  EXPECT_EQ(Shown(), "");
  exporter_->Export(root, &deadline_);
  exporter_->Idle(begin);
  EXPECT_EQ(Shown(), "");
  exporter_->Idle(std::chrono::steady_clock::now() + milliseconds(100));
  EXPECT_EQ(Lines(Shown()).size(), 3u);
}

TEST_F(TerminalExporterTest, WithoutARootItIsShownAfterAWhileAndAtTheEnd) {
  const std::vector<Span> child = {Make(2, 1, "child", 1, 2)};
  exporter_->Export(child, &deadline_);
  exporter_->Idle(std::chrono::steady_clock::now() + milliseconds(1'000));
  EXPECT_EQ(Lines(Shown()).size(), 2u);
  exporter_->Export(child, &deadline_);
  exporter_->Finish(std::chrono::steady_clock::now());
  EXPECT_EQ(Lines(Shown()).size(), 2u);
}

TEST_F(TerminalExporterTest, AReaderThatDoesNotReadCannotHoldIt) {
  std::vector<Span> spans;
  for (int i = 0; i < 999; ++i) spans.push_back(Make(1, 0, std::string(400, 'n'), 0, 1));
  deadline_.MoveTo(std::chrono::steady_clock::now());
  for (int i = 0; i < 20; ++i) exporter_->Export(spans, &deadline_);  // more than a pipe holds
}

}  // namespace
}  // namespace gooffsets::trace
