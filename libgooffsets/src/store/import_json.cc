// Reads the canonical JSON document element by element: an element is stored and dropped before the next is read.
#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_map>

#include "base/quote.h"
#include "store/catalog.h"
#include "store/export.h"
#include "store/record_json.h"

namespace gooffsets {

namespace {

using nlohmann::json;

// The document refers to what is above it, so its sections have one order.
const std::vector<std::string> kSections = {"versions", "layouts",       "package_layouts",
                                            "packages", "package_lists", "builds"};

class Importer {
 public:
  explicit Importer(Connection* db) : db_(db), writer_(db) {}

  Result<ImportCounts> Run(std::istream* in) {
    GOOFFSETS_TRY(Transaction transaction, Transaction::Begin(db_));
    json rest = json::parse(
        *in, [this](int depth, json::parse_event_t event, json& value) { return Event(depth, event, value); }, false);
    if (failed_) return tl::unexpected(std::move(*failed_));
    if (rest.is_discarded()) return Fail(ErrorCode::kBadInput, "not valid JSON");
    if (format_ != "gooffsets" || version_ == 0) return Fail(ErrorCode::kBadInput, "not an export of gooffsets");
    GOOFFSETS_CHECK_OK(transaction.Commit());
    return counts_;
  }

 private:
  // True keeps the value in the parser's document; only the empty shells of the sections are kept.
  bool Event(int depth, json::parse_event_t event, json& value) {
    if (failed_) return false;
    using Kind = json::parse_event_t;
    if (event == Kind::key && depth == 1) {
      EnterSection(value.get<std::string>());
      return true;
    }
    if (event == Kind::key && depth == 2) {
      key_ = value.get<std::string>();
      return true;
    }
    if (event == Kind::value && depth == 1) {
      if (section_ == "format" && value.is_string()) format_ = value.get<std::string>();
      if (section_ == "version" && value.is_number_unsigned()) version_ = value.get<uint64_t>();
      if (version_ > kVersionWithTags) Note(Fail(ErrorCode::kTooNew, "the export was written by a newer gooffsets"));
      return false;
    }
    const bool complete = event == Kind::object_end || event == Kind::array_end || event == Kind::value;
    if (complete && depth == 2) {
      Result<void> stored = Element(value);
      if (!stored) {
        Note(Fail(stored.error().code, section_ + " " + Quote(key_) + ": " + stored.error().message, stored.error().hint));
      }
      return false;
    }
    return true;
  }

  void Note(const tl::unexpected<Error>& error) {
    if (!failed_) failed_ = error.value();
  }

  void EnterSection(std::string name) {
    section_ = std::move(name);
    if (section_ == "format" || section_ == "version") return;
    auto place = std::find(kSections.begin() + next_section_, kSections.end(), section_);
    if (place == kSections.end()) {
      Note(Fail(ErrorCode::kBadInput, "section " + Quote(section_) + " is unknown, or not where it belongs"));
      return;
    }
    next_section_ = place - kSections.begin() + 1;
  }

  Result<void> Element(const json& value) {
    if (format_ != "gooffsets" || version_ == 0) return Fail(ErrorCode::kBadInput, "not an export of gooffsets");
    if (section_ == "versions") return Versions(value);
    if (section_ == "layouts") return OneLayout(value);
    if (section_ == "package_layouts") return OnePackageLayout(value);
    if (section_ == "packages") return OnePackage(value);
    if (section_ == "package_lists") return OnePackageList(value);
    return OneBuild(value);
  }

  Result<void> Versions(const json& value) {
    if (!value.is_array()) return Fail(ErrorCode::kBadInput, "is no list");
    for (const json& text : value) {
      if (!text.is_string()) return Fail(ErrorCode::kBadInput, "holds something that is no version");
      ModuleVersion version{key_, text.get<std::string>()};
      GOOFFSETS_CHECK_OK(CheckModuleVersion(version));
      GOOFFSETS_CHECK_OK(writer_.Version(version, true));
    }
    return {};
  }

  Result<void> CheckDigest(const std::string& computed) const {
    if (computed != key_) return Fail(ErrorCode::kBadInput, "does not match its digest: the export was changed");
    return {};
  }

  Result<void> OneLayout(const json& value) {
    GOOFFSETS_TRY(Layout layout, ParseLayoutJson(value));
    GOOFFSETS_CHECK_OK(CheckLayout("a layout", layout));
    const Digest128 digest = LayoutDigest(layout);
    GOOFFSETS_CHECK_OK(CheckDigest(ToHex(digest)));
    GOOFFSETS_CHECK_OK(writer_.LayoutOf(layout, digest));
    return {};
  }

  Result<void> OnePackageLayout(const json& value) {
    if (!value.is_object()) return Fail(ErrorCode::kBadInput, "is no object");
    PackageDigest digest;
    std::vector<PackageEntry> entries;
    for (const auto& [symbol, target] : value.items()) {  // in byte order: nlohmann's object is a std::map
      if (!target.is_string()) return Fail(ErrorCode::kBadInput, Quote(symbol) + " has neither digest nor reason");
      GOOFFSETS_CHECK_OK(CheckSymbolName(symbol));
      const std::string& text = target.get_ref<const std::string&>();
      PackageEntry entry;
      GOOFFSETS_TRY(entry.symbol, writer_.String(symbol));
      if (Result<Digest128> layout = ParseDigest128(text)) {
        GOOFFSETS_TRY(std::optional<int64_t> found, writer_.FindLayout(*layout));
        if (!found) return Fail(ErrorCode::kBadInput, "refers to layout " + text + ", which is not above it");
        entry.layout = *found;
        digest.Add(symbol, *layout);
      } else {
        GOOFFSETS_TRY(entry.reason, ParseSkipReason(text));
        digest.Add(symbol, entry.reason);
      }
      entries.push_back(entry);
    }
    const Digest128 computed = digest.Finish();
    GOOFFSETS_CHECK_OK(CheckDigest(ToHex(computed)));
    GOOFFSETS_CHECK_OK(writer_.PackageLayout(computed, std::move(entries)));
    return {};
  }

  Result<void> OnePackage(const json& value) {
    GOOFFSETS_TRY(PackageRecord package, ParsePackageMembers(value));
    package.owner = {"m", "0.0.0"};  // a package is checked without its owner here
    GOOFFSETS_CHECK_OK(CheckPackage(package));
    JsonReader reader(value, "package");
    GOOFFSETS_TRY(std::string text, reader.Text("layout"));
    GOOFFSETS_TRY(Digest128 digest, ParseDigest128(text));
    GOOFFSETS_TRY(std::optional<int64_t> tree, writer_.FindPackageLayout(digest));
    if (!tree) return Fail(ErrorCode::kBadInput, "refers to package layout " + text + ", which is not above it");
    std::string canonical;
    JsonObject object(&canonical);
    AppendPackageMembers(&object, &canonical, package);
    object.Text("layout", text);
    object.Close();
    GOOFFSETS_CHECK_OK(CheckDigest(Blake2b128Hex(canonical)));
    GOOFFSETS_TRY(int64_t state, writer_.State(package, *tree));
    states_.emplace(key_, state);
    return {};
  }

  Result<void> OnePackageList(const json& value) {
    ModulePackages list;
    list.owner = {"m", "0.0.0"};
    GOOFFSETS_TRY(list.packages, ParseModulePackages(value));
    GOOFFSETS_CHECK_OK(CheckPackageList(list));
    std::string canonical;
    AppendModulePackages(&canonical, list.packages);
    GOOFFSETS_CHECK_OK(CheckDigest(Blake2b128Hex(canonical)));
    GOOFFSETS_TRY(int64_t id, writer_.PackageList(list.packages));
    lists_.emplace(key_, id);
    return {};
  }

  Result<void> OneBuild(const json& value) {
    GOOFFSETS_TRY(BuildInfo build, ParseBuildMembers(value));
    GOOFFSETS_CHECK_OK(CheckBuild(build));
    GOOFFSETS_CHECK_OK(CheckDigest(build.id));
    GOOFFSETS_TRY(AddOutcome outcome, MakeRoomFor(db_, build));
    if (outcome != AddOutcome::kStored) {
      ++counts_.builds_there;
      return {};
    }
    ++counts_.builds_added;
    GOOFFSETS_TRY(int64_t id, writer_.InsertBuild(build));
    JsonReader reader(value, "build");
    GOOFFSETS_TRY(const json* packages, reader.Array("packages"));
    for (const json& element : *packages) {
      GOOFFSETS_TRY(auto reference, Reference(element, states_));
      GOOFFSETS_CHECK_OK(writer_.Observe(id, reference.second, reference.first));
    }
    GOOFFSETS_TRY(const json* modules, reader.Array("modules"));
    for (const json& element : *modules) {
      GOOFFSETS_TRY(auto reference, Reference(element, lists_));
      GOOFFSETS_CHECK_OK(writer_.AddModuleList(id, reference.first, reference.second));
    }
    return {};
  }

  using Rows = std::unordered_map<std::string, int64_t>;
  // ["module","version","digest"] -> version row, target row
  Result<std::pair<int64_t, int64_t>> Reference(const json& element, const Rows& rows) {
    const bool good = element.is_array() && element.size() == 3 && element[0].is_string() && element[1].is_string() &&
                      element[2].is_string();
    if (!good) return Fail(ErrorCode::kBadInput, "has an entry that is no [module, version, digest]");
    ModuleVersion version{element[0].get<std::string>(), element[1].get<std::string>()};
    GOOFFSETS_CHECK_OK(CheckModuleVersion(version));
    auto row = rows.find(element[2].get_ref<const std::string&>());
    if (row == rows.end()) return Fail(ErrorCode::kBadInput, "refers to something that is not above it");
    GOOFFSETS_TRY(int64_t version_id, writer_.Version(version));
    return std::pair(version_id, row->second);
  }

  Connection* db_;
  CatalogWriter writer_;
  ImportCounts counts_;
  std::optional<Error> failed_;
  std::string format_, section_, key_;
  uint64_t version_ = 0;
  std::ptrdiff_t next_section_ = 0;
  Rows states_, lists_;
};

}  // namespace

Result<ImportCounts> ImportJson(Store* store, std::istream* in) { return Importer(store->connection()).Run(in); }

Result<ImportCounts> ImportJsonFile(Store* store, const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Fail(ErrorCode::kNotFound, "cannot read " + Quote(path));
  Result<ImportCounts> done = ImportJson(store, &in);
  if (!done) return Fail(done.error().code, Quote(path) + ": " + done.error().message, done.error().hint);
  return done;
}

}  // namespace gooffsets
