// Public keys as people name them: the text of one, or a file.
#include <algorithm>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/quote.h"
#include "feed/minisign.h"
#include "gooffsets/feed.h"

namespace gooffsets {
namespace {

constexpr uint64_t kLargestKeyFile = 64 << 10;

Result<void> AppendKeysOf(const std::string& file, std::vector<std::string>* keys) {
  auto text = ReadFile(file, kLargestKeyFile);
  if (!text) {
    return Fail(text.error().code, "cannot read the public key: " + text.error().message,
                "a file that keygen or minisign -G made, or the key itself: RW...");
  }
  const size_t before = keys->size();
  for (std::string_view rest = *text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (line.empty() || line.starts_with("untrusted comment:")) continue;
    // Longer than any public key, and beginning as minisign's secret ones do: nothing of it is repeated in a message.
    if (line.size() > 150 && line.starts_with("RW")) {
      return Fail(ErrorCode::kBadInput, Quote(file) + " is a secret key, which only its owner should have",
                  "name the public key: NAME.pub, beside NAME.key");
    }
    auto key = ParsePublicKey(line);
    if (!key) return Fail(key.error().code, Quote(file) + ": " + key.error().message, key.error().hint);
    keys->push_back(key->Text());
  }
  if (keys->size() == before) return Fail(ErrorCode::kBadInput, Quote(file) + " holds no public key");
  return {};
}

}  // namespace

Result<std::vector<std::string>> ReadPublicKeys(const std::vector<std::string>& named) {
  std::vector<std::string> keys;
  for (const std::string& one : named) {
    if (auto key = ParsePublicKey(one)) {
      keys.push_back(key->Text());
    } else {
      GOOFFSETS_CHECK_OK(AppendKeysOf(one, &keys));
    }
  }
  return keys;
}

}  // namespace gooffsets
