#include "resolve_request.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/quote.h"
#include "json_members.h"

namespace gooffsets {

namespace {

using OrderedJson = nlohmann::ordered_json;  // probes keep the order they were sent in

// The same structure as TOML, in one line: one reader judges both. A JSON string is a TOML string (toml.io, "String").
Result<void> AppendToml(const OrderedJson& value, std::string* out) {
  if (value.is_object()) {
    out->append("{");
    bool first = true;
    for (const auto& [key, member] : value.items()) {
      if (!first) out->append(", ");
      first = false;
      out->append(OrderedJson(key).dump(-1, ' ', true)).append(" = ");
      GOOFFSETS_CHECK_OK(AppendToml(member, out));
    }
    out->append("}");
    return {};
  }
  if (value.is_array()) {
    out->append("[");
    bool first = true;
    for (const OrderedJson& element : value) {
      if (!first) out->append(", ");
      first = false;
      GOOFFSETS_CHECK_OK(AppendToml(element, out));
    }
    out->append("]");
    return {};
  }
  if (value.is_string()) {
    out->append(value.dump(-1, ' ', true));
    return {};
  }
  return Fail(ErrorCode::kBadInput, "\"wants\" holds something that is neither object, list nor string",
              "the structure of a want list: {\"probe\": {\"NAME\": {\"need\": [\"net/http.Request.URL\"]}}}");
}

Result<std::string> TomlOf(const OrderedJson& wants) {
  std::string toml;
  if (wants.is_string()) return wants.get<std::string>();
  if (wants.is_object()) {
    for (const auto& [key, member] : wants.items()) {
      toml.append(OrderedJson(key).dump(-1, ' ', true)).append(" = ");
      GOOFFSETS_CHECK_OK(AppendToml(member, &toml));
      toml.append("\n");
    }
    return toml;
  }
  if (wants.is_array()) {
    toml = "[probe.items]\nwant = ";
    GOOFFSETS_CHECK_OK(AppendToml(wants, &toml));
    return toml;
  }
  return Fail(ErrorCode::kBadInput, "\"wants\" is neither a string, an object nor a list",
              "a want list's TOML as a string, or [\"net/http.Request.URL\"]");
}

// The texts of a JSON list of strings of printable ASCII without escapes, which is what symbols are spelled in;
// nullopt: anything else, which is for a whole JSON reader. Reading 200 symbols so costs a tenth of that.
std::optional<std::vector<std::string_view>> PlainTexts(std::string_view json) {
  std::vector<std::string_view> texts;
  size_t at = 0;
  auto skip = [&] {
    while (at < json.size() && (json[at] == ' ' || json[at] == '\n' || json[at] == '\r' || json[at] == '\t')) ++at;
  };
  auto take = [&](char c) {
    skip();
    return at < json.size() && json[at] == c ? (++at, true) : false;
  };
  if (!take('[')) return std::nullopt;
  do {
    if (!take('"')) return std::nullopt;
    const size_t begin = at;
    while (at < json.size() && json[at] >= ' ' && json[at] <= '~' && json[at] != '"' && json[at] != '\\') ++at;
    if (at == json.size() || json[at] != '"') return std::nullopt;
    texts.push_back(json.substr(begin, at++ - begin));
  } while (take(','));
  if (!take(']')) return std::nullopt;
  skip();
  if (at != json.size()) return std::nullopt;
  return texts;
}

// A bare list of symbols without a fault, which most agents send; nullopt: the way over TOML says what is wrong with
// it.
std::optional<WantList> PlainList(std::string_view json) {
  const std::optional<std::vector<std::string_view>> texts = PlainTexts(json);
  if (!texts || texts->size() > kMostWantedItems) return std::nullopt;
  WantedProbe probe;
  probe.name = "items";
  std::unordered_set<std::string_view> names;
  probe.wants.reserve(texts->size());
  for (const std::string_view text : *texts) {
    Result<Item> item = ParseItem(text);
    if (!item || !names.insert(text).second) return std::nullopt;
    Want want;
    want.as = text;
    want.any.push_back(std::move(*item));
    probe.wants.push_back(std::move(want));
  }
  if (probe.wants.empty()) return std::nullopt;
  WantList list;
  list.probes.push_back(std::move(probe));
  return list;
}

size_t CountItems(const WantList& wants) {
  size_t count = 0;
  for (const WantedProbe& probe : wants.probes) {
    for (const auto* list : {&probe.attach, &probe.wants}) {
      for (const Want& want : *list) count += want.any.size();
    }
  }
  return count;
}

}  // namespace

Result<ResolveRequest> ParseResolveRequest(std::string_view body) {
  GOOFFSETS_TRY(std::vector<JsonMember> members, JsonMembers(body, kDeepestJson));
  std::string_view binary, wants;
  for (const JsonMember& member : members) {
    if (member.key == "binary") {
      binary = member.value;
    } else if (member.key == "wants") {
      wants = member.value;
    } else {
      return Fail(ErrorCode::kBadInput, "unknown key " + Quote(member.key), "the body has binary and wants");
    }
  }
  if (binary.empty())
    return Fail(ErrorCode::kBadInput, "the key \"binary\" is missing", "gooffsets inspect --format json prints it");
  if (wants.empty())
    return Fail(ErrorCode::kBadInput, "the key \"wants\" is missing", "a want list: docs/want-lists.md");
  ResolveRequest request;
  GOOFFSETS_TRY(request.binary, ParseBinaryInfoJson(binary));
  if (std::optional<WantList> plain = PlainList(wants)) {
    request.wants = std::move(*plain);
    return request;
  }
  const OrderedJson list = OrderedJson::parse(wants, nullptr, false);
  if (list.is_discarded()) return Fail(ErrorCode::kBadInput, "the value of \"wants\" is no JSON");
  GOOFFSETS_TRY(std::string toml, TomlOf(list));
  GOOFFSETS_TRY(request.wants, ParseWantList(toml, "wants"));
  if (CountItems(request.wants) > kMostWantedItems) {
    return Fail(ErrorCode::kBadInput, "\"wants\" has more than " + std::to_string(kMostWantedItems) + " symbols",
                "send several requests");
  }
  return request;
}

}  // namespace gooffsets
