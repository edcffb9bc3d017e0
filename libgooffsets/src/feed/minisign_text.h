// The text around minisign's bytes: lines with comments, and base64.
//
// Pure functions; safe from any thread.
//
//   GOOFFSETS_TRY(std::vector<std::string_view> lines, CommentedLines(file, 4, "signature"));
#ifndef GOOFFSETS_FEED_MINISIGN_TEXT_H_
#define GOOFFSETS_FEED_MINISIGN_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/result.h"

namespace gooffsets {

inline constexpr std::string_view kUntrustedComment = "untrusted comment: ";
inline constexpr std::string_view kTrustedComment = "trusted comment: ";

// Without line ends and empty lines at the end. More than `limit` lines or 8 KiB is kBadInput; `what` is for messages.
Result<std::vector<std::string_view>> CommentedLines(std::string_view text, size_t limit, std::string_view what);

std::string ToBase64(std::string_view bytes);
// Exactly `size` bytes.
Result<std::string> FromBase64(std::string_view text, size_t size, std::string_view what);

}  // namespace gooffsets

#endif  // GOOFFSETS_FEED_MINISIGN_TEXT_H_
