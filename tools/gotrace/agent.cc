#include "gotrace/agent.h"

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "gotrace/assemble.h"

namespace gooffsets::trace {

namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

// Without word from the kernel all of /proc is looked at; with it, only what may have been missed.
constexpr seconds kLookWatching{5}, kLookBlind{1};
// How often the database's file is looked at.
constexpr seconds kLookForData{1};

constexpr char kProcesses[] = "gotrace_processes", kExecutables[] = "gotrace_executables", kProbes[] = "gotrace_probes",
               kLacking[] = "gotrace_executables_lacking_data", kEntries[] = "gotrace_kernel_map_entries";

const char* const kCounterReasons[GT_COUNTERS] = {"sent",       "ring_full",  "no_call",
                                                  "no_scratch", "calls_full", "unreadable"};

}  // namespace

Agent::Agent(std::unique_ptr<Kernel> kernel, Preparation preparation, AgentSettings settings, Metrics* metrics,
             SpanSink spans, MessageSink messages)
    : kernel_(std::move(kernel)),
      settings_(std::move(settings)),
      metrics_(metrics),
      spans_(std::move(spans)),
      messages_(std::move(messages)),
      preparation_(std::move(preparation)) {
  for (size_t i = 0; i < GT_COUNTERS; ++i) {
    counters_[i] = metrics_->AddCounter("gotrace_kernel_events_total", "What became of the kernel programs' events.",
                                        {{"outcome", kCounterReasons[i]}});
  }
  AddGauges();
}

void Agent::AddGauges() {
  const auto add = [&](const char* name, const char* help, const std::atomic<size_t>* value) {
    metrics_->AddGauge(name, help, {}, [value] { return static_cast<double>(value->load(std::memory_order_relaxed)); });
  };
  add(kProcesses, "Processes that are traced.", &processes_now_);
  add(kExecutables, "Executable files with probes.", &executables_now_);
  add(kProbes, "Probes that are attached.", &probes_now_);
  add(kLacking, "Executable files of which something is unknown that newer data may tell.", &lacking_now_);
  for (const char* map : Kernel::GrowingMaps()) {
    metrics_->AddGauge(kEntries, "What is in the kernel programs' maps.", {{"map", map}},
                       [kernel = kernel_.get(), map] { return static_cast<double>(kernel->EntriesOf(map)); });
  }
}

Agent::~Agent() {
  for (const char* name : {kProcesses, kExecutables, kProbes, kLacking}) metrics_->RemoveGauge(name, {});
  for (const char* map : Kernel::GrowingMaps()) metrics_->RemoveGauge(kEntries, {{"map", map}});
}

Result<void> Agent::Start() {
  std::unique_ptr<OffsetService> service;
  if (!settings_.service.url.empty()) service = std::make_unique<OffsetService>(settings_.service, TracerWantsText());
  const LocalDatabase& database = preparation_.database;
  if (!database.why_none().empty() && !service) {
    messages_("no database: only what the programs say themselves (" + database.why_none() + ")");
  }
  executables_ = std::make_unique<Executables>(kernel_.get(), std::move(preparation_.wants),
                                               std::move(preparation_.executables), std::move(service), messages_);
  if (settings_.skip_instrumented) executables_->SkipInstrumented();
  executables_->UseDatabase(database.get());
  if (Result<void> watching = kernel_->WatchProcesses(); watching) {
    watching_ = true;
  } else {
    messages_("new processes are found by looking every second: " + watching.error().message);
  }
  GOOFFSETS_CHECK_OK(BeginNamed());
  LookAround();
  for (const uint16_t port : settings_.selection.ports) {
    if (ListenersOn(port).empty()) messages_("nobody listens on port " + std::to_string(port) + " yet: waiting");
  }
  return {};
}

Result<void> Agent::TakeNamed(const FileId& file, const std::string& path, const std::string& name) {
  const Executables::Entry* entry = executables_->Take(file, path, name, false);
  if (entry && !entry->executable) return tl::unexpected(entry->why);
  if (entry && !entry->traced()) messages_(entry->why.ToString());
  return {};
}

Result<void> Agent::BeginNamed() {
  // A file that nobody runs yet is attached already: its first request is seen.
  for (const std::string& exe : settings_.selection.exes) {
    const std::optional<FileId> file = FileOf(exe);
    if (!file) return ErrnoError(errno, "cannot trace " + exe);
    GOOFFSETS_CHECK_OK(TakeNamed(*file, exe, exe));
  }
  for (const int pid : settings_.selection.pids) {
    const std::string process = "process " + std::to_string(pid);
    const Result<int> leader = ProcessOf(pid);
    if (!leader) return tl::unexpected(leader.error());
    if (*leader != pid) {
      return Fail(ErrorCode::kUsage, std::to_string(pid) + " is a thread of process " + std::to_string(*leader),
                  "--pid " + std::to_string(*leader));
    }
    const std::optional<FileId> file = FileOf(ExePath(pid));
    if (!file && errno == ENOENT) return Fail(ErrorCode::kUnsupported, process + " is a thread of the kernel");
    if (!file) return ErrnoError(errno, "cannot see what " + process + " runs");
    GOOFFSETS_CHECK_OK(TakeNamed(*file, ExePath(pid), process + " (" + ExeName(pid).value_or("its program") + ")"));
  }
  return {};
}

bool Agent::Finished() const {
  const Selection& selection = settings_.selection;
  return !selection.all && selection.exes.empty() && selection.ports.empty() &&
         std::none_of(selection.pids.begin(), selection.pids.end(), [](int pid) { return ProcessOf(pid).has_value(); });
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
  Executables::Entry* entry = executables_->Take(*file, ExePath(pid), name, !settings_.selection.all);
  if (!entry || !entry->traced()) return;
  const std::optional<uint64_t> bias = LoadBiasOf(pid);
  if (!bias)
    return messages_("process " + std::to_string(pid) + " (" + name +
                     ") is not traced: where it is loaded is not known");
  const gt_process process{.executable = *entry->id, .pad = 0, .bias = *bias};
  if (const Result<void> set = kernel_->SetProcess(static_cast<uint32_t>(pid), process); !set) {
    return messages_(set.error().ToString());
  }
  ended_.erase(static_cast<uint32_t>(pid));
  ++entry->processes;
  messages_("process " + std::to_string(pid) + " (" + name + ") is traced");
  processes_[pid] = {*entry->id, *file, DetectResource(pid, entry->executable->info(), settings_.resource)};
}

void Agent::Forget(int pid) {
  const auto traced = processes_.find(pid);
  if (traced == processes_.end()) return;
  kernel_->RemoveProcess(static_cast<uint32_t>(pid));
  if (Executables::Entry* entry = executables_->Find(traced->second.file); entry && entry->processes) {
    if (--entry->processes == 0) entry->unused_since = steady_clock::now();
  }
  ended_.insert(static_cast<uint32_t>(pid));
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
  executables_->LetGo(asked);
}

void Agent::LookForData() {
  data_looked_ = steady_clock::now();
  std::vector<std::string> messages;
  if (preparation_.database.Renewed(&messages)) executables_->UseDatabase(preparation_.database.get());
  for (const std::string& message : messages) messages_(message);
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
  Executable* executable = executables_->ById(header.executable);
  if (!executable) return;
  executable->routes().Saw(*record.span);
  const auto traced = processes_.find(static_cast<int>(header.pid));
  Surroundings surroundings;
  if (traced != processes_.end()) surroundings.resource = traced->second.resource;
  surroundings.interval = clock_.ToUnix(record.span->start, record.span->end);
  surroundings.type_name = [&](uint64_t address) { return executable->TypeName(address); };
  surroundings.version = [&](const std::string& package) { return executable->LibraryVersion(package); };
  spans_(AssembleSpan(record, surroundings));
}

void Agent::ReadCounters() {
  const std::array<uint64_t, GT_COUNTERS> totals = kernel_->Counters();
  for (size_t i = 0; i < totals.size(); ++i) counters_[i]->Set(totals[i]);
  processes_now_ = processes_.size();
  executables_now_ = executables_->traced();
  probes_now_ = executables_->probes();
  lacking_now_ = executables_->lacking();
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
  if (now - data_looked_ >= kLookForData) LookForData();
  // Processes of an executable that can be traced from now on are taken up at once.
  const bool more = executables_->Turn();
  // The kernel tells of programs that begin, not of ports that are listened on.
  const bool told = watching_ && settings_.selection.ports.empty();
  if (more || now - looked_ >= (told ? kLookWatching : kLookBlind)) LookAround();
  if (now - counted_ >= seconds(1)) {
    counted_ = now;
    if (!ended_.empty()) kernel_->ForgetCalls(std::exchange(ended_, {}));
    ReadCounters();
  }
}

}  // namespace gooffsets::trace
