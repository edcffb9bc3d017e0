#include "store/layout_json.h"

#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "store/json_text.h"

namespace gooffsets {

namespace {

using nlohmann::json;

constexpr uint64_t kMaxU32 = std::numeric_limits<uint32_t>::max();

constexpr std::array<std::pair<SkipReason, std::string_view>, 6> kSkipNames = {{
    {SkipReason::kGeneric, "generic"},
    {SkipReason::kAlias, "alias"},
    {SkipReason::kBodiless, "bodiless"},
    {SkipReason::kExcluded, "excluded"},
    {SkipReason::kNotStruct, "not a struct"},
    {SkipReason::kUnbuildable, "unbuildable"},
}};

void AppendField(std::string* out, const Field& field) {
  JsonObject object(out);
  object.Text("name", field.name);
  object.Number("offset", field.offset);
  object.Number("size", field.size);
  object.Number("align", field.align);
  object.Text("type", field.type);
  object.Text("kind", ToString(field.kind));
  if (field.embedded) object.Bool("embedded", true);
  if (!field.dims.empty()) {
    object.Key("dims");
    JsonArray dims(out);
    for (uint64_t dim : field.dims) {
      dims.Next();
      AppendNumber(out, dim);
    }
    dims.Close();
  }
  if (!field.elem.empty()) object.Text("elem", field.elem);
  if (field.by_value) object.Bool("by_value", true);
  object.Close();
}

void AppendParameter(std::string* out, const Parameter& param) {
  JsonObject object(out);
  object.Text("name", param.name);
  object.Text("type", param.type);
  object.Number("size", param.size);
  object.Number("align", param.align);
  if (!param.register_assignable) object.Bool("memory_only", true);
  if (!param.words.empty()) object.Text("words", WordsText(param.words));
  if (!param.pieces.empty()) object.Text("pieces", PiecesText(param.pieces));
  object.Close();
}

void AppendParameters(std::string* out, const std::vector<Parameter>& params) {
  JsonArray array(out);
  for (const Parameter& param : params) {
    array.Next();
    AppendParameter(out, param);
  }
  array.Close();
}

// Cuts numbers out of a text, checked.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}
  bool done() const { return text_.empty(); }
  bool Take(char c) {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  template <typename T>
  bool Number(T* value) {
    auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), *value);
    if (error != std::errc() || end == text_.data()) return false;
    text_.remove_prefix(static_cast<size_t>(end - text_.data()));
    return true;
  }

 private:
  std::string_view text_;
};

Result<Field> ParseField(const json& value) {
  JsonReader reader(value, "field");
  Field field;
  GOOFFSETS_TRY(field.name, reader.Text("name"));
  GOOFFSETS_TRY(field.offset, reader.Number("offset"));
  GOOFFSETS_TRY(field.size, reader.Number("size"));
  GOOFFSETS_TRY(uint64_t align, reader.Number("align", kMaxU32));
  field.align = static_cast<uint32_t>(align);
  GOOFFSETS_TRY(field.type, reader.Text("type"));
  GOOFFSETS_TRY(std::string kind, reader.Text("kind"));
  GOOFFSETS_TRY(field.kind, ParseTypeKind(kind));
  GOOFFSETS_TRY(field.embedded, reader.BoolOr("embedded", false));
  GOOFFSETS_TRY(field.by_value, reader.BoolOr("by_value", false));
  GOOFFSETS_TRY(field.elem, reader.TextOr("elem"));
  if (const json* dims = reader.Find("dims")) {
    if (!dims->is_array()) return reader.Wrong("dims", "is not a list");
    for (const json& dim : *dims) {
      if (!dim.is_number_unsigned()) return reader.Wrong("dims", "holds something that is no array length");
      field.dims.push_back(dim.get<uint64_t>());
    }
  }
  return field;
}

Result<Parameter> ParseParameter(const json& value) {
  JsonReader reader(value, "parameter");
  Parameter param;
  GOOFFSETS_TRY(param.name, reader.Text("name"));
  GOOFFSETS_TRY(param.type, reader.Text("type"));
  GOOFFSETS_TRY(param.size, reader.Number("size"));
  GOOFFSETS_TRY(uint64_t align, reader.Number("align", kMaxU32));
  param.align = static_cast<uint32_t>(align);
  GOOFFSETS_TRY(bool memory_only, reader.BoolOr("memory_only", false));
  param.register_assignable = !memory_only;
  GOOFFSETS_TRY(std::string words, reader.TextOr("words"));
  GOOFFSETS_TRY(param.words, ParseWords(words));
  GOOFFSETS_TRY(std::string pieces, reader.TextOr("pieces"));
  GOOFFSETS_TRY(param.pieces, ParsePieces(pieces));
  return param;
}

Result<std::vector<Parameter>> ParseParameters(const JsonReader& reader, const char* key) {
  GOOFFSETS_TRY(const json* array, reader.Array(key));
  std::vector<Parameter> params;
  params.reserve(array->size());
  for (const json& value : *array) {
    GOOFFSETS_TRY(Parameter param, ParseParameter(value));
    params.push_back(std::move(param));
  }
  return params;
}

}  // namespace

void AppendLayoutJson(std::string* out, const Layout& layout) {
  JsonObject object(out);
  if (const auto* structure = std::get_if<StructLayout>(&layout)) {
    object.Number("size", structure->size);
    object.Number("align", structure->align);
    object.Key("fields");
    JsonArray fields(out);
    for (const Field& field : structure->fields) {
      fields.Next();
      AppendField(out, field);
    }
    fields.Close();
  } else if (const auto* function = std::get_if<FunctionLayout>(&layout)) {
    object.Key("params");
    AppendParameters(out, function->params);
    object.Key("results");
    AppendParameters(out, function->results);
    if (function->wrapper) object.Bool("wrapper", true);
  }
  object.Close();
}

Result<Layout> ParseLayoutJson(const json& value) {
  JsonReader reader(value, "layout");
  if (reader.Find("fields") != nullptr) {
    StructLayout structure;
    GOOFFSETS_TRY(structure.size, reader.Number("size"));
    GOOFFSETS_TRY(uint64_t align, reader.Number("align", kMaxU32));
    structure.align = static_cast<uint32_t>(align);
    GOOFFSETS_TRY(const json* fields, reader.Array("fields"));
    structure.fields.reserve(fields->size());
    for (const json& element : *fields) {
      GOOFFSETS_TRY(Field field, ParseField(element));
      structure.fields.push_back(std::move(field));
    }
    return Layout(std::move(structure));
  }
  FunctionLayout function;
  GOOFFSETS_TRY(function.params, ParseParameters(reader, "params"));
  GOOFFSETS_TRY(function.results, ParseParameters(reader, "results"));
  GOOFFSETS_TRY(function.wrapper, reader.BoolOr("wrapper", false));
  return Layout(std::move(function));
}

std::string WordsText(const std::vector<Word>& words) {
  std::string out;
  for (const Word& word : words) {
    if (!out.empty()) out.push_back(' ');
    AppendNumber(&out, word.at);
    out.push_back(':');
    AppendNumber(&out, word.size);
    if (word.is_float) out.push_back('f');
  }
  return out;
}

Result<std::vector<Word>> ParseWords(std::string_view text) {
  std::vector<Word> words;
  Cursor cursor(text);
  while (!cursor.done()) {
    if (!words.empty() && !cursor.Take(' ')) return Fail(ErrorCode::kBadInput, "malformed words text");
    Word word;
    if (!cursor.Number(&word.at) || !cursor.Take(':') || !cursor.Number(&word.size)) {
      return Fail(ErrorCode::kBadInput, "malformed words text");
    }
    word.is_float = cursor.Take('f');
    words.push_back(word);
  }
  return words;
}

std::string PiecesText(const std::vector<Piece>& pieces) {
  std::string out;
  for (const Piece& piece : pieces) {
    if (!out.empty()) out.push_back(' ');
    switch (piece.base) {
      case Piece::Base::kIntRegister: out.push_back('i'); break;
      case Piece::Base::kFloatRegister: out.push_back('f'); break;
      case Piece::Base::kStack: out.push_back('s'); break;
    }
    AppendSigned(&out, piece.index);
    out.push_back(':');
    AppendNumber(&out, piece.size);
    out.push_back('@');
    AppendNumber(&out, piece.at);
  }
  return out;
}

Result<std::vector<Piece>> ParsePieces(std::string_view text) {
  std::vector<Piece> pieces;
  Cursor cursor(text);
  while (!cursor.done()) {
    if (!pieces.empty() && !cursor.Take(' ')) return Fail(ErrorCode::kBadInput, "malformed pieces text");
    Piece piece;
    if (cursor.Take('i')) {
      piece.base = Piece::Base::kIntRegister;
    } else if (cursor.Take('f')) {
      piece.base = Piece::Base::kFloatRegister;
    } else if (cursor.Take('s')) {
      piece.base = Piece::Base::kStack;
    } else {
      return Fail(ErrorCode::kBadInput, "malformed pieces text");
    }
    if (!cursor.Number(&piece.index) || !cursor.Take(':') || !cursor.Number(&piece.size) || !cursor.Take('@') ||
        !cursor.Number(&piece.at)) {
      return Fail(ErrorCode::kBadInput, "malformed pieces text");
    }
    pieces.push_back(piece);
  }
  return pieces;
}

std::string_view ToString(SkipReason reason) {
  for (const auto& [value, name] : kSkipNames) {
    if (value == reason) return name;
  }
  return "";
}

Result<SkipReason> ParseSkipReason(std::string_view text) {
  for (const auto& [value, name] : kSkipNames) {
    if (name == text) return value;
  }
  return Fail(ErrorCode::kBadInput, "no such reason for a symbol without layout: \"" + std::string(text) + "\"");
}

tl::unexpected<Error> JsonReader::Wrong(std::string_view key, std::string_view what) const {
  return Fail(ErrorCode::kBadInput, std::string(where_) + ": \"" + std::string(key) + "\" " + std::string(what));
}

const json* JsonReader::Find(const char* key) const {
  if (!json_.is_object()) return nullptr;
  auto found = json_.find(key);
  return found == json_.end() ? nullptr : &*found;
}

Result<std::string> JsonReader::Text(const char* key) const {
  const json* value = Find(key);
  if (value == nullptr || !value->is_string()) return Wrong(key, "is missing or no string");
  const std::string& text = value->get_ref<const std::string&>();
  if (text.find('\0') != std::string::npos) return Wrong(key, "holds a NUL character");
  return text;
}

Result<std::string> JsonReader::TextOr(const char* key) const {
  if (Find(key) == nullptr) return std::string();
  return Text(key);
}

Result<uint64_t> JsonReader::Number(const char* key, uint64_t max) const {
  const json* value = Find(key);
  if (value == nullptr || !value->is_number_unsigned()) return Wrong(key, "is missing or no whole number");
  uint64_t number = value->get<uint64_t>();
  if (number > max) return Wrong(key, "is too large");
  return number;
}

Result<uint64_t> JsonReader::NumberOr(const char* key, uint64_t fallback, uint64_t max) const {
  if (Find(key) == nullptr) return fallback;
  return Number(key, max);
}

Result<bool> JsonReader::BoolOr(const char* key, bool fallback) const {
  const json* value = Find(key);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) return Wrong(key, "is neither true nor false");
  return value->get<bool>();
}

Result<const json*> JsonReader::Array(const char* key) const {
  const json* value = Find(key);
  if (value == nullptr || !value->is_array()) return Wrong(key, "is missing or no list");
  return value;
}

Result<const json*> JsonReader::Object(const char* key) const {
  const json* value = Find(key);
  if (value == nullptr || !value->is_object()) return Wrong(key, "is missing or no object");
  return value;
}

Result<std::vector<std::string>> JsonReader::TextsOr(const char* key) const {
  std::vector<std::string> texts;
  if (Find(key) == nullptr) return texts;
  GOOFFSETS_TRY(const json* array, Array(key));
  texts.reserve(array->size());
  for (const json& element : *array) {
    if (!element.is_string()) return Wrong(key, "holds something that is no string");
    texts.push_back(element.get<std::string>());
    if (texts.back().find('\0') != std::string::npos) return Wrong(key, "holds a NUL character");
  }
  return texts;
}

}  // namespace gooffsets
