#include "gooffsets/want_list.h"

// Header-only: an agent that links the archive needs no further library for it. Its exceptions are caught here.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "base/quote.h"
#include "go/names.h"

namespace gooffsets {
namespace {

constexpr size_t kLargestList = size_t{1} << 20;
constexpr size_t kLongestSymbol = 1024;
constexpr size_t kMostItems = 10'000;
constexpr size_t kMostAlternatives = 64;

constexpr std::array<std::string_view, 1> kTopKeys = {"probe"};
constexpr std::array<std::string_view, 4> kProbeKeys = {"attach", "need", "want", "itab"};
constexpr std::array<std::string_view, 2> kElementKeys = {"any", "as"};

// Which list of a probe an element stands in: it decides what a symbol may be.
enum class Role { kAttach, kItem, kItab };

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
}

// Where the package path of a symbol ends if its last element has no dot: the first dot behind the last slash.
size_t FirstDot(std::string_view symbol) {
  const std::string_view path = symbol.substr(0, std::min(symbol.find_first_of("[({"), symbol.size()));
  const size_t slash = path.rfind('/');
  return path.find('.', slash == std::string_view::npos ? 0 : slash);
}

// What is wrong with a symbol; empty: nothing.
std::string WhatIsWrong(std::string_view symbol) {
  if (symbol.empty()) return "is empty";
  if (symbol.size() > kLongestSymbol) return "is longer than " + std::to_string(kLongestSymbol) + " bytes";
  if (HasControl(symbol)) return "holds a control character";
  int depth = 0;
  for (char c : symbol) {
    if (c == '[' || c == '(' || c == '{') ++depth;
    if (c == ']' || c == ')' || c == '}') --depth;
    if (depth < 0) break;
    if (c == ' ' && depth == 0) return "holds a space";
  }
  if (depth != 0) return "has brackets that do not match";
  const size_t dot = FirstDot(symbol);
  if (dot == std::string_view::npos) return "names no package";
  if (dot == 0 || symbol[dot - 1] == '/' || symbol.front() == '/') return "has an empty package path";
  if (symbol.back() == '.' || symbol.find("..") != std::string_view::npos) return "has an empty name";
  return {};
}

// "(*T)." or "(T)." behind the package: a method.
bool LooksLikeMethod(std::string_view symbol) { return symbol.find(".(") != std::string_view::npos; }

struct Parsed {
  Item item;
  std::string wrong;  // not empty: no item
};

Parsed ParseSymbol(std::string_view text, Role role) {
  Parsed parsed;
  const size_t colon = text.find(':');
  if (role == Role::kItab || (role == Role::kItem && colon != std::string_view::npos)) {
    if (colon == std::string_view::npos) {
      parsed.wrong = "is no itab, which is written \"*net/http.response:net/http.ResponseWriter\"";
      return parsed;
    }
    const std::string_view type = text.substr(0, colon), interface = text.substr(colon + 1);
    parsed.wrong = WhatIsWrong(type.starts_with('*') ? type.substr(1) : type);
    // "error" is the one interface that belongs to no package.
    if (parsed.wrong.empty() && interface != "error") parsed.wrong = WhatIsWrong(interface);
    parsed.item = {ItemKind::kItab, std::string(type), std::string(interface)};
    return parsed;
  }
  parsed.wrong = WhatIsWrong(text);
  if (parsed.wrong.empty() && text.starts_with('*')) parsed.wrong = "begins with a star";
  if (parsed.wrong.empty() && colon != std::string_view::npos)
    parsed.wrong = "is an itab: nothing can be attached to it";
  if (!parsed.wrong.empty()) return parsed;
  ItemKind kind = ItemKind::kField;
  if (role == Role::kAttach || LooksLikeMethod(text)) {
    kind = ItemKind::kFunction;
  } else {
    std::string_view rest = text.substr(FirstDot(text) + 1);
    rest = rest.substr(0, rest.find_first_of("[({"));
    if (rest.find('.') == std::string_view::npos && !text.ends_with(']')) kind = ItemKind::kStruct;
  }
  parsed.item = {kind, std::string(text), ""};
  return parsed;
}

// The line of a table's header that does not begin with a key, "[.a]"; 0: none. toml++ 3.3 takes for granted that it
// does (impl/parser.inl, parse_key) and ends in an assertion. No symbol spans lines, so that looking at line beginnings
// does.
uint32_t OddHeader(std::string_view text) {
  uint32_t line = 1;
  for (size_t at = 0; at < text.size(); ++line) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string_view head = text.substr(at, end - at);
    at = end + 1;
    auto skip = [&head] { head.remove_prefix(std::min(head.find_first_not_of(" \t\r\v\f"), head.size())); };
    skip();
    if (!head.starts_with('[')) continue;
    head.remove_prefix(head.starts_with("[[") ? 2 : 1);
    skip();
    const char c = head.empty() ? '\0' : head.front();
    const bool key = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                     c == '-' || c == '"' || c == '\'';
    if (!key) return line;
  }
  return 0;
}

// The text with every byte beyond ASCII in comments made '?', since toml++ 3.3 runs into unreachable code over some of
// them (impl/unicode_autogenerated.h). Beyond comments such bytes stay, and `line` says where the first one is.
std::string PlainText(std::string_view text, uint32_t* line) {
  std::string plain(text);
  uint32_t at_line = 1;
  char quote = 0;
  bool comment = false;
  for (size_t i = 0; i < plain.size(); ++i) {
    char& c = plain[i];
    if (c == '\n') {
      ++at_line;
      quote = 0;  // no symbol spans lines
      comment = false;
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      if (comment) {
        c = '?';
      } else if (*line == 0) {
        *line = at_line;
      }
    } else if (comment) {
      continue;
    } else if (quote == '"' && c == '\\') {
      if (i + 1 < plain.size() && plain[i + 1] != '\n' && static_cast<unsigned char>(plain[i + 1]) < 0x80) ++i;
    } else if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '#') {
      comment = true;
    }
  }
  return plain;
}

class ListReader {
 public:
  explicit ListReader(const std::string& file) : file_(file) {}

  Result<WantList> Read(const toml::table& root) {
    GOOFFSETS_CHECK_OK(CheckKeys(root, kTopKeys));
    WantList list;
    const toml::node* probes = root.get("probe");
    if (probes == nullptr) return Fail(ErrorCode::kBadInput, file_ + " has no probe", "[probe.NAME]");
    const toml::table* table = probes->as_table();
    if (table == nullptr) return FailAt(*probes, "\"probe\" is no table", "[probe.NAME]");
    // toml++ sorts the keys of a table; the order of the file is that of the positions.
    std::vector<std::pair<toml::source_position, WantedProbe>> read;
    for (const auto& [key, node] : *table) {
      const toml::table* probe = node.as_table();
      if (probe == nullptr) return FailAt(node, "probe " + Quote(key.str()) + " is no table", "[probe.NAME]");
      GOOFFSETS_TRY(WantedProbe wanted, ReadProbe(std::string(key.str()), *probe));
      read.emplace_back(key.source().begin, std::move(wanted));
    }
    std::stable_sort(read.begin(), read.end(), [](const auto& a, const auto& b) {
      return std::pair(a.first.line, a.first.column) < std::pair(b.first.line, b.first.column);
    });
    for (auto& [position, probe] : read) list.probes.push_back(std::move(probe));
    return list;
  }

  tl::unexpected<Error> FailLine(uint32_t line, const std::string& what, std::string hint = {}) const {
    return Fail(ErrorCode::kBadInput, file_ + ":" + std::to_string(line) + ": " + what, std::move(hint));
  }

 private:
  tl::unexpected<Error> FailAt(const toml::node& node, const std::string& what, std::string hint = {}) const {
    return FailLine(node.source().begin.line, what, std::move(hint));
  }

  template <size_t N>
  Result<void> CheckKeys(const toml::table& table, const std::array<std::string_view, N>& known) const {
    for (const auto& [key, value] : table) {
      if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
      const std::vector<std::string> near = Similar(key.str(), {known.begin(), known.end()}, 1);
      return FailLine(key.source().begin.line, "unknown key " + Quote(key.str()), near.empty() ? "" : near.front());
    }
    return {};
  }

  Result<WantedProbe> ReadProbe(const std::string& name, const toml::table& table) {
    if (name.empty() || name.size() > kLongestSymbol || HasControl(name)) {
      return FailAt(table, "a probe's name is empty, too long or holds control characters");
    }
    GOOFFSETS_CHECK_OK(CheckKeys(table, kProbeKeys));
    WantedProbe probe;
    probe.name = name;
    std::set<std::string> names;
    GOOFFSETS_CHECK_OK(ReadList(table, "attach", Role::kAttach, true, &names, &probe.attach));
    GOOFFSETS_CHECK_OK(ReadList(table, "need", Role::kItem, true, &names, &probe.wants));
    GOOFFSETS_CHECK_OK(ReadList(table, "want", Role::kItem, false, &names, &probe.wants));
    // Optional: an itab that the linker did not make may still be made at run time (src: runtime/iface.go, getitab).
    GOOFFSETS_CHECK_OK(ReadList(table, "itab", Role::kItab, false, &names, &probe.wants));
    if (probe.attach.empty() && probe.wants.empty()) return FailAt(table, "probe " + Quote(name) + " wants nothing");
    return probe;
  }

  Result<void> ReadList(const toml::table& table, std::string_view key, Role role, bool needed,
                        std::set<std::string>* names, std::vector<Want>* out) {
    const toml::node* node = table.get(key);
    if (node == nullptr) return {};
    const toml::array* array = node->as_array();
    if (array == nullptr) return FailAt(*node, Quote(key) + " is no list", std::string(key) + " = [\"...\"]");
    for (const toml::node& element : *array) {
      GOOFFSETS_TRY(Want want, ReadWant(element, key, role));
      want.needed = needed;
      if (!names->insert(want.as).second) {
        return FailAt(element, Quote(want.as) + " is the name of two wants of this probe", "as = \"...\"");
      }
      out->push_back(std::move(want));
    }
    return {};
  }

  Result<Want> ReadWant(const toml::node& element, std::string_view key, Role role) {
    Want want;
    if (element.is_string()) {
      GOOFFSETS_TRY(Item item, ReadItem(element, role));
      want.as = item.Text();
      want.any.push_back(std::move(item));
      return want;
    }
    const toml::table* table = element.as_table();
    if (table == nullptr) {
      return FailAt(element, "an element of " + Quote(key) + " is neither a symbol nor a table",
                    "{ any = [\"A\", \"B\"], as = \"name\" }");
    }
    GOOFFSETS_CHECK_OK(CheckKeys(*table, kElementKeys));
    const toml::node* any = table->get("any");
    if (any == nullptr) return FailAt(element, "an element has no \"any\"", "{ any = [\"A\", \"B\"], as = \"name\" }");
    const toml::array* alternatives = any->as_array();
    if (alternatives == nullptr || alternatives->empty()) return FailAt(*any, "\"any\" is no list of symbols");
    if (alternatives->size() > kMostAlternatives) {
      return FailAt(*any, "\"any\" has more than " + std::to_string(kMostAlternatives) + " symbols");
    }
    for (const toml::node& alternative : *alternatives) {
      if (!alternative.is_string()) return FailAt(alternative, "\"any\" is no list of symbols");
      GOOFFSETS_TRY(Item item, ReadItem(alternative, role));
      if (std::find(want.any.begin(), want.any.end(), item) != want.any.end()) {
        return FailAt(alternative, Quote(item.Text()) + " is listed a second time in \"any\"");
      }
      want.any.push_back(std::move(item));
    }
    want.as = want.any.front().Text();
    if (const toml::node* as = table->get("as")) {
      const std::optional<std::string> name = as->value_exact<std::string>();
      if (!name || name->empty() || name->size() > kLongestSymbol || HasControl(*name)) {
        return FailAt(*as, "\"as\" is no name");
      }
      want.as = *name;
    }
    return want;
  }

  Result<Item> ReadItem(const toml::node& node, Role role) {
    if (++items_ > kMostItems) return FailAt(node, "the list has more than " + std::to_string(kMostItems) + " symbols");
    const std::optional<std::string> text = node.value_exact<std::string>();
    if (!text) return FailAt(node, "a symbol is no string");
    Parsed parsed = ParseSymbol(*text, role);
    if (!parsed.wrong.empty()) {
      return FailAt(node, Quote(*text) + " " + parsed.wrong,
                    role == Role::kAttach ? "net/http.(*Server).Serve" : "net/http.Request.URL");
    }
    return std::move(parsed.item);
  }

  const std::string& file_;
  size_t items_ = 0;
};

}  // namespace

std::string_view ToString(ItemKind kind) {
  switch (kind) {
    case ItemKind::kField:
      return "field";
    case ItemKind::kStruct:
      return "struct";
    case ItemKind::kFunction:
      return "function";
    case ItemKind::kItab:
      return "itab";
  }
  return "field";
}

std::string Item::Text() const { return kind == ItemKind::kItab ? symbol + ":" + interface : symbol; }

Result<WantList> ParseWantList(std::string_view text, const std::string& file) {
  if (text.size() > kLargestList) {
    return Fail(ErrorCode::kBadInput, file + " is larger than " + std::to_string(kLargestList >> 10) + " KiB");
  }
  ListReader reader(file);
  if (const uint32_t line = OddHeader(text)) return reader.FailLine(line, "a table's header begins with no name");
  uint32_t beyond_ascii = 0;
  const std::string plain = PlainText(text, &beyond_ascii);
  if (beyond_ascii != 0) {
    return reader.FailLine(beyond_ascii, "a character beyond ASCII outside of a comment", "\\u00e4 inside a string");
  }
  try {
    const toml::table root = toml::parse(plain, file);
    return reader.Read(root);
  } catch (const toml::parse_error& error) {
    return reader.FailLine(error.source().begin.line, std::string(error.description()));
  }
}

Result<Item> ParseItem(std::string_view text) {
  Parsed parsed = ParseSymbol(text, Role::kItem);
  if (!parsed.wrong.empty()) {
    return Fail(ErrorCode::kUsage, Quote(text) + " " + parsed.wrong,
                "net/http.Request.URL, net/http.(*Server).Serve, *net/http.response:net/http.ResponseWriter");
  }
  return std::move(parsed.item);
}

}  // namespace gooffsets
