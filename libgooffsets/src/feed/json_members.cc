#include "feed/json_members.h"

#include <limits>

#include "base/quote.h"
#include "feed/feed_time.h"

namespace gooffsets {

namespace {

bool IsSha256(std::string_view text) {
  if (text.size() != 64) return false;
  for (char c : text) {
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}

}  // namespace

Result<nlohmann::json> ParseJsonObject(std::string_view text, const std::string& what) {
  // The parser recurses by its own stack, not ours, but values are freed recursively.
  constexpr int kMaxDepth = 16;
  bool deep = false;
  auto shallow = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    if (depth > kMaxDepth) deep = true;
    return depth <= kMaxDepth;
  };
  nlohmann::json json = nlohmann::json::parse(text, shallow, /*allow_exceptions=*/false);
  if (json.is_discarded() || deep || !json.is_object()) {
    return Fail(ErrorCode::kBadInput, what + " is no JSON object: it begins with " + Quote(text.substr(0, 40)));
  }
  return json;
}

JsonMembers::JsonMembers(const nlohmann::json& object, std::string where) : object_(object), where_(std::move(where)) {
  if (!object_.is_object()) Note("is no object");
}

void JsonMembers::Note(const std::string& what) {
  if (!error_) error_ = Error{ErrorCode::kBadInput, where_ + ": " + what, ""};
}

void JsonMembers::Take(const Result<void>& other) {
  if (!other && !error_) error_ = other.error();
}

bool JsonMembers::Has(const char* name) const {
  if (!object_.is_object()) return false;
  auto it = object_.find(name);
  return it != object_.end() && !it->is_null();
}

const nlohmann::json* JsonMembers::Find(const char* name, bool (nlohmann::json::*is)() const noexcept,
                                        const char* type) {
  if (error_) return nullptr;
  auto it = object_.find(name);
  if (it == object_.end()) {
    Note(std::string("has no \"") + name + "\"");
    return nullptr;
  }
  if (!((*it).*is)()) {
    Note(std::string("\"") + name + "\" is not " + type);
    return nullptr;
  }
  return &*it;
}

uint64_t JsonMembers::Unsigned(const char* name) {
  const nlohmann::json* value = Find(name, &nlohmann::json::is_number_unsigned, "a number");
  if (value == nullptr) return 0;
  const uint64_t number = value->get<uint64_t>();
  // Every number of ours counts bytes, versions or seconds: one that does not fit 63 bits is none of them.
  if (number > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    Note(std::string("\"") + name + "\" is too large");
    return 0;
  }
  return number;
}

std::string JsonMembers::Text(const char* name, size_t max) {
  const nlohmann::json* value = Find(name, &nlohmann::json::is_string, "a text");
  if (value == nullptr) return {};
  std::string text = value->get<std::string>();
  if (text.size() > max) {
    Note(std::string("\"") + name + "\" is longer than " + std::to_string(max) + " bytes");
    return {};
  }
  return text;
}

int64_t JsonMembers::Time(const char* name) {
  const std::string text = Text(name, 40);
  if (error_) return 0;
  Result<int64_t> time = ParseFeedTime(text);
  if (!time) Note(std::string("\"") + name + "\": " + time.error().message);
  return time ? *time : 0;
}

std::string JsonMembers::Sha256(const char* name) {
  std::string text = Text(name, 200);
  if (!error_ && !IsSha256(text)) Note(std::string("\"") + name + "\" is no SHA-256 in lower-case hex digits");
  return text;
}

FeedBlob JsonMembers::Blob(const char* name) {
  const nlohmann::json* value = Find(name, &nlohmann::json::is_object, "an object");
  if (value == nullptr) return {};
  JsonMembers in(*value, where_ + ", " + name);
  FeedBlob blob{in.Sha256("sha256"), in.Unsigned("size")};
  Take(in.Finish());
  return blob;
}

std::vector<nlohmann::json> JsonMembers::Objects(const char* name, size_t max_count) {
  const nlohmann::json* value = Find(name, &nlohmann::json::is_array, "a list");
  if (value == nullptr) return {};
  if (value->size() > max_count) {
    Note(std::string("\"") + name + "\" has more than " + std::to_string(max_count) + " elements");
    return {};
  }
  return {value->begin(), value->end()};
}

std::vector<std::string> JsonMembers::Texts(const char* name, size_t max_count, size_t max) {
  std::vector<std::string> out;
  for (const nlohmann::json& element : Objects(name, max_count)) {
    if (!element.is_string() || element.get_ref<const std::string&>().size() > max) {
      Note(std::string("\"") + name + "\" holds something that is not a short text");
      return {};
    }
    out.push_back(element.get<std::string>());
  }
  return out;
}

Result<void> JsonMembers::Finish() const {
  if (error_) return tl::unexpected(*error_);
  return {};
}

nlohmann::ordered_json BlobJson(const FeedBlob& blob) {
  return nlohmann::ordered_json{{"sha256", blob.sha256}, {"size", blob.size}};
}

}  // namespace gooffsets
