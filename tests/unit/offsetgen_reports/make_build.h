// Build records made by hand, and a store in a directory that is gone when the test ends.
#ifndef GOOFFSETS_TESTS_UNIT_OFFSETGEN_REPORTS_MAKE_BUILD_H_
#define GOOFFSETS_TESTS_UNIT_OFFSETGEN_REPORTS_MAKE_BUILD_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "store/record.h"
#include "store/record_json.h"
#include "store/store.h"

namespace offsetgen {

class TempDir {
 public:
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "offsetgen_reports.XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) ADD_FAILURE() << "no temporary directory";
    path_ = pattern;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// An empty store, and the file it is in.
class TempStore {
 public:
  TempStore() : path_(dir_ / "offsets.db"), store_(Open(path_)) {}
  gooffsets::Store* get() { return &store_; }
  const std::string& path() const { return path_; }
  void Add(const gooffsets::BuildRecord& record) {
    const auto added = store_.Add(record);
    ASSERT_TRUE(added.has_value()) << added.error().ToString();
    ASSERT_EQ(*added, gooffsets::AddOutcome::kStored);
  }

 private:
  static gooffsets::Store Open(const std::string& path) {
    auto store = gooffsets::Store::Open(path, gooffsets::OpenMode::kCreate);
    if (!store) {
      ADD_FAILURE() << store.error().ToString();
      abort();
    }
    return *std::move(store);
  }

  TempDir dir_;
  std::string path_;
  gooffsets::Store store_;
};

// Fields of eight bytes, one behind the other.
inline gooffsets::SymbolEntry Struct(const std::vector<std::string>& fields) {
  gooffsets::StructLayout layout;
  layout.align = 8;
  for (const std::string& name : fields) {
    gooffsets::Field field;
    field.name = name;
    field.offset = layout.size;
    field.size = field.align = 8;
    field.type = "uint64";
    field.kind = gooffsets::TypeKind::kUint64;
    layout.size += 8;
    layout.fields.push_back(std::move(field));
  }
  return {gooffsets::Layout(std::move(layout))};
}

// Parameters of type int in registers.
inline gooffsets::SymbolEntry Function(const std::vector<std::string>& params) {
  gooffsets::FunctionLayout layout;
  for (const std::string& name : params) {
    gooffsets::Parameter param;
    param.name = name;
    param.type = "int";
    param.size = param.align = 8;
    param.words = {{0, 8, false}};
    const int index = static_cast<int>(layout.params.size());
    param.pieces = {{gooffsets::Piece::Base::kIntRegister, index, 8, 0}};
    layout.params.push_back(std::move(param));
  }
  return {gooffsets::Layout(std::move(layout))};
}

inline gooffsets::SymbolEntry Skipped(gooffsets::SkipReason reason) { return {reason}; }

using Symbols = std::map<std::string, gooffsets::SymbolEntry>;

// A successful build of `module` with these packages, all of them listed and measured.
inline gooffsets::BuildRecord MakeBuild(const std::string& module, const std::string& version, const std::string& go,
                                        gooffsets::GoArch goarch, const std::map<std::string, Symbols>& packages) {
  gooffsets::BuildRecord record;
  record.build.root = {module, version};
  record.build.go = go;
  record.build.goarch = goarch;
  if (module != "std") record.build.closure = {record.build.root};
  record.build.probe_digest = std::string(64, 'a');
  record.build.tool_version = "0.1.0";
  gooffsets::ModulePackages list;
  list.owner = record.build.root;
  for (const auto& [path, symbols] : packages) {
    gooffsets::PackageRecord package;
    package.owner = record.build.root;
    package.path = path;
    package.files = {"a.go"};
    package.selection = std::string(32, '1');
    package.symbols = symbols;
    for (const auto& [name, entry] : symbols) {
      const auto* layout = std::get_if<gooffsets::Layout>(&entry.value);
      if (layout == nullptr) continue;
      ++(layout->index() == 0 ? record.build.structs : record.build.functions);
    }
    record.packages.push_back(std::move(package));
    list.packages.push_back({path, true, ""});
  }
  record.modules = {list};
  record.build.id = gooffsets::BuildId(record.build);
  return record;
}

inline gooffsets::BuildRecord MakeFailure(const std::string& module, const std::string& version, const std::string& go,
                                          gooffsets::GoArch goarch, gooffsets::BuildStatus status,
                                          const std::string& reason) {
  gooffsets::BuildRecord record;
  record.build.root = {module, version};
  record.build.go = go;
  record.build.goarch = goarch;
  record.build.status = status;
  record.build.reason = reason;
  record.build.id = gooffsets::BuildId(record.build);
  return record;
}

}  // namespace offsetgen

#endif  // GOOFFSETS_TESTS_UNIT_OFFSETGEN_REPORTS_MAKE_BUILD_H_
