// One layout as canonical JSON, and the short texts for words and pieces: the spelling shared by records, exports,
// digests and the database.
//
//   struct    {"size":16,"align":8,"fields":[{"name":"n","offset":0,"size":8,"align":8,"type":"int","kind":"int"},...]}
//   function  {"params":[{"name":"s","type":"*p.T","size":8,"align":8,"words":"0:8","pieces":"i0:8@0"}],"results":[]}
// False flags, empty lists and empty texts are left out. docs/formats.md has the whole table.
// Pure functions, safe from any thread; parsing takes hostile input and answers kBadInput.
//
//   std::string text;
//   AppendLayoutJson(&text, layout);
//   Result<Layout> same = ParseLayoutJson(nlohmann::json::parse(text, nullptr, false));
#ifndef GOOFFSETS_STORE_LAYOUT_JSON_H_
#define GOOFFSETS_STORE_LAYOUT_JSON_H_

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "gooffsets/result.h"
#include "store/record.h"

namespace gooffsets {

void AppendLayoutJson(std::string* out, const Layout& layout);
Result<Layout> ParseLayoutJson(const nlohmann::json& json);

// "0:8 8:8f": offset and size of each word, f for floating point, separated by one space.
std::string WordsText(const std::vector<Word>& words);
Result<std::vector<Word>> ParseWords(std::string_view text);
// "i0:8@0 f1:8@8 s16:8@16": integer register, float register or stack offset; size; offset in the value.
std::string PiecesText(const std::vector<Piece>& pieces);
Result<std::vector<Piece>> ParsePieces(std::string_view text);

// "generic", "alias", "bodiless", "excluded", "not a struct", "unbuildable": stored as they are shown.
std::string_view ToString(SkipReason reason);
Result<SkipReason> ParseSkipReason(std::string_view text);

// Reads members of a JSON object with one error message for all that may be wrong with them.
class JsonReader {
 public:
  // `where` names the object in messages.
  JsonReader(const nlohmann::json& json, std::string_view where) : json_(json), where_(where) {}

  Result<std::string> Text(const char* key) const;          // must be there
  Result<std::string> TextOr(const char* key) const;        // "" when absent
  Result<uint64_t> Number(const char* key, uint64_t max = UINT64_MAX) const;
  Result<uint64_t> NumberOr(const char* key, uint64_t fallback, uint64_t max = UINT64_MAX) const;
  Result<bool> BoolOr(const char* key, bool fallback) const;
  Result<const nlohmann::json*> Array(const char* key) const;
  Result<const nlohmann::json*> Object(const char* key) const;
  Result<std::vector<std::string>> TextsOr(const char* key) const;  // empty when absent
  const nlohmann::json* Find(const char* key) const;  // nullptr when absent
  tl::unexpected<Error> Wrong(std::string_view key, std::string_view what) const;

 private:
  const nlohmann::json& json_;
  std::string_view where_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_STORE_LAYOUT_JSON_H_
