// Writing HTML and SVG: elements are opened and closed in pairs, and every text and attribute value is escaped.
//
// There is no way to write a text as it stands, so a symbol with angle brackets stays a text whoever made it. The
// output is well-formed as XML too, which is what the tests read it with. A writer belongs to one thread.
//
//   Html html;
//   html.Open("p", {{"class", "note"}}).Text("a < b").Close();
//   std::string text = html.Finish();   // <p class="note">a &lt; b</p>
#ifndef GOOFFSETS_TOOLS_SITE_HTML_H_
#define GOOFFSETS_TOOLS_SITE_HTML_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gooffsets {

// The five characters that mean something to HTML as references; what no HTML text may hold (control characters, bytes
// that are no UTF-8) as U+FFFD.
std::string EscapeHtml(std::string_view text);

class Html {
 public:
  // Names are ours and never escaped. A value of kNone leaves the attribute out.
  using Attributes = std::initializer_list<std::pair<std::string_view, std::string_view>>;
  static constexpr std::string_view kNone = {};

  Html& Open(std::string_view tag, Attributes attributes = {});
  Html& Close();  // the innermost open element
  Html& Text(std::string_view text);
  // An element with a text and nothing else.
  Html& Leaf(std::string_view tag, std::string_view text) { return Leaf(tag, {}, text); }
  Html& Leaf(std::string_view tag, Attributes attributes, std::string_view text) {
    return Open(tag, attributes).Text(text).Close();
  }
  // One that has no content: <input/>, <rect/>.
  Html& Void(std::string_view tag, Attributes attributes);
  Html& Link(std::string_view href, std::string_view text) { return Leaf("a", {{"href", href}}, text); }
  // What another writer has finished.
  Html& Add(Html part) {
    text_ += std::move(part).Finish();
    return *this;
  }
  size_t size() const { return text_.size(); }

  // Closes what is still open.
  std::string Finish() &&;

 private:
  void Begin(std::string_view tag, Attributes attributes);
  std::string text_;
  std::vector<std::string> open_;
};

// 12, 1234 -> "12", "1,234".
std::string Thousands(uint64_t number);
// "1 version", "2 versions".
std::string Count(uint64_t number, std::string_view what);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_SITE_HTML_H_
