// Published answers that changed between two databases.
//
// What was seen of a package of a module version by builds of one Go release, architecture, experiments and tags is a
// set of package layouts. A set that only grew changes no answer. Where a layout is gone, its symbols are compared:
// each must still be seen with the same layout. Names and digests are interned over both files, since row numbers may
// differ.
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include "gooffsets/feed.h"
#include "gooffsets/version.h"
#include "store/catalog.h"
#include "store/database_file.h"

namespace gooffsets {
namespace {

constexpr size_t kMaxListed = 100000;

// Texts to small numbers, the same for both databases.
class Interner {
 public:
  uint32_t Of(std::string_view text) {
    auto [it, fresh] = numbers_.try_emplace(std::string(text), static_cast<uint32_t>(texts_.size()));
    if (fresh) texts_.push_back(it->first);
    return it->second;
  }
  const std::string& Text(uint32_t number) const { return texts_[number]; }

 private:
  std::unordered_map<std::string, uint32_t> numbers_;
  std::vector<std::string> texts_;
};

struct Seen {
  // "module\0version", "go\0goarch\0experiments\0tags", package path, package layout's digest.
  uint32_t version = 0, builds = 0, package = 0, layout = 0;
  auto Group() const { return std::tie(version, builds, package); }
  auto operator<=>(const Seen&) const = default;
};

struct Side {
  Connection db;
  std::vector<Seen> seen;                             // sorted
  std::unordered_map<uint32_t, int64_t> layout_rows;  // by interned digest
};

using Numbers = std::unordered_map<int64_t, std::array<uint32_t, 2>>;  // row -> interned columns

// Rows (id, one or two parts of a name joined with NUL, and where there are `more`, another column).
Result<Numbers> ReadNames(Connection* db, std::string_view sql, int parts, bool more, Interner* names) {
  Numbers out;
  Statement rows = db->Prepare(sql);
  while (true) {
    GOOFFSETS_TRY(bool found, rows.Next());
    if (!found) return out;
    std::string name;
    for (int i = 1; i <= parts; ++i)
      name += (i > 1 ? std::string(1, '\0') : std::string()) + std::string(rows.Bytes(i));
    out[rows.Int(0)] = {names->Of(name), more ? names->Of(rows.Bytes(parts + 1)) : 0};
  }
}

Result<Side> ReadSide(const std::string& path, Interner* names) {
  GOOFFSETS_TRY(Connection db, OpenDatabaseFile(path, OpenMode::kReadOnly));
  Side side{std::move(db), {}, {}};
  GOOFFSETS_TRY(const Numbers versions,
                ReadNames(&side.db, "SELECT v.id, m.path, v.text FROM version v JOIN module m ON m.id = v.module", 2,
                          false, names));
  GOOFFSETS_TRY(
      const Numbers builds,
      ReadNames(&side.db, "SELECT id, go, goarch, goexperiment, tags FROM build WHERE status = 0", 4, false, names));
  GOOFFSETS_TRY(const Numbers states,
                ReadNames(&side.db,
                          "SELECT s.id, p.text, l.digest FROM package_state s JOIN string p ON p.id = s.package "
                          "JOIN package_layout l ON l.id = s.package_layout",
                          1, true, names));
  {
    Statement rows = side.db.Prepare("SELECT id, digest FROM package_layout");
    while (true) {
      GOOFFSETS_TRY(bool found, rows.Next());
      if (!found) break;
      side.layout_rows[names->Of(rows.Bytes(1))] = rows.Int(0);
    }
  }
  Statement rows = side.db.Prepare("SELECT version, build, state FROM observation");
  while (true) {
    GOOFFSETS_TRY(bool found, rows.Next());
    if (!found) break;
    auto version = versions.find(rows.Int(0)), build = builds.find(rows.Int(1)), state = states.find(rows.Int(2));
    if (version == versions.end() || build == builds.end() || state == states.end()) continue;
    side.seen.push_back({version->second[0], build->second[0], state->second[0], state->second[1]});
  }
  std::sort(side.seen.begin(), side.seen.end());
  side.seen.erase(std::unique(side.seen.begin(), side.seen.end()), side.seen.end());
  return side;
}

// Symbols that have a layout, with its digest.
using Symbols = std::map<std::string, std::set<Digest128>>;

Result<void> AddSymbols(Side* side, uint32_t layout, Symbols* out) {
  CatalogReader reader(&side->db);
  GOOFFSETS_TRY(std::vector<PackageEntry> entries, reader.Entries(side->layout_rows[layout]));
  for (const PackageEntry& entry : entries) {
    if (entry.layout == 0) continue;
    GOOFFSETS_TRY(std::string symbol, reader.Text(entry.symbol));
    GOOFFSETS_TRY(Digest128 digest, reader.DigestOfLayout(entry.layout));
    (*out)[std::move(symbol)].insert(digest);
  }
  return {};
}

std::vector<std::string> SplitAtNul(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t at = 0;;) {
    const size_t end = text.find('\0', at);
    parts.push_back(text.substr(at, end - at));
    if (end == std::string::npos) return parts;
    at = end + 1;
  }
}

using Range = std::pair<std::vector<Seen>::const_iterator, std::vector<Seen>::const_iterator>;

class Comparison {
 public:
  Comparison(Interner* names, Side* before, Side* after) : names_(names), before_(before), after_(after) {}

  Result<DatabaseChanges> Run() {
    out_.package_observations_before = before_->seen.size();
    out_.package_observations_after = after_->seen.size();
    auto next = after_->seen.cbegin();
    for (auto at = before_->seen.cbegin(); at != before_->seen.cend();) {
      const auto same = [&](const Seen& s) { return s.Group() == at->Group(); };
      const auto end = std::find_if_not(at, before_->seen.cend(), same);
      next = std::find_if_not(next, after_->seen.cend(), [&](const Seen& s) { return s.Group() < at->Group(); });
      const auto next_end = std::find_if_not(next, after_->seen.cend(), same);
      if (!std::includes(next, next_end, at, end)) GOOFFSETS_CHECK_OK(Look({at, end}, {next, next_end}));
      at = end;
      next = next_end;
    }
    std::sort(out_.changes.begin(), out_.changes.end(), [](const auto& a, const auto& b) {
      return std::tie(a.module, a.version, a.go, a.goarch, a.symbol) <
             std::tie(b.module, b.version, b.go, b.goarch, b.symbol);
    });
    Versions();
    return std::move(out_);
  }

 private:
  void Note(const Seen& group, std::string symbol, bool lost) {
    ++out_.change_count;
    if (out_.changes.size() >= kMaxListed) return;
    const std::vector<std::string> version = SplitAtNul(names_->Text(group.version));
    const std::vector<std::string> build = SplitAtNul(names_->Text(group.builds));
    out_.changes.push_back({version[0], version[1], build[0], build[1], std::move(symbol), lost});
  }

  Result<void> Look(Range before, Range after) {
    const std::string& package = names_->Text(before.first->package);
    if (after.first == after.second) {
      Note(*before.first, package, true);
      return {};
    }
    Symbols old_symbols, new_symbols;
    for (auto it = before.first; it != before.second; ++it) {
      if (std::binary_search(after.first, after.second, *it)) continue;
      GOOFFSETS_CHECK_OK(AddSymbols(before_, it->layout, &old_symbols));
    }
    for (auto it = after.first; it != after.second; ++it)
      GOOFFSETS_CHECK_OK(AddSymbols(after_, it->layout, &new_symbols));
    for (const auto& [symbol, layouts] : old_symbols) {
      auto now = new_symbols.find(symbol);
      const bool lost = now == new_symbols.end();
      if (!lost && std::includes(now->second.begin(), now->second.end(), layouts.begin(), layouts.end())) continue;
      Note(*before.first, package + "." + symbol, lost);
    }
    return {};
  }

  void Versions() {
    std::set<uint32_t> before, after;
    for (const Seen& seen : before_->seen) before.insert(seen.version);
    for (const Seen& seen : after_->seen) after.insert(seen.version);
    auto only = [&](const std::set<uint32_t>& in, const std::set<uint32_t>& not_in) {
      std::vector<std::pair<std::string, std::string>> found;
      for (uint32_t version : in) {
        if (not_in.contains(version)) continue;
        const std::vector<std::string> parts = SplitAtNul(names_->Text(version));
        found.emplace_back(parts[0], parts[1]);
      }
      std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
        if (a.first != b.first) return a.first < b.first;
        auto x = Version::Parse(SchemeOf(a.first), a.second), y = Version::Parse(SchemeOf(b.first), b.second);
        return x && y ? *x < *y : a.second < b.second;
      });
      std::vector<std::string> texts;
      for (const auto& [module, version] : found) texts.push_back(module + " " + version);
      return texts;
    };
    out_.new_versions = only(after, before);
    out_.gone_versions = only(before, after);
  }

  Interner* names_;
  Side* before_;
  Side* after_;
  DatabaseChanges out_;
};

}  // namespace

Result<DatabaseChanges> CompareDatabases(const std::string& before, const std::string& after) {
  Interner names;
  GOOFFSETS_TRY(Side old_side, ReadSide(before, &names));
  GOOFFSETS_TRY(Side new_side, ReadSide(after, &names));
  return Comparison(&names, &old_side, &new_side).Run();
}

bool IsCorrected(const DatabaseChanges::Change& change, const std::vector<FeedCorrection>& corrections) {
  return std::any_of(corrections.begin(), corrections.end(), [&](const FeedCorrection& one) {
    return one.module == change.module && (one.version == "*" || one.version == change.version) &&
           (one.symbol == change.symbol || change.symbol.starts_with(one.symbol + "."));
  });
}

}  // namespace gooffsets
