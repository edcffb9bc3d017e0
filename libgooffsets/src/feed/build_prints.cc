#include "feed/build_prints.h"

#include <algorithm>
#include <span>
#include <unordered_map>
#include <vector>

namespace gooffsets {
namespace {

// The columns of the current row, one after the other, each with its length.
Digest128 RowDigest(const Statement& row, int first, int count) {
  Blake2b128 hash;
  for (int i = first; i < first + count; ++i) {
    const std::string text = row.IsNull(i) ? std::string("\x01") : std::string(row.Bytes(i));
    hash.Update(std::to_string(text.size()) + ":");
    hash.Update(text);
  }
  return hash.Finish();
}

void Mix(Blake2b128* hash, const Digest128& digest) { hash->Update(std::as_bytes(std::span(digest))); }

// A statement's rows (id, columns...) as digests by id.
Result<std::unordered_map<int64_t, Digest128>> RowDigests(Connection* db, std::string_view sql, int columns) {
  std::unordered_map<int64_t, Digest128> out;
  Statement rows = db->Prepare(sql);
  while (true) {
    GOOFFSETS_TRY(bool more, rows.Next());
    if (!more) return out;
    out[rows.Int(0)] = RowDigest(rows, 1, columns);
  }
}

using Parts = std::unordered_map<int64_t, std::vector<Digest128>>;  // by build

// Sorted, because rows come in the order of numbers that differ between files.
Digest128 Together(std::vector<Digest128>* parts) {
  std::sort(parts->begin(), parts->end());
  Blake2b128 hash;
  for (const Digest128& part : *parts) Mix(&hash, part);
  return hash.Finish();
}

}  // namespace

Result<BuildPrints> ReadBuildPrints(Connection* db) {
  GOOFFSETS_TRY(auto states,
                RowDigests(db,
                           "SELECT s.id, p.text, l.digest, s.fully_kept, s.selection, f.text, r.text, v.text "
                           "FROM package_state s JOIN string p ON p.id = s.package "
                           "JOIN package_layout l ON l.id = s.package_layout JOIN string f ON f.id = s.files "
                           "JOIN string r ON r.id = s.selections JOIN string v ON v.id = s.std_by_value",
                           7));
  GOOFFSETS_TRY(auto versions,
                RowDigests(db, "SELECT v.id, m.path, v.text FROM version v JOIN module m ON m.id = v.module", 2));
  // Tags are part of a list's digest, so it stands for the whole list.
  GOOFFSETS_TRY(auto lists, RowDigests(db, "SELECT id, digest FROM package_list", 1));
  Parts parts;
  {
    Statement rows = db->Prepare("SELECT build, state, version FROM observation");
    while (true) {
      GOOFFSETS_TRY(bool more, rows.Next());
      if (!more) break;
      Blake2b128 hash;
      hash.Update("observation");
      Mix(&hash, states[rows.Int(1)]);
      Mix(&hash, versions[rows.Int(2)]);
      parts[rows.Int(0)].push_back(hash.Finish());
    }
  }
  {
    Statement rows = db->Prepare("SELECT build, version, in_closure, package_list FROM build_module");
    while (true) {
      GOOFFSETS_TRY(bool more, rows.Next());
      if (!more) break;
      Blake2b128 hash;
      hash.Update(rows.Int(2) != 0 ? "module in closure" : "module");
      Mix(&hash, versions[rows.Int(1)]);
      if (!rows.IsNull(3)) Mix(&hash, lists[rows.Int(3)]);
      parts[rows.Int(0)].push_back(hash.Finish());
    }
  }
  {
    Statement rows = db->Prepare("SELECT build, pos, symbol, what, dwarf, other FROM disagreement");
    while (true) {
      GOOFFSETS_TRY(bool more, rows.Next());
      if (!more) break;
      parts[rows.Int(0)].push_back(RowDigest(rows, 1, 5));
    }
  }
  BuildPrints out;
  Statement rows = db->Prepare(
      "SELECT id, uid, version, go, goarch, goexperiment, tags, probe_digest, tool_version, status, reason, structs, "
      "functions, "
      "fields_compared, structs_not_compared, params_compared, params_not_compared FROM build");
  while (true) {
    GOOFFSETS_TRY(bool more, rows.Next());
    if (!more) return out;
    std::vector<Digest128>& mine = parts[rows.Int(0)];
    mine.push_back(versions[rows.Int(2)]);
    mine.push_back(RowDigest(rows, 3, 14));
    out[ToHex(rows.Bytes(1))] = Together(&mine);
  }
}

Result<Digest128> KnownVersionsPrint(Connection* db) {
  Blake2b128 hash;
  Statement rows = db->Prepare(
      "SELECT m.path, v.text, v.listed FROM version v JOIN module m ON m.id = v.module ORDER BY m.path, v.text");
  while (true) {
    GOOFFSETS_TRY(bool more, rows.Next());
    if (!more) return hash.Finish();
    Mix(&hash, RowDigest(rows, 0, 3));
  }
}

}  // namespace gooffsets
