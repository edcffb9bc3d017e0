#include "resolve/target.h"

#include <algorithm>
#include <utility>

#include "gooffsets/version.h"
#include "resolve/std_constraints.h"

namespace gooffsets {
namespace {

Target::Module ModuleOf(const BinaryModule& module) {
  Target::Module out;
  out.code_path = module.replaced ? module.replacement_path : module.path;
  const std::string& text = module.replaced ? module.replacement_version : module.version;
  if (Result<Version> version = Version::Parse(VersionScheme::kModule, text)) {
    out.version = version->text();
  } else if (module.replaced && text.empty()) {
    out.why = module.path + " was replaced by the directory " + module.replacement_path;
    out.code_path = module.path;
  } else if (text.empty() || text == "(devel)") {
    out.why = "the program does not say which version of " + module.path + " it holds";
  } else {
    out.why = "the version " + text + " of " + module.path + " is none";
  }
  return out;
}

std::string Join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

// Words that are in one of two sorted lists only.
std::vector<std::string> Differing(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::vector<std::string> words;
  std::set_symmetric_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(words));
  return words;
}

}  // namespace

const Target::Module* Target::Owner(std::string_view package) const {
  for (std::string_view path = package;; path = path.substr(0, path.rfind('/'))) {
    if (auto found = modules.find(std::string(path)); found != modules.end()) return &found->second;
    if (path.find('/') == std::string_view::npos) return nullptr;
  }
}

Target TargetOf(const BinaryInfo& info) {
  Target target;
  target.file = info.file;
  target.goarch = info.goarch;
  target.go = info.go_version;
  target.language = info.go_language;
  target.go_suffix = info.go_suffix;
  if (target.go.empty()) {
    target.go_why = info.go_text.empty() ? "the program does not say which Go it was built with"
                                         : "\"" + info.go_text + "\" is no published release of Go";
  }
  target.experiments = info.experiments;
  target.tags = info.tags;
  for (const char* mode : {"race", "msan", "asan"}) {
    auto setting = info.settings.find(std::string("-") + mode);
    if (setting != info.settings.end() && setting->second == "true") target.tags.emplace_back(mode);
  }
  std::sort(target.experiments.begin(), target.experiments.end());
  std::sort(target.tags.begin(), target.tags.end());
  target.tags.erase(std::unique(target.tags.begin(), target.tags.end()), target.tags.end());
  target.cgo = info.cgo;
  target.fips = info.fips;
  for (const auto& [variable, oldest] : {std::pair("GOAMD64", "v1"), std::pair("GOARM64", "v8.0")}) {
    const auto setting = info.settings.find(variable);
    target.newer_processor |= setting != info.settings.end() && setting->second != oldest;
  }
  target.has_modules = info.main_module.has_value() || !info.modules.empty();
  for (const BinaryModule& module : info.modules) target.modules.emplace(module.path, ModuleOf(module));
  if (info.main_module) target.modules.emplace(info.main_module->path, ModuleOf(*info.main_module));
  return target;
}

std::string ConfigDoubt(const Target& target, std::string_view package, bool std_package,
                        const std::vector<std::string>* depends, const std::vector<std::string>& build_tags,
                        const std::string& build_experiment) {
  // "nocoverageredesign" turns off what is on by default; constraints name the experiment without "no".
  std::vector<std::string> built_with;
  for (std::string_view rest = build_experiment; !rest.empty();) {
    const std::string_view word = rest.substr(0, rest.find(','));
    built_with.emplace_back(word);
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  }
  std::sort(built_with.begin(), built_with.end());
  const std::vector<std::string> experiments = Differing(target.experiments, built_with);
  const std::vector<std::string> tags = Differing(target.tags, build_tags);
  const bool cgo_differs = target.cgo.value_or(true);
  if (!std_package && depends == nullptr) {
    if (!tags.empty()) return "the program was built with other tags (" + Join(tags) + ")";
    if (!experiments.empty()) return "the program was built with other experiments (" + Join(experiments) + ")";
    if (cgo_differs) {
      return target.cgo ? "the program was built with cgo, the observed builds without"
                        : "it is not known whether the program was built with cgo";
    }
    return {};
  }
  if (std_package && !target.go_suffix.empty()) return "the program was built with a vendor's Go (" + target.go_suffix + ")";
  if (Result<Version> go = Version::Parse(VersionScheme::kGo, target.go);
      depends == nullptr && go && (go->major() != 1 || go->minor() > kStdConstraintsNewestMinor) &&
      (cgo_differs || !tags.empty() || !experiments.empty())) {
    return "which packages of Go " + target.go + " depend on tags and cgo is not known";
  }
  auto mentions = [&](std::string_view tag) {
    if (depends == nullptr) return StdSelectionMentions(package, tag);
    // "ignore" is never listed: it stands for "in no build".
    return tag == "ignore" || std::find(depends->begin(), depends->end(), tag) != depends->end();
  };
  for (const std::string& tag : tags) {
    if (mentions(tag)) return "its files depend on the tag " + tag;
  }
  for (const std::string& experiment : experiments) {
    const std::string name = experiment.starts_with("no") ? experiment.substr(2) : experiment;
    if (mentions("goexperiment." + name) || mentions(name)) {
      return "its files depend on the experiment " + name;
    }
  }
  if (cgo_differs && mentions("cgo")) {
    return target.cgo ? "its files depend on cgo" : "its files depend on cgo, and it is not known whether the program has it";
  }
  for (size_t i = 0; depends != nullptr && target.newer_processor && i < depends->size(); ++i) {
    // src: cmd/go/internal/cfg, internal/buildcfg (gogoarchTags): "amd64.v3", "arm64.v9.0".
    if ((*depends)[i].starts_with(std::string(ToString(target.goarch)) + ".")) {
      return "its files depend on the processor that was built for (" + (*depends)[i] + ")";
    }
  }
  // GOFIPS140 selects a frozen copy of this tree (src: crypto/internal/fips140, cmd/go/internal/fips140).
  if (target.fips &&
      (package.starts_with("crypto/internal/fips140") || mentions("fips140v1.0") || mentions("fips140v1.26"))) {
    return "its files depend on GOFIPS140";
  }
  return {};
}

}  // namespace gooffsets
