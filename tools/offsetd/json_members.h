// The members of a JSON object as pieces of its text, so that each part goes to its own reader and is read once.
//
// Only what is needed to cut is looked at: strings, brackets and their depth. What a value holds is for its reader to
// judge. Deeper nesting than `deepest` is refused, so that no reader behind it can run out of stack. Pure; safe from
// any thread.
//
//   Result<std::vector<JsonMember>> members = JsonMembers(R"({"a": [1], "b": "x"})", 32);
//   (*members)[0].key == "a" && (*members)[0].value == "[1]";
#ifndef GOOFFSETS_TOOLS_OFFSETD_JSON_MEMBERS_H_
#define GOOFFSETS_TOOLS_OFFSETD_JSON_MEMBERS_H_

#include <string_view>
#include <vector>

#include "gooffsets/result.h"

namespace gooffsets {

struct JsonMember {
  std::string_view key;    // as written between the quotes, escapes and all
  std::string_view value;  // without white space around it
};

// kBadInput: no object, a nesting that does not close or is too deep, or a key twice.
Result<std::vector<JsonMember>> JsonMembers(std::string_view text, size_t deepest);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_OFFSETD_JSON_MEMBERS_H_
