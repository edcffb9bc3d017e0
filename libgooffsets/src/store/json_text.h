// Writing canonical JSON by appending to a string: no spaces, no locale, one spelling for each value.
//
// "Canonical" means: equal values give equal bytes, so that digests and diffs can work on the text. Strings must be
// valid UTF-8 (IsPlainText says so beforehand); only '"', '\' and control characters are escaped, as RFC 8259 §7 demands.
// Pure functions, safe from any thread.
//
//   std::string out;
//   AppendJsonString(&out, "a\"b");   // out == "\"a\\\"b\""
#ifndef GOOFFSETS_STORE_JSON_TEXT_H_
#define GOOFFSETS_STORE_JSON_TEXT_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace gooffsets {

// True for valid UTF-8 (RFC 3629: no surrogates, no overlong forms) without NUL.
bool IsPlainText(std::string_view text);

void AppendJsonString(std::string* out, std::string_view text);
void AppendNumber(std::string* out, uint64_t value);
void AppendSigned(std::string* out, int64_t value);

// Writes `{"a":1,"b":"x"}`: remembers whether a comma is due. Close() must be called once.
class JsonObject {
 public:
  explicit JsonObject(std::string* out) : out_(out) { out_->push_back('{'); }
  void Text(std::string_view key, std::string_view value) {
    Key(key);
    AppendJsonString(out_, value);
  }
  void Number(std::string_view key, uint64_t value) {
    Key(key);
    AppendNumber(out_, value);
  }
  void Bool(std::string_view key, bool value) {
    Key(key);
    out_->append(value ? "true" : "false");
  }
  // The caller appends the value to the string.
  void Key(std::string_view key) {
    if (!first_) out_->push_back(',');
    first_ = false;
    AppendJsonString(out_, key);
    out_->push_back(':');
  }
  void Close() { out_->push_back('}'); }

 private:
  std::string* out_;
  bool first_ = true;
};

// Writes `[...]` likewise.
class JsonArray {
 public:
  explicit JsonArray(std::string* out) : out_(out) { out_->push_back('['); }
  // Call before each element that the caller appends.
  void Next() {
    if (!first_) out_->push_back(',');
    first_ = false;
  }
  void Text(std::string_view value) {
    Next();
    AppendJsonString(out_, value);
  }
  void Close() { out_->push_back(']'); }

 private:
  std::string* out_;
  bool first_ = true;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_STORE_JSON_TEXT_H_
