// The commands of update-offsets: options in, exit status out.
//
// Print and read the environment; for main() only.
//
//   Commands commands(&app);
//   if (std::optional<int> exit = ParseArguments(&app, argc, argv)) return *exit;
//   return commands.Run(cancelled);
#ifndef GOOFFSETS_TOOLS_UPDATE_OFFSETS_COMMANDS_H_
#define GOOFFSETS_TOOLS_UPDATE_OFFSETS_COMMANDS_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>

namespace gooffsets {

class Commands {
 public:
  explicit Commands(CLI::App* app);
  ~Commands();
  int Run(std::function<bool()> cancelled);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_UPDATE_OFFSETS_COMMANDS_H_
