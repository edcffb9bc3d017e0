// ParseBinaryInfoJson of gooffsets/binary.h: what BinaryInfoJson wrote, read again. Keys: docs/formats.md, "inspect".
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/quote.h"
#include "gooffsets/binary.h"

namespace gooffsets {
namespace {

using Json = nlohmann::json;

// Far above any real program (kubelet: 300 modules); a bound on what a hostile description can cost.
constexpr size_t kMostEntries = 20000;

// Reads the keys of one object. A key that is missing or null leaves its value alone; the first one of another type is
// remembered as the error.
class Keys {
 public:
  Keys(const Json& object, std::string where) : object_(object), where_(std::move(where)) {}

  void Text(const char* key, std::string* out) {
    if (const Json* value = Find(key, value_t::string, "a string")) *out = value->get_ref<const std::string&>();
  }
  void Flag(const char* key, bool* out) {
    if (const Json* value = Find(key, value_t::boolean, "true or false")) *out = value->get<bool>();
  }
  void Flag(const char* key, std::optional<bool>* out) {
    if (const Json* value = Find(key, value_t::boolean, "true or false")) *out = value->get<bool>();
  }
  void Number(const char* key, uint64_t* out) {
    if (const Json* value = Find(key, value_t::number_unsigned, "a number")) *out = value->get<uint64_t>();
  }
  void Texts(const char* key, std::vector<std::string>* out) {
    const Json* value = Find(key, value_t::array, "a list of strings");
    if (value == nullptr || TooMany(key, *value)) return;
    for (const Json& entry : *value) {
      if (!entry.is_string()) return Wrong(key, "a list of strings");
      out->push_back(entry.get<std::string>());
    }
  }
  void Settings(const char* key, std::map<std::string, std::string>* out) {
    const Json* value = Object(key);
    if (value == nullptr || TooMany(key, *value)) return;
    for (const auto& [name, text] : value->items()) {
      if (!text.is_string()) return Wrong(key, "an object of strings");
      (*out)[name] = text.get<std::string>();
    }
  }
  const Json* Object(const char* key) { return Find(key, value_t::object, "an object"); }
  const Json* List(const char* key) {
    const Json* value = Find(key, value_t::array, "a list");
    return value == nullptr || TooMany(key, *value) ? nullptr : value;
  }

  Result<void> Done() const {
    if (!error_.empty()) return Fail(ErrorCode::kBadInput, error_, "what `gooffsets inspect FILE --format json` prints");
    return {};
  }
  const std::string& where() const { return where_; }

 private:
  using value_t = Json::value_t;

  const Json* Find(const char* key, value_t type, const char* is) {
    const auto found = object_.find(key);
    if (found == object_.end() || found->is_null()) return nullptr;
    if (found->type() == type) return &*found;
    Wrong(key, is);
    return nullptr;
  }
  bool TooMany(const char* key, const Json& value) {
    if (value.size() <= kMostEntries) return false;
    if (error_.empty()) error_ = fmt::format("{}{} has more than {} entries", where_, Quote(key), kMostEntries);
    return true;
  }
  void Wrong(const char* key, const char* is) {
    if (error_.empty()) error_ = fmt::format("{}{} is not {}", where_, Quote(key), is);
  }

  const Json& object_;
  std::string where_, error_;
};

Result<BinaryModule> ParseModule(const Json& json, const std::string& where) {
  if (!json.is_object()) return Fail(ErrorCode::kBadInput, where + "a module is not an object");
  Keys keys(json, where);
  BinaryModule module;
  keys.Text("path", &module.path);
  keys.Text("version", &module.version);
  keys.Text("sum", &module.sum);
  if (const Json* by = keys.Object("replaced_by")) {
    Keys replacement(*by, where + "replaced_by: ");
    module.replaced = true;
    replacement.Text("path", &module.replacement_path);
    replacement.Text("version", &module.replacement_version);
    GOOFFSETS_CHECK_OK(replacement.Done());
  }
  GOOFFSETS_CHECK_OK(keys.Done());
  return module;
}

Result<void> ParseTables(const Json& tables, BinaryInfo* info) {
  Keys keys(tables, "tables: ");
  for (const auto& [key, table] : {std::pair("build_info", &info->build_info), std::pair("pclntab", &info->pclntab),
                                   std::pair("moduledata", &info->moduledata), std::pair("types", &info->types)}) {
    const Json* json = keys.Object(key);
    if (json == nullptr) continue;
    Keys one(*json, std::string("tables: ") + key + ": ");
    one.Flag("found", &table->found);
    one.Text("how", &table->how);
    GOOFFSETS_CHECK_OK(one.Done());
  }
  return keys.Done();
}

}  // namespace

Result<BinaryInfo> ParseBinaryInfoJson(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    return Fail(ErrorCode::kBadInput, "the description of a program is no JSON object",
                "what `gooffsets inspect FILE --format json` prints");
  }
  BinaryInfo info;
  Keys keys(json, "");
  std::string goarch;
  keys.Text("goarch", &goarch);
  keys.Text("file", &info.file);
  keys.Number("file_size", &info.file_size);
  keys.Text("go_text", &info.go_text);
  keys.Text("go_version", &info.go_version);
  keys.Text("go_language", &info.go_language);
  keys.Text("go_suffix", &info.go_suffix);
  keys.Flag("go_devel", &info.go_devel);
  keys.Texts("experiments", &info.experiments);
  keys.Texts("tags", &info.tags);
  keys.Flag("cgo", &info.cgo);
  keys.Flag("fips", &info.fips);
  keys.Flag("pie", &info.pie);
  keys.Flag("dynamic", &info.dynamic);
  keys.Flag("stripped", &info.stripped);
  keys.Flag("has_dwarf", &info.has_dwarf);
  keys.Text("go_build_id", &info.go_build_id);
  keys.Text("gnu_build_id", &info.gnu_build_id);
  keys.Text("debuglink", &info.debuglink);
  keys.Text("obfuscation", &info.obfuscation);
  keys.Text("packing", &info.packing);
  keys.Text("main_package", &info.main_package);
  keys.Settings("settings", &info.settings);
  keys.Texts("notes", &info.notes);
  const Json* tables = keys.Object("tables");
  const Json* main_module = keys.Object("main_module");
  const Json* modules = keys.List("modules");
  GOOFFSETS_CHECK_OK(keys.Done());
  if (goarch.empty()) return Fail(ErrorCode::kBadInput, "the description of a program lacks its goarch", "\"goarch\":\"amd64\"");
  GOOFFSETS_TRY(info.goarch, ParseGoArch(goarch));
  if (tables != nullptr) GOOFFSETS_CHECK_OK(ParseTables(*tables, &info));
  if (main_module != nullptr) {
    GOOFFSETS_TRY(info.main_module, ParseModule(*main_module, "main_module: "));
  }
  if (modules != nullptr) {
    info.modules.reserve(modules->size());
    for (const Json& module : *modules) {
      GOOFFSETS_TRY(BinaryModule parsed, ParseModule(module, fmt::format("modules[{}]: ", info.modules.size())));
      info.modules.push_back(std::move(parsed));
    }
  }
  return info;
}

}  // namespace gooffsets
