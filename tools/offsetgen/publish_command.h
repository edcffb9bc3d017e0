// `offsetgen publish` and `offsetgen keygen`: a signed feed out of a database, and the keys for it.
//
// Print to standard output and error; for main() only.
//
//   PublishCommand publish(&app);
//   if (std::optional<int> exit = publish.Run()) return *exit;
#ifndef OFFSETGEN_PUBLISH_COMMAND_H_
#define OFFSETGEN_PUBLISH_COMMAND_H_

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

namespace offsetgen {

class PublishCommand {
 public:
  explicit PublishCommand(CLI::App* app);
  ~PublishCommand();
  // The exit status of the one that was named; nullopt if none was.
  std::optional<int> Run();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace offsetgen

#endif  // OFFSETGEN_PUBLISH_COMMAND_H_
