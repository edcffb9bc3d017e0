#include "gotrace/doctor.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <string>

#include "base/file.h"
#include "common/exit_code.h"
#include "gotrace/kernel.h"

namespace gooffsets::trace {

namespace {

std::string FirstLine(const std::string& path) {
  const Result<std::string> text = ReadFile(path, 1 << 16);
  return text ? text->substr(0, text->find('\n')) : std::string();
}

void Say(const char* what, const std::string& answer) { std::cout << what << ": " << Printable(answer) << "\n"; }

// The effective capabilities that matter here (src: Linux include/uapi/linux/capability.h).
std::string Capabilities() {
  const Result<std::string> status = ReadFile("/proc/self/status", 1 << 16);
  unsigned long long bits = 0;
  const size_t at = status ? status->find("CapEff:") : std::string::npos;
  if (at == std::string::npos || std::sscanf(status->c_str() + at, "CapEff: %llx", &bits) != 1) return "not known";
  struct {
    int bit;
    const char* name;
  } constexpr kNames[] = {{19, "CAP_SYS_PTRACE"}, {21, "CAP_SYS_ADMIN"}, {38, "CAP_PERFMON"}, {39, "CAP_BPF"}};
  std::string text;
  for (const auto& [bit, name] : kNames) {
    text += std::string(text.empty() ? "" : ", ") + ((bits >> bit & 1) ? "" : "no ") + name;
  }
  return text;
}

// A probe on a byte of this program's code that is never run: its ELF header's.
Result<void> TryProbe(Kernel* kernel) {
  GOOFFSETS_TRY(const Probe probe, kernel->Attach("h1_begin", "/proc/self/exe", 0));
  return {};
}

}  // namespace

int RunDoctor() {
  utsname name{};
  uname(&name);
  Say("kernel", std::string(name.release) + " " + name.machine);
  Say("BTF", access("/sys/kernel/btf/vmlinux", R_OK) == 0 ? "there (not needed)" : "none (not needed)");
  const std::string lockdown = FirstLine("/sys/kernel/security/lockdown");
  Say("lockdown", lockdown.empty() ? "not said" : lockdown + " (reading works under \"integrity\")");
  Say("capabilities", Capabilities());
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
  if (const Result<void> probe = TryProbe(kernel->get()); !probe) {
    Say("uprobes", "cannot be attached");
    return ReportError("gotrace", probe.error());
  }
  Say("uprobes", "can be attached");
  std::cout << "tracing works here\n";
  return 0;
}

}  // namespace gooffsets::trace
