// The name of an attribute: a literal, which costs no copy, or text of its own.
//
// Nearly all names are the semantic conventions', and a span has a dozen: copying them was half of what making a span
// cost. Plain value; copies share the text.
//
//   AttributeKey key = "http.route";                // kept as it is: must be a literal
//   AttributeKey own = std::string("team.") + name;
#ifndef GOOFFSETS_TOOLS_GOTRACE_ATTRIBUTE_KEY_H_
#define GOOFFSETS_TOOLS_GOTRACE_ATTRIBUTE_KEY_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace gooffsets::trace {

class AttributeKey {
 public:
  AttributeKey() = default;
  AttributeKey(const char* literal) : text_(literal) {}  // NOLINT: a name is written as one
  AttributeKey(std::string text)                         // NOLINT
      : own_(std::make_shared<const std::string>(std::move(text))), text_(*own_) {}

  std::string_view view() const { return text_; }
  operator std::string_view() const { return text_; }  // NOLINT

  friend bool operator==(const AttributeKey& a, const AttributeKey& b) { return a.text_ == b.text_; }
  friend bool operator==(const AttributeKey& a, std::string_view b) { return a.text_ == b; }
  friend bool operator==(const AttributeKey& a, const std::string& b) { return a.text_ == b; }
  friend bool operator==(const AttributeKey& a, const char* b) { return a.text_ == b; }

 private:
  std::shared_ptr<const std::string> own_;  // null: a literal
  std::string_view text_;
};

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_ATTRIBUTE_KEY_H_
