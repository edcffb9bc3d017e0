#include "gooffsets/module_view.h"

#include <functional>
#include <set>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "gooffsets/version.h"
#include "store/database_impl.h"
#include "store/module_view_reader.h"

namespace gooffsets {
namespace {

// Lets maps be searched by string_view without making a string.
struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
template <typename Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

}  // namespace

struct ModuleView::State {
  const Database* database = nullptr;
  ModuleQuery query;
  ModuleViewReader reader;
  const std::set<std::string>* paths = nullptr;
  TextMap<FieldView> fields;  // by full symbol
  TextMap<bool> packages;     // read already
  TextMap<std::unique_ptr<Answer>> answers;

  State(const Database* db, ModuleQuery asked)
      : database(db), query(std::move(asked)), reader(Database::Impl::Of(*db).connection()) {}

  Result<void> ReadPackage(const std::string& path);
};

// Fields directly in structs of this package, if all builds that Lookup would ask showed one and the same package.
Result<void> ModuleView::State::ReadPackage(const std::string& path) {
  packages.emplace(path, true);
  GOOFFSETS_TRY(const auto* seen, reader.Seen(query.module, query.version, path, query.goarch));
  int64_t state = 0, layout = 0;
  for (const SeenPackage& package : *seen) {
    GOOFFSETS_TRY(const SeenBuild* build, reader.Build(package.build));
    if (!query.go.empty() && build->evidence.go != query.go) continue;
    GOOFFSETS_TRY(const CatalogReader::State* read, reader.State(package.state));
    if (layout != 0 && read->package_layout != layout) return {};
    layout = read->package_layout;
    state = package.state;
  }
  if (layout == 0) return {};
  GOOFFSETS_TRY(const std::vector<PackageEntry>* entries, reader.Entries(state));
  for (const PackageEntry& entry : *entries) {
    if (entry.layout == 0) continue;
    GOOFFSETS_TRY(const Layout* read, reader.LayoutOf(entry.layout));
    const auto* structure = std::get_if<StructLayout>(read);
    if (structure == nullptr) continue;
    GOOFFSETS_TRY(std::string symbol, reader.Text(entry.symbol));
    const std::string prefix = path + "." + symbol + ".";
    for (const gooffsets::Field& field : structure->fields) {
      if (field.name == "_") continue;
      fields.emplace(prefix + field.name, FieldView{field.offset, field.size, field.type});
    }
  }
  return {};
}

ModuleView::ModuleView(std::unique_ptr<State> state) : state_(std::move(state)) {}
ModuleView::ModuleView(ModuleView&&) noexcept = default;
ModuleView& ModuleView::operator=(ModuleView&&) noexcept = default;
ModuleView::~ModuleView() = default;

Result<ModuleView> ModuleView::Open(const Database* database, ModuleQuery query) {
  if (database == nullptr) return Fail(ErrorCode::kUsage, "a module view needs a database");
  GOOFFSETS_TRY(Version version, Version::Parse(SchemeOf(query.module), query.version));
  query.version = version.text();
  if (!query.go.empty()) {
    GOOFFSETS_TRY(Version go, Version::Parse(VersionScheme::kGo, query.go));
    query.go = go.text();
  }
  auto state = std::make_unique<State>(database, std::move(query));
  GOOFFSETS_TRY(state->paths, state->reader.PackagePaths(state->query.module, state->query.version));
  if (state->paths->empty()) {
    return Fail(ErrorCode::kUnknown,
                "the database has no observation of " + state->query.module + " " + state->query.version,
                ModuleCommand(state->query.module, state->query.version, state->query.goarch));
  }
  return ModuleView(std::move(state));
}

Result<ModuleView::FieldView> ModuleView::Field(std::string_view symbol) {
  if (auto known = state_->fields.find(symbol); known != state_->fields.end()) return known->second;
  // The package by the longest path that this version has, as Lookup splits.
  const std::string_view head = symbol.substr(0, symbol.find_first_of("[({"));
  for (size_t dot = head.rfind('.'); dot != std::string_view::npos && dot > 0; dot = head.rfind('.', dot - 1)) {
    const std::string path(symbol.substr(0, dot));
    if (!state_->paths->contains(path)) continue;
    if (state_->packages.contains(path)) break;
    GOOFFSETS_CHECK_OK(state_->ReadPackage(path));
    if (auto known = state_->fields.find(symbol); known != state_->fields.end()) return known->second;
    break;
  }
  GOOFFSETS_TRY(const Answer* answer, Lookup(symbol));
  if (answer->status == Status::kFound && answer->values.front().kind == SymbolKind::kField) {
    const gooffsets::Field& field = answer->values.front().field;
    return state_->fields.emplace(symbol, FieldView{field.offset, field.size, field.type}).first->second;
  }
  switch (answer->status) {
    case Status::kFound:
      return Fail(ErrorCode::kNotFound, std::string(symbol) + " is no field");
    case Status::kAbsent:
      return Fail(ErrorCode::kNotFound, std::string(symbol) + ": " + answer->reason);
    case Status::kAmbiguous:
      return Fail(ErrorCode::kUnknown, std::string(symbol) + ": builds with different Go releases differ",
                  "name the Go release");
    case Status::kUnknown:
      break;
  }
  return Fail(ErrorCode::kUnknown, std::string(symbol) + ": " + answer->reason, answer->hint);
}

Result<const Answer*> ModuleView::Lookup(std::string_view symbol) {
  if (auto known = state_->answers.find(symbol); known != state_->answers.end()) return known->second.get();
  Query query;
  query.module = state_->query.module;
  query.version = state_->query.version;
  query.go = state_->query.go;
  query.goarch = state_->query.goarch;
  query.symbol = std::string(symbol);
  GOOFFSETS_TRY(Answer answer, state_->database->Lookup(query));
  return state_->answers.emplace(symbol, std::make_unique<Answer>(std::move(answer))).first->second.get();
}

}  // namespace gooffsets
