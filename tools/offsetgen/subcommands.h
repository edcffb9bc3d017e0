// The subcommands that work on a finished database: import, export, lint, status, verify, publish.
#ifndef OFFSETGEN_SUBCOMMANDS_H_
#define OFFSETGEN_SUBCOMMANDS_H_

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "run.h"

namespace offsetgen {

class Subcommands {
 public:
  explicit Subcommands(CLI::App* app);
  ~Subcommands();
  // The exit status of the one that was named; nullopt if none was.
  std::optional<int> Run(const RunOptions& options);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace offsetgen

#endif  // OFFSETGEN_SUBCOMMANDS_H_
