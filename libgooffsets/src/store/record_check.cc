// The rules a record must keep before anything stores it.
#include <algorithm>
#include <set>
#include <string>

#include "store/json_text.h"
#include "store/record_json.h"

namespace gooffsets {

namespace {

// Far above anything real (a symbol of a generic instance has some hundred bytes), low enough to bound memory.
constexpr size_t kMaxName = 64 << 10;
constexpr size_t kMaxReason = 64 << 10;
constexpr size_t kMaxParts = 1 << 16;  // fields of a struct, words or pieces of a value

tl::unexpected<Error> Broken(const std::string& where, const std::string& what) {
  return Fail(ErrorCode::kBadInput, "the build record breaks a rule: " + where + " " + what);
}

Result<void> CheckName(const std::string& where, std::string_view name, bool may_be_empty = false) {
  if (name.empty() && !may_be_empty) return Broken(where, "is empty");
  if (name.size() > kMaxName) return Broken(where, "is too long");
  if (!IsPlainText(name)) return Broken(where, "is not valid UTF-8");
  // Lists of names are kept one a line.
  if (name.find('\n') != std::string_view::npos) return Broken(where, "holds a line end");
  return {};
}

bool IsDigest(std::string_view text, size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<void> CheckStruct(const std::string& where, const StructLayout& structure) {
  if (structure.fields.size() > kMaxParts) return Broken(where, "has too many fields");
  for (const Field& field : structure.fields) {
    GOOFFSETS_CHECK_OK(CheckName("a field name of " + where, field.name, true));
    GOOFFSETS_CHECK_OK(CheckName("a field type of " + where, field.type, true));
    GOOFFSETS_CHECK_OK(CheckName("an array element of " + where, field.elem, true));
    if (field.kind > TypeKind::kUnsafePointer) return Broken("a field of " + where, "has no kind that exists");
    if (field.dims.size() > kMaxParts) return Broken("a field of " + where, "has too many dimensions");
  }
  return {};
}

Result<void> CheckParameters(const std::string& where, const std::vector<Parameter>& params) {
  if (params.size() > kMaxParts) return Broken(where, "has too many parameters");
  for (const Parameter& param : params) {
    GOOFFSETS_CHECK_OK(CheckName("a parameter name of " + where, param.name, true));
    GOOFFSETS_CHECK_OK(CheckName("a parameter type of " + where, param.type, true));
    if (param.words.size() > kMaxParts || param.pieces.size() > kMaxParts) {
      return Broken("a parameter of " + where, "has too many parts");
    }
    for (const Piece& piece : param.pieces) {
      if (piece.base > Piece::Base::kStack) return Broken("a parameter of " + where, "has no base that exists");
    }
  }
  return {};
}

}  // namespace

Result<void> CheckLayout(const std::string& where, const Layout& layout) {
  if (const auto* structure = std::get_if<StructLayout>(&layout)) return CheckStruct(where, *structure);
  const auto& function = std::get<FunctionLayout>(layout);
  GOOFFSETS_CHECK_OK(CheckParameters(where, function.params));
  return CheckParameters(where, function.results);
}

Result<void> CheckSymbolName(std::string_view symbol) { return CheckName("a symbol", symbol); }

Result<void> CheckModuleVersion(const ModuleVersion& version) {
  GOOFFSETS_CHECK_OK(CheckName("a module", version.module));
  return CheckName("a version of module \"" + version.module + "\"", version.version);
}

Result<void> CheckPackage(const PackageRecord& package) {
  const std::string where = "package \"" + package.path + "\"";
  GOOFFSETS_CHECK_OK(CheckName("a package path", package.path));
  GOOFFSETS_CHECK_OK(CheckName("the module of " + where, package.owner.module));
  GOOFFSETS_CHECK_OK(CheckName("the version of " + where, package.owner.version));
  for (const std::string& file : package.files) GOOFFSETS_CHECK_OK(CheckName("a file of " + where, file));
  for (const std::string& type : package.std_by_value) {
    GOOFFSETS_CHECK_OK(CheckName("a type held by value in " + where, type));
  }
  if (!package.selection.empty() && !IsDigest(package.selection, 32)) {
    return Broken("the selection of " + where, "is not 32 hex digits");
  }
  for (const PackageRecord::SelectionRange& range : package.selections) {
    // An empty digest: no Go release of the range can compile the package.
    if (!range.selection.empty() && !IsDigest(range.selection, 32)) {
      return Broken("a selection of " + where, "is not 32 hex digits");
    }
    for (const std::string* minor : {&range.first_minor, &range.last_minor}) {
      GOOFFSETS_CHECK_OK(CheckName("a selection range of " + where, *minor));
      if (minor->find(' ') != std::string::npos) return Broken("a selection range of " + where, "holds a space");
    }
  }
  for (const auto& [symbol, entry] : package.symbols) {
    GOOFFSETS_CHECK_OK(CheckName("a symbol of " + where, symbol));
    const std::string name = "\"" + symbol + "\" of " + where;
    if (const auto* layout = std::get_if<Layout>(&entry.value)) {
      GOOFFSETS_CHECK_OK(CheckLayout(name, *layout));
    } else if (ToString(std::get<SkipReason>(entry.value)).empty()) {
      return Broken(name, "has no reason that exists");
    }
  }
  return {};
}

Result<void> CheckBuild(const BuildInfo& build) {
  GOOFFSETS_CHECK_OK(CheckName("the build's module", build.root.module));
  GOOFFSETS_CHECK_OK(CheckName("the build's version", build.root.version));
  GOOFFSETS_CHECK_OK(CheckName("the build's Go release", build.go));
  GOOFFSETS_CHECK_OK(CheckName("the build's goexperiment", build.goexperiment, true));
  GOOFFSETS_CHECK_OK(CheckName("the build's tool version", build.tool_version, true));
  for (const std::string& tag : build.tags) GOOFFSETS_CHECK_OK(CheckName("a tag of the build", tag));
  for (const ModuleVersion& version : build.closure) {
    GOOFFSETS_CHECK_OK(CheckName("a module of the closure", version.module));
    GOOFFSETS_CHECK_OK(CheckName("a version of the closure", version.version));
  }
  if (std::set<ModuleVersion>(build.closure.begin(), build.closure.end()).size() != build.closure.size()) {
    return Broken("the closure", "names a module twice");
  }
  if (ToString(build.status).empty()) return Broken("the build", "has no status that exists");
  if (build.reason.size() > kMaxReason || !IsPlainText(build.reason)) {
    return Broken("the build's reason", "is too long or not valid UTF-8");
  }
  if (!build.probe_digest.empty() && !IsDigest(build.probe_digest, 64)) {
    return Broken("the digest of the probe binary", "is not 64 hex digits");
  }
  for (const Disagreement& disagreement : build.disagreements) {
    for (const std::string* text :
         {&disagreement.symbol, &disagreement.what, &disagreement.dwarf, &disagreement.other}) {
      if (text->size() > kMaxReason || !IsPlainText(*text)) {
        return Broken("a disagreement", "is too long or not valid UTF-8");
      }
    }
  }
  if (build.id != BuildId(build)) return Broken("the build's id", "is not the digest of what made it");
  return {};
}

Result<void> CheckPackageList(const ModulePackages& module) {
  GOOFFSETS_CHECK_OK(CheckModuleVersion(module.owner));
  for (const ModulePackages::Package& package : module.packages) {
    GOOFFSETS_CHECK_OK(CheckName("a package of module \"" + module.owner.module + "\"", package.path));
    GOOFFSETS_CHECK_OK(CheckName("a reason of module \"" + module.owner.module + "\"", package.why_not, true));
    if (package.measured && !package.why_not.empty()) {
      return Broken("package \"" + package.path + "\"", "is measured and says why it is not");
    }
    if (!package.tags) continue;
    const std::vector<std::string>& tags = *package.tags;
    for (size_t i = 0; i < tags.size(); ++i) {
      GOOFFSETS_CHECK_OK(CheckName("a tag of package \"" + package.path + "\"", tags[i]));
      if (i > 0 && tags[i - 1] >= tags[i]) return Broken("the tags of package \"" + package.path + "\"", "are not in order");
    }
  }
  return {};
}

Result<void> CheckRecord(const BuildRecord& record) {
  GOOFFSETS_CHECK_OK(CheckBuild(record.build));
  std::set<std::string_view> paths;
  for (const PackageRecord& package : record.packages) {
    GOOFFSETS_CHECK_OK(CheckPackage(package));
    if (!paths.insert(package.path).second) return Broken("package \"" + package.path + "\"", "is listed twice");
  }
  std::set<ModuleVersion> modules;
  for (const ModulePackages& module : record.modules) {
    GOOFFSETS_CHECK_OK(CheckPackageList(module));
    if (!modules.insert(module.owner).second) {
      return Broken("module \"" + module.owner.module + "\"", "is listed twice");
    }
  }
  if (record.build.status != BuildStatus::kOk && !record.packages.empty()) {
    return Broken("a failed build", "has packages");
  }
  return {};
}

}  // namespace gooffsets
