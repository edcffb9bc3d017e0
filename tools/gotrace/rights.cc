#include "gotrace/rights.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace gooffsets::trace {

namespace {

struct Sets {
  RightSet effective = 0, permitted = 0, inheritable = 0;
};

Result<Sets> GetSets() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  if (syscall(SYS_capget, &header, data.data()) != 0) return ErrnoError(errno, "cannot read the capabilities");
  const auto join = [&](auto member) { return RightSet{data[0].*member} | RightSet{data[1].*member} << 32; };
  return Sets{join(&__user_cap_data_struct::effective), join(&__user_cap_data_struct::permitted),
              join(&__user_cap_data_struct::inheritable)};
}

Result<void> SetSets(const Sets& sets) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  for (unsigned half = 0; half < 2; ++half) {
    data[half].effective = static_cast<uint32_t>(sets.effective >> (32 * half));
    data[half].permitted = static_cast<uint32_t>(sets.permitted >> (32 * half));
    data[half].inheritable = static_cast<uint32_t>(sets.inheritable >> (32 * half));
  }
  if (syscall(SYS_capset, &header, data.data()) != 0) return ErrnoError(errno, "cannot give up capabilities");
  return {};
}

}  // namespace

std::string NamesOf(RightSet rights) {
  struct {
    int bit;
    const char* name;
  } constexpr kNames[] = {{kBpf, "CAP_BPF"},
                          {kPerfmon, "CAP_PERFMON"},
                          {kSysAdmin, "CAP_SYS_ADMIN"},
                          {kSysPtrace, "CAP_SYS_PTRACE"},
                          {kDacReadSearch, "CAP_DAC_READ_SEARCH"},
                          {kNetBindService, "CAP_NET_BIND_SERVICE"}};
  std::string text;
  const auto add = [&](const std::string& name) { text += (text.empty() ? "" : ", ") + name; };
  for (const auto& [bit, name] : kNames) {
    if (rights & Right(bit)) add(name);
    rights &= ~Right(bit);
  }
  for (int bit = 0; bit < 64; ++bit) {
    if (rights & Right(bit)) add("capability " + std::to_string(bit));
  }
  return text;
}

Result<RightSet> EffectiveRights() {
  GOOFFSETS_TRY(const Sets sets, GetSets());
  return sets.effective;
}

Result<void> KeepOnly(RightSet keep) {
  GOOFFSETS_TRY(Sets sets, GetSets());
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  // Without CAP_SETPCAP the bounding set stays: it says what programs that are started may gain, and none is.
  for (int bit = 0; bit < 64 && prctl(PR_CAPBSET_READ, bit, 0, 0, 0) >= 0; ++bit) {
    if (!(keep & Right(bit))) prctl(PR_CAPBSET_DROP, bit, 0, 0, 0);
  }
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  sets.effective &= keep;
  sets.permitted &= keep;
  sets.inheritable = 0;
  return SetSets(sets);
}

Result<Probe> TryProbe(Kernel* kernel) {
  // Its ELF header's first byte.
  return kernel->Attach("h1_begin", "/proc/self/exe", 0);
}

Result<RightSet> DropRights(Kernel* kernel, RightSet also) {
  const RightSet least = kToTrace | kToLook | also;
  GOOFFSETS_TRY(const Sets before, GetSets());
  Sets tried = before;
  tried.effective &= least;
  GOOFFSETS_CHECK_OK(SetSets(tried));
  Result<Probe> probe = TryProbe(kernel);
  GOOFFSETS_CHECK_OK(SetSets(before));
  GOOFFSETS_CHECK_OK(KeepOnly(probe ? least : least | Right(kSysAdmin)));
  if (probe) kernel->DetachBehind(std::move(*probe));
  return EffectiveRights();
}

}  // namespace gooffsets::trace
