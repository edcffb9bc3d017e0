#include <algorithm>
#include <charconv>
#include <limits>

#include "base/byte_reader.h"
#include "store/catalog.h"
#include "store/layout_json.h"
#include "store/varint.h"

namespace gooffsets {

namespace {

tl::unexpected<Error> Damaged(const std::string& what) {
  return Fail(ErrorCode::kBadInput, "the database is damaged: " + what, "make it again from the shards, or with offsetgen");
}

Result<uint32_t> Narrow(int64_t value) {
  if (value < 0 || value > std::numeric_limits<uint32_t>::max()) return Damaged("a number is out of range");
  return static_cast<uint32_t>(value);
}

Result<std::vector<uint64_t>> ParseDims(std::string_view text) {
  std::vector<uint64_t> dims;
  while (!text.empty()) {
    uint64_t dim = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), dim);
    if (error != std::errc()) return Damaged("array dimensions cannot be read");
    dims.push_back(dim);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (text.empty()) break;
    if (text[0] != ',') return Damaged("array dimensions cannot be read");
    text.remove_prefix(1);
  }
  return dims;
}

Result<TypeKind> KindOf(int64_t value) {
  if (value < 0 || value > static_cast<int64_t>(TypeKind::kUnsafePointer)) return Damaged("a kind does not exist");
  return static_cast<TypeKind>(value);
}

}  // namespace

Result<std::string> CatalogReader::Text(int64_t string_id) {
  Statement query = db_->Prepare("SELECT text FROM string WHERE id = ?");
  GOOFFSETS_TRY(bool found, query.BindInt(string_id).Next());
  if (!found) return Damaged("a string is missing");
  return query.Text(0);
}

Result<std::optional<int64_t>> CatalogReader::FindString(std::string_view text) {
  Statement query = db_->Prepare("SELECT id FROM string WHERE text = ?");
  GOOFFSETS_TRY(bool found, query.BindText(text).Next());
  if (!found) return std::optional<int64_t>();
  return std::optional<int64_t>(query.Int(0));
}

Result<std::optional<int64_t>> CatalogReader::FindVersion(const ModuleVersion& version) {
  Statement query = db_->Prepare(
      "SELECT v.id FROM version v JOIN module m ON m.id = v.module WHERE m.path = ? AND v.text = ?");
  GOOFFSETS_TRY(bool found, query.BindText(version.module).BindText(version.version).Next());
  if (!found) return std::optional<int64_t>();
  return std::optional<int64_t>(query.Int(0));
}

Result<ModuleVersion> CatalogReader::ReadVersion(int64_t version_id) {
  Statement query = db_->Prepare("SELECT m.path, v.text FROM version v JOIN module m ON m.id = v.module WHERE v.id = ?");
  GOOFFSETS_TRY(bool found, query.BindInt(version_id).Next());
  if (!found) return Damaged("a version is missing");
  return ModuleVersion{query.Text(0), query.Text(1)};
}

Result<Layout> CatalogReader::ReadLayout(int64_t layout_id) {
  Statement head = db_->Prepare("SELECT kind, size, align, wrapper FROM layout WHERE id = ?");
  GOOFFSETS_TRY(bool found, head.BindInt(layout_id).Next());
  if (!found) return Damaged("a layout is missing");
  if (head.Int(0) == 0) {
    StructLayout structure;
    structure.size = head.Unsigned(1);
    GOOFFSETS_TRY(structure.align, Narrow(head.Int(2)));
    Statement rows = db_->Prepare(
        "SELECT n.text, f.offset, f.size, f.align, t.text, f.kind, f.flags, f.dims, e.text FROM field f "
        "JOIN string n ON n.id = f.name JOIN string t ON t.id = f.type LEFT JOIN string e ON e.id = f.elem "
        "WHERE f.layout = ? ORDER BY f.pos");
    rows.BindInt(layout_id);
    while (true) {
      GOOFFSETS_TRY(bool row, rows.Next());
      if (!row) break;
      Field field;
      field.name = rows.Text(0);
      field.offset = rows.Unsigned(1);
      field.size = rows.Unsigned(2);
      GOOFFSETS_TRY(field.align, Narrow(rows.Int(3)));
      field.type = rows.Text(4);
      GOOFFSETS_TRY(field.kind, KindOf(rows.Int(5)));
      field.embedded = (rows.Int(6) & 1) != 0;
      field.by_value = (rows.Int(6) & 2) != 0;
      GOOFFSETS_TRY(field.dims, ParseDims(rows.Bytes(7)));
      field.elem = rows.Text(8);
      structure.fields.push_back(std::move(field));
    }
    return Layout(std::move(structure));
  }
  FunctionLayout function;
  function.wrapper = head.Int(3) != 0;
  Statement rows = db_->Prepare(
      "SELECT p.result, n.text, t.text, p.size, p.align, p.memory_only, w.text, l.text FROM parameter p "
      "JOIN string n ON n.id = p.name JOIN string t ON t.id = p.type LEFT JOIN string w ON w.id = p.words "
      "LEFT JOIN string l ON l.id = p.pieces WHERE p.layout = ? ORDER BY p.pos");
  rows.BindInt(layout_id);
  while (true) {
    GOOFFSETS_TRY(bool row, rows.Next());
    if (!row) break;
    Parameter param;
    param.name = rows.Text(1);
    param.type = rows.Text(2);
    param.size = rows.Unsigned(3);
    GOOFFSETS_TRY(param.align, Narrow(rows.Int(4)));
    param.register_assignable = rows.Int(5) == 0;
    GOOFFSETS_TRY(param.words, ParseWords(rows.Bytes(6)));
    GOOFFSETS_TRY(param.pieces, ParsePieces(rows.Bytes(7)));
    (rows.Int(0) != 0 ? function.results : function.params).push_back(std::move(param));
  }
  return Layout(std::move(function));
}

Result<Digest128> CatalogReader::DigestOfLayout(int64_t layout_id) {
  Statement query = db_->Prepare("SELECT digest FROM layout WHERE id = ?");
  GOOFFSETS_TRY(bool found, query.BindInt(layout_id).Next());
  Digest128 digest{};
  if (!found || query.Bytes(0).size() != digest.size()) return Damaged("a layout is missing");
  std::copy_n(query.Bytes(0).begin(), digest.size(), digest.begin());
  return digest;
}

Result<std::vector<PackageEntry>> CatalogReader::Entries(int64_t package_layout_id) {
  Statement query = db_->Prepare("SELECT entries FROM package_layout WHERE id = ?");
  GOOFFSETS_TRY(bool found, query.BindInt(package_layout_id).Next());
  if (!found) return Damaged("a package layout is missing");
  return UnpackEntries(query.Bytes(0));
}

Result<std::vector<PackageListEntry>> CatalogReader::PackageListEntries(int64_t package_list_id) {
  Statement query = db_->Prepare("SELECT entries, tags FROM package_list WHERE id = ?");
  GOOFFSETS_TRY(bool found, query.BindInt(package_list_id).Next());
  if (!found) return Damaged("a package list is missing");
  const bool has_tags = !query.IsNull(1);
  CheckedReader reader{query.Bytes(0)};
  CheckedReader tags{query.Bytes(1)};
  std::vector<PackageListEntry> packages;
  int64_t path = 0;
  while (!reader.at_end()) {
    std::optional<uint64_t> step = reader.Uvarint();
    std::optional<uint64_t> why = reader.Uvarint();
    if (!step || !why) return Damaged("a package list cannot be read");
    path = static_cast<int64_t>(static_cast<uint64_t>(path) + static_cast<uint64_t>(UnZigZag(*step)));
    PackageListEntry& package = packages.emplace_back();
    package.path = path;
    package.why_not = static_cast<int64_t>(*why);
    if (has_tags) {
      std::optional<uint64_t> list = tags.Uvarint();
      if (!list) return Damaged("the tags of a package list cannot be read");
      if (*list != 0) package.tags = static_cast<int64_t>(*list);
    }
  }
  if (!tags.at_end()) return Damaged("the tags of a package list cannot be read");
  return packages;
}

Result<std::vector<ModulePackages::Package>> CatalogReader::ReadPackageList(int64_t package_list_id) {
  GOOFFSETS_TRY(const std::vector<PackageListEntry> entries, PackageListEntries(package_list_id));
  std::vector<ModulePackages::Package> packages;
  packages.reserve(entries.size());
  for (const PackageListEntry& entry : entries) {
    ModulePackages::Package& package = packages.emplace_back();
    GOOFFSETS_TRY(package.path, Text(entry.path));
    package.measured = entry.why_not == 0;
    if (!package.measured) {
      GOOFFSETS_TRY(package.why_not, Text(entry.why_not));
    }
    if (entry.tags) {
      GOOFFSETS_TRY(std::string lines, Text(*entry.tags));
      package.tags = SplitLines(lines);
    }
  }
  return packages;
}

Result<CatalogReader::State> CatalogReader::ReadState(int64_t state_id) {
  Statement query = db_->Prepare(
      "SELECT p.text, s.package_layout, s.fully_kept, s.selection, f.text, r.text, v.text FROM package_state s "
      "JOIN string p ON p.id = s.package JOIN string f ON f.id = s.files JOIN string r ON r.id = s.selections "
      "JOIN string v ON v.id = s.std_by_value WHERE s.id = ?");
  GOOFFSETS_TRY(bool found, query.BindInt(state_id).Next());
  if (!found) return Damaged("a package state is missing");
  State state;
  state.package.path = query.Text(0);
  state.package_layout = query.Int(1);
  state.package.fully_kept = query.Int(2) != 0;
  state.package.selection = ToHex(query.Bytes(3));
  state.package.files = SplitLines(query.Bytes(4));
  GOOFFSETS_TRY(state.package.selections, ParseSelections(query.Bytes(5)));
  state.package.std_by_value = SplitLines(query.Bytes(6));
  return state;
}

Result<BuildInfo> CatalogReader::ReadBuild(int64_t build_id) {
  BuildInfo build;
  {
    Statement query = db_->Prepare(
        "SELECT b.uid, m.path, v.text, b.go, b.goarch, b.goexperiment, b.tags, b.probe_digest, b.tool_version, b.status, "
        "b.reason, b.structs, b.functions, b.fields_compared, b.structs_not_compared, b.params_compared, "
        "b.params_not_compared FROM build b JOIN version v ON v.id = b.version JOIN module m ON m.id = v.module "
        "WHERE b.id = ?");
    GOOFFSETS_TRY(bool found, query.BindInt(build_id).Next());
    if (!found) return Damaged("a build is missing");
    build.id = ToHex(query.Bytes(0));
    build.root = {query.Text(1), query.Text(2)};
    build.go = query.Text(3);
    GOOFFSETS_TRY(build.goarch, ParseGoArch(query.Bytes(4)));
    build.goexperiment = query.Text(5);
    build.tags = SplitLines(query.Bytes(6));
    build.probe_digest = ToHex(query.Bytes(7));
    build.tool_version = query.Text(8);
    build.status = static_cast<BuildStatus>(query.Int(9));
    build.reason = query.Text(10);
    build.structs = query.Unsigned(11);
    build.functions = query.Unsigned(12);
    build.fields_compared = query.Unsigned(13);
    build.structs_not_compared = query.Unsigned(14);
    build.params_compared = query.Unsigned(15);
    build.params_not_compared = query.Unsigned(16);
  }
  Statement closure = db_->Prepare(
      "SELECT m.path, v.text FROM build_module b JOIN version v ON v.id = b.version JOIN module m ON m.id = v.module "
      "WHERE b.build = ? AND b.in_closure = 1 ORDER BY m.path, v.text");
  closure.BindInt(build_id);
  while (true) {
    GOOFFSETS_TRY(bool row, closure.Next());
    if (!row) break;
    build.closure.push_back({closure.Text(0), closure.Text(1)});
  }
  Statement disagreements =
      db_->Prepare("SELECT symbol, what, dwarf, other FROM disagreement WHERE build = ? ORDER BY pos");
  disagreements.BindInt(build_id);
  while (true) {
    GOOFFSETS_TRY(bool row, disagreements.Next());
    if (!row) break;
    build.disagreements.push_back(
        {disagreements.Text(0), disagreements.Text(1), disagreements.Text(2), disagreements.Text(3)});
  }
  return build;
}

}  // namespace gooffsets
