// Names from any bytes: escaping and unescaping are inverse, splits rebuild their symbol, suggestions are members.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "go/names.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string escaped = gooffsets::EscapePath(text);
  FUZZ_REQUIRE(gooffsets::UnescapeName(escaped) == text);
  for (char c : escaped) FUZZ_REQUIRE(c > ' ' && c < 0x7f);
  FUZZ_REQUIRE(gooffsets::UnescapeName(text).size() <= text.size());

  std::vector<std::string> words;
  for (size_t at = 0; at < text.size() && words.size() < 32;) {
    const size_t end = std::min(text.find('\n', at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (words.empty()) return 0;
  const std::string symbol = words.front();
  words.erase(words.begin());
  std::sort(words.begin(), words.end());
  if (auto split = gooffsets::SplitSymbol(symbol, words)) {
    FUZZ_REQUIRE(std::string(split->package) + "." + std::string(split->rest) == symbol);
    FUZZ_REQUIRE(std::binary_search(words.begin(), words.end(), split->package));
  }
  if (auto split = gooffsets::SplitEscapedSymbol(symbol)) FUZZ_REQUIRE(!split->rest.empty());
  const std::vector<std::string> similar = gooffsets::Similar(symbol, words, 3);
  FUZZ_REQUIRE(similar.size() <= 3);
  for (const auto& word : similar) FUZZ_REQUIRE(std::binary_search(words.begin(), words.end(), word));
  return 0;
}
