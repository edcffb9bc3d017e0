#include "resolve/target_world.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "store/selections.h"

namespace gooffsets {
namespace {

// Import paths of the standard library have no dot in their first element; its vendored packages begin with "vendor/".
bool MayBeStd(std::string_view path) { return path.substr(0, path.find('/')).find('.') == std::string_view::npos; }

// Which experiments are on by default differs between Go's minor releases, and a build's selections are computed with
// those of its own.
std::string ExperimentDoubt(const std::vector<std::string>& tags, const std::string& built, const std::string& go) {
  const auto experiment =
      std::find_if(tags.begin(), tags.end(), [](const std::string& tag) { return tag.starts_with("goexperiment."); });
  Result<Version> ours = Version::Parse(VersionScheme::kGo, go);
  Result<Version> theirs = Version::Parse(VersionScheme::kGo, built);
  if (experiment == tags.end() || (ours && theirs && ours->minor_line() == theirs->minor_line())) return {};
  return "its files depend on " + *experiment + ", which Go " + go + " may have set otherwise than Go " + built;
}

}  // namespace

std::string TargetWorld::BuildHint() const {
  return target_->file.empty() ? std::string("offsetgen --for-binary FILE") : "offsetgen --for-binary " + target_->file;
}

Result<ModuleVersion> TargetWorld::OwnerOf(const std::string& path, Missing* missing) {
  auto assumed = [&](const std::string& module, const std::string& version) {
    auto found = assumptions_.versions.find(module);
    return ModuleVersion{module, found == assumptions_.versions.end() ? version : found->second};
  };
  if (const Target::Module* module = target_->Owner(path)) {
    missing->reason = module->why;
    return assumed(module->code_path, module->version);
  }
  if (path == "main" || path == "command-line-arguments") {
    missing->reason = "package main is the program's own, which no build observed";
    return ModuleVersion();
  }
  if (MayBeStd(path)) {
    // Paths without a dot are the standard library's by convention only: without a module list, its own list decides.
    if (!target_->has_modules) {
      // What was seen there is there; only for the rest the list is read.
      GOOFFSETS_TRY(const auto* seen, reader()->Seen(std::string(kStdModule), go(), path, target_->goarch));
      if (seen->empty()) {
        GOOFFSETS_TRY(const std::optional<bool> has, reader()->HasPackage(std::string(kStdModule), go(), path));
        if (has && !*has) {
          missing->reason = "the program does not say which module provides " + path;
          return ModuleVersion();
        }
      }
    }
    missing->reason = target_->go_why;
    return ModuleVersion{std::string(kStdModule), go()};
  }
  GOOFFSETS_TRY(const std::vector<std::string>* modules, reader()->Modules());
  for (std::string_view prefix = path; !target_->has_modules;) {
    if (std::binary_search(modules->begin(), modules->end(), prefix, std::less<>())) {
      missing->reason = "the program does not say which version of " + std::string(prefix) + " it holds";
      return assumed(std::string(prefix), "");
    }
    const size_t slash = prefix.rfind('/');
    if (slash == std::string_view::npos) break;
    prefix = prefix.substr(0, slash);
  }
  missing->reason = target_->has_modules ? "no module of the program provides the package " + path
                                         : "the database has no module that provides the package " + path;
  return ModuleVersion();
}

Result<std::string> TargetWorld::Doubt(const SeenPackage& seen, const std::string& path, bool is_std, const Tags& tags,
                                       bool* config) {
  if (!is_std && release_) {
    GOOFFSETS_TRY(const CatalogReader::State* state, reader()->State(seen.state));
    const std::optional<std::string_view> selection = SelectionFor(state->package, *release_);
    if (!selection || state->package.selection.empty()) {
      return "which source files of " + path + " Go " + go() + " selects was not recorded";
    }
    if (*selection != state->package.selection) {
      GOOFFSETS_TRY(const ModuleViewReader::BuildHead* head, reader()->HeadOf(seen.build));
      return "Go " + go() + " selects other source files of " + path + " than Go " + head->go;
    }
  }
  if (assumptions_.lenient) return std::string();
  if (!is_std && !release_) return target_->go_why;
  GOOFFSETS_TRY(const SeenBuild* build, reader()->Build(seen.build));
  std::string doubt = ConfigDoubt(*target_, path, is_std, tags ? &*tags : nullptr, build->tags, build->goexperiment);
  if (doubt.empty() && tags && !is_std) doubt = ExperimentDoubt(*tags, build->evidence.go, go());
  *config = !doubt.empty();
  return doubt;
}

Result<size_t> TargetWorld::SameModules(int64_t build) {
  if (target_->modules.empty()) return 0;
  auto [known, fresh] = same_modules_.try_emplace(build, 0);
  if (fresh) {
    GOOFFSETS_TRY(const ModuleViewReader::Closure* closure, reader()->ClosureOf(build));
    for (const auto& [path, version] : *closure) {
      const Target::Module* own = target_->Owner(path);
      if (own != nullptr && own->code_path == path && own->version == version) ++known->second;
    }
  }
  return known->second;
}

Result<TargetWorld::Sightings> TargetWorld::Judge(const std::string& path) {
  Sightings found;
  GOOFFSETS_TRY(found.owner, OwnerOf(path, &found.missing));
  if (found.owner.module.empty()) return found;
  const bool is_std = found.owner.module == kStdModule;
  const std::string hint = BuildHint();
  if (found.owner.version.empty()) {
    found.version_unknown = true;
    found.missing.hint = is_std ? "" : hint;
    return found;
  }
  const std::string name = (is_std ? "Go" : found.owner.module) + " " + found.owner.version;
  GOOFFSETS_TRY(const auto* seen, reader()->Seen(found.owner.module, found.owner.version, path, target_->goarch));
  found.missing = {};
  if (seen->empty()) {
    GOOFFSETS_TRY(ModuleViewReader::Listed listed,
                  reader()->FindListed(found.owner.module, found.owner.version, target_->goarch, path));
    found.missing.hint = hint;
    if (listed.known && !listed.listed) {
      found.no_such_package = true;
      found.missing = {"no such package: " + name + " has no " + path, ""};
      found.evidence = std::move(listed.evidence);
    } else if (listed.known) {
      found.missing.reason = "package " + path + " of " + name + " was not measured";
      if (!listed.why_not.empty()) found.missing.reason += ": " + listed.why_not;
    } else {
      found.unobserved = true;
      GOOFFSETS_TRY(std::string why, reader()->WhyNotBuilt(found.owner.module, found.owner.version, target_->goarch));
      found.missing.reason = "the database has no " + name + " for " + std::string(ToString(target_->goarch)) +
                             (why.empty() ? "" : " (" + why + ")");
    }
    return found;
  }
  Tags tags;
  if (!assumptions_.lenient) {
    GOOFFSETS_TRY(tags, reader()->ConstraintTags(found.owner.module, found.owner.version, path));
  }
  std::string first_doubt;
  struct Ranked {
    SeenPackage seen;
    bool same_go = false;
    size_t same_modules = 0;
  };
  std::vector<Ranked> ranked;
  for (const SeenPackage& package : *seen) {
    bool config = false;
    GOOFFSETS_TRY(std::string doubt, Doubt(package, path, is_std, tags, &config));
    if (!doubt.empty()) {
      // A configuration that may matter leaves room for inference; other source files do not.
      if (first_doubt.empty() || (config && !found.config_unknown)) first_doubt = doubt;
      found.config_unknown |= config;
      continue;
    }
    GOOFFSETS_TRY(const ModuleViewReader::BuildHead* head, reader()->HeadOf(package.build));
    GOOFFSETS_TRY(const size_t same_modules, SameModules(package.build));
    ranked.push_back({package, head->go == go(), same_modules});
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
    return std::pair(a.same_go, a.same_modules) > std::pair(b.same_go, b.same_modules);
  });
  for (const Ranked& rank : ranked) found.holds.push_back(rank.seen);
  if (found.holds.empty()) found.missing = {first_doubt, hint};
  return found;
}

Result<const TargetWorld::Sightings*> TargetWorld::Find(const std::string& path) {
  if (auto known = known_.find(path); known != known_.end()) return &known->second;
  GOOFFSETS_TRY(Sightings judged, Judge(path));
  return &known_.emplace(path, std::move(judged)).first->second;
}

Result<World::Choice> TargetWorld::Package(const std::string& path) {
  GOOFFSETS_TRY(const Sightings* found, Find(path));
  if (found->holds.empty()) return Choice{std::nullopt, found->missing};
  return Choice{found->holds.front(), {}};
}

}  // namespace gooffsets
