// A want list: what a tracer's probes need to know of a program, and what they would merely like to know.
//
// TOML; docs/want-lists.md describes it. Each [probe.NAME] has `attach` (functions), `need` and `want` (fields,
// structs, functions) and `itab` ("*net/http.response:net/http.ResponseWriter"). An element is a symbol, or
// alternatives over versions: { any = ["A", "B"], as = "name" } takes the first that the program has; promoted = true
// finds promoted fields. Strict: an unknown key, a wrong type or a symbol without a package is kBadInput that names the
// line. Plain values.
//
//   Result<WantList> wants = ParseWantList(text, "wants.toml");
#ifndef GOOFFSETS_WANT_LIST_H_
#define GOOFFSETS_WANT_LIST_H_

#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/result.h"

namespace gooffsets {

enum class ItemKind {
  kField,     // "net/http.Request.URL", "a.T.b.c" through structs held by value
  kStruct,    // "net/http.Request"
  kFunction,  // "net/http.(*Server).Serve", "net/http.ListenAndServe"
  kItab,      // "*net/http.response:net/http.ResponseWriter"
};
std::string_view ToString(ItemKind kind);

struct Item {
  // kField and kStruct are told apart, and functions in `need` and `want`, by what is found; the parser's guess is
  // by spelling: "(*T)" makes a function.
  ItemKind kind = ItemKind::kField;
  std::string symbol;     // as Go spells it; of an itab the concrete type
  std::string interface;  // of an itab
  bool promoted = false;  // also a field promoted from a struct that is embedded by value
  std::string Text() const;  // as in the file
  bool operator==(const Item&) const = default;
};

struct Want {
  std::vector<Item> any;  // one, or alternatives: the first that the program has
  std::string as;         // the name in answers: given, else the first symbol
  bool needed = false;    // without it the probe is disabled
  bool operator==(const Want&) const = default;
};

struct WantedProbe {
  std::string name;
  std::vector<Want> attach;  // functions, all needed
  std::vector<Want> wants;   // need, want and itab, in this order
  bool operator==(const WantedProbe&) const = default;
};

struct WantList {
  std::vector<WantedProbe> probes;  // file order
  bool operator==(const WantList&) const = default;
};

Result<WantList> ParseWantList(std::string_view text, const std::string& file);
// A list without probes of its own, for `explain` and for programs that only have names.
Result<Item> ParseItem(std::string_view text);

}  // namespace gooffsets

#endif  // GOOFFSETS_WANT_LIST_H_
