// The world of one program: for each import path, the observations that hold for it.
//
// An observation holds if it is of the module version that the program has, for its GOARCH, and was made from the same
// source files: the file selection at the program's Go release is that of the build, and the package's files depend on
// none of the tags, cgo and experiments in which the two differ. What cannot be known does not hold, with the reason.
// Assumptions stand in for what the program does not say (inferred answers) or for what was not observed (bracketed
// answers).
//
//   TargetWorld world(&reader, &target, {});
//   GOOFFSETS_TRY(const TargetWorld::Sightings* seen, world.Find("google.golang.org/grpc"));
#ifndef GOOFFSETS_RESOLVE_TARGET_WORLD_H_
#define GOOFFSETS_RESOLVE_TARGET_WORLD_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gooffsets/version.h"
#include "resolve/target.h"
#include "resolve/world.h"

namespace gooffsets {

struct Assumptions {
  std::string go;                               // Go release to use instead of the program's
  std::map<std::string, std::string> versions;  // module path -> version to use instead
  // Build configurations that may select other files count as well, as do the versions of a build's other modules where
  // the program names none. For answers that are checked against what the program itself tells.
  bool lenient = false;
};

class TargetWorld : public World {
 public:
  TargetWorld(ModuleViewReader* reader, const Target* target, Assumptions assumptions)
      : World(reader),
        target_(target),
        assumptions_(std::move(assumptions)),
        release_(Version::Parse(VersionScheme::kGo, go())) {}

  struct Sightings {
    ModuleVersion owner;             // of the package; empty module: nobody's; empty version: not known
    std::vector<SeenPackage> holds;  // best first
    Missing missing;                 // without any
    bool unobserved = false;         // this version was not observed at all (a bracket may answer)
    bool version_unknown = false;    // the program does not name the version (inference may answer)
    bool config_unknown = false;     // observed, but built otherwise (inference may answer)
    bool no_such_package = false;    // proved by `evidence`
    std::vector<Evidence> evidence;
  };
  Result<const Sightings*> Find(const std::string& path);
  Result<Choice> Package(const std::string& path) override;

  const Target& target() const { return *target_; }
  const Assumptions& assumptions() const { return assumptions_; }
  // The release whose rules hold; empty: not known.
  const std::string& go() const { return assumptions_.go.empty() ? target_->go : assumptions_.go; }
  // "offsetgen --for-binary ./server"
  std::string BuildHint() const;

 private:
  using Tags = std::optional<std::vector<std::string>>;  // nullopt: not recorded
  Result<Sightings> Judge(const std::string& path);
  Result<ModuleVersion> OwnerOf(const std::string& path, Missing* missing);
  // Why this observation does not hold; empty: it does.
  Result<std::string> Doubt(const SeenPackage& seen, const std::string& path, bool is_std, const Tags& tags,
                            bool* config);
  // How many modules of this build the program has in the same version.
  Result<size_t> SameModules(int64_t build);

  const Target* target_;
  Assumptions assumptions_;
  Result<Version> release_;  // go(), an error if that is not known
  std::map<std::string, Sightings> known_;
  std::map<int64_t, size_t> same_modules_;  // by build
};

}  // namespace gooffsets

#endif  // GOOFFSETS_RESOLVE_TARGET_WORLD_H_
