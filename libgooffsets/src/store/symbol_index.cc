// Making the index: which symbols with a layout the package layouts of a package hold, and which fields those layouts.
#include "gooffsets/symbol_index.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <unordered_map>

#include "store/catalog.h"
#include "store/database_impl.h"
#include "store/symbol_index_state.h"
#include "store/version_order.h"

namespace gooffsets {

namespace {

constexpr size_t kMaxText = std::numeric_limits<uint32_t>::max();

// One (symbol, layout) of a package; equal ones of its many package layouts are one.
struct Shown {
  int64_t symbol = 0, layout = 0;
  auto operator<=>(const Shown&) const = default;
};

Result<std::unordered_map<int64_t, std::vector<int64_t>>> FieldNames(Connection* db) {
  std::unordered_map<int64_t, std::vector<int64_t>> names;  // by layout
  Statement rows = db->Prepare("SELECT layout, name FROM field ORDER BY layout, pos");
  while (true) {
    GOOFFSETS_TRY(bool row, rows.Next());
    if (!row) return names;
    names[rows.Int(0)].push_back(rows.Int(1));
  }
}

Result<std::set<int64_t>> FunctionLayouts(Connection* db) {
  std::set<int64_t> functions;
  Statement rows = db->Prepare("SELECT id FROM layout WHERE kind = 1");
  while (true) {
    GOOFFSETS_TRY(bool row, rows.Next());
    if (!row) return functions;
    functions.insert(functions.end(), rows.Int(0));
  }
}

using PackageKey = std::pair<std::string, std::string>;  // module, path

Result<std::map<PackageKey, std::set<int64_t>>> PackageLayouts(Connection* db) {
  std::map<PackageKey, std::set<int64_t>> layouts;
  Statement rows = db->Prepare(
      "SELECT m.path, p.text, k.layout FROM (SELECT DISTINCT v.module AS module, s.package AS package, "
      "s.package_layout AS layout FROM observation o JOIN package_state s ON s.id = o.state "
      "JOIN version v ON v.id = o.version) k JOIN module m ON m.id = k.module JOIN string p ON p.id = k.package");
  while (true) {
    GOOFFSETS_TRY(bool row, rows.Next());
    if (!row) return layouts;
    layouts[{rows.Text(0), rows.Text(1)}].insert(rows.Int(2));
  }
}

Result<std::map<PackageKey, std::string>> NewestVersions(Connection* db) {
  std::map<PackageKey, std::string> newest;
  Statement rows = db->Prepare(
      "SELECT m.path, p.text, v.text FROM (SELECT DISTINCT o.version AS version, s.package AS package "
      "FROM observation o JOIN package_state s ON s.id = o.state) k JOIN version v ON v.id = k.version "
      "JOIN module m ON m.id = v.module JOIN string p ON p.id = k.package");
  while (true) {
    GOOFFSETS_TRY(bool row, rows.Next());
    if (!row) return newest;
    std::string version = rows.Text(2);
    std::string& known = newest[{rows.Text(0), rows.Text(1)}];
    if (known.empty() || VersionLess(SchemeOf(rows.Text(0)))(known, version)) known = std::move(version);
  }
}

}  // namespace

std::string LowerAscii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

SymbolIndex::SymbolIndex(std::unique_ptr<const State> state) : state_(std::move(state)) {}
SymbolIndex::SymbolIndex(SymbolIndex&&) noexcept = default;
SymbolIndex& SymbolIndex::operator=(SymbolIndex&&) noexcept = default;
SymbolIndex::~SymbolIndex() = default;

Result<SymbolIndex> SymbolIndex::Make(const Database& database) {
  Connection* db = Database::Impl::Of(database).connection();
  CatalogReader reader(db);
  GOOFFSETS_TRY(auto package_layouts, PackageLayouts(db));
  GOOFFSETS_TRY(auto newest, NewestVersions(db));
  GOOFFSETS_TRY(auto field_names, FieldNames(db));
  GOOFFSETS_TRY(std::set<int64_t> functions, FunctionLayouts(db));
  std::unordered_map<int64_t, std::string> texts;
  auto text_of = [&](int64_t id) -> Result<const std::string*> {
    auto known = texts.find(id);
    if (known == texts.end()) {
      GOOFFSETS_TRY(std::string text, reader.Text(id));
      known = texts.emplace(id, std::move(text)).first;
    }
    return &known->second;
  };

  auto state = std::make_unique<State>();
  for (const auto& [key, layouts] : package_layouts) {
    std::vector<Shown> shown;
    for (int64_t layout : layouts) {
      GOOFFSETS_TRY(std::vector<PackageEntry> entries, reader.Entries(layout));
      for (const PackageEntry& entry : entries) {
        if (entry.layout != 0) shown.push_back({entry.symbol, entry.layout});
      }
      // Neighbouring releases hold nearly the same: kept small, so that memory does not grow with their number.
      std::sort(shown.begin(), shown.end());
      shown.erase(std::unique(shown.begin(), shown.end()), shown.end());
    }
    std::map<std::string, SymbolKind> symbols;
    for (const Shown& one : shown) {
      GOOFFSETS_TRY(const std::string* name, text_of(one.symbol));
      const bool function = functions.contains(one.layout);
      symbols.emplace(*name, function ? SymbolKind::kFunction : SymbolKind::kStruct);
      auto fields = field_names.find(one.layout);
      if (function || fields == field_names.end()) continue;
      for (int64_t field : fields->second) {
        GOOFFSETS_TRY(const std::string* field_name, text_of(field));
        if (*field_name != "_") symbols.emplace(*name + "." + *field_name, SymbolKind::kField);
      }
    }
    if (symbols.empty()) continue;
    IndexedPackage package{key.first, key.second, 0, 0, 0, newest[key]};
    const uint32_t first = static_cast<uint32_t>(state->starts.size());
    for (const auto& [name, kind] : symbols) {
      if (name.find('\n') != std::string::npos) continue;  // no Go name has one
      if (state->text.size() + name.size() >= kMaxText) {
        return Fail(ErrorCode::kUnsupported, "the database has more symbols than an index can hold (4 GiB of names)");
      }
      state->starts.push_back(static_cast<uint32_t>(state->text.size()));
      state->kinds.push_back(kind);
      state->text.append(name).push_back('\n');
      ++(kind == SymbolKind::kStruct  ? package.structs
         : kind == SymbolKind::kField ? package.fields
                                      : package.functions);
    }
    state->packages.push_back({first, static_cast<uint32_t>(state->starts.size()), LowerAscii(key.second)});
    state->names.push_back(std::move(package));
  }
  state->starts.push_back(static_cast<uint32_t>(state->text.size()));
  state->lower = LowerAscii(state->text);
  state->text.shrink_to_fit();
  state->starts.shrink_to_fit();
  state->kinds.shrink_to_fit();
  return SymbolIndex(std::move(state));
}

const std::vector<IndexedPackage>& SymbolIndex::Packages() const { return state_->names; }

size_t SymbolIndex::size() const { return state_->kinds.size(); }

size_t SymbolIndex::MemoryBytes() const {
  return state_->text.capacity() + state_->lower.capacity() + state_->starts.capacity() * sizeof(uint32_t) +
         state_->kinds.capacity() * sizeof(SymbolKind) +
         state_->names.size() * (sizeof(IndexedPackage) + sizeof(State::Package));
}

}  // namespace gooffsets
