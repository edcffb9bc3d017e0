#include "bounded_call.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "process.h"

namespace offsetgen {

using gooffsets::Error;
using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::Result;
using gooffsets::UniqueFd;

namespace {

// What goes through the pipe: any number of kAliveMark, then kValueMark and the value, or kErrorMark, the code as one
// byte, the message, a zero byte and the hint.
constexpr char kAliveMark = '.', kValueMark = 'v', kErrorMark = 'e';
constexpr size_t kMostBytes = 64u << 20;

bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

std::string Pack(const Result<std::string>& result) {
  if (result) return kValueMark + *result;
  std::string out{kErrorMark, static_cast<char>(result.error().code)};
  return out + result.error().message + '\0' + result.error().hint;
}

Result<std::string> Unpack(std::string text, const std::string& what) {
  if (!text.empty() && text[0] == kValueMark) return text.erase(0, 1);
  if (text.size() < 2 || text[0] != kErrorMark) {
    return Fail(ErrorCode::kInternal, what + " ended without a result", "run again");
  }
  const size_t zero = text.find('\0', 2);
  return Fail(static_cast<ErrorCode>(text[1]), text.substr(2, zero == std::string::npos ? zero : zero - 2),
              zero == std::string::npos ? "" : text.substr(zero + 1));
}

[[noreturn]] void RunChild(int fd, pid_t parent, const std::function<Result<std::string>(const Alive&)>& call) {
  setpgid(0, 0);  // Ctrl-C is the parent's
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  signal(SIGPIPE, SIG_IGN);
  const Result<std::string> result = call([fd] { WriteAll(fd, {&kAliveMark, 1}); });
  const bool written = WriteAll(fd, Pack(result));
  // No destructors, no exit handlers: those are the parent's to run.
  _exit(written ? 0 : 1);
}

}  // namespace

Result<std::string> CallBounded(const std::string& what, std::chrono::milliseconds quiet,
                                const std::function<Result<std::string>(const Alive&)>& call) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return gooffsets::ErrnoError(errno, "cannot make a pipe");
  UniqueFd read_end(fds[0]), write_end(fds[1]);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return gooffsets::ErrnoError(errno, "cannot start a process");
  if (pid == 0) RunChild(write_end.get(), parent, call);
  write_end.Reset();

  using Clock = std::chrono::steady_clock;
  std::string text;
  std::vector<char> buffer(1 << 16);
  Error stopped{ErrorCode::kInternal, "", ""};
  bool ended = false;
  for (Clock::time_point last = Clock::now(); !ended && stopped.message.empty();) {
    pollfd one = {read_end.get(), POLLIN, 0};
    if (poll(&one, 1, 100) > 0) {
      const ssize_t n = read(read_end.get(), buffer.data(), buffer.size());
      if (n > 0) {
        last = Clock::now();
        std::string_view fresh(buffer.data(), static_cast<size_t>(n));
        if (text.empty()) fresh.remove_prefix(std::min(fresh.find_first_not_of(kAliveMark), fresh.size()));
        text += fresh;
      } else if (n == 0 || errno != EINTR) {
        ended = true;
      }
    }
    if (g_interrupted) {
      stopped = {ErrorCode::kInterrupted, "interrupted", ""};
    } else if (text.size() > kMostBytes) {
      stopped = {ErrorCode::kUnsupported, what + ": the answer is longer than 64 MiB", ""};
    } else if (!ended && Clock::now() - last > quiet) {
      stopped = {ErrorCode::kTimeout,
                 what + ": no answer for " + std::to_string((quiet.count() + 999) / 1000) + " s",
                 "check the address and the network, then run again"};
    }
  }
  kill(pid, SIGKILL);
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!stopped.message.empty()) return tl::unexpected(std::move(stopped));
  return Unpack(std::move(text), what);
}

}  // namespace offsetgen
