#include "version_sources.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/file.h"
#include "text.h"

namespace offsetgen {
namespace {

using gooffsets::Constraint;
using gooffsets::Error;
using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::Result;
using gooffsets::SchemeOf;
using gooffsets::Version;
using gooffsets::VersionScheme;

constexpr uint64_t kLargestList = 16 << 20;
constexpr size_t kMostWarnings = 20;
constexpr std::string_view kToolchainModule = "golang.org/toolchain";

// The order in which sources are named.
enum class Source { kList, kProxy, kGit, kNamed };

std::string_view Name(Source source) {
  switch (source) {
    case Source::kList:
      return "list";
    case Source::kProxy:
      return "proxy";
    case Source::kGit:
      return "git";
    case Source::kNamed:
      return "named";
  }
  return "?";
}

class Union {
 public:
  explicit Union(KnownVersions* known) : known_(*known) {}

  KnownVersion& Add(const Version& version, Source source) {
    auto [entry, is_new] = by_text_.try_emplace(version.text());
    if (is_new) entry->second.version = version;
    std::vector<std::string>& sources = entry->second.sources;
    if (std::find(sources.begin(), sources.end(), Name(source)) == sources.end()) sources.emplace_back(Name(source));
    return entry->second;
  }
  void Warn(Error error) {
    if (known_.warnings.size() < kMostWarnings) known_.warnings.push_back(std::move(error));
  }
  bool empty() const { return by_text_.empty(); }
  bool HasRelease() const {
    return std::any_of(by_text_.begin(), by_text_.end(),
                       [](const auto& entry) { return !entry.second.version.is_prerelease(); });
  }
  void Finish() {
    for (auto& [text, version] : by_text_) known_.versions.push_back(std::move(version));
    std::sort(known_.versions.begin(), known_.versions.end(),
              [](const KnownVersion& a, const KnownVersion& b) { return a.version < b.version; });
  }

 private:
  KnownVersions& known_;
  std::map<std::string, KnownVersion> by_text_;
};

bool ContainsAny(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

// What a failed `go list -m` means. The go command has no exit codes for this, only words.
Error GoFailure(const std::string& module, const GoOutput& output) {
  const std::string why = LastLine(output.err);
  Error error;
  error.message = "the go command cannot list the versions of " + module + ": " +
                  (why.empty() ? "exit status " + std::to_string(output.exit_code) : why);
  if (ContainsAny(output.err, {"404 Not Found", "410 Gone", "not found", "unrecognized import path",
                               "malformed module path", "no such module"})) {
    error.code = ErrorCode::kNotFound;
    error.hint = "check the spelling, and GOPROXY and GOPRIVATE for private modules";
  } else if (ContainsAny(output.err, {"invalid GOPROXY", "unknown GOEXPERIMENT", "flag provided but not defined",
                                      "go.mod requires go"})) {
    error.code = ErrorCode::kToolchain;
    error.hint = "go env GOPROXY GOFLAGS";
  } else {
    error.code = ErrorCode::kNetwork;
    error.hint = "check the network and GOPROXY; versions in data/versions need neither";
  }
  return error;
}

Result<std::string> RunList(const VersionQuery& query, const std::string& module, std::vector<std::string> args) {
  GOOFFSETS_TRY(GoOutput output, query.run_go(args));
  if (output.exit_code != 0) return tl::unexpected(GoFailure(module, output));
  return std::move(output.out);
}

// `go list -m -json M@latest`.
Result<Version> AskLatest(const VersionQuery& query) {
  GOOFFSETS_TRY(const std::string out, RunList(query, query.module, {"list", "-m", "-json", query.module + "@latest"}));
  const nlohmann::json answer = nlohmann::json::parse(out, nullptr, false);
  const auto version = answer.is_object() ? answer.find("Version") : answer.end();
  if (!answer.is_object() || version == answer.end() || !version->is_string()) {
    return Fail(ErrorCode::kBadInput, "the go command's answer about " + query.module + "@latest has no version");
  }
  return Version::Parse(VersionScheme::kModule, version->get<std::string>());
}

std::vector<std::string_view> Terms(const Constraint& constraint) {
  std::vector<std::string_view> terms;
  for (std::string_view term : Split(constraint.text(), ',')) terms.push_back(Trim(term));
  return terms;
}

bool AsksLatest(const Constraint& constraint) {
  const std::vector<std::string_view> terms = Terms(constraint);
  return std::find(terms.begin(), terms.end(), "latest") != terms.end();
}

// The first version that the constraint's text holds, however few numbers it has: where the user looked.
std::optional<Version> WhereLooked(const Constraint& constraint, VersionScheme scheme) {
  for (std::string_view term : Terms(constraint)) {
    const size_t digit = term.find_first_of("0123456789");
    if (digit == std::string_view::npos) continue;
    std::string text(term.substr(digit));
    for (int padding = 0; padding < 3; ++padding, text += ".0") {
      if (Result<Version> version = Version::Parse(scheme, text)) return *version;
    }
  }
  return std::nullopt;
}

Error NothingMatches(const KnownVersions& known, const Constraint& constraint, const std::vector<Version>& candidates) {
  Error error{ErrorCode::kNotFound, "", ""};
  error.message = "no version of " + known.module + " matches \"" + Printable(constraint.text()) + "\": ";
  const size_t count = candidates.size();
  error.message += count == 0 ? "none is known" : std::to_string(count) + (count == 1 ? " is known" : " are known");
  if (const std::optional<Version> at = WhereLooked(constraint, SchemeOf(known.module)); at && count != 0) {
    // Releases, if there are any: a pre-release is seldom what was meant.
    std::vector<Version> near;
    std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(near), [](const Version& v) { return !v.is_prerelease(); });
    if (near.empty()) near = candidates;
    const auto above = std::upper_bound(near.begin(), near.end(), *at);
    error.message += "; nearest below: " + (above == near.begin() ? "none" : std::prev(above)->text());
    error.message += ", nearest above: " + (above == near.end() ? "none" : above->text());
  } else if (count != 0) {
    error.message += ", from " + candidates.front().text() + " to " + candidates.back().text();
  }
  const size_t with_prereleases = constraint.Select(candidates, true).size();
  if (with_prereleases != 0) {
    error.hint = "--include-prereleases: " + std::to_string(with_prereleases) +
                 (with_prereleases == 1 ? " pre-release matches" : " pre-releases match");
  } else {
    error.hint = "offsetgen --module " + known.module + " --versions \"*\" --dry-run lists what is known";
  }
  return error;
}

}  // namespace

std::string VersionListName(std::string_view module) {
  std::string name(module);
  std::replace(name.begin(), name.end(), '/', '_');
  return name + ".txt";
}

Result<std::vector<KnownVersion>> ParseVersionList(std::string_view text, VersionScheme scheme,
                                                   const std::string& name) {
  std::vector<KnownVersion> versions;
  size_t number = 0;
  for (std::string_view line : Split(text, '\n')) {
    ++number;
    const size_t hash = line.find('#');
    std::string_view word = Trim(line.substr(0, hash));
    if (word.empty()) continue;
    KnownVersion entry;
    constexpr std::string_view kExclude = "exclude";
    if (word.starts_with(kExclude) && word.size() > kExclude.size() &&
        (word[kExclude.size()] == ' ' || word[kExclude.size()] == '\t')) {
      entry.excluded = true;
      word = Trim(word.substr(kExclude.size()));
    }
    Result<Version> version = Version::Parse(scheme, word);
    if (!version) {
      return Fail(ErrorCode::kBadInput,
                  name + ":" + std::to_string(number) + ": \"" + Printable(word) + "\" is not a version");
    }
    entry.version = *std::move(version);
    if (hash != std::string_view::npos) entry.note = std::string(Trim(line.substr(hash + 1)));
    versions.push_back(std::move(entry));
  }
  return versions;
}

Result<std::vector<Version>> ParseProxyList(std::string_view json, std::string_view module) {
  const nlohmann::json answer = nlohmann::json::parse(json, nullptr, false);
  if (!answer.is_object())
    return Fail(ErrorCode::kBadInput,
                "the go command's list of the versions of " + std::string(module) + " is not JSON");
  std::vector<Version> versions;
  const auto list = answer.find("Versions");
  if (list == answer.end() || list->is_null()) return versions;
  if (!list->is_array())
    return Fail(ErrorCode::kBadInput,
                "the go command's list of the versions of " + std::string(module) + " is malformed");
  for (const nlohmann::json& element : *list) {
    if (!element.is_string()) continue;
    const std::string& whole = element.get_ref<const std::string&>();
    std::string_view text = whole;
    if (module == gooffsets::kStdModule) {
      constexpr std::string_view kBefore = "v0.0.1-go", kAfter = ".linux-amd64";
      if (!text.starts_with(kBefore) || !text.ends_with(kAfter) || text.size() < kBefore.size() + kAfter.size())
        continue;
      text.remove_prefix(kBefore.size());
      text.remove_suffix(kAfter.size());
    }
    if (Result<Version> version = Version::Parse(SchemeOf(module), text)) versions.push_back(*std::move(version));
  }
  return versions;
}

Result<KnownVersions> GatherVersions(const VersionQuery& query, const Constraint& constraint) {
  const bool is_std = query.module == gooffsets::kStdModule;
  const std::vector<std::string> near = NearSpellings(query.module, query.known_modules);
  const bool is_tracked =
      std::find(query.known_modules.begin(), query.known_modules.end(), query.module) != query.known_modules.end();
  const std::string did_you_mean = near.empty() || is_tracked ? "" : "did you mean " + near.front() + "?";
  if (!IsModulePath(query.module)) {
    return Fail(ErrorCode::kUsage, "\"" + Printable(query.module) + "\" is not a module path",
                did_you_mean.empty() ? "such as google.golang.org/grpc, or std" : did_you_mean);
  }
  KnownVersions known;
  known.module = query.module;
  Union all(&known);

  if (!query.lists_dir.empty()) {
    const std::string path = query.lists_dir + "/" + VersionListName(query.module);
    const Result<std::string> text = gooffsets::ReadFile(path, kLargestList);
    if (text) {
      // A malformed list is an error, not a warning: lists are part of this repository, and a silently shorter one
      // would silently cover less.
      GOOFFSETS_TRY(const std::vector<KnownVersion> entries, ParseVersionList(*text, SchemeOf(query.module), path));
      for (const KnownVersion& entry : entries) {
        KnownVersion& added = all.Add(entry.version, Source::kList);
        added.note = entry.note;
        added.excluded = added.excluded || entry.excluded;
      }
    } else if (text.error().code != ErrorCode::kNotFound) {
      all.Warn(text.error());
    }
  }

  if (query.run_go) {
    // Retracted versions run in production as well as others; the list would leave them out.
    const std::string listed = is_std ? std::string(kToolchainModule) : query.module;
    std::vector<std::string> args = {"list", "-m", "-versions", "-retracted", "-json", listed};
    const Result<std::string> out = RunList(query, listed, std::move(args));
    const Result<std::vector<Version>> versions =
        out ? ParseProxyList(*out, query.module) : tl::unexpected(out.error());
    if (versions) {
      for (const Version& version : *versions) all.Add(version, Source::kProxy);
    } else {
      all.Warn(versions.error());
    }
  }

  if (query.git) {
    const Result<GitVersions> tags = ReadGitTags(*query.git, query.module);
    // The user named this repository: its failure is one, though others answer.
    if (!tags) return tl::unexpected(tags.error());
    for (const Version& version : tags->versions) all.Add(version, Source::kGit);
    if (tags->versions.empty()) {
      all.Warn({ErrorCode::kNotFound,
                Printable(query.git->location) + " has no tag that is a version of " + query.module,
                "name the prefix of its tags: --git LOCATION#PREFIX"});
    }
  }

  // Modules without releases (google.golang.org/genproto/googleapis/rpc): only @latest names their newest version.
  if (query.run_go && !is_std && !all.HasRelease() && (all.empty() || AsksLatest(constraint))) {
    const Result<Version> latest = AskLatest(query);
    if (latest) {
      all.Add(*latest, Source::kProxy);
    } else {
      all.Warn(latest.error());
    }
  }

  const bool found_any = !all.empty();
  for (const Version& version : constraint.named()) all.Add(version, Source::kNamed);
  if (!found_any && (constraint.named().empty() || !did_you_mean.empty())) {
    // No source knows the module, and nothing else says that it exists.
    Error error{ErrorCode::kNotFound, "no versions of module " + query.module + " are known", did_you_mean};
    if (!known.warnings.empty()) {
      error.message += ": " + known.warnings.front().message;
      if (did_you_mean.empty()) {
        error.code = known.warnings.front().code;
        error.hint = known.warnings.front().hint;
      }
    }
    if (error.hint.empty()) error.hint = "check the spelling, or name versions exactly: --versions v0.1.0";
    return tl::unexpected(std::move(error));
  }
  all.Finish();
  return known;
}

Result<std::vector<Version>> SelectVersions(const KnownVersions& known, const Constraint& constraint,
                                            const SelectOptions& options) {
  std::vector<Version> candidates;
  const std::vector<Version>& named = constraint.named();
  for (const KnownVersion& entry : known.versions) {
    const bool is_named = std::find(named.begin(), named.end(), entry.version) != named.end();
    if (!entry.excluded || is_named) candidates.push_back(entry.version);
  }
  std::vector<Version> chosen;
  if (options.include_pseudo && !options.include_prereleases) {
    // Releases and pseudo-versions match, other pre-releases only as the constraint says.
    std::vector<Version> releases;
    std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(releases),
                 [](const Version& version) { return version.is_pseudo() || !version.is_prerelease(); });
    chosen = constraint.Select(releases, true);
    const std::vector<Version> strict = constraint.Select(candidates, false);
    chosen.insert(chosen.end(), strict.begin(), strict.end());
    std::sort(chosen.begin(), chosen.end());
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  } else {
    chosen = constraint.Select(candidates, options.include_prereleases);
  }
  if (chosen.empty()) return tl::unexpected(NothingMatches(known, constraint, candidates));
  return chosen;
}

}  // namespace offsetgen
