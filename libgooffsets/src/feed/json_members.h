// Members of a JSON object, read strictly: the right type, within limits, and every error says which member it was.
//
// A reader collects the first error, so that a parser reads top to bottom and asks once at the end. Borrows the object;
// one thread at a time.
//
//   JsonMembers in(object, "the manifest");
//   manifest.version = in.Unsigned("version");
//   manifest.created = in.Time("created");
//   GOOFFSETS_CHECK_OK(in.Finish());
#ifndef GOOFFSETS_FEED_JSON_MEMBERS_H_
#define GOOFFSETS_FEED_JSON_MEMBERS_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/feed.h"
#include "gooffsets/result.h"

namespace gooffsets {

// Bounded depth and size; no exceptions. kBadInput.
Result<nlohmann::json> ParseJsonObject(std::string_view text, const std::string& what);

class JsonMembers {
 public:
  // `object` need not be one: then every member is missing and Finish() says so.
  JsonMembers(const nlohmann::json& object, std::string where);

  uint64_t Unsigned(const char* name);
  std::string Text(const char* name, size_t max);
  int64_t Time(const char* name);
  std::string Sha256(const char* name);  // 64 lower-case hex digits
  FeedBlob Blob(const char* name);       // {"sha256":...,"size":...}
  std::vector<std::string> Texts(const char* name, size_t max_count, size_t max);
  // An array of objects, at most `max_count`; empty after an error.
  std::vector<nlohmann::json> Objects(const char* name, size_t max_count);
  bool Has(const char* name) const;
  // Takes over another reader's error.
  void Take(const Result<void>& other);
  void Note(const std::string& what);  // an error of the caller's own; "WHERE: what"

  Result<void> Finish() const;

 private:
  const nlohmann::json* Find(const char* name, bool (nlohmann::json::*is)() const noexcept, const char* type);
  const nlohmann::json& object_;
  std::string where_;
  std::optional<Error> error_;
};

nlohmann::ordered_json BlobJson(const FeedBlob& blob);

}  // namespace gooffsets

#endif  // GOOFFSETS_FEED_JSON_MEMBERS_H_
