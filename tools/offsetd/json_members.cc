#include "json_members.h"

#include <algorithm>
#include <string>

#include "base/quote.h"

namespace gooffsets {

namespace {

class Cutter {
 public:
  Cutter(std::string_view text, size_t deepest) : text_(text), deepest_(deepest) {}

  Result<std::vector<JsonMember>> Cut() {
    std::vector<JsonMember> members;
    SkipSpace();
    if (!Take('{')) return Fail(ErrorCode::kBadInput, "the body is no JSON object");
    SkipSpace();
    if (!Take('}')) {
      do {
        SkipSpace();
        GOOFFSETS_TRY(std::string_view key, String());
        key = key.substr(1, key.size() - 2);
        SkipSpace();
        if (!Take(':')) return Wrong("a colon is missing");
        SkipSpace();
        GOOFFSETS_TRY(std::string_view value, Value());
        for (const JsonMember& member : members) {
          if (member.key == key) return Fail(ErrorCode::kBadInput, "the body has the key " + Quote(key) + " twice");
        }
        if (members.size() == kMostMembers) return Wrong("there are too many keys");
        members.push_back({key, value});
        SkipSpace();
      } while (Take(','));
      if (!Take('}')) return Wrong("a comma or a closing brace is missing");
    }
    SkipSpace();
    if (at_ != text_.size()) return Wrong("something follows the object");
    return members;
  }

 private:
  static constexpr size_t kMostMembers = 100;

  tl::unexpected<Error> Wrong(const std::string& what) const {
    return Fail(ErrorCode::kBadInput, "the body is no JSON: at byte " + std::to_string(at_) + " " + what);
  }
  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void SkipSpace() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }
  // With its quotes.
  Result<std::string_view> String() {
    const size_t begin = at_;
    if (!Take('"')) return Wrong("a string is missing");
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return text_.substr(begin, at_ - begin);
      if (c == '\\') ++at_;
    }
    at_ = begin;
    return Wrong("a string does not end");
  }
  Result<std::string_view> Value() {
    const size_t begin = at_;
    size_t depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        GOOFFSETS_CHECK_OK(String());
        if (depth == 0) break;
        continue;
      }
      if (c == '{' || c == '[') {
        if (++depth >= deepest_) return Wrong("the nesting is deeper than " + std::to_string(deepest_));
      } else if (c == '}' || c == ']') {
        if (depth == 0) break;
        if (--depth == 0) {
          ++at_;
          break;
        }
      } else if (depth == 0 && (c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r')) {
        break;
      }
      ++at_;
    }
    if (depth != 0) return Wrong("the text ends inside a value");
    if (at_ == begin) return Wrong("a value is missing");
    return text_.substr(begin, at_ - begin);
  }

  std::string_view text_;
  size_t deepest_;
  size_t at_ = 0;
};

}  // namespace

Result<std::vector<JsonMember>> JsonMembers(std::string_view text, size_t deepest) {
  return Cutter(text, deepest).Cut();
}

}  // namespace gooffsets
