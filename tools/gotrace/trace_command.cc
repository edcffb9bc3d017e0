#include "gotrace/trace_command.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>
#include <iostream>
#include <utility>
#include <vector>

#include "common/exit_code.h"
#include "gotrace/agent.h"
#include "gotrace/export/file_exporter.h"
#include "gotrace/export/otlp_http.h"
#include "gotrace/export/terminal.h"
#include "gotrace/pipeline/metrics_server.h"
#include "gotrace/preparation.h"
#include "gotrace/rights.h"

extern char** environ;

namespace gooffsets::trace {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How long the last spans may take to be exported (issue: "flush on SIGTERM within a deadline").
constexpr milliseconds kShutdown{5'000};
// How often the ring buffer is emptied: at 50,000 spans a second it is less than a tenth full by then.
constexpr milliseconds kTurn{20};

std::atomic<bool> g_stop{false};
void Stop(int) { g_stop.store(true, std::memory_order_relaxed); }

void HandleSignals() {
  struct sigaction action {};
  action.sa_handler = Stop;  // without SA_RESTART, so that a wait ends
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

std::map<std::string, std::string> Environment() {
  std::map<std::string, std::string> all;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text(*entry);
    const size_t equals = text.find('=');
    if (equals != std::string_view::npos) all.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return all;
}

// An exporter and how it is fed.
using Outlet = std::pair<std::unique_ptr<Exporter>, BatchSettings>;

Result<std::vector<Outlet>> OpenOutlets(const Options& options, const Settings& settings) {
  std::vector<Outlet> outlets;
  const BatchSettings prompt{.delay = milliseconds(100)};
  const bool no_color = getenv("NO_COLOR") != nullptr;
  switch (options.format) {
    case OutputFormat::kText:
      outlets.emplace_back(MakeTerminalExporter(UniqueFd(dup(1)), TerminalStyleFor(1, no_color)), prompt);
      break;
    case OutputFormat::kJson:
      outlets.emplace_back(MakeFileExporter(UniqueFd(dup(1)), "standard output", FileFormat::kJsonLines), prompt);
      break;
    case OutputFormat::kOtlpJson:
      outlets.emplace_back(MakeFileExporter(UniqueFd(dup(1)), "standard output", FileFormat::kOtlpJson), prompt);
      break;
    case OutputFormat::kNone:
      break;
  }
  if (!options.file.empty()) {
    GOOFFSETS_TRY(auto exporter, OpenFileExporter(options.file, FileFormat::kJsonLines));
    outlets.emplace_back(std::move(exporter), prompt);
  }
  if (settings.otlp_exporter) {
    GOOFFSETS_TRY(auto exporter, MakeOtlpExporter(settings.otlp));
    outlets.emplace_back(std::move(exporter), settings.batch);
  }
  return outlets;
}

OffsetServiceSettings ServiceSettings(const Options& options) {
  OffsetServiceSettings settings{.url = options.offsets, .token = {}, .cache_directory = {}};
  if (const char* token = getenv("GOOFFSETS_TOKEN")) settings.token = token;
  // A relative directory counts as unset (XDG Base Directory Specification).
  const char* cache = getenv("XDG_CACHE_HOME");
  const char* home = getenv("HOME");
  if (cache && cache[0] == '/') {
    settings.cache_directory = std::string(cache) + "/gooffsets/answers";
  } else if (home && home[0] == '/') {
    settings.cache_directory = std::string(home) + "/.cache/gooffsets/answers";
  }
  return settings;
}

Result<void> Trace(const Options& options) {
  const auto say = [&](const std::string& message) {
    if (!options.quiet) std::cerr << "gotrace: " << Printable(message) << std::endl;
  };
  Settings settings = SettingsFromEnvironment(Environment());
  for (const std::string& warning : settings.warnings) say(warning);
  settings.sampler.max_traces_per_second = options.max_traces;
  if (settings.disabled && settings.otlp_exporter && options.otlp.empty()) {
    settings.otlp_exporter = false;
    say("OTEL_SDK_DISABLED is true: nothing is exported over OTLP (--otlp does so all the same)");
  }
  if (!options.otlp.empty()) {
    settings.otlp.endpoint = TracesEndpoint(options.otlp);
    settings.otlp_exporter = true;
  }
  // In this order: files are opened with all rights, threads that stay are started with few. Where no thread can be
  // started, the kernel programs are loaded by get().
  GOOFFSETS_TRY(std::vector<Outlet> outlets, OpenOutlets(options, settings));
  std::future<Result<std::unique_ptr<Kernel>>> loading =
      std::async(std::launch::async | std::launch::deferred, Kernel::Load, options.kernel);
  Selection selection = options.selection;
  selection.Normalize();
  Result<Preparation> preparation = Prepare(selection, LocalDatabase(options.database, options.no_database));
  GOOFFSETS_TRY(std::unique_ptr<Kernel> kernel, loading.get());
  if (!preparation) return tl::unexpected(preparation.error());
  const RightSet also = options.metrics.empty() ? 0 : Right(kNetBindService);
  if (const Result<RightSet> kept = DropRights(kernel.get(), also); !kept) say(kept.error().message);
  Metrics metrics;
  Pipeline pipeline(settings, &metrics, say);
  for (auto& [exporter, batch] : outlets) pipeline.Add(std::move(exporter), batch);
  std::unique_ptr<MetricsServer> server;
  if (!options.metrics.empty()) {
    GOOFFSETS_TRY(server, MetricsServer::Start(options.metrics, &metrics));
  }
  AgentSettings agent_settings{.selection = selection,
                               .resource = {.service_name = options.service_name,
                                            .default_service_name = settings.service_name,
                                            .attributes = settings.resource_attributes,
                                            .command_args = options.command_args},
                               .skip_instrumented = options.skip_instrumented,
                               .service = ServiceSettings(options)};
  Agent agent(
      std::move(kernel), std::move(*preparation), std::move(agent_settings), &metrics,
      [&](Span&& span) { pipeline.Offer(std::move(span)); }, say);
  HandleSignals();
  GOOFFSETS_CHECK_OK(agent.Start());
  const size_t traced = agent.process_count();
  say("tracing " + std::to_string(traced) + (traced == 1 ? " process" : " processes"));
  const auto end = steady_clock::now() + std::chrono::seconds(options.duration);
  auto asked = steady_clock::now();
  while (!g_stop.load(std::memory_order_relaxed) && (options.duration == 0 || steady_clock::now() < end)) {
    agent.Turn(kTurn);
    if (steady_clock::now() - asked < milliseconds(500)) continue;
    asked = steady_clock::now();
    if (agent.Finished()) {
      say("what was to be traced has ended");
      break;
    }
  }
  agent.Turn(milliseconds(0));
  if (const std::string losses = agent.Losses(); !losses.empty()) say(losses);
  pipeline.Shutdown(kShutdown);
  if (const uint64_t lost = pipeline.lost(); lost > 0) say(std::to_string(lost) + " spans were not delivered");
  return {};
}

}  // namespace

int RunTrace(const Options& options) {
  if (!NamesTarget(options)) {
    std::cerr << "gotrace: error: nothing to trace: name it by --exe, --pid or --port, or trace --all\n";
    return kExitUsage;
  }
  if (const Result<void> done = Trace(options); !done) return ReportError("gotrace", done.error());
  return 0;
}

}  // namespace gooffsets::trace
