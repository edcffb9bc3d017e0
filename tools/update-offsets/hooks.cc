#include "hooks.h"

#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>

#include "common/exit_code.h"

extern char** environ;

namespace gooffsets {

Result<void> RunHook(const std::string& command, const std::vector<std::pair<std::string, std::string>>& environment) {
  if (command.empty()) return {};
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + Printable(value));
  std::vector<char*> envp;
  for (char** variable = environ; *variable != nullptr; ++variable) envp.push_back(*variable);
  for (std::string& variable : variables) envp.push_back(variable.data());
  envp.push_back(nullptr);
  std::string shell = "/bin/sh", flag = "-c", text = command;
  char* argv[] = {shell.data(), flag.data(), text.data(), nullptr};
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, shell.c_str(), nullptr, nullptr, argv, envp.data());
  if (error != 0) return Fail(ErrorCode::kPartial, "cannot run the command " + command);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return Fail(ErrorCode::kPartial, "cannot wait for the command " + command);
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  const std::string how = WIFEXITED(status) ? "ended with " + std::to_string(WEXITSTATUS(status))
                                            : "was ended by signal " + std::to_string(WTERMSIG(status));
  return Fail(ErrorCode::kPartial, "the command " + command + " " + how);
}

}  // namespace gooffsets
