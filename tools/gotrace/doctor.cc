#include "gotrace/doctor.h"

#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "base/file.h"
#include "common/exit_code.h"
#include "gotrace/kernel.h"
#include "gotrace/rights.h"

namespace gooffsets::trace {

namespace {

std::string FirstLine(const std::string& path) {
  const Result<std::string> text = ReadFile(path, 1 << 16);
  return text ? text->substr(0, text->find('\n')) : std::string();
}

void Say(const char* what, const std::string& answer) { std::cout << what << ": " << Printable(answer) << "\n"; }

// Whether loading, watching and attaching work with these rights alone: tried in a process of its own.
bool Enough(RightSet rights) {
  const pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) {
    if (!KeepOnly(rights)) _exit(1);
    Result<std::unique_ptr<Kernel>> kernel = Kernel::Load({});
    _exit(kernel && (*kernel)->WatchProcesses() && TryProbe(kernel->get()) ? 0 : 1);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// What this kernel asks for, found by trying: fewer rights first.
std::optional<RightSet> Needed() {
  for (const RightSet rights : {kToTrace, kToTrace | Right(kSysAdmin)}) {
    if (Enough(rights)) return rights;
  }
  return std::nullopt;
}

void SayRights() {
  const Result<RightSet> have = EffectiveRights();
  if (!have) return Say("capabilities", have.error().message);
  constexpr RightSet kOfInterest = kToTrace | kToLook | Right(kSysAdmin);
  const RightSet here = *have & kOfInterest;
  Say("capabilities", here ? NamesOf(here) : "none that tracing needs");
  if (const RightSet missing = kToTrace & ~*have; missing && !(*have & Right(kSysAdmin))) {
    Say("missing", NamesOf(missing) +
                       ": needed to load programs; run as root, `setcap cap_bpf,cap_perfmon,cap_sys_ptrace,"
                       "cap_dac_read_search+ep gotrace`, or add them to the container");
  }
  if (!(*have & Right(kSysPtrace))) {
    Say("missing", "CAP_SYS_PTRACE: processes of other users, and those with more rights than this one, are not seen");
  }
  if (!(*have & Right(kDacReadSearch))) {
    Say("missing",
        "CAP_DAC_READ_SEARCH: who listens on a port, and the names that processes of other users give themselves "
        "(OTEL_SERVICE_NAME), are not seen");
  }
}

}  // namespace

int RunDoctor() {
  utsname name{};
  uname(&name);
  Say("kernel", std::string(name.release) + " " + name.machine);
  Say("BTF", access("/sys/kernel/btf/vmlinux", R_OK) == 0 ? "there (not needed)" : "none (not needed)");
  const std::string lockdown = FirstLine("/sys/kernel/security/lockdown");
  Say("lockdown", lockdown.empty() ? "not said" : lockdown + " (reading works under \"integrity\")");
  SayRights();
  const std::string pids = FirstLine("/proc/1/comm");
  Say("process 1 here", pids.empty() ? "not readable" : pids);
  Result<std::unique_ptr<Kernel>> kernel = Kernel::Load({});
  if (!kernel) {
    Say("kernel programs", "cannot be loaded");
    return ReportError("gotrace", kernel.error());
  }
  Say("kernel programs", "loaded");
  if (const Result<void> watching = (*kernel)->WatchProcesses(); !watching) {
    Say("new processes", "found by looking every second: " + watching.error().message);
  } else {
    Say("new processes", "told by the kernel");
  }
  if (const Result<Probe> probe = TryProbe(kernel->get()); !probe) {
    Say("uprobes", "cannot be attached");
    return ReportError("gotrace", probe.error());
  }
  Say("uprobes", "can be attached");
  if (const std::optional<RightSet> needed = Needed()) {
    Say("this kernel asks for", NamesOf(*needed) + "; for processes of other users also " + NamesOf(kToLook));
  }
  std::cout << "tracing works here\n";
  return 0;
}

}  // namespace gooffsets::trace
