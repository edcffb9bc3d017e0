// A small world for tests of what a run is given: git repositories that the go command and git take for
// https://example.test/NAME.git, Go programs built from them, and nothing of the user's own configuration.
//
// Everything lies in a directory that is removed at the end; only Go's build cache is shared between tests.
#ifndef TESTS_UNIT_OFFSETGEN_INPUTS_WORLD_H_
#define TESTS_UNIT_OFFSETGEN_INPUTS_WORLD_H_

#include <memory>
#include <string>
#include <vector>

#include "cache.h"
#include "go_command.h"

namespace offsetgen {

struct ShellResult {
  int status = -1;
  std::string out;  // stdout
};

class World {
 public:
  World();
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  const std::string& dir() const { return dir_; }
  std::string Path(const std::string& name) const { return dir_ + "/" + name; }
  void Write(const std::string& name, const std::string& text) const;  // makes its directories

  // A shell command in a directory of this world; a failure fails the test.
  std::string Run(const std::string& directory, const std::string& command) const;
  ShellResult Try(const std::string& directory, const std::string& command) const;

  // Repositories: NAME is example.test/NAME.git. Times are fixed and a minute apart, in a time zone that is not UTC.
  void InitRepository(const std::string& name) const;
  std::string Commit(const std::string& name);  // everything; returns the hash
  void Tag(const std::string& name, const std::string& tag, bool annotated = false) const;

  Cache& cache() { return *cache_; }
  GoCommand& go() { return *go_; }
  Toolchain toolchain() const;  // the go command's own, as if it had been brought

 private:
  std::string dir_;
  int commits_ = 0;
  std::unique_ptr<Cache> cache_;
  std::unique_ptr<GoCommand> go_;
};

}  // namespace offsetgen

#endif  // TESTS_UNIT_OFFSETGEN_INPUTS_WORLD_H_
