#include "gotrace/remote_answers.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "store/layout_json.h"

namespace gooffsets::trace {

namespace {

using Json = nlohmann::json;

constexpr char kWhere[] = "the offset service's answer";
// Of one function; far more than any has (src: docs/formats.md, "resolve").
constexpr uint64_t kMost = 1 << 20;

Result<Piece> PieceOf(const Json& json, GoArch goarch) {
  const JsonReader in(json, kWhere);
  Piece piece;
  GOOFFSETS_TRY(const uint64_t size, in.Number("size", kMost));
  GOOFFSETS_TRY(const uint64_t at, in.Number("at", kMost));
  piece.size = static_cast<uint32_t>(size);
  piece.at = static_cast<uint32_t>(at);
  if (in.Find("stack")) {
    GOOFFSETS_TRY(const uint64_t stack, in.Number("stack", kMost));
    piece.base = Piece::Base::kStack;
    piece.index = static_cast<int32_t>(stack);
    return piece;
  }
  GOOFFSETS_TRY(const std::string name, in.Text("reg"));
  for (const auto base : {Piece::Base::kIntRegister, Piece::Base::kFloatRegister}) {
    piece.base = base;
    for (piece.index = 0; !RegisterName(goarch, piece).empty(); ++piece.index) {
      if (RegisterName(goarch, piece) == name) return piece;
    }
  }
  return in.Wrong("reg", "names no register");
}

Result<std::vector<Parameter>> ParametersOf(const JsonReader& in, const char* key, GoArch goarch) {
  std::vector<Parameter> parameters;
  GOOFFSETS_TRY(const Json* list, in.Array(key));
  for (const Json& entry : *list) {
    const JsonReader one(entry, kWhere);
    Parameter parameter;
    GOOFFSETS_TRY(parameter.name, one.Text("name"));
    GOOFFSETS_TRY(parameter.type, one.Text("type"));
    GOOFFSETS_TRY(parameter.size, one.Number("size"));
    GOOFFSETS_TRY(const Json* pieces, one.Array("pieces"));
    for (const Json& piece : *pieces) {
      GOOFFSETS_TRY(Piece read, PieceOf(piece, goarch));
      parameter.pieces.push_back(read);
    }
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

// A struct's field is told from a pointer to it by its type's spelling; other kinds do not matter to the tracer.
TypeKind KindOf(std::string_view type) { return type.starts_with('*') ? TypeKind::kPointer : TypeKind::kStruct; }

}  // namespace

Result<RemoteAnswers> RemoteAnswers::Parse(std::string_view text, GoArch goarch) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  RemoteAnswers out;
  const JsonReader in(json, kWhere);
  GOOFFSETS_TRY(const Json* probes, in.Array("probes"));
  for (const Json& probe : *probes) {
    for (const char* list : {"attach", "wants"}) {
      GOOFFSETS_TRY(const Json* wants, JsonReader(probe, kWhere).Array(list));
      for (const Json& want : *wants) {
        const JsonReader one(want, kWhere);
        GOOFFSETS_TRY(const std::string status, one.Text("status"));
        if (status != "found") continue;
        GOOFFSETS_TRY(const std::string item, one.Text("item"));
        Answer answer;
        GOOFFSETS_TRY(const std::string source, one.Text("source"));
        GOOFFSETS_TRY(answer.source, ParseSource(source));
        if (one.Find("function")) {
          GOOFFSETS_TRY(const Json* function, one.Object("function"));
          const JsonReader view(*function, kWhere);
          if (!view.Find("params")) continue;  // the service does not know the arguments either
          answer.layout.emplace();
          GOOFFSETS_TRY(answer.layout->params, ParametersOf(view, "params", goarch));
          GOOFFSETS_TRY(answer.layout->results, ParametersOf(view, "results", goarch));
        } else if (one.Find("offset")) {
          answer.field.emplace();
          GOOFFSETS_TRY(answer.field->offset, one.Number("offset"));
          GOOFFSETS_TRY(answer.field->size, one.Number("size"));
          GOOFFSETS_TRY(answer.field->type, one.Text("type"));
          answer.field->kind = KindOf(answer.field->type);
        } else {
          continue;
        }
        out.answers_.insert_or_assign(item, std::move(answer));
      }
    }
  }
  return out;
}

void RemoteAnswers::CompleteWant(ResolvedWant* want) const {
  if (want->answer) {
    auto& function = want->answer->function;
    if (!function || function->layout) return;
    const auto known = answers_.find(want->answer->item.Text());
    if (known == answers_.end() || !known->second.layout) return;
    function->layout = known->second.layout;
    function->layout_source = known->second.source;
    return;
  }
  for (const Resolved& tried : want->not_found) {
    const auto known = answers_.find(tried.item.Text());
    if (tried.absent || known == answers_.end() || !known->second.field) continue;
    Resolved resolved;
    resolved.item = tried.item;
    resolved.source = known->second.source;
    resolved.how = "the offset service";
    resolved.field = known->second.field;
    want->answer = std::move(resolved);
    return;
  }
}

void RemoteAnswers::Complete(Resolution* resolution) const {
  for (ResolvedProbe& probe : resolution->probes) {
    for (auto* list : {&probe.attach, &probe.wants}) {
      for (ResolvedWant& want : *list) CompleteWant(&want);
    }
    if (probe.usable) continue;
    const auto there = [](const ResolvedWant& want) { return want.answer || !want.want.needed; };
    probe.usable = std::all_of(probe.attach.begin(), probe.attach.end(), there) &&
                   std::all_of(probe.wants.begin(), probe.wants.end(), there);
    if (probe.usable) probe.disabled_by.clear();
  }
}

}  // namespace gooffsets::trace
