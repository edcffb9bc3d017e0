#include "gotrace/kernel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <map>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "gotrace.skel.h"
#include "gotrace/ring_reader.h"
#include "gotrace/uprobe_multi.h"

namespace gooffsets::trace {

namespace {

// libbpf says through one function for the whole process what went wrong; the last lines explain a failed load.
std::string* g_libbpf_words = nullptr;

int CollectWords(libbpf_print_level level, const char* format, va_list arguments) {
  if (!g_libbpf_words || level == LIBBPF_DEBUG) return 0;
  char line[1024];
  const int length = vsnprintf(line, sizeof line, format, arguments);
  if (length > 0 && g_libbpf_words->size() < (1 << 16)) g_libbpf_words->append(line);
  return 0;
}

struct SkeletonDeleter {
  void operator()(gotrace* skeleton) const { gotrace__destroy(skeleton); }
};
struct LinkDeleter {
  void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};

Result<uint32_t> UprobeType() {
  // src: Linux Documentation/ABI/testing/sysfs-bus-event_source-devices-format
  GOOFFSETS_TRY(const std::string text, ReadFile("/sys/bus/event_source/devices/uprobe/type", 8192));
  const int type = std::atoi(text.c_str());
  if (type <= 0) return Fail(ErrorCode::kUnsupported, "the kernel has no uprobes (CONFIG_UPROBE_EVENTS)");
  return static_cast<uint32_t>(type);
}

// Every key of these begins with the process (src: bpf/core/maps.h).
constexpr const char* kGrowingMaps[] = {"processes", "server_calls", "client_calls",
                                        "contexts",  "goroutines",   "trace_states"};

// The keys of a hash map while programs change it: some may be missed, none is made up.
std::vector<std::string> KeysOf(int map) {
  bpf_map_info info{};
  uint32_t length = sizeof info;
  std::vector<std::string> keys;
  if (bpf_obj_get_info_by_fd(map, &info, &length) != 0) return keys;
  std::string key(info.key_size, 0);
  const char* before = nullptr;
  // A key that is deleted meanwhile starts the walk again from the front: the number of steps is bounded.
  for (uint32_t i = 0; i < info.max_entries; ++i) {
    std::string next(info.key_size, 0);
    if (bpf_map_get_next_key(map, before, next.data()) != 0) break;
    keys.push_back(next);
    key = std::move(next);
    before = key.data();
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

std::string LastLine(const std::string& text) {
  const size_t end = text.find_last_not_of(" \n");
  if (end == std::string::npos) return {};
  const size_t begin = text.rfind('\n', end);
  return text.substr(begin == std::string::npos ? 0 : begin + 1,
                     end - (begin == std::string::npos ? 0 : begin + 1) + 1);
}

tl::unexpected<Error> LoadError(int err, const std::string& words) {
  if (err == EPERM || err == EACCES) {
    return Fail(ErrorCode::kPermission,
                "the kernel refuses to load the tracer's programs: " + std::string(strerror(err)),
                "run as root, or see what `gotrace doctor` says");
  }
  return Fail(ErrorCode::kUnsupported,
              "the kernel cannot load the tracer's programs: " + std::string(strerror(err)) + "; " + LastLine(words),
              "Linux 5.10 or later is needed; see what `gotrace doctor` says");
}

}  // namespace

class Kernel::Impl {
 public:
  std::unique_ptr<gotrace, SkeletonDeleter> skeleton;
  std::optional<RingReader> ring;
  std::vector<std::unique_ptr<bpf_link, LinkDeleter>> links;
  uint32_t uprobe_type = 0;
  bool multi = false;  // many places of one program are one link
  std::jthread detaching;

  Result<Probe> AttachEvent(int program_fd, const std::string& path, uint64_t file_offset) const;
};

Kernel::Kernel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Kernel::~Kernel() = default;

Result<std::unique_ptr<Kernel>> Kernel::Load(const KernelOptions& options) {
  auto impl = std::make_unique<Impl>();
  GOOFFSETS_TRY(impl->uprobe_type, UprobeType());
  // Kernels before 5.11 count maps against this limit (src: Linux commit 97306be45fbe).
  const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_MEMLOCK, &unlimited);
  std::string words;
  g_libbpf_words = &words;
  libbpf_set_print(CollectWords);
  impl->skeleton.reset(gotrace__open());
  if (!impl->skeleton) {
    g_libbpf_words = nullptr;
    return LoadError(errno, words);
  }
  impl->multi = HasUprobeMulti();
  if (impl->multi) {
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, impl->skeleton->obj) {
      if (bpf_program__type(program) == BPF_PROG_TYPE_KPROBE) {
        bpf_program__set_expected_attach_type(program, kTraceUprobeMulti);
      }
    }
  }
  auto& maps = impl->skeleton->maps;
  bpf_map__set_max_entries(maps.server_calls, options.calls);
  bpf_map__set_max_entries(maps.contexts, options.calls);
  bpf_map__set_max_entries(maps.goroutines, options.calls);
  bpf_map__set_max_entries(maps.client_calls, std::max<uint32_t>(options.calls / 4, 64));
  bpf_map__set_max_entries(maps.events, options.ring_bytes);
  const int failed = gotrace__load(impl->skeleton.get());
  g_libbpf_words = nullptr;
  if (failed) return LoadError(-failed, words);
  // libbpf may have made it larger, a multiple of the page size.
  const size_t ring_bytes = bpf_map__max_entries(maps.events);
  GOOFFSETS_TRY(RingReader ring, RingReader::Open(bpf_map__fd(maps.events), ring_bytes, sizeof(gt_span)));
  impl->ring.emplace(std::move(ring));
  return std::unique_ptr<Kernel>(new Kernel(std::move(impl)));
}

// Before Linux 6.6: one perf event a place.
Result<Probe> Kernel::Impl::AttachEvent(int program_fd, const std::string& path, uint64_t file_offset) const {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = uprobe_type;
  attributes.config1 = reinterpret_cast<uint64_t>(path.c_str());  // uprobe_path
  attributes.config2 = file_offset;                               // probe_offset
  UniqueFd event(static_cast<int>(syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC)));
  if (!event.valid() || ioctl(event.get(), PERF_EVENT_IOC_SET_BPF, program_fd) != 0 ||
      ioctl(event.get(), PERF_EVENT_IOC_ENABLE, 0) != 0) {
    return ErrnoError(errno, "cannot attach to " + path);
  }
  return std::make_shared<const UniqueFd>(std::move(event));
}

Result<Probe> Kernel::Attach(const std::string& program, const std::string& path, uint64_t file_offset) {
  const ProbePlace place{program, file_offset};
  return std::move(AttachAll(path, {&place, 1}).front());
}

std::vector<Result<Probe>> Kernel::AttachAll(const std::string& path, std::span<const ProbePlace> places) {
  std::map<std::string_view, std::vector<size_t>> by_program;
  for (size_t i = 0; i < places.size(); ++i) by_program[places[i].program].push_back(i);
  std::vector<Result<Probe>> outcomes(places.size());
  for (const auto& [name, indices] : by_program) {
    const std::string program_name(name);
    const bpf_program* program = bpf_object__find_program_by_name(impl_->skeleton->obj, program_name.c_str());
    const auto attach = [&](std::span<const uint64_t> offsets) -> Result<Probe> {
      if (!program) return Fail(ErrorCode::kInternal, "there is no kernel program " + program_name);
      if (!impl_->multi) return impl_->AttachEvent(bpf_program__fd(program), path, offsets.front());
      GOOFFSETS_TRY(UniqueFd link, LinkUprobes(bpf_program__fd(program), path, offsets));
      return std::make_shared<const UniqueFd>(std::move(link));
    };
    std::vector<uint64_t> offsets;
    for (const size_t i : indices) offsets.push_back(places[i].file_offset);
    std::optional<Result<Probe>> together;
    if (impl_->multi && program && offsets.size() > 1) together = attach(offsets);
    for (const size_t i : indices) {
      // One place that cannot be probed shall not cost the others: then each is tried by itself.
      outcomes[i] = together && *together ? *together : attach({&places[i].file_offset, 1});
    }
  }
  return outcomes;
}

void Kernel::Detach(std::vector<Probe> probes) {
  std::sort(probes.begin(), probes.end());
  probes.erase(std::unique(probes.begin(), probes.end()), probes.end());
  // Nearly all of the time is the kernel's waiting; where there is no other thread, this one does it all.
  constexpr size_t kMostThreads = 256;
  std::atomic<size_t> next = 0;
  const auto close = [&] {
    for (size_t i = next++; i < probes.size(); i = next++) probes[i].reset();
  };
  std::vector<std::thread> threads;
  try {
    while (threads.size() + 1 < std::min(probes.size(), kMostThreads)) threads.emplace_back(close);
  } catch (const std::system_error&) {
  }
  close();
  for (std::thread& thread : threads) thread.join();
}

void Kernel::DetachBehind(Probe probe) {
  try {
    impl_->detaching = std::jthread([probe = std::move(probe)]() mutable { probe.reset(); });
  } catch (const std::system_error&) {
    // Without a thread it was detached here.
  }
}

Result<void> Kernel::WatchProcesses() {
  for (const bpf_program* program : {impl_->skeleton->progs.process_exec, impl_->skeleton->progs.process_exit}) {
    bpf_link* link = bpf_program__attach(program);
    if (!link) return ErrnoError(errno, "cannot watch for new processes");
    impl_->links.emplace_back(link);
  }
  return {};
}

Result<void> Kernel::SetTable(uint32_t executable, const gt_table& table) {
  if (bpf_map_update_elem(bpf_map__fd(impl_->skeleton->maps.tables), &executable, &table, BPF_ANY) != 0) {
    return ErrnoError(errno, "cannot write a probe table");
  }
  return {};
}

Result<void> Kernel::SetProcess(uint32_t pid, const gt_process& process) {
  if (bpf_map_update_elem(bpf_map__fd(impl_->skeleton->maps.processes), &pid, &process, BPF_ANY) != 0) {
    return ErrnoError(errno, "cannot trace process " + std::to_string(pid));
  }
  bpf_map_delete_elem(bpf_map__fd(impl_->skeleton->maps.reported), &pid);
  return {};
}

void Kernel::RemoveProcess(uint32_t pid) {
  bpf_map_delete_elem(bpf_map__fd(impl_->skeleton->maps.processes), &pid);
  bpf_map_delete_elem(bpf_map__fd(impl_->skeleton->maps.reported), &pid);
}

void Kernel::Poll(std::chrono::milliseconds wait, const Sink& sink) {
  // Nobody wakes this reader but a buffer that is half full.
  if (wait.count() > 0) impl_->ring->Wait(wait);
  impl_->ring->Read([&](const void* record, size_t size) {
    if (size >= sizeof(gt_header)) sink(*static_cast<const gt_header*>(record), size);
  });
}

std::array<uint64_t, GT_COUNTERS> Kernel::Counters() const {
  std::array<uint64_t, GT_COUNTERS> totals{};
  const int processors = libbpf_num_possible_cpus();
  if (processors <= 0) return totals;
  std::vector<uint64_t> values(static_cast<size_t>(processors));
  for (uint32_t i = 0; i < GT_COUNTERS; ++i) {
    if (bpf_map_lookup_elem(bpf_map__fd(impl_->skeleton->maps.counters), &i, values.data()) != 0) continue;
    for (const uint64_t value : values) totals[i] += value;
  }
  return totals;
}

std::span<const char* const> Kernel::GrowingMaps() { return kGrowingMaps; }

size_t Kernel::EntriesOf(const char* name) const {
  const int map = bpf_object__find_map_fd_by_name(impl_->skeleton->obj, name);
  return map < 0 ? 0 : KeysOf(map).size();
}

void Kernel::ForgetCalls(const std::set<uint32_t>& pids) {
  for (const char* name : kGrowingMaps) {
    const int map = bpf_object__find_map_fd_by_name(impl_->skeleton->obj, name);
    if (map < 0) continue;
    for (const std::string& key : KeysOf(map)) {
      uint32_t pid = 0;
      std::memcpy(&pid, key.data(), sizeof pid);
      if (pids.count(pid)) bpf_map_delete_elem(map, key.data());
    }
  }
}

}  // namespace gooffsets::trace
