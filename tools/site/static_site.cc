#include "site/static_site.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "base/file.h"
#include "site/address.h"
#include "site/assets.h"
#include "site/pages.h"
#include "site/site.h"
#include "store/json_text.h"

namespace gooffsets {

namespace {

namespace fs = std::filesystem;

// What tells a copy that may be replaced from a directory of something else.
constexpr const char* kMark = "gooffsets-site.txt";

class Chosen final : public StaticMode {
 public:
  bool HasPage(std::string_view module, std::string_view symbol) const override {
    return pages.contains(PageAddress(module, symbol));
  }
  std::set<std::string, std::less<>> pages;
};

bool Exported(std::string_view function) {
  const size_t last = function.rfind('.');
  const char first = function.empty() ? 'a' : function[last == std::string_view::npos ? 0 : last + 1];
  return first >= 'A' && first <= 'Z';
}

void Choose(const SiteData& data, const StaticSiteOptions& options, Chosen* chosen, size_t* left_out) {
  auto add = [&](const Symbol& symbol) {
    const std::string address = PageAddress(symbol.module, symbol.Full());
    // A name with a slash (an instance of a generic type) would be a directory of its own.
    if (!FitForFile(address) || symbol.name.find('/') != std::string_view::npos) return;
    if (chosen->pages.size() >= options.max_pages) {
      ++*left_out;
      return;
    }
    chosen->pages.insert(address);
  };
  const std::set<std::string> packages(options.packages.begin(), options.packages.end());
  for (const std::string& wanted : options.symbols) {
    for (const auto& [module, versions] : data.coverage) {
      if (std::optional<Symbol> symbol = data.index.Find(module, wanted)) add(*symbol);
    }
  }
  for (SymbolKind kind : {SymbolKind::kStruct, SymbolKind::kFunction}) {
    for (const IndexedPackage& package : data.index.Packages()) {
      if (!packages.contains(package.path)) continue;
      for (const Symbol& symbol : data.index.Of(package.module, package.path)) {
        if (symbol.kind == kind && (kind == SymbolKind::kStruct || Exported(symbol.name))) add(symbol);
      }
    }
  }
}

class Writer {
 public:
  Writer(fs::path directory, StaticSiteCounts* counts) : directory_(std::move(directory)), counts_(counts) {}

  Result<void> Write(const std::string& address, std::string_view text) {
    const fs::path path = directory_ / address;
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    if (error) return Fail(ErrorCode::kIo, "cannot make " + path.parent_path().string() + ": " + error.message());
    std::ofstream file(path, std::ios::binary);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    file.close();
    if (!file) return Fail(ErrorCode::kIo, "cannot write " + path.string(), "is the disk full?");
    ++counts_->files;
    counts_->bytes += text.size();
    return {};
  }
  Result<void> WritePage(const std::string& address, const Page& page) {
    if (page.status != 200) {
      return Fail(ErrorCode::kInternal, "the page " + address + " cannot be made: " + page.title);
    }
    ++counts_->pages;
    return Write(address + "index.html", page.body);
  }

 private:
  fs::path directory_;
  StaticSiteCounts* counts_;
};

bool LetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// The first two letters of each part of a name, in lower case: "(*Server).ListenAndServe" -> "se", "li".
std::set<std::string> ShardsOf(std::string_view name) {
  std::set<std::string> shards;
  for (size_t at = 0; at < name.size();) {
    size_t end = at;
    while (end < name.size() && LetterOrDigit(name[end])) ++end;
    if (end - at > 1) {
      std::string shard(name.substr(at, 2));
      std::transform(shard.begin(), shard.end(), shard.begin(), [](unsigned char c) { return std::tolower(c); });
      shards.insert(shard);
    }
    at = std::max(end, at + 1);
  }
  return shards;
}

Result<void> WriteSearch(Writer* writer, const PageContext& context) {
  const std::vector<IndexedPackage>& packages = context.data.index.Packages();
  std::map<std::string, std::map<size_t, std::vector<Symbol>>> shards;
  for (size_t p = 0; p < packages.size(); ++p) {
    for (const Symbol& symbol : context.data.index.Of(packages[p].module, packages[p].path)) {
      for (const std::string& shard : ShardsOf(symbol.name)) shards[shard][p].push_back(symbol);
    }
  }
  for (const auto& [name, by_package] : shards) {
    std::string out;
    JsonObject json(&out);
    json.Key("packages");
    JsonArray list(&out);
    for (const auto& [p, symbols] : by_package) {
      list.Next();
      JsonArray pair(&out);
      pair.Text(packages[p].module);
      pair.Text(packages[p].path);
      pair.Close();
    }
    list.Close();
    json.Key("symbols");
    JsonArray all(&out);
    size_t number = 0;
    for (const auto& [p, symbols] : by_package) {
      for (const Symbol& symbol : symbols) {
        all.Next();
        JsonArray one(&out);
        one.Next();
        AppendNumber(&out, number);
        one.Next();
        AppendNumber(&out, static_cast<uint64_t>(symbol.kind));
        one.Text(symbol.name);
        one.Text(context.ToSymbol(symbol).substr(context.root.size()));
        one.Close();
      }
      ++number;
    }
    all.Close();
    json.Close();
    GOOFFSETS_CHECK_OK(writer->Write("search/" + name + ".json", out));
  }
  return {};
}

Result<void> WriteAll(const Database& database, const SiteData& data, const Chosen& chosen,
                      const StaticSiteOptions& options, Writer* writer) {
  GOOFFSETS_CHECK_OK(
      writer->Write(kMark, "The web pages of gooffsets, as files. The next copy replaces this directory.\n"));
  for (const Asset& asset : Assets()) GOOFFSETS_CHECK_OK(writer->Write(asset.address, asset.text));
  std::vector<std::string> addresses = {"", "search/", "coverage/"};
  for (const auto& [module, versions] : data.coverage) {
    if (FitForFile(ModuleAddress(module))) addresses.push_back(ModuleAddress(module));
  }
  for (const IndexedPackage& package : data.index.Packages()) {
    const std::string address = PageAddress(package.module, package.path);
    if (FitForFile(address)) addresses.push_back(address);
  }
  addresses.insert(addresses.end(), chosen.pages.begin(), chosen.pages.end());
  for (size_t done = 0; const std::string& address : addresses) {
    if (options.progress) options.progress(done++, addresses.size());
    GOOFFSETS_CHECK_OK(writer->WritePage(address, Render(database, data, {"/" + address, {}}, &chosen)));
  }
  return WriteSearch(writer, PageContext(database, data, &chosen, ""));
}

// Puts the new site where it belongs: into a place that was free, or, in one step, into that of an earlier copy.
Result<void> MoveIntoPlace(const fs::path& made, const fs::path& place) {
  std::error_code error;
  if (fs::is_empty(place, error)) fs::remove(place, error);
  // renameat2(2): neither name is missing at any moment.
  const unsigned flags = fs::exists(place, error) ? RENAME_EXCHANGE : RENAME_NOREPLACE;
  if (::renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, place.c_str(), flags) != 0) {
    return ErrnoError(errno, "cannot move the site to " + place.string());
  }
  if (flags == RENAME_EXCHANGE) fs::remove_all(made, error);
  return {};
}

}  // namespace

Result<StaticSiteCounts> WriteStaticSite(const Database& database, const std::string& directory,
                                         const StaticSiteOptions& options) {
  std::error_code error;
  std::string name = directory;
  while (name.size() > 1 && name.ends_with('/')) name.pop_back();
  const fs::path place(name);
  if (fs::exists(place, error) && !fs::is_empty(place, error) && !fs::exists(place / kMark, error)) {
    return Fail(ErrorCode::kUsage, name + " holds other things than an earlier copy of the pages",
                "name a directory that does not exist or is empty");
  }
  StaticSiteCounts counts;
  GOOFFSETS_TRY(std::shared_ptr<const SiteData> data, SiteData::Make(database));
  Chosen chosen;
  Choose(*data, options, &chosen, &counts.left_out);
  const fs::path working = name + ".tmp-" + std::to_string(::getpid());
  fs::remove_all(working, error);
  Writer writer(working, &counts);
  Result<void> written = WriteAll(database, *data, chosen, options, &writer);
  if (written) written = MoveIntoPlace(working, place);
  if (!written) {
    fs::remove_all(working, error);
    return tl::unexpected(written.error());
  }
  return counts;
}

}  // namespace gooffsets
