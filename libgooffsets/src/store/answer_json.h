// Pieces of answers as JSON that lookups and resolutions spell alike (docs/formats.md).
//
// Pure functions, any thread.
#ifndef GOOFFSETS_STORE_ANSWER_JSON_H_
#define GOOFFSETS_STORE_ANSWER_JSON_H_

#include <string>
#include <vector>

#include "gooffsets/database.h"
#include "gooffsets/layout.h"
#include "store/json_text.h"

namespace gooffsets {

void AppendTexts(std::string* out, const std::vector<std::string>& texts);
// The key "evidence" with its list.
void AppendEvidence(JsonObject* object, std::string* out, const std::vector<Evidence>& evidence);
// The list of parameters or results; their texts may come out of a binary, and need not be UTF-8.
void AppendParameters(std::string* out, const std::vector<Parameter>& params, GoArch goarch);

}  // namespace gooffsets

#endif  // GOOFFSETS_STORE_ANSWER_JSON_H_
