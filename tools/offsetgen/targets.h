// data/targets.toml: which modules are tracked, from which version on, which packages of them, and why.
//
// The file is read strictly: a key or a value that we do not know is an error that names its line, because a misspelt
// key would silently change what a database covers. docs/plan.md describes every key. Plain values, safe from any
// thread.
//
//   Result<Targets> targets = LoadTargets("data/targets.toml");
//   const Target* grpc = FindTarget(*targets, "google.golang.org/grpc");
#ifndef OFFSETGEN_TARGETS_H_
#define OFFSETGEN_TARGETS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "go_policy.h"
#include "gooffsets/layout.h"
#include "gooffsets/result.h"
#include "gooffsets/version.h"

namespace offsetgen {

struct Target {
  std::string module;
  std::string why;                 // one sentence: why this module is tracked
  gooffsets::Constraint versions;  // which of its versions
  bool pseudo_versions = false;    // the module has no releases: its listed pseudo-versions count as such
  std::vector<std::string> roots;  // package patterns (package_pattern.h); empty: every importable package
  std::vector<std::string> excludes;
  std::vector<gooffsets::GoArch> arches;
  GoPolicy go;
  std::vector<std::string> tags;    // build tags
  std::string goexperiment;         // "" = each release's defaults
  std::vector<std::string> raises;  // tracked modules that a program may raise above what this one requires
  std::string notes;
  // Whether the released database holds it. `--all` builds the released ones; the plan prints all.
  enum class Data { kReleased, kLater } data = Data::kReleased;
  uint32_t line = 0;
};

struct Targets {
  std::vector<Target> targets;  // in the file's order, which is the order of work: std first, for its sizes
};

// `name` is how messages call the text: the file's path.
gooffsets::Result<Targets> ParseTargets(std::string_view text, const std::string& name);
gooffsets::Result<Targets> LoadTargets(const std::string& path);

const Target* FindTarget(const Targets& targets, std::string_view module);
// Those that the released database holds, in order: what `--all` builds.
std::vector<const Target*> ReleasedTargets(const Targets& targets);
std::vector<std::string> ModuleNames(const Targets& targets);
// A module that data/targets.toml does not list, with the defaults of the file.
Target DefaultTarget(std::string_view module);

}  // namespace offsetgen

#endif  // OFFSETGEN_TARGETS_H_
