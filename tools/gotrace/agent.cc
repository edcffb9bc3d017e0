#include "gotrace/agent.h"

#include <signal.h>

#include <cerrno>
#include <utility>

#include "gotrace/assemble.h"

namespace gooffsets::trace {

namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

// Without word from the kernel all of /proc is looked at; with it, only what may have been missed.
constexpr seconds kLookWatching{5}, kLookBlind{1};
// An executable that nobody runs any more stays attached so long: programs are restarted.
constexpr seconds kKeepUnused{60};

const char* const kCounterReasons[GT_COUNTERS] = {"sent",       "ring_full",  "no_call",
                                                  "no_scratch", "calls_full", "unreadable"};

// The SDK that exports spans; the API alone, which libraries link, does nothing.
bool OwnTracing(const Executable& executable) {
  return executable.info().Module("go.opentelemetry.io/otel/sdk") != nullptr;
}

}  // namespace

Agent::Agent(std::unique_ptr<Kernel> kernel, const Database* database, AgentSettings settings, Metrics* metrics,
             SpanSink spans, MessageSink messages)
    : kernel_(std::move(kernel)),
      database_(database),
      settings_(std::move(settings)),
      metrics_(metrics),
      spans_(std::move(spans)),
      messages_(std::move(messages)) {
  for (size_t i = 0; i < GT_COUNTERS; ++i) {
    counters_[i] = metrics_->AddCounter("gotrace_kernel_events_total", "What became of the kernel programs' events.",
                                        {{"outcome", kCounterReasons[i]}});
  }
}

Result<void> Agent::Start() {
  GOOFFSETS_TRY(wants_, TracerWants());
  settings_.selection.Normalize();
  if (Result<void> watching = kernel_->WatchProcesses(); watching) {
    watching_ = true;
  } else {
    messages_("new processes are found by looking every second: " + watching.error().message);
  }
  // A file that nobody runs yet is attached already: its first request is seen.
  for (const std::string& exe : settings_.selection.exes) {
    if (const std::optional<FileId> file = FileOf(exe)) KnownOf(*file, exe, exe);
  }
  LookAround();
  return {};
}

std::optional<uint32_t> Agent::FreeId() const {
  for (uint32_t id = 0; id < GT_MAX_EXECUTABLES; ++id) {
    if (!by_id_.count(id)) return id;
  }
  return std::nullopt;
}

Agent::Known* Agent::KnownOf(const FileId& file, const std::string& path, const std::string& name) {
  if (const auto known = executables_.find(file); known != executables_.end()) return &known->second;
  constexpr size_t kMostRemembered = 16384;  // of files that were looked at
  if (executables_.size() >= kMostRemembered) return nullptr;
  Known& known = executables_[file];
  known.unused_since = steady_clock::now();
  Result<std::unique_ptr<Executable>> executable = Executable::Open(path, database_, wants_);
  if (!executable) {
    if (!settings_.selection.all) messages_(name + " cannot be traced: " + executable.error().ToString());
    return &known;
  }
  if (!(*executable)->plan().any()) {
    if (!settings_.selection.all) {
      messages_(name + ": nothing in it that could be traced; `gotrace inspect " + name + "` says why");
    }
    return &known;
  }
  const std::optional<uint32_t> id = FreeId();
  if (!id) {
    messages_(name + " is not traced: " + std::to_string(GT_MAX_EXECUTABLES) + " other executables are");
    return &known;
  }
  std::vector<std::string> messages;
  const Result<void> attached = (*executable)->Attach(kernel_.get(), *id, path, &messages);
  for (const std::string& message : messages) messages_(message);
  if (!attached) {
    messages_(name + ": " + attached.error().ToString());
    return &known;
  }
  if (OwnTracing(**executable)) {
    messages_(name + " exports spans by itself (go.opentelemetry.io/otel/sdk is linked in): with gotrace's there are two of each");
  }
  known.executable = std::move(*executable);
  known.id = *id;
  by_id_[*id] = known.executable.get();
  messages_(name + ": " + std::to_string(known.executable->attached()) + " probes attached");
  return &known;
}

void Agent::Consider(int pid, const std::set<int>& listeners) {
  const std::optional<FileId> file = FileOf(ExePath(pid));
  if (!file) return Forget(pid);  // it has ended, or is a kernel thread
  if (const auto traced = processes_.find(pid); traced != processes_.end()) {
    if (traced->second.file == *file) return;
    Forget(pid);  // it runs another program now
  }
  if (!settings_.selection.Wants(pid, listeners)) return;
  const std::string name = ExeName(pid).value_or(ExePath(pid));
  Known* known = KnownOf(*file, ExePath(pid), name);
  if (!known || !known->executable) return;
  const std::optional<uint64_t> bias = LoadBiasOf(pid);
  if (!bias)
    return messages_("process " + std::to_string(pid) + " (" + name +
                     ") is not traced: where it is loaded is not known");
  const gt_process process{.executable = known->id, .pad = 0, .bias = *bias};
  if (const Result<void> set = kernel_->SetProcess(static_cast<uint32_t>(pid), process); !set) {
    return messages_(set.error().ToString());
  }
  ++known->processes;
  processes_[pid] = {known->id, *file, DetectResource(pid, known->executable->info(), settings_.resource)};
}

void Agent::Forget(int pid) {
  const auto traced = processes_.find(pid);
  if (traced == processes_.end()) return;
  kernel_->RemoveProcess(static_cast<uint32_t>(pid));
  if (const auto known = executables_.find(traced->second.file);
      known != executables_.end() && known->second.processes) {
    if (--known->second.processes == 0) known->second.unused_since = steady_clock::now();
  }
  processes_.erase(traced);
}

void Agent::LookAround() {
  looked_ = steady_clock::now();
  const std::set<int> listeners = settings_.selection.Listeners();
  for (const int pid : AllProcesses()) Consider(pid, listeners);
  std::vector<int> gone;
  for (const auto& [pid, traced] : processes_) {
    if (kill(pid, 0) != 0 && errno == ESRCH) gone.push_back(pid);
  }
  for (const int pid : gone) Forget(pid);
  // What nobody runs and nobody asked for by name is let go, and files that could not be traced may be looked at again.
  std::set<FileId> asked;
  for (const std::string& exe : settings_.selection.exes) {
    if (const std::optional<FileId> file = FileOf(exe)) asked.insert(*file);
  }
  std::erase_if(executables_, [&](const auto& entry) {
    const Known& known = entry.second;
    if (known.processes || asked.count(entry.first) || looked_ - known.unused_since < kKeepUnused) return false;
    if (known.executable) by_id_.erase(known.id);
    return true;
  });
}

void Agent::Receive(const gt_header& header, size_t size) {
  if (header.event != GT_EVENT_SPAN) {
    if (header.version == GT_EVENT_VERSION) pending_.insert(static_cast<int>(header.pid));
    return;
  }
  const std::optional<SpanRecord> record = ReadSpanRecord(header, size);
  if (!record) return;
  if (record->span->flags & GT_FLAG_BEGIN) return open_calls_.Begin(*record->span, header.size);
  if (!(record->span->flags & GT_FLAG_END)) return Finish(*record);
  const std::string whole = open_calls_.End(*record->span, header.size);
  if (whole.empty()) return;
  if (const auto joined = ReadSpanRecord(*reinterpret_cast<const gt_header*>(whole.data()), whole.size()))
    Finish(*joined);
}

void Agent::Finish(const SpanRecord& record) {
  const gt_header& header = record.span->header;
  const auto executable = by_id_.find(header.executable);
  if (executable == by_id_.end()) return;
  const auto traced = processes_.find(static_cast<int>(header.pid));
  Surroundings surroundings;
  if (traced != processes_.end()) surroundings.resource = traced->second.resource;
  surroundings.interval = clock_.ToUnix(record.span->start, record.span->end);
  surroundings.type_name = [&](uint64_t address) { return executable->second->TypeName(address); };
  surroundings.version = [&](const std::string& package) { return executable->second->LibraryVersion(package); };
  spans_(AssembleSpan(record, surroundings));
}

void Agent::ReadCounters() {
  const std::array<uint64_t, GT_COUNTERS> totals = kernel_->Counters();
  for (size_t i = 0; i < totals.size(); ++i) counters_[i]->Set(totals[i]);
}

std::string Agent::Losses() const {
  const std::array<uint64_t, GT_COUNTERS> totals = kernel_->Counters();
  std::string text;
  const auto add = [&](gt_counter counter, const char* what) {
    if (totals[counter]) text += (text.empty() ? "" : ", ") + std::to_string(totals[counter]) + what;
  };
  add(GT_COUNT_LOST, " events lost because the agent was too slow");
  add(GT_COUNT_NO_MAP, " calls beyond --max-calls");
  add(GT_COUNT_NO_SCRATCH, " events lost because programs interrupted each other");
  add(GT_COUNT_READ, " reads of the program's memory failed");
  return text;
}

void Agent::Turn(std::chrono::milliseconds wait) {
  kernel_->Poll(wait, [this](const gt_header& header, size_t size) { Receive(header, size); });
  clock_.MeasureIfOlderThan(seconds(10));
  const auto now = steady_clock::now();
  if (!pending_.empty()) {
    const std::set<int> pending = std::exchange(pending_, {});
    const std::set<int> listeners =
        settings_.selection.ports.empty() ? std::set<int>() : settings_.selection.Listeners();
    for (const int pid : pending) Consider(pid, listeners);
  }
  if (now - looked_ >= (watching_ ? kLookWatching : kLookBlind)) LookAround();
  if (now - counted_ >= seconds(1)) {
    counted_ = now;
    ReadCounters();
  }
}

}  // namespace gooffsets::trace
