// A BuildRecord as JSON lines: what a build showed, kept in the cache and read by offsetgen-verify; and the digests that
// name builds, layouts and packages.
//
// The first line holds the build, then one line for each package and each module's package list, then a line that counts
// them, so that a cut-off file is told from a whole one. Equal records give equal bytes; writing and reading lose nothing.
// docs/formats.md has the keys. Reading takes hostile input: every limit is explicit, and what is wrong is kBadInput.
// Pure functions but for the two that name files; safe from any thread.
//
//   Result<void> done = WriteRecordFile(cache + "/raw/" + record.build.id + ".jsonl.zst", record);
//   Result<BuildRecord> same = ReadRecordFile(cache + "/raw/" + record.build.id + ".jsonl.zst");
#ifndef GOOFFSETS_STORE_RECORD_JSON_H_
#define GOOFFSETS_STORE_RECORD_JSON_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "gooffsets/result.h"
#include "store/json_text.h"
#include "store/layout_json.h"
#include "store/record.h"

namespace gooffsets {

// The name of a build: digest over root, go, goarch, goexperiment, tags and closure (in any order), nothing else.
std::string BuildId(const BuildInfo& build);

// BLAKE2b-128 of the layout's canonical JSON.
Digest128 LayoutDigest(const Layout& layout);
// The digest of a package layout over its symbols in byte order: "symbol NUL value LF" each, where value is the hex digest
// of a layout or the skip reason.
class PackageDigest {
 public:
  void Add(std::string_view symbol, const Digest128& layout);
  void Add(std::string_view symbol, SkipReason reason);
  Digest128 Finish() { return hasher_.Finish(); }

 private:
  Blake2b128 hasher_;
};
Digest128 PackageLayoutDigest(const std::map<std::string, SymbolEntry>& symbols);

// What every writer demands of a record: names are plain UTF-8, identifiers well-formed, lists without duplicates, the id
// is the build's own. kBadInput says which rule is broken and where.
Result<void> CheckRecord(const BuildRecord& record);
// The same for its parts.
Result<void> CheckBuild(const BuildInfo& build);
Result<void> CheckPackage(const PackageRecord& package);
Result<void> CheckPackageList(const ModulePackages& module);
Result<void> CheckModuleVersion(const ModuleVersion& version);
Result<void> CheckLayout(const std::string& where, const Layout& layout);  // `where`: for messages
Result<void> CheckSymbolName(std::string_view symbol);

// All lines, each ending in "\n".
std::string RecordLines(const BuildRecord& record);

// Takes the lines one by one. Finish() fails when the file was cut off.
class RecordParser {
 public:
  Result<void> Line(std::string_view line);
  Result<BuildRecord> Finish();

 private:
  BuildRecord record_;
  bool begun_ = false;
  bool ended_ = false;
};
Result<BuildRecord> ParseRecordLines(std::string_view text);

Result<void> WriteRecordFile(const std::string& path, const BuildRecord& record);  // zstd-compressed, atomic
Result<BuildRecord> ReadRecordFile(const std::string& path);

// Parts that the exports share. The members of `build` are added to `object`; `id` is one of them.
void AppendBuildMembers(JsonObject* object, std::string* out, const BuildInfo& build);
Result<BuildInfo> ParseBuildMembers(const nlohmann::json& json);
// What a package is apart from its symbols and owner: path, fully_kept, files, selection, selections, std_by_value.
void AppendPackageMembers(JsonObject* object, std::string* out, const PackageRecord& package);
Result<PackageRecord> ParsePackageMembers(const nlohmann::json& json);
// [["path"],["path","why it was not measured"],["path",["tag"]],["path","why",["tag"]],...]: tags where they are known.
void AppendModulePackages(std::string* out, const std::vector<ModulePackages::Package>& packages);
Result<std::vector<ModulePackages::Package>> ParseModulePackages(const nlohmann::json& json);
// Records, shards and exports have version 2 if one of their package lists has tags, else 1: what programs that know no
// tags could read stays as they wrote it.
bool HasTags(const std::vector<ModulePackages::Package>& packages);
inline constexpr uint64_t kVersionWithTags = 2;

std::string_view ToString(BuildStatus status);  // "ok", "compile failed", "transient failure", "unavailable"
Result<BuildStatus> ParseBuildStatus(std::string_view text);

}  // namespace gooffsets

#endif  // GOOFFSETS_STORE_RECORD_JSON_H_
