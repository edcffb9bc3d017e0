// offsetd: answers questions about layouts over HTTP, from one immutable database.
#include <sodium.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <thread>

#include "base/file.h"
#include "base/quote.h"
#include "common/database_path.h"
#include "common/exit_code.h"
#include "server.h"
#include "store/json_text.h"
#include "upstream.h"

namespace gooffsets {

namespace {

constexpr std::string_view kTool = "offsetd";

struct Options {
  std::string db, feed, access_log = "-", token_file, cors;
  std::vector<std::string> from, keys;
  std::string state_directory = "/var/lib/gooffsets";
  unsigned interval_seconds = 3600;
  ServerOptions server;
  double drain_seconds = 10, header_seconds = 10, idle_seconds = 60, request_seconds = 30, poll_seconds = 1;
  size_t cache_mb = 16, max_body_kb = 1024;
};

void AddOptions(CLI::App* app, Options* options) {
  app->add_option("--db", options->db, "Database (default: the installed one, else the released one)");
  app->add_option("--listen", options->server.listen, "Address and port; port 0: any free one")->capture_default_str();
  CLI::Option* from = app->add_option("--from", options->from,
                                      "Feed to bring newer databases from (URL, directory or bundle), instead of --db");
  app->add_option("--key", options->keys, "Public key that signs the feed: FILE.pub or RW... (may be repeated)")
      ->needs(from);
  app->add_option("--state-dir", options->state_directory, "Where databases from the feed are installed")
      ->capture_default_str();
  app->add_option("--interval-seconds", options->interval_seconds, "How often to ask the feed")
      ->check(CLI::Range(1, 31'536'000))
      ->capture_default_str();
  app->add_option("--feed", options->feed, "Feed directory to serve below /feed");
  app->add_option("--threads", options->server.threads, "Worker threads")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app->add_option("--token-file", options->token_file,
                  "/v1/resolve only answers requests with the bearer token in this file");
  app->add_option("--cors", options->cors, "Origin whose pages may ask, or * for all (default: none)");
  app->add_option("--access-log", options->access_log, "File, - for standard error, or off")->capture_default_str();
  app->add_option("--trusted-proxy", options->server.trusted_proxies,
                  "Address of a reverse proxy whose X-Forwarded-For is believed");
  app->add_option("--max-connections", options->server.max_connections, "At most so many at a time")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app->add_option("--max-connections-per-address", options->server.max_connections_per_address, "0: no limit")
      ->capture_default_str();
  app->add_option("--rate", options->server.rate, "Requests a second of one address; 0: no limit")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app->add_option("--burst", options->server.burst, "Requests of one address at once")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app->add_option("--header-seconds", options->header_seconds,
                  "How long a client may take for its first request's headers")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  app->add_option("--request-seconds", options->request_seconds,
                  "From headers to the end of the answer (and 1 s for each 16 KiB of it)")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  app->add_option("--idle-seconds", options->idle_seconds, "How long a connection may wait for its next request")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  app->add_option("--drain-seconds", options->drain_seconds, "How long SIGTERM waits for answers that have begun")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  app->add_option("--poll-seconds", options->poll_seconds, "How often to look whether the database was replaced")
      ->check(CLI::Range(0.01, 3600.0))
      ->capture_default_str();
  app->add_option("--cache-mb", options->cache_mb, "Memory for answers that are ready")
      ->check(CLI::Range(0, 65536))
      ->capture_default_str();
  app->add_option("--max-body-kb", options->max_body_kb, "Largest body of /v1/resolve")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
  app->footer(
      "Examples:\n"
      "  offsetd --db offsets.db --listen 127.0.0.1:7443\n"
      "  curl 'http://127.0.0.1:7443/v1/offsets?module=std&version=1.26.8&goarch=amd64&symbol=net/http.Request.URL'\n"
      "\n"
      "SIGHUP reloads the database and opens the access log again, SIGTERM stops after the answers that have begun.\n"
      "Exit codes: 0 stopped, 2 usage, 3 bad input, 4 environment, 5 stopped with connections cut off.");
}

void Log(std::string_view text) {
  static std::mutex mutex;
  std::lock_guard lock(mutex);
  std::cerr << kTool << ": " << Printable(text) << std::endl;
}

std::chrono::nanoseconds Seconds(double seconds) {
  return std::chrono::nanoseconds(static_cast<int64_t>(seconds * 1e9));
}

// As many descriptors as the system allows: one a connection, and some for files.
void RaiseDescriptorLimit(ServerOptions* options) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  constexpr rlim_t kOthers = 64;
  const rlim_t most = limit.rlim_cur > 2 * kOthers ? limit.rlim_cur - kOthers : kOthers;
  if (most >= options->max_connections) return;
  options->max_connections = static_cast<unsigned>(most);
  Log("the system's limit of open files allows " + std::to_string(most) + " connections");
}

Result<std::string> ReadToken(const std::string& path) {
  if (path.empty()) return std::string();
  GOOFFSETS_TRY(std::string token, ReadFile(path, 4096));
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  if (token.size() < 16) {
    return Fail(ErrorCode::kBadInput, "the token in " + Quote(path) + " is shorter than 16 bytes",
                "openssl rand -hex 32 makes one");
  }
  return token;
}

// What /v1/status says beside the database. Errors hold paths: they are for the log.
std::string StatusMembers(const Serving& serving, const Upstream* upstream) {
  std::string members = ",\"last_error\":";
  AppendJsonString(&members, serving.last_error().empty() ? "" : "the newest file cannot be served; the log says why");
  if (upstream == nullptr) return members;
  const Upstream::State state = upstream->state();
  members += ",\"upstream\":";
  JsonObject object(&members);
  object.Number("version", state.version);
  object.Number("checked", static_cast<uint64_t>(state.checked));
  object.Bool("failed", state.failed);
  object.Close();
  return members;
}

int Serve(Options options) {
  const bool upstream_mode = !options.from.empty();
  if (upstream_mode && !options.db.empty()) {
    return ReportError(kTool, Error{ErrorCode::kUsage, "--db and --from exclude each other", "one of the two"});
  }
  if (upstream_mode && options.keys.empty() && !std::filesystem::exists(options.state_directory + "/state.json")) {
    return ReportError(kTool,
                       Error{ErrorCode::kUsage, "no key that the feed could be signed with", "--key gooffsets.pub"});
  }
  if (std::error_code error; !options.feed.empty() && !std::filesystem::is_directory(options.feed, error)) {
    return ReportError(
        kTool, Error{ErrorCode::kNotFound, Quote(options.feed) + " is no directory that could be served as a feed",
                     "offsetgen publish --feed DIR makes one"});
  }
  UpdateOptions update;
  update.sources = options.from;
  update.directory = options.state_directory;
  update.proxy_from_environment = true;
  if (Result<std::vector<std::string>> keys = ReadPublicKeys(options.keys); keys) {
    update.keys = std::move(*keys);
  } else {
    return ReportError(kTool, keys.error());
  }
  Result<std::string> path = upstream_mode ? options.state_directory + "/current.db" : FindDatabase(options.db);
  if (!path) return ReportError(kTool, path.error());
  ServiceSettings settings;
  settings.feed_directory = options.feed;
  settings.cors_origin = options.cors;
  settings.max_body = options.max_body_kb << 10;
  Result<std::string> token = ReadToken(options.token_file);
  if (!token) return ReportError(kTool, token.error());
  settings.resolve_token = *token;
  RaiseDescriptorLimit(&options.server);
  options.server.deadlines.headers = Seconds(options.header_seconds);
  options.server.deadlines.idle = Seconds(options.idle_seconds);
  options.server.deadlines.request = Seconds(options.request_seconds);

  // Signals are taken by sigwait() below; every thread inherits the mask.
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGHUP, SIGTERM, SIGINT}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  Metrics metrics;
  std::unique_ptr<AccessLog> access_log;
  if (options.access_log != "off") {
    Result<std::unique_ptr<AccessLog>> opened = AccessLog::Open(options.access_log, &metrics.log_lines_dropped);
    if (!opened) return ReportError(kTool, opened.error());
    access_log = std::move(*opened);
  }
  Serving::Options serving_options;
  serving_options.snapshot.path = *path;
  if (!upstream_mode && options.db.empty()) serving_options.places = DatabasePlaces();
  serving_options.snapshot.workers = options.server.threads;
  serving_options.cache_bytes = options.cache_mb << 20;
  serving_options.poll = std::chrono::duration_cast<std::chrono::milliseconds>(Seconds(options.poll_seconds));
  Serving serving(serving_options, &metrics, Log);
  if (Result<void> loaded = serving.Reload(); !loaded) {
    if (!upstream_mode) return ReportError(kTool, loaded.error());
    Log(loaded.error().code == ErrorCode::kNotFound
            ? "nothing is installed in " + options.state_directory +
                  " yet: questions are answered from the feed's first database on"
            : loaded.error().ToString());
  }
  std::unique_ptr<Upstream> upstream;
  std::atomic<const Upstream*> upstream_view{nullptr};
  const auto status_json = [&serving, &upstream_view] { return StatusMembers(serving, upstream_view.load()); };
  Result<std::unique_ptr<Server>> server =
      Server::Start(options.server, settings, &serving, &metrics, access_log.get(), Log, status_json);
  if (!server) return ReportError(kTool, server.error());
  serving.Watch();
  if (upstream_mode) {
    Result<std::unique_ptr<Upstream>> started = Upstream::Start(
        std::move(update), std::chrono::seconds(options.interval_seconds), &metrics, [&] { serving.ReloadSoon(); },
        Log);
    if (!started) return ReportError(kTool, started.error());
    upstream = std::move(*started);
    upstream_view = upstream.get();
  }
  const size_t colon = options.server.listen.rfind(':');
  // The one line on standard output: for scripts that start with port 0.
  std::cout << "listening at http://" << options.server.listen.substr(0, colon) << ":" << (*server)->port()
            << std::endl;
  while (true) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (signal != SIGHUP) break;
    serving.ReloadSoon();
    if (upstream != nullptr) upstream->AskSoon();
    if (access_log == nullptr) continue;
    if (Result<void> reopened = access_log->Reopen(); !reopened) Log(reopened.error().ToString());
  }
  // A second signal ends the process as it always does.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  Log("stopping: waiting for answers that have begun");
  const bool all = (*server)->Stop(Seconds(options.drain_seconds));
  upstream_view = nullptr;
  upstream.reset();
  Log(all ? "stopped" : "stopped: connections that took too long were cut off");
  return all ? 0 : ExitStatus(ErrorCode::kPartial);
}

}  // namespace

}  // namespace gooffsets

int main(int argc, char** argv) {
  if (sodium_init() < 0) return gooffsets::ExitStatus(gooffsets::ErrorCode::kInternal);
  CLI::App app("Serves an offsets database over HTTP");
  app.name("offsetd");
  app.set_version_flag("--version", std::string("offsetd ") + GOOFFSETS_VERSION);
  gooffsets::Options options;
  options.server.threads = std::clamp(std::thread::hardware_concurrency(), 1U, 8U);
  options.server.rate = 200;
  options.server.burst = 2000;
  gooffsets::AddOptions(&app, &options);
  if (std::optional<int> exit_code = gooffsets::ParseArguments(&app, argc, argv)) return *exit_code;
  return gooffsets::Serve(std::move(options));
}
