#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/quote.h"
#include "store/catalog.h"
#include "store/record_json.h"
#include "store/shard.h"
#include "store/shard_codec.h"
#include "store/shard_file.h"

namespace gooffsets {

namespace {

using nlohmann::json;

tl::unexpected<Error> Wrong(const std::string& what) {
  return Fail(ErrorCode::kBadInput, "the shard is damaged: " + what, "restore the file from version control");
}

class ShardReader {
 public:
  explicit ShardReader(Connection* db) : db_(db), writer_(db) {}

  Result<void> Line(std::string_view text) {
    json line = json::parse(text, nullptr, false);
    if (!line.is_object()) return Wrong("a line is no JSON object");
    if (ended_) return Wrong("it goes on behind its end");
    JsonReader reader(line, "shard");
    if (!begun_) {
      GOOFFSETS_CHECK_OK(Head(reader));
    } else if (const json* end = reader.Find("end")) {
      return End(*end);
    } else if (reader.Find("package") != nullptr) {
      ++lines_;
      return Package(reader, line);
    } else if (const json* state = reader.Find("state")) {
      GOOFFSETS_CHECK_OK(State(*state));
    } else if (const json* list = reader.Find("list")) {
      GOOFFSETS_CHECK_OK(List(*list));
    } else if (const json* build = reader.Find("build")) {
      GOOFFSETS_CHECK_OK(Build(*build));
    } else {
      return Wrong("a line is of no known kind");
    }
    digest_.Update(text);
    digest_.Update("\n");
    ++lines_;
    return {};
  }

  Result<ImportCounts> Finish() {
    if (!ended_) return Wrong("it is cut off");
    return counts_;
  }

 private:
  struct Symbol {
    int64_t id = 0;
    int64_t layout = 0;
    Digest128 digest{};
    SkipReason reason = SkipReason::kGeneric;
  };
  struct Tree {
    std::map<std::string, Symbol> symbols;
    int64_t row = 0;
  };

  Result<void> Head(const JsonReader& reader) {
    GOOFFSETS_TRY(std::string format, reader.Text("format"));
    GOOFFSETS_TRY(uint64_t version, reader.Number("version"));
    if (format != "gooffsets shard") return Fail(ErrorCode::kBadInput, "not a shard");
    if (version > kVersionWithTags) return Fail(ErrorCode::kTooNew, "the shard was written by a newer gooffsets");
    GOOFFSETS_TRY(std::string module, reader.Text("module"));
    GOOFFSETS_TRY(std::vector<std::string> versions, reader.TextsOr("versions"));
    for (std::string& text : versions) {
      ModuleVersion known{module, std::move(text)};
      GOOFFSETS_CHECK_OK(CheckModuleVersion(known));
      GOOFFSETS_CHECK_OK(writer_.Version(known, true));
    }
    begun_ = true;
    return {};
  }

  Result<void> Package(const JsonReader& reader, const json& line) {
    GOOFFSETS_TRY(std::string package, reader.Text("package"));
    if (package != package_) {
      trees_.clear();
      package_ = package;
    }
    Tree tree;
    if (reader.Find("base") != nullptr) {
      GOOFFSETS_TRY(uint64_t base, reader.Number("base"));
      if (base >= trees_.size()) return Wrong("a package refers to a layout that is not above it");
      tree.symbols = trees_[base].symbols;
    }
    GOOFFSETS_TRY(std::vector<std::string> removed, reader.TextsOr("remove"));
    for (const std::string& symbol : removed) {
      if (tree.symbols.erase(symbol) == 0) return Wrong("a symbol is removed that is not there");
    }
    GOOFFSETS_TRY(SymbolMap added, decoder_.Decode(package, line));
    for (const auto& [name, entry] : added) {
      GOOFFSETS_CHECK_OK(CheckSymbolName(name));
      Symbol symbol;
      GOOFFSETS_TRY(symbol.id, writer_.String(name));
      if (const auto* layout = std::get_if<Layout>(&entry.value)) {
        GOOFFSETS_CHECK_OK(CheckLayout(name, *layout));
        symbol.digest = LayoutDigest(*layout);
        GOOFFSETS_TRY(symbol.layout, writer_.LayoutOf(*layout, symbol.digest));
      } else {
        symbol.reason = std::get<SkipReason>(entry.value);
      }
      tree.symbols[name] = symbol;
    }
    PackageDigest digest;
    std::vector<PackageEntry> entries;
    entries.reserve(tree.symbols.size());
    for (const auto& [name, symbol] : tree.symbols) {
      if (symbol.layout != 0) {
        digest.Add(name, symbol.digest);
      } else {
        digest.Add(name, symbol.reason);
      }
      entries.push_back({symbol.id, symbol.layout, symbol.reason});
    }
    const Digest128 computed = digest.Finish();
    digest_.Update(std::string_view(reinterpret_cast<const char*>(computed.data()), computed.size()));
    GOOFFSETS_TRY(tree.row, writer_.PackageLayout(computed, std::move(entries)));
    trees_.push_back(std::move(tree));
    return {};
  }

  Result<void> State(const json& value) {
    GOOFFSETS_TRY(PackageRecord package, ParsePackageMembers(value));
    JsonReader reader(value, "state");
    GOOFFSETS_TRY(uint64_t layout, reader.Number("layout"));
    if (package.path != package_ || layout >= trees_.size()) return Wrong("a state belongs to no package above it");
    package.owner = {"m", "0.0.0"};  // a package is checked without its owner here
    GOOFFSETS_CHECK_OK(CheckPackage(package));
    GOOFFSETS_TRY(int64_t row, writer_.State(package, trees_[layout].row));
    states_.push_back(row);
    return {};
  }

  Result<void> List(const json& value) {
    ModulePackages list;
    list.owner = {"m", "0.0.0"};
    GOOFFSETS_TRY(list.packages, ParseModulePackages(value));
    GOOFFSETS_CHECK_OK(CheckPackageList(list));
    GOOFFSETS_TRY(int64_t row, writer_.PackageList(list.packages));
    lists_.push_back(row);
    return {};
  }

  Result<void> Build(const json& value) {
    GOOFFSETS_TRY(BuildInfo build, ParseBuildMembers(value));
    build.id = BuildId(build);
    GOOFFSETS_CHECK_OK(CheckBuild(build));
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
      GOOFFSETS_TRY(int64_t owner, Owner(element));
      if (!element[2].is_array()) return Wrong("a build's packages are no list");
      for (const json& number : element[2]) {
        GOOFFSETS_TRY(int64_t state, Row(number, states_));
        GOOFFSETS_CHECK_OK(writer_.Observe(id, state, owner));
      }
    }
    GOOFFSETS_TRY(const json* modules, reader.Array("modules"));
    for (const json& element : *modules) {
      GOOFFSETS_TRY(int64_t owner, Owner(element));
      GOOFFSETS_TRY(int64_t list, Row(element[2], lists_));
      GOOFFSETS_CHECK_OK(writer_.AddModuleList(id, owner, list));
    }
    return {};
  }

  // [module, version, ...] -> row of the version
  Result<int64_t> Owner(const json& element) {
    if (!element.is_array() || element.size() != 3 || !element[0].is_string() || !element[1].is_string()) {
      return Wrong("a build refers to no module version");
    }
    ModuleVersion owner{element[0].get<std::string>(), element[1].get<std::string>()};
    GOOFFSETS_CHECK_OK(CheckModuleVersion(owner));
    return writer_.Version(owner);
  }

  static Result<int64_t> Row(const json& number, const std::vector<int64_t>& rows) {
    if (!number.is_number_unsigned() || number.get<uint64_t>() >= rows.size()) {
      return Wrong("a build refers to something that is not above it");
    }
    return rows[number.get<uint64_t>()];
  }

  Result<void> End(const json& value) {
    JsonReader reader(value, "end");
    GOOFFSETS_TRY(uint64_t lines, reader.Number("lines"));
    GOOFFSETS_TRY(std::string digest, reader.Text("digest"));
    if (lines != lines_) return Wrong("it has lost lines");
    if (digest != ToHex(digest_.Finish())) return Wrong("it does not match its digest");
    ended_ = true;
    return {};
  }

  Connection* db_;
  CatalogWriter writer_;
  ShardDecoder decoder_;
  ImportCounts counts_;
  Blake2b128 digest_;
  uint64_t lines_ = 0;
  bool begun_ = false;
  bool ended_ = false;
  std::string package_;
  std::vector<Tree> trees_;  // of the current package
  std::vector<int64_t> states_, lists_;
};

}  // namespace

Result<ImportCounts> ImportShard(Store* store, const std::string& path) {
  GOOFFSETS_TRY(const std::string lines, ReadShardFile(path));
  GOOFFSETS_TRY(Transaction transaction, Transaction::Begin(store->connection()));
  ShardReader reader(store->connection());
  std::string_view rest = lines;
  for (uint64_t number = 1; !rest.empty(); ++number) {
    const size_t end = rest.find('\n');
    Result<void> taken = reader.Line(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (!taken) {
      return Fail(taken.error().code, Quote(path) + " line " + std::to_string(number) + ": " + taken.error().message,
                  taken.error().hint);
    }
  }
  Result<ImportCounts> counts = reader.Finish();
  if (!counts) return Fail(counts.error().code, Quote(path) + ": " + counts.error().message, counts.error().hint);
  GOOFFSETS_CHECK_OK(transaction.Commit());
  return counts;
}

}  // namespace gooffsets
