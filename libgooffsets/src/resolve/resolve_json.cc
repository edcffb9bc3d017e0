// Resolutions and explanations as JSON, in the shapes of docs/formats.md, "resolve" and "explain".
#include <nlohmann/json.hpp>

#include "gooffsets/resolve.h"

namespace gooffsets {
namespace {

using Json = nlohmann::ordered_json;

Json OffsetOr(const std::optional<uint64_t>& offset) { return offset ? Json(*offset) : Json(); }

Json Params(const std::vector<Parameter>& params, GoArch goarch) {
  Json list = Json::array();
  for (size_t i = 0; i < params.size(); ++i) {
    const Parameter& param = params[i];
    Json pieces = Json::array();
    for (const Piece& piece : param.pieces) {
      Json part;
      if (piece.base == Piece::Base::kStack) {
        part["stack"] = piece.index;
      } else {
        part["reg"] = RegisterName(goarch, piece);
      }
      part["size"] = piece.size;
      part["at"] = piece.at;
      pieces.push_back(std::move(part));
    }
    list.push_back({{"index", i},
                    {"name", param.name},
                    {"type", param.type},
                    {"size", param.size},
                    {"pieces", std::move(pieces)}});
  }
  return list;
}

Json Function(const FunctionAnswerView& function, GoArch goarch) {
  Json json;
  json["bodies"] = Json::array();
  for (const FunctionBody& body : function.bodies) {
    Json returns = Json::array();
    for (const FunctionBody::Return& at : body.returns) {
      returns.push_back({{"address", at.address}, {"file_offset", OffsetOr(at.file_offset)}});
    }
    Json one;
    one["address"] = body.address;
    one["end"] = body.end;
    one["file_offset"] = OffsetOr(body.file_offset);
    one["entry"] = {{"address", body.entry_address},
                    {"file_offset", OffsetOr(body.entry_file_offset)},
                    {"emulated", body.entry_emulated},
                    {"sp_delta", body.entry_sp_delta}};
    one["returns"] = std::move(returns);
    if (!body.notes.empty()) one["notes"] = body.notes;
    json["bodies"].push_back(std::move(one));
  }
  if (function.inlined_sites) json["inlined_sites"] = *function.inlined_sites;
  if (function.layout) {
    json["params"] = Params(function.layout->params, goarch);
    json["results"] = Params(function.layout->results, goarch);
    if (function.layout->wrapper) json["wrapper"] = true;
    json["layout_source"] = ToString(function.layout_source);
  } else {
    json["layout_reason"] = function.layout_reason;
  }
  return json;
}

// Adds the keys of one answer.
void Append(Json* json, const Resolved& resolved, GoArch goarch) {
  Json& out = *json;
  out["item"] = resolved.item.Text();
  out["kind"] = ToString(resolved.item.kind);
  out["status"] = resolved.found() ? "found" : resolved.absent ? "absent" : "unknown";
  if (resolved.found()) {
    out["source"] = ToString(resolved.source);
    out["how"] = resolved.how;
  } else {
    out["reason"] = resolved.reason;
    if (!resolved.hint.empty()) out["try"] = resolved.hint;
  }
  if (resolved.field) {
    out["offset"] = resolved.field->offset;
    out["size"] = resolved.field->size;
    out["type"] = resolved.field->type;
  }
  if (resolved.structure) {
    out["size"] = resolved.structure->size;
    out["align"] = resolved.structure->align;
    out["fields"] = Json::array();
    for (const Field& field : resolved.structure->fields) {
      out["fields"].push_back({{"name", field.name},
                               {"offset", field.offset},
                               {"size", field.size},
                               {"type", field.type},
                               {"embedded", field.embedded}});
    }
  }
  if (resolved.function) out["function"] = Function(*resolved.function, goarch);
  if (resolved.itab) {
    out["itab"] = {{"address", resolved.itab->address},
                   {"type_address", resolved.itab->type_address},
                   {"file_offset", OffsetOr(resolved.itab->file_offset)}};
  }
  if (!resolved.evidence.empty()) {
    out["evidence"] = Json::array();
    for (const Evidence& item : resolved.evidence) out["evidence"].push_back({{"build", item.build}, {"go", item.go}});
  }
  if (!resolved.conflicts.empty()) {
    out["conflicts"] = Json::array();
    for (const Conflict& conflict : resolved.conflicts) {
      out["conflicts"].push_back({{"what", conflict.what}, {"kept", conflict.kept}, {"refused", conflict.refused}});
    }
  }
}

Json Wants(const std::vector<ResolvedWant>& wants, GoArch goarch) {
  Json list = Json::array();
  for (const ResolvedWant& want : wants) {
    Json one;
    one["as"] = want.want.as;
    one["needed"] = want.want.needed;
    if (want.answer) {
      Append(&one, *want.answer, goarch);
    } else {
      // Unknown if any alternative is: it may exist.
      bool absent = !want.not_found.empty();
      for (const Resolved& tried : want.not_found) absent = absent && tried.absent;
      one["status"] = absent ? "absent" : "unknown";
    }
    if (!want.not_found.empty()) {
      one["tried"] = Json::array();
      for (const Resolved& tried : want.not_found) {
        Json item;
        Append(&item, tried, goarch);
        one["tried"].push_back(std::move(item));
      }
    }
    list.push_back(std::move(one));
  }
  return list;
}

// Texts come out of binaries: bytes that are no UTF-8 become U+FFFD.
std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json BinaryOf(const BinaryInfo& info) { return Json::parse(BinaryInfoJson(info), nullptr, false); }

}  // namespace

std::string ResolutionJson(const Resolution& resolution) {
  Json json;
  json["binary"] = BinaryOf(resolution.binary);
  json["probes"] = Json::array();
  for (const ResolvedProbe& probe : resolution.probes) {
    Json one;
    one["name"] = probe.name;
    one["usable"] = probe.usable;
    if (!probe.disabled_by.empty()) one["disabled_by"] = probe.disabled_by;
    one["attach"] = Wants(probe.attach, resolution.binary.goarch);
    one["wants"] = Wants(probe.wants, resolution.binary.goarch);
    json["probes"].push_back(std::move(one));
  }
  json["notes"] = resolution.notes;
  return Dump(json);
}

std::string ExplanationJson(const Explanation& explanation) {
  Json json;
  json["binary"] = BinaryOf(explanation.binary);
  Json answer;
  Append(&answer, explanation.answer, explanation.binary.goarch);
  json["answer"] = std::move(answer);
  json["words"] = Json::array();
  for (const Explanation::Word& word : explanation.words) {
    json["words"].push_back(
        {{"source", ToString(word.source)}, {"how", word.how}, {"says", word.says}, {"found", word.found}});
  }
  return Dump(json);
}

}  // namespace gooffsets
