#include <string>

#include "store/catalog.h"
#include "store/record_json.h"
#include "store/varint.h"

namespace gooffsets {

namespace {

std::string Unhex(std::string_view hex) {
  auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) bytes.push_back(static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1])));
  return bytes;
}

std::string DimsText(const std::vector<uint64_t>& dims) {
  std::string out;
  for (uint64_t dim : dims) {
    if (!out.empty()) out.push_back(',');
    AppendNumber(&out, dim);
  }
  return out;
}

}  // namespace

Result<int64_t> CatalogWriter::String(std::string_view text) {
  auto [cached, fresh] = strings_.try_emplace(std::string(text), 0);
  if (!fresh) return cached->second;
  Result<std::optional<int64_t>> found = FindString(text);
  if (found && *found) {
    cached->second = **found;
    return cached->second;
  }
  Result<void> inserted;
  if (found) inserted = db_->Prepare("INSERT INTO string (text) VALUES (?)").BindText(text).Run();
  if (!found || !inserted) {
    strings_.erase(cached);
    return tl::unexpected(!found ? found.error() : inserted.error());
  }
  cached->second = db_->last_id();
  return cached->second;
}

Result<int64_t> CatalogWriter::Version(const ModuleVersion& version, bool listed) {
  GOOFFSETS_TRY(std::optional<int64_t> found, FindVersion(version));
  if (found) {
    if (listed) {
      GOOFFSETS_CHECK_OK(
          db_->Prepare("UPDATE version SET listed = 1 WHERE id = ? AND listed = 0").BindInt(*found).Run());
    }
    return *found;
  }
  GOOFFSETS_CHECK_OK(db_->Prepare("INSERT OR IGNORE INTO module (path) VALUES (?)").BindText(version.module).Run());
  GOOFFSETS_CHECK_OK(
      db_->Prepare("INSERT INTO version (module, text, listed) SELECT id, ?, ? FROM module WHERE path = ?")
          .BindText(version.version)
          .BindInt(listed ? 1 : 0)
          .BindText(version.module)
          .Run());
  return db_->last_id();
}

Result<std::optional<int64_t>> CatalogWriter::FindLayout(const Digest128& digest) {
  Statement query = db_->Prepare("SELECT id FROM layout WHERE digest = ?");
  GOOFFSETS_TRY(bool found, query.BindBlob(digest).Next());
  if (!found) return std::optional<int64_t>();
  return std::optional<int64_t>(query.Int(0));
}

Result<int64_t> CatalogWriter::LayoutOf(const Layout& layout, const Digest128& digest) {
  GOOFFSETS_TRY(std::optional<int64_t> found, FindLayout(digest));
  if (found) return *found;
  const auto* structure = std::get_if<StructLayout>(&layout);
  const auto* function = std::get_if<FunctionLayout>(&layout);
  GOOFFSETS_CHECK_OK(db_->Prepare("INSERT INTO layout (digest, kind, size, align, wrapper) VALUES (?, ?, ?, ?, ?)")
                         .BindBlob(digest)
                         .BindInt(structure != nullptr ? 0 : 1)
                         .BindUnsigned(structure != nullptr ? structure->size : 0)
                         .BindInt(structure != nullptr ? structure->align : 0)
                         .BindInt(function != nullptr && function->wrapper ? 1 : 0)
                         .Run());
  const int64_t id = db_->last_id();
  if (structure != nullptr) {
    Statement insert = db_->Prepare("INSERT INTO field VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    int64_t pos = 0;
    for (const Field& field : structure->fields) {
      GOOFFSETS_TRY(int64_t name, String(field.name));
      GOOFFSETS_TRY(int64_t type, String(field.type));
      insert.BindInt(id).BindInt(pos++).BindInt(name).BindUnsigned(field.offset).BindUnsigned(field.size);
      insert.BindInt(field.align).BindInt(type).BindInt(static_cast<int64_t>(field.kind));
      insert.BindInt((field.embedded ? 1 : 0) | (field.by_value ? 2 : 0));
      if (field.dims.empty()) {
        insert.BindNull();
      } else {
        insert.BindText(DimsText(field.dims));
      }
      if (field.elem.empty()) {
        insert.BindNull();
      } else {
        GOOFFSETS_TRY(int64_t elem, String(field.elem));
        insert.BindInt(elem);
      }
      GOOFFSETS_CHECK_OK(insert.Run());
      GOOFFSETS_CHECK_OK(insert.Again());
    }
    return id;
  }
  Statement insert = db_->Prepare("INSERT INTO parameter VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  int64_t pos = 0;
  for (bool result : {false, true}) {
    for (const Parameter& param : result ? function->results : function->params) {
      GOOFFSETS_TRY(int64_t name, String(param.name));
      GOOFFSETS_TRY(int64_t type, String(param.type));
      insert.BindInt(id).BindInt(pos++).BindInt(result ? 1 : 0).BindInt(name).BindInt(type);
      insert.BindUnsigned(param.size).BindInt(param.align).BindInt(param.register_assignable ? 0 : 1);
      for (const std::string& text : {WordsText(param.words), PiecesText(param.pieces)}) {
        if (text.empty()) {
          insert.BindNull();
        } else {
          GOOFFSETS_TRY(int64_t text_id, String(text));
          insert.BindInt(text_id);
        }
      }
      GOOFFSETS_CHECK_OK(insert.Run());
      GOOFFSETS_CHECK_OK(insert.Again());
    }
  }
  return id;
}

Result<std::optional<int64_t>> CatalogWriter::FindPackageLayout(const Digest128& digest) {
  Statement query = db_->Prepare("SELECT id FROM package_layout WHERE digest = ?");
  GOOFFSETS_TRY(bool found, query.BindBlob(digest).Next());
  if (!found) return std::optional<int64_t>();
  return std::optional<int64_t>(query.Int(0));
}

Result<int64_t> CatalogWriter::PackageLayout(const Digest128& digest, std::vector<PackageEntry> entries) {
  GOOFFSETS_TRY(std::optional<int64_t> found, FindPackageLayout(digest));
  if (found) return *found;
  GOOFFSETS_CHECK_OK(db_->Prepare("INSERT INTO package_layout (digest, entries) VALUES (?, ?)")
                         .BindBlob(digest)
                         .BindBlob(PackEntries(std::move(entries)))
                         .Run());
  return db_->last_id();
}

Result<int64_t> CatalogWriter::State(const PackageRecord& package, int64_t package_layout) {
  GOOFFSETS_TRY(int64_t path, String(package.path));
  GOOFFSETS_TRY(int64_t files, String(JoinLines(package.files)));
  GOOFFSETS_TRY(int64_t selections, String(SelectionsText(package.selections)));
  GOOFFSETS_TRY(int64_t std_by_value, String(JoinLines(package.std_by_value)));
  const std::string selection = Unhex(package.selection);
  {
    Statement query = db_->Prepare(
        "SELECT id FROM package_state WHERE package = ? AND package_layout = ? AND fully_kept = ? AND selection = ? AND "
        "files = ? AND selections = ? AND std_by_value = ?");
    query.BindInt(path).BindInt(package_layout).BindInt(package.fully_kept ? 1 : 0).BindBlob(selection);
    query.BindInt(files).BindInt(selections).BindInt(std_by_value);
    GOOFFSETS_TRY(bool found, query.Next());
    if (found) return query.Int(0);
  }
  Statement insert = db_->Prepare(
      "INSERT INTO package_state (package, package_layout, fully_kept, selection, files, selections, std_by_value) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)");
  insert.BindInt(path).BindInt(package_layout).BindInt(package.fully_kept ? 1 : 0).BindBlob(selection);
  insert.BindInt(files).BindInt(selections).BindInt(std_by_value);
  GOOFFSETS_CHECK_OK(insert.Run());
  return db_->last_id();
}

Result<int64_t> CatalogWriter::PackageList(const std::vector<ModulePackages::Package>& packages) {
  std::string json;
  AppendModulePackages(&json, packages);
  const Digest128 digest = Blake2b128Of(json);
  {
    Statement query = db_->Prepare("SELECT id FROM package_list WHERE digest = ?");
    GOOFFSETS_TRY(bool found, query.BindBlob(digest).Next());
    if (found) return query.Int(0);
  }
  std::string packed, tags;
  const bool has_tags = HasTags(packages);
  int64_t last = 0;
  for (const ModulePackages::Package& package : packages) {
    GOOFFSETS_TRY(int64_t path, String(package.path));
    AppendVarint(&packed, ZigZag(path - last));
    last = path;
    if (package.measured) {
      AppendVarint(&packed, 0);
    } else {
      GOOFFSETS_TRY(int64_t why, String(package.why_not));
      AppendVarint(&packed, static_cast<uint64_t>(why));
    }
    if (!has_tags) continue;
    int64_t list = 0;
    if (package.tags) {
      GOOFFSETS_TRY(list, String(JoinLines(*package.tags)));
    }
    AppendVarint(&tags, static_cast<uint64_t>(list));
  }
  Statement insert = db_->Prepare("INSERT INTO package_list (digest, entries, tags) VALUES (?, ?, ?)");
  insert.BindBlob(digest).BindBlob(packed);
  if (has_tags) {
    insert.BindBlob(tags);
  } else {
    insert.BindNull();
  }
  GOOFFSETS_CHECK_OK(insert.Run());
  return db_->last_id();
}

Result<int64_t> CatalogWriter::InsertBuild(const BuildInfo& build) {
  GOOFFSETS_TRY(int64_t root, Version(build.root));
  Statement insert = db_->Prepare(
      "INSERT INTO build (uid, version, go, goarch, goexperiment, tags, probe_digest, tool_version, status, reason, "
      "structs, functions, fields_compared, structs_not_compared, params_compared, params_not_compared) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert.BindBlob(Unhex(build.id)).BindInt(root).BindText(build.go).BindText(ToString(build.goarch));
  insert.BindText(build.goexperiment).BindText(JoinLines(build.tags)).BindBlob(Unhex(build.probe_digest));
  insert.BindText(build.tool_version).BindInt(static_cast<int64_t>(build.status)).BindText(build.reason);
  insert.BindUnsigned(build.structs).BindUnsigned(build.functions).BindUnsigned(build.fields_compared);
  insert.BindUnsigned(build.structs_not_compared).BindUnsigned(build.params_compared);
  insert.BindUnsigned(build.params_not_compared);
  GOOFFSETS_CHECK_OK(insert.Run());
  const int64_t id = db_->last_id();
  for (const ModuleVersion& version : build.closure) {
    GOOFFSETS_TRY(int64_t version_id, Version(version));
    GOOFFSETS_CHECK_OK(db_->Prepare("INSERT INTO build_module VALUES (?, ?, 1, NULL)")
                           .BindInt(id)
                           .BindInt(version_id)
                           .Run());
  }
  int64_t pos = 0;
  for (const Disagreement& disagreement : build.disagreements) {
    GOOFFSETS_CHECK_OK(db_->Prepare("INSERT INTO disagreement VALUES (?, ?, ?, ?, ?, ?)")
                           .BindInt(id)
                           .BindInt(pos++)
                           .BindText(disagreement.symbol)
                           .BindText(disagreement.what)
                           .BindText(disagreement.dwarf)
                           .BindText(disagreement.other)
                           .Run());
  }
  return id;
}

Result<void> CatalogWriter::Observe(int64_t build, int64_t state, int64_t version) {
  return db_->Prepare("INSERT INTO observation (state, version, build) VALUES (?, ?, ?)")
      .BindInt(state)
      .BindInt(version)
      .BindInt(build)
      .Run();
}

Result<void> CatalogWriter::AddModuleList(int64_t build, int64_t version, int64_t package_list) {
  return db_->Prepare(
                "INSERT INTO build_module VALUES (?, ?, 0, ?) "
                "ON CONFLICT (build, version) DO UPDATE SET package_list = excluded.package_list")
      .BindInt(build)
      .BindInt(version)
      .BindInt(package_list)
      .Run();
}

}  // namespace gooffsets
