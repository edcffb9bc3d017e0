#include "site/html.h"

#include "store/json_text.h"

namespace gooffsets {

namespace {
constexpr std::string_view kReplacement = "\xef\xbf\xbd";
}

std::string EscapeHtml(std::string_view text) {
  const bool utf8 = IsPlainText(text);
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f || (byte >= 0x80 && !utf8)) {
          out += kReplacement;
        } else {
          out.push_back(c);
        }
    }
  }
  return out;
}

void Html::Begin(std::string_view tag, Attributes attributes) {
  text_.push_back('<');
  text_ += tag;
  for (const auto& [name, value] : attributes) {
    if (value.data() == nullptr) continue;
    text_.push_back(' ');
    text_ += name;
    text_ += "=\"";
    text_ += EscapeHtml(value);
    text_.push_back('"');
  }
}

Html& Html::Open(std::string_view tag, Attributes attributes) {
  Begin(tag, attributes);
  text_.push_back('>');
  open_.emplace_back(tag);
  return *this;
}

Html& Html::Close() {
  if (open_.empty()) return *this;
  text_ += "</" + open_.back() + ">";
  open_.pop_back();
  return *this;
}

Html& Html::Text(std::string_view text) {
  text_ += EscapeHtml(text);
  return *this;
}

Html& Html::Void(std::string_view tag, Attributes attributes) {
  Begin(tag, attributes);
  text_ += "/>";
  return *this;
}

std::string Html::Finish() && {
  while (!open_.empty()) Close();
  return std::move(text_);
}

std::string Thousands(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string Count(uint64_t number, std::string_view what) {
  return Thousands(number) + " " + std::string(what) + (number == 1 ? "" : "s");
}

}  // namespace gooffsets
