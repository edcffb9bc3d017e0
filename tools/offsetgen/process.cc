#include "process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/file.h"

namespace offsetgen {

using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::Result;
using gooffsets::UniqueFd;

std::atomic<bool> g_interrupted{false};

namespace {

struct Pipe {
  UniqueFd read, write;
};

Result<Pipe> MakePipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return gooffsets::ErrnoError(errno, "cannot make a pipe");
  return Pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

std::string FindProgram(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = getenv("PATH");
  std::string list = path ? path : "/usr/local/bin:/usr/bin:/bin";
  size_t begin = 0;
  while (begin <= list.size()) {
    size_t end = list.find(':', begin);
    if (end == std::string::npos) end = list.size();
    std::string candidate = list.substr(begin, end - begin) + "/" + name;
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
    begin = end + 1;
  }
  return name;
}

// Between fork and exec only async-signal-safe calls are allowed.
[[noreturn]] void Exec(const Command& command, const char* program, char* const* argv, char* const* env, int in, int out,
                       int err, pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(126);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  dup2(in, 0);
  dup2(out, 1);
  dup2(err, 2);
  if (!command.cwd.empty() && chdir(command.cwd.c_str()) != 0) _exit(126);
  execve(program, argv, env);
  _exit(127);
}

void Keep(std::string* to, const char* data, size_t n, size_t limit) {
  if (to->size() < limit) to->append(data, std::min(n, limit - to->size()));
}

}  // namespace

Result<ProcessOutput> RunProcess(const Command& command) {
  if (g_interrupted) return Fail(ErrorCode::kInterrupted, "interrupted");
  std::string program = FindProgram(command.argv[0]);
  if (access(program.c_str(), X_OK) != 0) {
    return Fail(ErrorCode::kToolchain, "cannot run " + command.argv[0] + ": " + strerror(errno),
                "install it or put it on PATH");
  }
  std::vector<char*> argv, env;
  for (const std::string& a : command.argv) argv.push_back(const_cast<char*>(a.c_str()));
  for (const std::string& e : command.env) env.push_back(const_cast<char*>(e.c_str()));
  argv.push_back(nullptr);
  env.push_back(nullptr);
  GOOFFSETS_TRY(Pipe in, MakePipe());
  GOOFFSETS_TRY(Pipe out, MakePipe());
  GOOFFSETS_TRY(Pipe err, MakePipe());

  auto start = std::chrono::steady_clock::now();
  pid_t parent = getpid();
  pid_t pid = fork();
  if (pid < 0) return gooffsets::ErrnoError(errno, "cannot start " + program);
  if (pid == 0) {
    Exec(command, program.c_str(), argv.data(), env.data(), in.read.get(), out.write.get(), err.write.get(), parent);
  }
  setpgid(pid, pid);
  in.read.Reset();
  out.write.Reset();
  err.write.Reset();
  fcntl(in.write.get(), F_SETFL, O_NONBLOCK);

  ProcessOutput result;
  size_t written = 0;
  bool interrupted = false;
  std::vector<char> buffer(1 << 16);
  while (out.read.valid() || err.read.valid()) {
    if (in.write.valid() && written == command.stdin_text.size()) in.write.Reset();
    pollfd fds[3] = {{out.read.get(), POLLIN, 0}, {err.read.get(), POLLIN, 0}, {in.write.get(), POLLOUT, 0}};
    poll(fds, 3, 100);
    if (fds[2].revents != 0 && in.write.valid()) {
      ssize_t n = write(in.write.get(), command.stdin_text.data() + written, command.stdin_text.size() - written);
      if (n > 0) written += static_cast<size_t>(n);
      if (n < 0 && errno != EAGAIN && errno != EINTR) in.write.Reset();
    }
    for (int i = 0; i < 2; ++i) {
      UniqueFd& fd = i == 0 ? out.read : err.read;
      if (!fd.valid() || fds[i].revents == 0) continue;
      ssize_t n = read(fd.get(), buffer.data(), buffer.size());
      if (n > 0) {
        Keep(i == 0 ? &result.stdout_text : &result.stderr_text, buffer.data(), static_cast<size_t>(n),
             command.output_limit);
      } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        fd.Reset();
      }
    }
    bool late = std::chrono::steady_clock::now() - start > command.timeout;
    if ((late || g_interrupted) && !result.timed_out && !interrupted) {
      kill(-pid, SIGKILL);
      result.timed_out = late && !g_interrupted;
      interrupted = !result.timed_out;
    }
  }
  int status = 0;
  rusage usage{};
  while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.user_seconds = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                        static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
  result.wall_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (interrupted) return Fail(ErrorCode::kInterrupted, "interrupted");
  return result;
}

}  // namespace offsetgen
