// Go string literals as strconv.Quote writes them, and back ticks: how build info spells values with spaces.
//
// src: strconv/quote.go (Unquote), runtime/debug/mod.go (quoteValue). Pure; safe from any thread.
//
//   size_t length = 0;
//   UnquoteGo("\"-s -w\"=x", &length);   // "-s -w", length 7
#ifndef GOOFFSETS_BINARY_GO_QUOTED_H_
#define GOOFFSETS_BINARY_GO_QUOTED_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gooffsets {

// The literal that `text` begins with; `*length` is how much of `text` it takes. nullopt: it begins with none.
std::optional<std::string> UnquoteGo(std::string_view text, size_t* length);

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_GO_QUOTED_H_
