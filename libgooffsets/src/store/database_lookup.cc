// One symbol at one version: normalise, split, ask every build that saw the package, and see whether they agree.
#include <algorithm>

#include "base/quote.h"
#include "go/names.h"
#include "store/database_impl.h"
#include "store/version_order.h"

namespace gooffsets {

namespace {

constexpr size_t kSuggestions = 5;

Answer AnswerFor(const Query& query, Status status) {
  Answer answer;
  answer.status = status;
  answer.query = query;
  return answer;
}

// Adds a value to those that were found, or its evidence to the equal one.
void Merge(std::vector<Value>* values, Value value, const Evidence& evidence) {
  auto same = std::find_if(values->begin(), values->end(), [&](const Value& other) { return other.SameAs(value); });
  if (same == values->end()) {
    values->push_back(std::move(value));
    same = values->end() - 1;
  }
  same->evidence.push_back(evidence);
  if (std::find(same->go.begin(), same->go.end(), evidence.go) == same->go.end()) same->go.push_back(evidence.go);
}

// The package part of a symbol whose package nobody knows: up to the first dot behind the last slash outside brackets.
size_t GuessPackageEnd(std::string_view symbol) {
  size_t end = std::min(symbol.find_first_of("[({"), symbol.size());
  size_t slash = symbol.substr(0, end).rfind('/');
  return symbol.find('.', slash == std::string_view::npos ? 0 : slash);
}

}  // namespace

Answer Unknown(const Query& query, std::string reason, std::string hint) {
  Answer answer = AnswerFor(query, Status::kUnknown);
  answer.reason = std::move(reason);
  answer.hint = std::move(hint);
  return answer;
}

std::string ModuleCommand(const std::string& module, const std::string& version, GoArch goarch) {
  return "offsetgen --module " + module + " --versions " + version + " --arch " + std::string(ToString(goarch));
}

std::string BuildCommand(const Query& query) {
  std::string command = ModuleCommand(query.module, query.version, query.goarch);
  if (!query.go.empty() && query.module != kStdModule) command += " --go " + query.go;
  return command;
}

Result<Query> Database::Impl::Normalise(const Query& query, bool with_version) {
  Query normal = query;
  if (query.module.empty()) return Fail(ErrorCode::kUsage, "no module is named", "--module std, or a module path");
  if (with_version) {
    Result<Version> version = Version::Parse(SchemeOf(query.module), query.version);
    if (!version) return Fail(ErrorCode::kUsage, version.error().message, version.error().hint);
    normal.version = version->text();
  } else {
    normal.version.clear();
  }
  if (!query.go.empty()) {
    Result<Version> go = Version::Parse(VersionScheme::kGo, query.go);
    if (!go) return Fail(ErrorCode::kUsage, go.error().message, go.error().hint);
    normal.go = go->text();
    if (with_version && query.module == kStdModule && normal.go != normal.version) {
      return Fail(ErrorCode::kUsage, "the version of the standard library is its Go release: --version " + normal.version +
                                         " and --go " + normal.go + " contradict each other");
    }
  }
  if (query.symbol.empty()) return Fail(ErrorCode::kUsage, "no symbol is named", "net/http.Request.URL");
  if (GuessPackageEnd(query.symbol) == std::string::npos) {
    return Fail(ErrorCode::kUsage, Quote(query.symbol) + " is no full symbol",
                "a package path, a dot and a name: net/http.Request.URL, net/http.(*Server).Serve");
  }
  return normal;
}

Result<std::pair<std::string, std::string>> Database::Impl::Split(const Query& query, std::optional<int64_t> version) {
  // The packages of this version, else those of any version: then the answer is that this version has no such package.
  std::vector<std::optional<int64_t>> scopes = {std::nullopt};
  if (version) scopes.insert(scopes.begin(), version);
  for (const std::optional<int64_t>& scope : scopes) {
    // Only the few paths that the symbol begins with are looked up: a module has thousands of observations.
    Result<bool> known = false;
    const auto is_package = [&](std::string_view path) {
      if (known) known = IsPackage(query.module, scope, path);
      return known && *known;
    };
    std::optional<SplitName> name = SplitSymbol(query.symbol, is_package);
    if (!known) return tl::unexpected(known.error());
    if (name && !name->rest.empty()) return std::pair(std::string(name->package), std::string(name->rest));
    GOOFFSETS_TRY(const bool whole, IsPackage(query.module, scope, query.symbol));
    if (whole) {
      return Fail(ErrorCode::kUsage, Quote(query.symbol) + " is a package: name a type, field or function of it");
    }
  }
  const size_t end = GuessPackageEnd(query.symbol);
  return std::pair(query.symbol.substr(0, end), query.symbol.substr(end + 1));
}

Result<Answer> Database::Impl::Lookup(const Query& asked) {
  GOOFFSETS_TRY(Query query, Normalise(asked, true));
  GOOFFSETS_TRY(std::optional<int64_t> version, reader_.FindVersion({query.module, query.version}));
  if (!version) {
    GOOFFSETS_TRY(std::vector<std::string> modules, Modules());
    if (std::find(modules.begin(), modules.end(), query.module) == modules.end()) {
      Answer answer = Unknown(query, "the database has nothing of module " + query.module, BuildCommand(query));
      answer.similar = Similar(query.module, modules, kSuggestions);
      GOOFFSETS_TRY(const bool package_of_std, IsPackage(std::string(kStdModule), std::nullopt, query.module));
      if (package_of_std) answer.similar = {std::string(kStdModule)};
      return answer;
    }
    Answer answer = Unknown(query, "never built: " + query.module + " " + query.version + " is not in the database",
                            BuildCommand(query));
    GOOFFSETS_TRY(answer.similar, NewestOfLine(query));
    return answer;
  }
  GOOFFSETS_TRY(auto symbol, Split(query, version));
  GOOFFSETS_TRY(std::vector<Sighting> sightings, SightingsOf(query.module, symbol.first, query.goarch, version));
  if (sightings.empty()) return NotSeen(query, *version, symbol.first, symbol.second);
  return Combine(query, symbol.second, sightings);
}

// The newest stored versions of the minor line that was asked for: who says 1.26 may mean one of them.
Result<std::vector<std::string>> Database::Impl::NewestOfLine(const Query& query) {
  const Result<Version> asked = Version::Parse(SchemeOf(query.module), query.version);
  GOOFFSETS_TRY(const std::vector<std::string> stored, Versions(query.module));
  std::vector<std::string> newest;
  for (auto version = stored.rbegin(); version != stored.rend() && newest.size() < 2; ++version) {
    const Result<Version> seen = Version::Parse(SchemeOf(query.module), *version);
    if (asked && seen && seen->minor_line() == asked->minor_line()) newest.push_back(*version);
  }
  return newest;
}

Result<Answer> Database::Impl::Combine(const Query& query, const std::string& rest,
                                       const std::vector<Sighting>& sightings) {
  // With a Go release: first the builds made with it; others only where these say nothing.
  std::vector<Value> values;
  std::optional<Answer> unknown;
  Outcome last_absent;
  Sighting absent_sighting;
  for (const bool direct : {true, false}) {
    for (const Sighting& sighting : sightings) {
      const bool same_go = query.go.empty() || sighting.evidence.go == query.go;
      if (same_go != direct) continue;
      const std::string& go = query.go.empty() ? sighting.evidence.go : query.go;
      GOOFFSETS_TRY(Outcome outcome, Ask(sighting, rest, query, go));
      if (outcome.kind == Outcome::Kind::kUnknown) {
        if (!unknown) unknown = Unknown(query, outcome.reason, outcome.hint);
        continue;
      }
      if (!direct) {
        GOOFFSETS_TRY(std::optional<Doubt> doubt, DoubtAbout(sighting, outcome, query));
        if (doubt) {
          if (!unknown) unknown = Unknown(query, "not observed with Go " + query.go + ": " + doubt->reason, doubt->hint);
          continue;
        }
      }
      Value value = std::move(outcome.value);
      if (outcome.kind == Outcome::Kind::kAbsent) {
        value = Value();
        value.absent_reason = outcome.reason;
        absent_sighting = sighting;
        last_absent = std::move(outcome);
      }
      Merge(&values, std::move(value), sighting.evidence);
    }
    if (!values.empty()) break;
  }
  if (values.empty()) return *unknown;
  if (values.size() > 1) {
    Answer answer = AnswerFor(query, Status::kAmbiguous);
    answer.values = std::move(values);
    return answer;
  }
  if (values[0].absent_reason.empty()) {
    Answer answer = AnswerFor(query, Status::kFound);
    answer.values = std::move(values);
    return answer;
  }
  Answer answer = AnswerFor(query, Status::kAbsent);
  answer.reason = values[0].absent_reason;
  answer.evidence = std::move(values[0].evidence);
  if (!query.version.empty()) {
    GOOFFSETS_TRY(answer.similar, Suggestions(last_absent, absent_sighting, rest));
  }
  return answer;
}

Result<std::vector<std::string>> Database::Impl::Suggestions(const Outcome& outcome, const Sighting& sighting,
                                                             const std::string& rest) {
  std::vector<std::string> similar;
  if (!outcome.field_prefix.empty()) {
    std::string_view wanted = std::string_view(rest);
    wanted = SplitPath(wanted).back();
    for (const std::string& name : Similar(wanted, outcome.field_names, kSuggestions)) {
      similar.push_back(outcome.field_prefix + name);
    }
    return similar;
  }
  if (!outcome.reason.starts_with("no such")) return similar;
  GOOFFSETS_TRY(const CatalogReader::State* state, StateOf(sighting.state));
  GOOFFSETS_TRY(const Entries* entries, EntriesOf(state->package_layout));
  std::vector<std::string> names;
  names.reserve(entries->size());
  for (const PackageEntry& entry : *entries) {
    GOOFFSETS_TRY(std::string name, reader_.Text(entry.symbol));
    names.push_back(std::move(name));
  }
  // Of "Strem.method" only the type can be spelled nearly like a symbol.
  std::string wanted = rest.starts_with('(') ? rest : std::string(SplitPath(rest).front());
  std::sort(names.begin(), names.end());
  for (const std::string& name : Similar(wanted, names, kSuggestions)) {
    similar.push_back(state->package.path + "." + name);
  }
  return similar;
}

// No successful build of this GOARCH saw the package at this version.
Result<Answer> Database::Impl::NotSeen(const Query& query, int64_t version, const std::string& package,
                                       const std::string& rest) {
  GOOFFSETS_TRY(Listed listed, FindListed(version, query.goarch, package));
  if (listed.known) {
    const bool excluded = listed.why_not == "excluded by build constraints";
    if (!listed.listed || excluded) {
      Answer answer = AnswerFor(query, Status::kAbsent);
      answer.reason = excluded ? "excluded by build constraint" : "no such package";
      answer.evidence = std::move(listed.evidence);
      if (!excluded && !query.version.empty()) {
        GOOFFSETS_TRY(std::set<std::string> paths, PackagePaths(query.module, version));
        for (const std::string& path : Similar(package, {paths.begin(), paths.end()}, kSuggestions)) {
          answer.similar.push_back(path + "." + rest);
        }
      }
      return answer;
    }
    std::string reason = "not measured";
    if (!listed.why_not.empty()) reason += ": " + listed.why_not;
    return Unknown(query, reason, BuildCommand(query));
  }
  // Never built, or built in vain: the failure with the newest Go release says most.
  Statement rows = db_.Prepare("SELECT go, status, reason FROM build WHERE version = ? AND goarch = ? AND status <> 0");
  rows.BindInt(version).BindText(ToString(query.goarch));
  VersionLess less(VersionScheme::kGo);
  std::string go, reason;
  BuildStatus status = BuildStatus::kOk;
  while (true) {
    GOOFFSETS_TRY(bool row, rows.Next());
    if (!row) break;
    if (status != BuildStatus::kOk && less(rows.Text(0), go)) continue;
    go = rows.Text(0);
    status = static_cast<BuildStatus>(rows.Int(1));
    reason = rows.Text(2);
  }
  if (status == BuildStatus::kOk) return Unknown(query, "never built", BuildCommand(query));
  if (status == BuildStatus::kUnavailable) {
    return Unknown(query, "not available from the proxy: " + reason, BuildCommand(query));
  }
  const bool again = status == BuildStatus::kCompileFailed;
  return Unknown(query, "build failed: " + reason, BuildCommand(query) + (again ? " --retry-failed" : ""));
}

}  // namespace gooffsets
