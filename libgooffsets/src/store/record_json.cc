#include "store/record_json.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/file.h"
#include "base/zstd.h"

namespace gooffsets {

namespace {

using nlohmann::json;

constexpr std::string_view kFormat = "gooffsets record";
constexpr size_t kMaxTags = 10'000;  // of one package
// The largest record seen (std of Go 1.27) has 20 MB; a package line 3 MB.
constexpr ZstdLimits kLimits = {.total = uint64_t{1} << 30, .line = uint64_t{128} << 20};

constexpr std::array<std::pair<BuildStatus, std::string_view>, 4> kStatusNames = {{
    {BuildStatus::kOk, "ok"},
    {BuildStatus::kCompileFailed, "compile failed"},
    {BuildStatus::kTransientFailed, "transient failure"},
    {BuildStatus::kUnavailable, "unavailable"},
}};

void AppendTexts(std::string* out, const std::vector<std::string>& texts) {
  JsonArray array(out);
  for (const std::string& text : texts) array.Text(text);
  array.Close();
}

void AppendModuleVersions(std::string* out, const std::vector<ModuleVersion>& versions) {
  JsonArray array(out);
  for (const ModuleVersion& version : versions) {
    array.Next();
    JsonArray pair(out);
    pair.Text(version.module);
    pair.Text(version.version);
    pair.Close();
  }
  array.Close();
}

Result<std::vector<std::string>> ParseTexts(const json& value, size_t at_least, size_t at_most, const char* what) {
  std::vector<std::string> texts;
  bool good = value.is_array() && value.size() >= at_least && value.size() <= at_most;
  for (size_t i = 0; good && i < value.size(); ++i) {
    good = value[i].is_string();
    if (good) texts.push_back(value[i].get<std::string>());
    if (good) good = texts.back().find('\0') == std::string::npos;
  }
  if (!good) return Fail(ErrorCode::kBadInput, std::string(what) + " is no list of the right texts");
  return texts;
}

void AppendPackageLine(std::string* out, const PackageRecord& package) {
  out->append("{\"package\":");
  JsonObject object(out);
  object.Text("module", package.owner.module);
  object.Text("version", package.owner.version);
  AppendPackageMembers(&object, out, package);
  object.Key("symbols");
  JsonObject symbols(out);
  for (const auto& [symbol, entry] : package.symbols) {
    symbols.Key(symbol);
    if (const auto* layout = std::get_if<Layout>(&entry.value)) {
      AppendLayoutJson(out, *layout);
    } else {
      AppendJsonString(out, ToString(std::get<SkipReason>(entry.value)));
    }
  }
  symbols.Close();
  object.Close();
  out->append("}\n");
}

Result<PackageRecord> ParsePackage(const json& value) {
  GOOFFSETS_TRY(PackageRecord package, ParsePackageMembers(value));
  JsonReader reader(value, "package");
  GOOFFSETS_TRY(package.owner.module, reader.Text("module"));
  GOOFFSETS_TRY(package.owner.version, reader.Text("version"));
  GOOFFSETS_TRY(const json* symbols, reader.Object("symbols"));
  for (const auto& [symbol, entry] : symbols->items()) {
    if (entry.is_string()) {
      GOOFFSETS_TRY(SkipReason reason, ParseSkipReason(entry.get_ref<const std::string&>()));
      package.symbols.emplace(symbol, SymbolEntry{reason});
    } else {
      GOOFFSETS_TRY(Layout layout, ParseLayoutJson(entry));
      package.symbols.emplace(symbol, SymbolEntry{std::move(layout)});
    }
  }
  return package;
}

}  // namespace

std::string_view ToString(BuildStatus status) {
  for (const auto& [value, name] : kStatusNames) {
    if (value == status) return name;
  }
  return "";
}

Result<BuildStatus> ParseBuildStatus(std::string_view text) {
  for (const auto& [value, name] : kStatusNames) {
    if (name == text) return value;
  }
  return Fail(ErrorCode::kBadInput, "no such build status: \"" + std::string(text) + "\"");
}

std::string BuildId(const BuildInfo& build) {
  std::vector<std::string> tags = build.tags;
  std::vector<ModuleVersion> closure = build.closure;
  std::sort(tags.begin(), tags.end());
  std::sort(closure.begin(), closure.end());
  std::string text;
  JsonObject object(&text);
  object.Text("module", build.root.module);
  object.Text("version", build.root.version);
  object.Text("go", build.go);
  object.Text("goarch", ToString(build.goarch));
  object.Text("goexperiment", build.goexperiment);
  object.Key("tags");
  AppendTexts(&text, tags);
  object.Key("closure");
  AppendModuleVersions(&text, closure);
  object.Close();
  return Blake2b128Hex(text);
}

Digest128 LayoutDigest(const Layout& layout) {
  std::string text;
  AppendLayoutJson(&text, layout);
  return Blake2b128Of(text);
}

void PackageDigest::Add(std::string_view symbol, const Digest128& layout) {
  hasher_.Update(symbol);
  hasher_.Update(std::string_view("\0", 1));
  hasher_.Update(ToHex(layout));
  hasher_.Update("\n");
}

void PackageDigest::Add(std::string_view symbol, SkipReason reason) {
  hasher_.Update(symbol);
  hasher_.Update(std::string_view("\0", 1));
  hasher_.Update(ToString(reason));
  hasher_.Update("\n");
}

Digest128 PackageLayoutDigest(const std::map<std::string, SymbolEntry>& symbols) {
  PackageDigest digest;
  for (const auto& [symbol, entry] : symbols) {
    if (const auto* layout = std::get_if<Layout>(&entry.value)) {
      digest.Add(symbol, LayoutDigest(*layout));
    } else {
      digest.Add(symbol, std::get<SkipReason>(entry.value));
    }
  }
  return digest.Finish();
}

void AppendBuildMembers(JsonObject* object, std::string* out, const BuildInfo& build) {
  object->Text("id", build.id);
  object->Text("module", build.root.module);
  object->Text("version", build.root.version);
  object->Text("go", build.go);
  object->Text("goarch", ToString(build.goarch));
  if (!build.goexperiment.empty()) object->Text("goexperiment", build.goexperiment);
  if (!build.tags.empty()) {
    object->Key("tags");
    AppendTexts(out, build.tags);
  }
  if (!build.closure.empty()) {
    object->Key("closure");
    AppendModuleVersions(out, build.closure);
  }
  object->Text("status", ToString(build.status));
  if (!build.reason.empty()) object->Text("reason", build.reason);
  if (!build.probe_digest.empty()) object->Text("probe_digest", build.probe_digest);
  if (!build.tool_version.empty()) object->Text("tool_version", build.tool_version);
  if (!build.disagreements.empty()) {
    object->Key("disagreements");
    JsonArray array(out);
    for (const Disagreement& disagreement : build.disagreements) {
      array.Next();
      JsonObject item(out);
      item.Text("symbol", disagreement.symbol);
      item.Text("what", disagreement.what);
      item.Text("dwarf", disagreement.dwarf);
      item.Text("other", disagreement.other);
      item.Close();
    }
    array.Close();
  }
  object->Number("structs", build.structs);
  object->Number("functions", build.functions);
  object->Number("fields_compared", build.fields_compared);
  object->Number("structs_not_compared", build.structs_not_compared);
  object->Number("params_compared", build.params_compared);
  object->Number("params_not_compared", build.params_not_compared);
}

Result<BuildInfo> ParseBuildMembers(const json& value) {
  JsonReader reader(value, "build");
  BuildInfo build;
  GOOFFSETS_TRY(build.id, reader.Text("id"));
  GOOFFSETS_TRY(build.root.module, reader.Text("module"));
  GOOFFSETS_TRY(build.root.version, reader.Text("version"));
  GOOFFSETS_TRY(build.go, reader.Text("go"));
  GOOFFSETS_TRY(std::string goarch, reader.Text("goarch"));
  if (goarch != "amd64" && goarch != "arm64") return reader.Wrong("goarch", "is no GOARCH that we know");
  GOOFFSETS_TRY(build.goarch, ParseGoArch(goarch));
  GOOFFSETS_TRY(build.goexperiment, reader.TextOr("goexperiment"));
  GOOFFSETS_TRY(build.tags, reader.TextsOr("tags"));
  if (reader.Find("closure") != nullptr) {
    GOOFFSETS_TRY(const json* closure, reader.Array("closure"));
    for (const json& element : *closure) {
      GOOFFSETS_TRY(std::vector<std::string> pair, ParseTexts(element, 2, 2, "closure"));
      build.closure.push_back({pair[0], pair[1]});
    }
  }
  GOOFFSETS_TRY(std::string status, reader.Text("status"));
  GOOFFSETS_TRY(build.status, ParseBuildStatus(status));
  GOOFFSETS_TRY(build.reason, reader.TextOr("reason"));
  GOOFFSETS_TRY(build.probe_digest, reader.TextOr("probe_digest"));
  GOOFFSETS_TRY(build.tool_version, reader.TextOr("tool_version"));
  if (reader.Find("disagreements") != nullptr) {
    GOOFFSETS_TRY(const json* list, reader.Array("disagreements"));
    for (const json& element : *list) {
      JsonReader item(element, "disagreement");
      Disagreement disagreement;
      GOOFFSETS_TRY(disagreement.symbol, item.Text("symbol"));
      GOOFFSETS_TRY(disagreement.what, item.Text("what"));
      GOOFFSETS_TRY(disagreement.dwarf, item.Text("dwarf"));
      GOOFFSETS_TRY(disagreement.other, item.Text("other"));
      build.disagreements.push_back(std::move(disagreement));
    }
  }
  GOOFFSETS_TRY(build.structs, reader.NumberOr("structs", 0));
  GOOFFSETS_TRY(build.functions, reader.NumberOr("functions", 0));
  GOOFFSETS_TRY(build.fields_compared, reader.NumberOr("fields_compared", 0));
  GOOFFSETS_TRY(build.structs_not_compared, reader.NumberOr("structs_not_compared", 0));
  GOOFFSETS_TRY(build.params_compared, reader.NumberOr("params_compared", 0));
  GOOFFSETS_TRY(build.params_not_compared, reader.NumberOr("params_not_compared", 0));
  return build;
}

void AppendPackageMembers(JsonObject* object, std::string* out, const PackageRecord& package) {
  object->Text("path", package.path);
  if (!package.fully_kept) object->Bool("fully_kept", false);
  if (!package.files.empty()) {
    object->Key("files");
    AppendTexts(out, package.files);
  }
  if (!package.selection.empty()) object->Text("selection", package.selection);
  if (!package.selections.empty()) {
    object->Key("selections");
    JsonArray array(out);
    for (const PackageRecord::SelectionRange& range : package.selections) {
      array.Next();
      AppendTexts(out, {range.first_minor, range.last_minor, range.selection});
    }
    array.Close();
  }
  if (!package.std_by_value.empty()) {
    object->Key("std_by_value");
    AppendTexts(out, package.std_by_value);
  }
}

Result<PackageRecord> ParsePackageMembers(const json& value) {
  JsonReader reader(value, "package");
  PackageRecord package;
  GOOFFSETS_TRY(package.path, reader.Text("path"));
  GOOFFSETS_TRY(package.fully_kept, reader.BoolOr("fully_kept", true));
  GOOFFSETS_TRY(package.files, reader.TextsOr("files"));
  GOOFFSETS_TRY(package.selection, reader.TextOr("selection"));
  if (reader.Find("selections") != nullptr) {
    GOOFFSETS_TRY(const json* ranges, reader.Array("selections"));
    for (const json& element : *ranges) {
      GOOFFSETS_TRY(std::vector<std::string> range, ParseTexts(element, 3, 3, "selections"));
      package.selections.push_back({range[0], range[1], range[2]});
    }
  }
  GOOFFSETS_TRY(package.std_by_value, reader.TextsOr("std_by_value"));
  return package;
}

void AppendModulePackages(std::string* out, const std::vector<ModulePackages::Package>& packages) {
  JsonArray array(out);
  for (const ModulePackages::Package& package : packages) {
    array.Next();
    JsonArray item(out);
    item.Text(package.path);
    if (!package.measured) item.Text(package.why_not);
    if (package.tags) {
      item.Next();
      AppendTexts(out, *package.tags);
    }
    item.Close();
  }
  array.Close();
}

bool HasTags(const std::vector<ModulePackages::Package>& packages) {
  return std::any_of(packages.begin(), packages.end(), [](const auto& package) { return package.tags.has_value(); });
}

Result<std::vector<ModulePackages::Package>> ParseModulePackages(const json& value) {
  if (!value.is_array()) return Fail(ErrorCode::kBadInput, "module: \"packages\" is no list");
  std::vector<ModulePackages::Package> packages;
  packages.reserve(value.size());
  for (const json& element : value) {
    const bool tagged = element.is_array() && element.size() > 1 && element.back().is_array();
    json head = element;
    if (tagged) head.erase(head.size() - 1);
    GOOFFSETS_TRY(std::vector<std::string> pair, ParseTexts(head, 1, 2, "a module's package"));
    const bool measured = pair.size() == 1;
    packages.push_back({pair[0], measured, measured ? "" : pair[1]});
    if (tagged) {
      GOOFFSETS_TRY(packages.back().tags, ParseTexts(element.back(), 0, kMaxTags, "a package's tags"));
    }
  }
  return packages;
}

std::string RecordLines(const BuildRecord& record) {
  std::string out = "{\"format\":";
  AppendJsonString(&out, kFormat);
  out.append(",\"version\":");
  const bool tags = std::any_of(record.modules.begin(), record.modules.end(),
                                [](const ModulePackages& module) { return HasTags(module.packages); });
  AppendNumber(&out, tags ? kVersionWithTags : 1);
  out.append(",\"build\":");
  JsonObject build(&out);
  AppendBuildMembers(&build, &out, record.build);
  build.Close();
  out.append("}\n");
  for (const PackageRecord& package : record.packages) AppendPackageLine(&out, package);
  for (const ModulePackages& module : record.modules) {
    out.append("{\"module\":");
    AppendJsonString(&out, module.owner.module);
    out.append(",\"version\":");
    AppendJsonString(&out, module.owner.version);
    out.append(",\"packages\":");
    AppendModulePackages(&out, module.packages);
    out.append("}\n");
  }
  out.append("{\"end\":{\"packages\":");
  AppendNumber(&out, record.packages.size());
  out.append(",\"modules\":");
  AppendNumber(&out, record.modules.size());
  out.append("}}\n");
  return out;
}

Result<void> RecordParser::Line(std::string_view line) {
  json value = json::parse(line, nullptr, false);
  if (!value.is_object()) return Fail(ErrorCode::kBadInput, "a record's line is no JSON object");
  if (ended_) return Fail(ErrorCode::kBadInput, "a record goes on behind its end");
  JsonReader reader(value, "record");
  if (!begun_) {
    GOOFFSETS_TRY(std::string format, reader.Text("format"));
    if (format != kFormat) return Fail(ErrorCode::kBadInput, "not a build record");
    GOOFFSETS_TRY(uint64_t version, reader.Number("version"));
    if (version > kVersionWithTags) return Fail(ErrorCode::kTooNew, "the record was written by a newer gooffsets");
    GOOFFSETS_TRY(const json* build, reader.Object("build"));
    GOOFFSETS_TRY(record_.build, ParseBuildMembers(*build));
    begun_ = true;
  } else if (const json* package = reader.Find("package")) {
    GOOFFSETS_TRY(PackageRecord parsed, ParsePackage(*package));
    record_.packages.push_back(std::move(parsed));
  } else if (reader.Find("module") != nullptr) {
    ModulePackages module;
    GOOFFSETS_TRY(module.owner.module, reader.Text("module"));
    GOOFFSETS_TRY(module.owner.version, reader.Text("version"));
    GOOFFSETS_TRY(const json* packages, reader.Array("packages"));
    GOOFFSETS_TRY(module.packages, ParseModulePackages(*packages));
    record_.modules.push_back(std::move(module));
  } else if (const json* end = reader.Find("end")) {
    JsonReader counts(*end, "end");
    GOOFFSETS_TRY(uint64_t packages, counts.Number("packages"));
    GOOFFSETS_TRY(uint64_t modules, counts.Number("modules"));
    if (packages != record_.packages.size() || modules != record_.modules.size()) {
      return Fail(ErrorCode::kBadInput, "a record has lost lines");
    }
    ended_ = true;
  } else {
    return Fail(ErrorCode::kBadInput, "a record has a line of no known kind");
  }
  return {};
}

Result<BuildRecord> RecordParser::Finish() {
  if (!ended_) return Fail(ErrorCode::kBadInput, "the record is cut off");
  GOOFFSETS_CHECK_OK(CheckRecord(record_));
  return std::move(record_);
}

Result<BuildRecord> ParseRecordLines(std::string_view text) {
  RecordParser parser;
  while (!text.empty()) {
    size_t end = text.find('\n');
    GOOFFSETS_CHECK_OK(parser.Line(text.substr(0, end)));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return parser.Finish();
}

Result<void> WriteRecordFile(const std::string& path, const BuildRecord& record) {
  GOOFFSETS_CHECK_OK(CheckRecord(record));
  GOOFFSETS_TRY(std::string packed, ZstdCompress(RecordLines(record)));
  return WriteFileAtomic(path, packed);
}

Result<BuildRecord> ReadRecordFile(const std::string& path) {
  GOOFFSETS_TRY(ZstdLineReader lines, ZstdLineReader::Open(path, kLimits));
  RecordParser parser;
  for (uint64_t number = 1;; ++number) {
    GOOFFSETS_TRY(std::optional<std::string_view> line, lines.Next());
    if (!line) break;
    Result<void> taken = parser.Line(*line);
    if (!taken) {
      return Fail(taken.error().code, path + ":" + std::to_string(number) + ": " + taken.error().message);
    }
  }
  Result<BuildRecord> record = parser.Finish();
  if (!record) return Fail(record.error().code, path + ": " + record.error().message);
  return record;
}

}  // namespace gooffsets
