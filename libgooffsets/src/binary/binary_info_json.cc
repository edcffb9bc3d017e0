// BinaryInfoJson of gooffsets/binary.h; keys: docs/formats.md, "inspect".
#include <nlohmann/json.hpp>

#include "gooffsets/binary.h"

namespace gooffsets {
namespace {

using Json = nlohmann::ordered_json;

Json ModuleJson(const BinaryModule& module) {
  Json json = {{"path", module.path}, {"version", module.version}, {"sum", module.sum}};
  if (module.replaced) {
    json["replaced_by"] = {{"path", module.replacement_path}, {"version", module.replacement_version}};
  }
  json["code_version"] = module.code_version();
  return json;
}

Json TableJson(const TableInfo& table) { return {{"found", table.found}, {"how", table.how}}; }

}  // namespace

std::string BinaryInfoJson(const BinaryInfo& info) {
  Json json;
  json["file"] = info.file;
  json["file_size"] = info.file_size;
  json["goarch"] = ToString(info.goarch);
  json["go_text"] = info.go_text;
  json["go_version"] = info.go_version;
  json["go_language"] = info.go_language;
  json["go_suffix"] = info.go_suffix;
  json["go_devel"] = info.go_devel;
  json["experiments"] = info.experiments;
  json["tags"] = info.tags;
  json["cgo"] = info.cgo ? Json(*info.cgo) : Json();
  json["fips"] = info.fips;
  json["pie"] = info.pie;
  json["dynamic"] = info.dynamic;
  json["stripped"] = info.stripped;
  json["has_dwarf"] = info.has_dwarf;
  json["go_build_id"] = info.go_build_id;
  json["gnu_build_id"] = info.gnu_build_id;
  json["debuglink"] = info.debuglink;
  json["obfuscation"] = info.obfuscation;
  json["packing"] = info.packing;
  json["tables"] = {{"build_info", TableJson(info.build_info)},
                    {"pclntab", TableJson(info.pclntab)},
                    {"moduledata", TableJson(info.moduledata)},
                    {"types", TableJson(info.types)}};
  json["main_package"] = info.main_package;
  json["main_module"] = info.main_module ? ModuleJson(*info.main_module) : Json();
  json["modules"] = Json::array();
  for (const BinaryModule& module : info.modules) json["modules"].push_back(ModuleJson(module));
  json["settings"] = Json::object();
  for (const auto& [key, value] : info.settings) json["settings"][key] = value;
  json["notes"] = info.notes;
  // Text of a hostile file need not be UTF-8; JSON must be.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace gooffsets
