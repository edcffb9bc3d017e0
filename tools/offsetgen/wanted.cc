#include "wanted.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "binary_facts.h"
#include "package_pattern.h"
#include "run.h"
#include "source.h"
#include "targets.h"
#include "version_sources.h"

namespace offsetgen {

using gooffsets::Constraint;
using gooffsets::Error;
using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::Result;
using gooffsets::Version;

namespace {

// Changes when keep-files are made by other rules, so that builds that failed before are tried again.
constexpr int kKeepRules = 1;

RunGo RunGoWith(GoCommand* go) {
  return [go](const std::vector<std::string>& args) -> Result<GoOutput> {
    GOOFFSETS_TRY(ProcessOutput out, go->Run(args, go->cache().Path("work")));
    return GoOutput{out.exit_code, std::move(out.stdout_text), std::move(out.stderr_text)};
  };
}

class Finder {
 public:
  Finder(const RunOptions& options, GoCommand* go, Progress* progress, const Targets& targets)
      : options_(options), go_(go), progress_(progress), targets_(targets) {}

  Result<Wanted> Find() {
    Wanted wanted;
    GOOFFSETS_TRY(Constraint all, Constraint::Parse(gooffsets::VersionScheme::kGo, "*"));
    GOOFFSETS_TRY(KnownVersions std_versions, Gather(std::string(gooffsets::kStdModule), all));
    for (const KnownVersion& v : std_versions.versions) {
      if (!v.excluded) wanted.go_releases.push_back(v.version);
    }
    std::vector<Target> chosen;
    if (options_.all) {
      for (const Target& t : targets_.targets) {
        // A plan can be printed for everything that is tracked; what is not released yet is not built by --all.
        if (t.data == Target::Data::kReleased || options_.dry_run) chosen.push_back(t);
      }
    }
    for (const std::string& module : options_.modules) {
      chosen.push_back(TargetOf(module));
    }
    for (Target& target : chosen) {
      GOOFFSETS_TRY(WantedModule module, Resolve(target, std_versions));
      wanted.modules.push_back(std::move(module));
    }
    if (!options_.source.empty()) {
      GOOFFSETS_TRY(WantedModule module, FromSource());
      wanted.modules.push_back(std::move(module));
    }
    if (!options_.for_binary.empty()) GOOFFSETS_CHECK_OK(FromBinary(&wanted));
    return wanted;
  }

 private:
  Target TargetOf(const std::string& module) const {
    const Target* target = FindTarget(targets_, module);
    return target ? *target : DefaultTarget(module);
  }

  // A checkout in the place of a release: its version is what the go command would call this commit.
  Result<WantedModule> FromSource() {
    GOOFFSETS_TRY(Source source, OpenSource(options_.source, go_->cache()));
    WantedModule out;
    out.source_dir = source.dir;
    Target target = TargetOf(source.module);
    out.planned.module = source.module;
    GOOFFSETS_TRY(Version version, Version::Parse(gooffsets::VersionScheme::kModule, source.version));
    out.planned.versions = {version};
    out.known_versions = {version.text()};
    GOOFFSETS_CHECK_OK(Fill(target, &out));
    out.remeasure = source.revision.empty();
    return out;
  }

  Result<void> FromBinary(Wanted* wanted) {
    GOOFFSETS_TRY(gooffsets::BinaryInfo info, ReadBinaryInfo(options_.for_binary));
    GOOFFSETS_TRY(BinaryPlan plan, ModulesForBinary(info, targets_));
    for (const std::string& note : plan.notes) progress_->Line("info", note);
    for (const LeftOut& l : plan.left_out) progress_->Line("info", fmt::format("left out: {} {}: {}", l.module, l.version, l.why));
    for (PlannedModule& planned : plan.modules) {
      WantedModule out;
      Target target = TargetOf(planned.module);
      for (const Version& v : planned.versions) out.known_versions.push_back(v.text());
      SetRoots(target, &out);
      planned.inputs = out.planned.inputs;
      out.planned = std::move(planned);
      if (out.planned.module != gooffsets::kStdModule) out.pinned = plan.pinned;
      wanted->modules.push_back(std::move(out));
    }
    return {};
  }

  Result<KnownVersions> Gather(const std::string& module, const Constraint& constraint) {
    VersionQuery query;
    query.module = module;
    query.lists_dir = options_.data_dir + "/versions";
    query.run_go = RunGoWith(go_);
    query.known_modules = ModuleNames(targets_);
    if (!options_.git.empty() && module != gooffsets::kStdModule) {
      GOOFFSETS_TRY(query.git, ParseGitSource(options_.git));
    }
    GOOFFSETS_TRY(KnownVersions known, GatherVersions(query, constraint));
    for (const Error& warning : known.warnings) progress_->Line("warning", warning.ToString());
    return known;
  }

  Result<WantedModule> Resolve(const Target& target, const KnownVersions& std_versions) {
    WantedModule out;
    Constraint constraint = target.versions;
    if (options_.versions) {
      GOOFFSETS_TRY(constraint, Constraint::Parse(gooffsets::SchemeOf(target.module), *options_.versions));
    }
    bool is_std = target.module == gooffsets::kStdModule;
    KnownVersions known;
    if (is_std && constraint.named().empty()) {
      known = std_versions;
    } else {
      GOOFFSETS_TRY(known, Gather(target.module, constraint));
    }
    SelectOptions select{options_.include_prereleases, target.pseudo_versions};
    out.planned.module = target.module;
    GOOFFSETS_TRY(out.planned.versions, SelectVersions(known, constraint, select));
    for (const KnownVersion& v : known.versions) out.known_versions.push_back(v.version.text());
    GOOFFSETS_CHECK_OK(Fill(target, &out));
    return out;
  }

  // What the command line says, else the target.
  Result<void> Fill(const Target& target, WantedModule* out) {
    PlannedModule& planned = out->planned;
    planned.arches = options_.arches.empty() ? target.arches : options_.arches;
    planned.tags = options_.tags.empty() ? target.tags : options_.tags;
    std::sort(planned.tags.begin(), planned.tags.end());
    planned.goexperiment = options_.goexperiment.value_or(target.goexperiment);
    planned.go = target.go;
    if (options_.go) {
      GOOFFSETS_TRY(planned.go, ParseGoPolicy(*options_.go));
    }
    SetRoots(target, out);
    return {};
  }

  static void SetRoots(const Target& target, WantedModule* out) {
    for (const std::string& r : target.roots) out->roots.push_back(AbsolutePattern(r, target.module));
    for (const std::string& x : target.excludes) out->excludes.push_back(AbsolutePattern(x, target.module));
    if (out->roots.empty() && out->excludes.empty()) return;
    std::string key = fmt::format("{}\n", kKeepRules);
    for (const auto* list : {&out->roots, &out->excludes}) {
      for (const std::string& item : *list) key += item + "\n";
      key += "\n";
    }
    out->planned.inputs = gooffsets::Blake2b128Hex(key);
  }

  const RunOptions& options_;
  GoCommand* go_;
  Progress* progress_;
  const Targets& targets_;
};

}  // namespace

Result<Wanted> FindWanted(const RunOptions& options, GoCommand* go, Progress* progress) {
  GOOFFSETS_TRY(Targets targets, LoadTargets(options.data_dir + "/targets.toml"));
  return Finder(options, go, progress, targets).Find();
}

}  // namespace offsetgen
