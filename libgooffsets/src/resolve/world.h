// Which observed package speaks for an import path in one program: what composition asks of its surroundings.
//
// A world answers for one program (target_world.h) or for one stored build (BuildWorld below). It never guesses: where
// no observation holds, the choice says why and what would help. One thread at a time; borrows the reader.
//
//   BuildWorld world(&reader, build);
//   GOOFFSETS_TRY(World::Choice choice, world.Package("net/http"));
//   if (!choice.seen) return choice.missing.reason;
#ifndef GOOFFSETS_RESOLVE_WORLD_H_
#define GOOFFSETS_RESOLVE_WORLD_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gooffsets/result.h"
#include "gooffsets/version.h"
#include "store/module_view_reader.h"

namespace gooffsets {

// What is not known, and what would make it known.
struct Missing {
  std::string reason, hint;
};

class World {
 public:
  struct Choice {
    std::optional<SeenPackage> seen;
    Missing missing;  // without `seen`
  };

  explicit World(ModuleViewReader* reader) : reader_(reader) {}
  virtual ~World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  virtual Result<Choice> Package(const std::string& path) = 0;

  // "net/http.Request" -> the observation of net/http, and "Request". Where the last path element has dots of its own
  // ("gopkg.in/yaml.v3.Node") the longest path that is a package counts.
  struct Named {
    Choice choice;
    std::string package, name;
  };
  Result<Named> Split(std::string_view type);

  // Whether the build behind `scope` compiled the same source files of this package as this world does.
  Result<bool> SameSource(const SeenPackage& scope, const std::string& path, const SeenPackage& here);

  ModuleViewReader* reader() const { return reader_; }

 private:
  ModuleViewReader* reader_;
};

// The standard library as built for a release with default experiments and no tags.
Result<std::optional<SeenPackage>> StdPackage(ModuleViewReader* reader, const std::string& go, GoArch goarch,
                                              const std::string& path);

// One stored build and the standard library of its Go release: there every layout is what was read.
class BuildWorld : public World {
 public:
  BuildWorld(ModuleViewReader* reader, int64_t build) : World(reader), build_(build) {}
  Result<Choice> Package(const std::string& path) override;

 private:
  int64_t build_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_RESOLVE_WORLD_H_
