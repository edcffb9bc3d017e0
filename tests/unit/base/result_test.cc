#include "gooffsets/result.h"

#include <gtest/gtest.h>

#include "base/quote.h"

namespace gooffsets {
namespace {

TEST(Result, EveryCodeHasANameAndADocumentedStatus) {
  for (int i = 0; i <= static_cast<int>(ErrorCode::kInternal); ++i) {
    auto code = static_cast<ErrorCode>(i);
    EXPECT_FALSE(ToString(code).empty());
    int status = ExitStatus(code);
    EXPECT_TRUE((status >= 2 && status <= 6) || status == 130 || status == 70) << ToString(code);
  }
  // The comments of result.h.
  EXPECT_EQ(ExitStatus(ErrorCode::kUsage), 2);
  EXPECT_EQ(ExitStatus(ErrorCode::kTooNew), 3);
  EXPECT_EQ(ExitStatus(ErrorCode::kNetwork), 4);
  EXPECT_EQ(ExitStatus(ErrorCode::kPartial), 5);
  EXPECT_EQ(ExitStatus(ErrorCode::kUnknown), 6);
  EXPECT_EQ(ExitStatus(ErrorCode::kInterrupted), 130);
}

TEST(Result, ErrorText) {
  EXPECT_EQ((Error{ErrorCode::kUsage, "no such option", ""}.ToString()), "no such option");
  EXPECT_EQ((Error{ErrorCode::kUsage, "no such option", "--help"}.ToString()), "no such option (try: --help)");
}

Result<int> Half(int n) {
  if (n % 2 != 0) return Fail(ErrorCode::kBadInput, "odd");
  return n / 2;
}
Result<int> Quarter(int n) {
  GOOFFSETS_TRY(int half, Half(n));
  GOOFFSETS_CHECK_OK(Half(half));
  return Half(half);
}
TEST(Result, TryPropagates) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(6).error().message, "odd");
  EXPECT_EQ(Quarter(5).error().code, ErrorCode::kBadInput);
}

TEST(Quote, KeepsHostileTextOnOneLine) {
  EXPECT_EQ(Quote("1.60.1"), "\"1.60.1\"");
  EXPECT_EQ(Quote("a\n\x1b[31m\"\\\x80"), "\"a\\n\\x1b[31m\\\"\\\\\\x80\"");
  EXPECT_EQ(Quote(std::string(1000, 'x'), 3), "\"xxx...\"");
  EXPECT_EQ(Quote(""), "\"\"");
}

}  // namespace
}  // namespace gooffsets
