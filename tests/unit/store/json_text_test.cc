#include "store/json_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace gooffsets {
namespace {

TEST(JsonText, AnotherReaderGetsEveryTextBack) {
  for (size_t size = 0; size < 20; ++size) {
    for (size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 0x80; ++byte) {
        std::string text(size, 'x');
        text[at] = static_cast<char>(byte);
        std::string out;
        AppendJsonString(&out, text);
        const auto read = nlohmann::json::parse(out, nullptr, false);
        ASSERT_TRUE(read.is_string()) << out;
        ASSERT_EQ(read.get<std::string>(), text);
      }
    }
  }
  std::string out;
  AppendJsonString(&out, "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80");  // characters beyond ASCII stay as they are
  EXPECT_EQ(out, "\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\"");
}

}  // namespace
}  // namespace gooffsets
