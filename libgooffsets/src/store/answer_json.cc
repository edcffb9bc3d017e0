// Answers and timelines as JSON, in the shapes of docs/formats.md, "lookup".
#include "store/answer_json.h"

#include <string>

#include "base/utf8.h"

namespace gooffsets {

void AppendTexts(std::string* out, const std::vector<std::string>& texts) {
  JsonArray array(out);
  for (const std::string& text : texts) array.Text(text);
  array.Close();
}

void AppendEvidence(JsonObject* object, std::string* out, const std::vector<Evidence>& evidence) {
  object->Key("evidence");
  JsonArray array(out);
  for (const Evidence& item : evidence) {
    array.Next();
    JsonObject build(out);
    build.Text("build", item.build);
    build.Text("go", item.go);
    build.Close();
  }
  array.Close();
}

void AppendParameters(std::string* out, const std::vector<Parameter>& params, GoArch goarch) {
  JsonArray array(out);
  std::string scratch;
  uint64_t index = 0;
  for (const Parameter& param : params) {
    array.Next();
    JsonObject object(out);
    object.Number("index", index++);
    object.Text("name", AsUtf8(param.name, &scratch));
    object.Text("type", AsUtf8(param.type, &scratch));
    object.Number("size", param.size);
    object.Key("pieces");
    JsonArray pieces(out);
    for (const Piece& piece : param.pieces) {
      pieces.Next();
      JsonObject part(out);
      if (piece.base == Piece::Base::kStack) {
        part.Key("stack");
        AppendSigned(out, piece.index);
      } else {
        part.Text("reg", RegisterName(goarch, piece));
      }
      part.Number("size", piece.size);
      part.Number("at", piece.at);
      part.Close();
    }
    pieces.Close();
    object.Close();
  }
  array.Close();
}

namespace {

void AppendQuery(JsonObject* object, const Query& query) {
  object->Text("module", query.module);
  if (!query.version.empty()) object->Text("version", query.version);
  if (!query.go.empty()) object->Text("go", query.go);
  object->Text("goarch", ToString(query.goarch));
  object->Text("symbol", query.symbol);
}

void AppendValue(JsonObject* object, std::string* out, const Value& value, GoArch goarch) {
  if (!value.absent_reason.empty()) {
    object->Text("absent", value.absent_reason);
    return;
  }
  switch (value.kind) {
    case SymbolKind::kField:
      object->Number("offset", value.field.offset);
      object->Number("size", value.field.size);
      object->Text("type", value.field.type);
      break;
    case SymbolKind::kStruct: {
      object->Number("size", value.structure.size);
      object->Number("align", value.structure.align);
      object->Key("fields");
      JsonArray fields(out);
      for (const Field& field : value.structure.fields) {
        fields.Next();
        JsonObject item(out);
        item.Text("name", field.name);
        item.Number("offset", field.offset);
        item.Number("size", field.size);
        item.Text("type", field.type);
        item.Bool("embedded", field.embedded);
        item.Close();
      }
      fields.Close();
      break;
    }
    case SymbolKind::kFunction:
      object->Key("params");
      AppendParameters(out, value.function.params, goarch);
      object->Key("results");
      AppendParameters(out, value.function.results, goarch);
      if (value.function.wrapper) object->Bool("wrapper", true);
      break;
  }
}

}  // namespace

std::string AnswerJson(const Answer& answer) {
  std::string out;
  JsonObject object(&out);
  object.Text("status", ToString(answer.status));
  AppendQuery(&object, answer.query);
  switch (answer.status) {
    case Status::kFound:
      for (const Value& value : answer.values) {
        object.Text("kind", ToString(value.kind));
        AppendValue(&object, &out, value, answer.query.goarch);
        object.Text("source", "observed");
        AppendEvidence(&object, &out, value.evidence);
        break;
      }
      break;
    case Status::kAmbiguous: {
      object.Key("answers");
      JsonArray answers(&out);
      for (const Value& value : answer.values) {
        answers.Next();
        JsonObject item(&out);
        item.Key("go");
        AppendTexts(&out, value.go);
        AppendValue(&item, &out, value, answer.query.goarch);
        item.Close();
      }
      answers.Close();
      break;
    }
    case Status::kAbsent:
      object.Text("reason", answer.reason);
      AppendEvidence(&object, &out, answer.evidence);
      break;
    case Status::kUnknown:
      object.Text("reason", answer.reason);
      object.Text("try", answer.hint);
      break;
  }
  if (!answer.similar.empty()) {
    object.Key("similar");
    AppendTexts(&out, answer.similar);
  }
  object.Close();
  return out;
}

std::string TimelineJson(const Timeline& timeline) {
  std::string out;
  JsonObject object(&out);
  AppendQuery(&object, timeline.query);
  object.Key("runs");
  JsonArray runs(&out);
  for (const Run& run : timeline.runs) {
    runs.Next();
    JsonObject item(&out);
    item.Text("first", run.first);
    item.Text("last", run.last);
    item.Number("observations", run.observations);
    item.Key("go");
    AppendTexts(&out, run.go);
    if (run.value) {
      item.Text("kind", ToString(run.value->kind));
      AppendValue(&item, &out, *run.value, timeline.query.goarch);
    } else {
      item.Text("absent", run.absent_reason);
    }
    item.Close();
  }
  runs.Close();
  object.Key("gaps");
  JsonArray gaps(&out);
  for (const Gap& gap : timeline.gaps) {
    gaps.Next();
    JsonObject item(&out);
    item.Text("version", gap.version);
    item.Text("reason", gap.reason);
    item.Close();
  }
  gaps.Close();
  object.Close();
  return out;
}

}  // namespace gooffsets
