// Resolutions and explanations as JSON, in the shapes of docs/formats.md, "resolve" and "explain".
#include "base/utf8.h"
#include "gooffsets/resolve.h"
#include "store/answer_json.h"
#include "store/json_text.h"

namespace gooffsets {
namespace {

// Writes one object; lists and objects in it are written by functions that append to the same text. Texts come out of
// binaries: bytes that are no UTF-8 become U+FFFD.
class Object {
 public:
  explicit Object(std::string* out) : out_(out), object_(out) {}

  void Text(const char* key, const std::string& value) {
    std::string scratch;
    object_.Text(key, AsUtf8(value, &scratch));
  }
  void Word(const char* key, std::string_view value) { object_.Text(key, value); }
  void Number(const char* key, uint64_t value) { object_.Number(key, value); }
  void Bool(const char* key, bool value) { object_.Bool(key, value); }
  void Signed(const char* key, int64_t value) {
    object_.Key(key);
    AppendSigned(out_, value);
  }
  void NumberOrNull(const char* key, const std::optional<uint64_t>& value) {
    if (value) return object_.Number(key, *value);
    object_.Key(key);
    *out_ += "null";
  }
  void Raw(const char* key, const std::string& json) {
    object_.Key(key);
    *out_ += json;
  }
  void Texts(const char* key, const std::vector<std::string>& texts) {
    object_.Key(key);
    JsonArray array(out_);
    std::string scratch;
    for (const std::string& text : texts) array.Text(AsUtf8(text, &scratch));
    array.Close();
  }
  // `write(Object*, element)` for each element.
  template <typename List, typename Write>
  void Objects(const char* key, const List& list, Write write) {
    object_.Key(key);
    JsonArray array(out_);
    for (const auto& element : list) {
      array.Next();
      Object object(out_);
      write(&object, element);
      object.Close();
    }
    array.Close();
  }
  template <typename Write>
  void Nested(const char* key, Write write) {
    object_.Key(key);
    Object object(out_);
    write(&object);
    object.Close();
  }
  void Parameters(const char* key, const std::vector<Parameter>& params, GoArch goarch) {
    object_.Key(key);
    AppendParameters(out_, params, goarch);
  }
  void Builds(const std::vector<Evidence>& evidence) { AppendEvidence(&object_, out_, evidence); }
  void Close() { object_.Close(); }

 private:
  std::string* out_;
  JsonObject object_;
};

void AppendBody(Object* out, const FunctionBody& body) {
  out->Number("address", body.address);
  out->Number("end", body.end);
  out->NumberOrNull("file_offset", body.file_offset);
  out->Nested("entry", [&](Object* entry) {
    entry->Number("address", body.entry_address);
    entry->NumberOrNull("file_offset", body.entry_file_offset);
    entry->Bool("emulated", body.entry_emulated);
    entry->Signed("sp_delta", body.entry_sp_delta);
  });
  out->Objects("returns", body.returns, [](Object* one, const FunctionBody::Return& at) {
    one->Number("address", at.address);
    one->NumberOrNull("file_offset", at.file_offset);
  });
  if (!body.notes.empty()) out->Texts("notes", body.notes);
}

void AppendFunction(Object* out, const FunctionAnswerView& function, GoArch goarch) {
  out->Objects("bodies", function.bodies, AppendBody);
  if (function.inlined_sites) out->Number("inlined_sites", *function.inlined_sites);
  if (!function.layout) return out->Text("layout_reason", function.layout_reason);
  out->Parameters("params", function.layout->params, goarch);
  out->Parameters("results", function.layout->results, goarch);
  if (function.layout->wrapper) out->Bool("wrapper", true);
  out->Word("layout_source", ToString(function.layout_source));
}

// The keys of one answer.
void Append(Object* out, const Resolved& resolved, GoArch goarch) {
  out->Text("item", resolved.item.Text());
  out->Word("kind", ToString(resolved.item.kind));
  out->Word("status", resolved.found() ? "found" : resolved.absent ? "absent" : "unknown");
  if (resolved.found()) {
    out->Word("source", ToString(resolved.source));
    out->Text("how", resolved.how);
  } else {
    out->Text("reason", resolved.reason);
    if (!resolved.hint.empty()) out->Text("try", resolved.hint);
  }
  if (resolved.field) {
    out->Number("offset", resolved.field->offset);
    out->Number("size", resolved.field->size);
    out->Text("type", resolved.field->type);
  }
  if (resolved.structure) {
    out->Number("size", resolved.structure->size);
    out->Number("align", resolved.structure->align);
    out->Objects("fields", resolved.structure->fields, [](Object* one, const Field& field) {
      one->Text("name", field.name);
      one->Number("offset", field.offset);
      one->Number("size", field.size);
      one->Text("type", field.type);
      one->Bool("embedded", field.embedded);
    });
  }
  if (resolved.function) {
    out->Nested("function", [&](Object* function) { AppendFunction(function, *resolved.function, goarch); });
  }
  if (resolved.itab) {
    out->Nested("itab", [&](Object* itab) {
      itab->Number("address", resolved.itab->address);
      itab->Number("type_address", resolved.itab->type_address);
      itab->NumberOrNull("file_offset", resolved.itab->file_offset);
    });
  }
  if (!resolved.evidence.empty()) out->Builds(resolved.evidence);
  if (!resolved.conflicts.empty()) {
    out->Objects("conflicts", resolved.conflicts, [](Object* one, const Conflict& conflict) {
      one->Text("what", conflict.what);
      one->Text("kept", conflict.kept);
      one->Text("refused", conflict.refused);
    });
  }
}

void AppendWant(Object* out, const ResolvedWant& want, GoArch goarch) {
  out->Text("as", want.want.as);
  out->Bool("needed", want.want.needed);
  if (want.answer) {
    Append(out, *want.answer, goarch);
  } else {
    // Unknown if any alternative is: it may exist.
    bool absent = !want.not_found.empty();
    for (const Resolved& tried : want.not_found) absent = absent && tried.absent;
    out->Word("status", absent ? "absent" : "unknown");
  }
  if (!want.not_found.empty()) {
    out->Objects("tried", want.not_found, [&](Object* one, const Resolved& tried) { Append(one, tried, goarch); });
  }
}

}  // namespace

// What one answer takes, roughly: a text that is made large enough at once is not copied while it grows.
constexpr size_t kUsualAnswer = 512;

std::string ResolutionJson(const Resolution& resolution) {
  const GoArch goarch = resolution.binary.goarch;
  auto want = [&](Object* one, const ResolvedWant& wanted) { AppendWant(one, wanted, goarch); };
  std::string text;
  size_t wants = 0;
  for (const ResolvedProbe& probe : resolution.probes) wants += probe.attach.size() + probe.wants.size();
  text.reserve((wants + 4) * kUsualAnswer);
  Object json(&text);
  json.Raw("binary", BinaryInfoJson(resolution.binary));
  json.Objects("probes", resolution.probes, [&](Object* one, const ResolvedProbe& probe) {
    one->Text("name", probe.name);
    one->Bool("usable", probe.usable);
    if (!probe.disabled_by.empty()) one->Texts("disabled_by", probe.disabled_by);
    one->Objects("attach", probe.attach, want);
    one->Objects("wants", probe.wants, want);
  });
  json.Texts("notes", resolution.notes);
  json.Close();
  return text;
}

std::string ExplanationJson(const Explanation& explanation) {
  std::string text;
  Object json(&text);
  json.Raw("binary", BinaryInfoJson(explanation.binary));
  json.Nested("answer", [&](Object* answer) { Append(answer, explanation.answer, explanation.binary.goarch); });
  json.Objects("words", explanation.words, [](Object* one, const Explanation::Word& word) {
    one->Word("source", ToString(word.source));
    one->Text("how", word.how);
    one->Text("says", word.says);
    one->Bool("found", word.found);
  });
  json.Close();
  return text;
}

}  // namespace gooffsets
