// The kernel side of the agent: loads the programs once, tells them of executables and processes, reads what they send.
//
// Everything ends with this object: programs, probes and maps are held by its file descriptors, so that an agent that
// is killed leaves nothing behind. Belongs to one thread.
//
//   GOOFFSETS_TRY(auto kernel, Kernel::Load({}));
//   GOOFFSETS_TRY(Probe probe, kernel->Attach("h1_begin", "/proc/42/exe", 0x1234));
//   kernel->Poll(milliseconds(20), [](const gt_header& event) { ... });
#ifndef GOOFFSETS_TOOLS_GOTRACE_KERNEL_H_
#define GOOFFSETS_TOOLS_GOTRACE_KERNEL_H_

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>

#include "base/file.h"
#include "bpf/intf/events.h"
#include "bpf/intf/probe_table.h"
#include "gooffsets/result.h"

namespace gooffsets::trace {

struct KernelOptions {
  uint32_t calls = GT_DEFAULT_CALLS;  // in flight at one time, over all processes
  uint32_t ring_bytes = 8 << 20;      // a power of two
};

// One attached probe. Several may share one object of the kernel, and are detached when the last of them is gone.
using Probe = std::shared_ptr<const UniqueFd>;

struct ProbePlace {
  std::string_view program;  // of bpf/: "h1_begin"
  uint64_t file_offset = 0;
};

class Kernel {
 public:
  // kPermission: what this kernel asks for; kUnsupported: it cannot load the programs. The verifier's last words are in
  // the message.
  static Result<std::unique_ptr<Kernel>> Load(const KernelOptions& options);
  ~Kernel();
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  // In every process that runs this file now and later. `path` names the inode (/proc/PID/exe will do).
  Result<Probe> Attach(const std::string& program, const std::string& path, uint64_t file_offset);
  // The outcome of each place, in their order. Places of one program are attached as one where the kernel can do that.
  std::vector<Result<Probe>> AttachAll(const std::string& path, std::span<const ProbePlace> places);
  // The kernel waits at each until no processor runs the program any more: it waits for all of these at once.
  static void Detach(std::vector<Probe> probes);
  // Without waiting: a thread of this object's does, with the rights that the caller has now.
  void DetachBehind(Probe probe);
  // Whether new programs and exits are told of as events.
  Result<void> WatchProcesses();

  Result<void> SetTable(uint32_t executable, const gt_table& table);
  Result<void> SetProcess(uint32_t pid, const gt_process& process);
  void RemoveProcess(uint32_t pid);

  // Hands over all records that are there. Waits at most so long, for the buffer to fill up: records do not wake the
  // reader.
  using Sink = std::function<void(const gt_header& record, size_t size)>;
  void Poll(std::chrono::milliseconds wait, const Sink& sink);

  std::array<uint64_t, GT_COUNTERS> Counters() const;

  // What processes that have ended left in the maps of calls in flight: another process may get such a number.
  void ForgetCalls(const std::set<uint32_t>& pids);
  // The maps that grow with what is traced, and how much is in each. From any thread.
  static std::span<const char* const> GrowingMaps();
  size_t EntriesOf(const char* map) const;

 private:
  class Impl;
  explicit Kernel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_KERNEL_H_
