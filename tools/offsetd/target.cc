#include "target.h"

#include <algorithm>
#include <optional>

#include "base/quote.h"
#include "base/utf8.h"
#include "store/json_text.h"

namespace gooffsets {

namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> Decode(std::string_view text, bool plus_is_space, std::string_view what) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return Fail(ErrorCode::kUsage, std::string(what) + " " + Quote(text) + " has a % that begins no escape",
                    "write %25 for a percent sign");
      }
      c = static_cast<char>(high << 4 | low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (IsControl(c))
      return Fail(ErrorCode::kUsage, std::string(what) + " " + Quote(text) + " holds a control character");
    decoded.push_back(c);
  }
  if (!IsPlainText(decoded)) return Fail(ErrorCode::kUsage, std::string(what) + " " + Quote(text) + " is not UTF-8");
  return decoded;
}

// Every segment is a name of its own: "/a/b" and "/a/", but not "/a//b" or "/a/../b".
bool IsPlainPath(std::string_view path) {
  size_t begin = 1;
  while (begin <= path.size()) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view segment = path.substr(begin, end - begin);
    if (segment == "." || segment == ".." || (segment.empty() && end != path.size())) return false;
    begin = end + 1;
  }
  return true;
}

}  // namespace

const std::string* RequestTarget::Find(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string RequestTarget::Get(std::string_view name) const {
  const std::string* value = Find(name);
  return value == nullptr ? std::string() : *value;
}

std::string RequestTarget::Canonical() const {
  auto sorted = parameters;
  std::sort(sorted.begin(), sorted.end());
  std::string text = path;
  // A line break separates: no decoded text has one.
  for (const auto& [key, value] : sorted) text.append("\n").append(key).append("\n").append(value);
  return text;
}

Result<RequestTarget> ParseRequestTarget(std::string_view text) {
  if (text.size() > kLongestTarget) {
    return Fail(ErrorCode::kUsage, "the address is longer than " + std::to_string(kLongestTarget) + " bytes");
  }
  if (!text.starts_with('/'))
    return Fail(ErrorCode::kUsage, "the address " + Quote(text) + " does not begin with a slash");
  const size_t question = std::min(text.find('?'), text.size());
  RequestTarget target;
  GOOFFSETS_TRY(target.path, Decode(text.substr(0, question), false, "the path"));
  if (!IsPlainPath(target.path)) {
    return Fail(ErrorCode::kUsage, "the path " + Quote(target.path) + " has empty segments, or \".\" or \"..\"");
  }
  std::string_view query = text.substr(std::min(question + 1, text.size()));
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    GOOFFSETS_TRY(std::string key, Decode(pair.substr(0, equals), true, "the parameter"));
    GOOFFSETS_TRY(std::string value, Decode(pair.substr(std::min(equals + 1, pair.size())), true, "the parameter"));
    if (target.Find(key) != nullptr) return Fail(ErrorCode::kUsage, "the parameter " + Quote(key) + " is given twice");
    target.parameters.emplace_back(std::move(key), std::move(value));
  }
  return target;
}

}  // namespace gooffsets
