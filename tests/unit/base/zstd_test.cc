#include "base/zstd.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <random>
#include <vector>

#include "base/file.h"

namespace gooffsets {
namespace {

// From `printf 'one\ntwo\n' | zstd -19 | xxd -i` (zstd 1.5.4): data that our own compressor did not make.
const std::string kByZstdTool("\x28\xb5\x2f\xfd\x04\x68\x41\x00\x00\x6f\x6e\x65\x0a\x74\x77\x6f\x0a\xe6\xa6\x0e\x40",
                              21);

std::string Noise(size_t size) {
  std::mt19937 random(7);
  std::string noise(size, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  return noise;
}

class ZstdTest : public testing::Test {
 protected:
  void TearDown() override { ::unlink(path_.c_str()); }
  void Write(std::string_view bytes) { ASSERT_TRUE(WriteFileAtomic(path_, bytes)); }
  // All lines, or the error behind "!".
  std::vector<std::string> Lines(ZstdLimits limits) {
    std::vector<std::string> lines;
    auto reader = ZstdLineReader::Open(path_, limits);
    if (!reader) return {"!" + reader.error().message};
    while (true) {
      auto line = reader->Next();
      if (!line) {
        EXPECT_FALSE(reader->Next()) << "an error stays";
        lines.push_back("!" + line.error().message);
        return lines;
      }
      if (!*line) return lines;
      lines.emplace_back(**line);
    }
  }
  std::string path_ = testing::TempDir() + "zstd_test." + std::to_string(::getpid()) + ".zst";
};

TEST_F(ZstdTest, ReadsWhatTheToolWrote) {
  EXPECT_EQ(*ZstdDecompress(kByZstdTool, 8), "one\ntwo\n");
  Write(kByZstdTool);
  EXPECT_EQ(Lines({.total = 8}), (std::vector<std::string>{"one", "two"}));
}

TEST_F(ZstdTest, RoundTrips) {
  for (size_t size : {size_t{0}, size_t{1}, size_t{131072}, size_t{131073}, size_t{1'000'000}}) {
    for (const std::string& data : {Noise(size), std::string(size, 'a')}) {
      for (ZstdOptions options : {ZstdOptions{}, ZstdOptions{.level = 1}, ZstdOptions{.level = 3, .window_log = 27}}) {
        auto packed = ZstdCompress(data, options);
        ASSERT_TRUE(packed) << packed.error().message;
        auto back = ZstdDecompress(*packed, size);
        ASSERT_TRUE(back) << back.error().message;
        EXPECT_EQ(*back, data);
        if (size > 0) {
          EXPECT_FALSE(ZstdDecompress(*packed, size - 1)) << "limit is exact";
        }
      }
    }
  }
}

TEST_F(ZstdTest, LongWindowFindsFarRepeats) {
  std::string block = Noise(1 << 20);
  std::string data = block + std::string(12 << 20, 'z') + block;
  auto plain = ZstdCompress(data, {.level = 1});
  auto far = ZstdCompress(data, {.level = 1, .window_log = 24});
  ASSERT_TRUE(plain && far);
  EXPECT_LT(far->size() + (1 << 19), plain->size());
}

TEST_F(ZstdTest, SameInputSameBytes) { EXPECT_EQ(*ZstdCompress("abc abc abc"), *ZstdCompress("abc abc abc")); }

TEST_F(ZstdTest, RefusesWhatIsNoZstd) {
  for (const std::string& bad : {std::string(), std::string("plain text"), kByZstdTool.substr(0, 10),
                                 kByZstdTool.substr(0, kByZstdTool.size() - 1), kByZstdTool + "x"}) {
    auto result = ZstdDecompress(bad, 1000);
    ASSERT_FALSE(result) << bad.size();
    EXPECT_EQ(result.error().code, ErrorCode::kBadInput);
    Write(bad);
    auto lines = Lines({.total = 1000});
    ASSERT_FALSE(lines.empty());
    EXPECT_TRUE(lines.back().starts_with("!")) << bad.size();
  }
  std::string flipped = kByZstdTool;
  flipped[12] ^= 1;  // content changes, checksum does not
  EXPECT_FALSE(ZstdDecompress(flipped, 1000));
}

TEST_F(ZstdTest, SeveralFramesAreOneText) {
  EXPECT_EQ(*ZstdDecompress(kByZstdTool + kByZstdTool, 16), "one\ntwo\none\ntwo\n");
  Write(*ZstdCompress("a\nb") + *ZstdCompress("c\n\nd"));
  EXPECT_EQ(Lines({.total = 100}), (std::vector<std::string>{"a", "bc", "", "d"}));
}

TEST_F(ZstdTest, LinesOfAnyLength) {
  std::string text;
  std::vector<std::string> expected;
  for (size_t length : {0U, 1U, 70'000U, 131'072U, 131'071U, 400'000U, 3U}) {
    expected.emplace_back(length, static_cast<char>('a' + expected.size()));
    text += expected.back() + "\n";
  }
  Write(*ZstdCompress(text));
  EXPECT_EQ(Lines({.total = text.size()}), expected);
  EXPECT_TRUE(Lines({.total = text.size() - 1}).back().starts_with("!"));
  EXPECT_TRUE(Lines({.total = text.size(), .line = 399'999}).back().starts_with("!"));
  EXPECT_EQ(Lines({.total = text.size(), .line = 400'000}), expected);
}

TEST_F(ZstdTest, BombIsStopped) {
  auto bomb = ZstdCompress(std::string(64 << 20, '\0'), {.level = 19});
  ASSERT_TRUE(bomb);
  EXPECT_LT(bomb->size(), 10'000U);
  EXPECT_FALSE(ZstdDecompress(*bomb, 1 << 20));
  Write(*bomb);
  EXPECT_EQ(Lines({.total = uint64_t{1} << 30, .line = 1 << 20}).size(), 1U);
}

TEST_F(ZstdTest, OptionsAreChecked) {
  EXPECT_FALSE(ZstdCompress("x", {.level = 99}));
  EXPECT_FALSE(ZstdCompress("x", {.level = 3, .window_log = 28}));
  EXPECT_FALSE(ZstdCompress("x", {.level = 3, .window_log = 5}));
}

TEST_F(ZstdTest, MissingFile) {
  auto reader = ZstdLineReader::Open("/no/such/file.zst", {.total = 1});
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace gooffsets
