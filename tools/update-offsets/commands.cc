#include "commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "common/exit_code.h"
#include "common/step_progress.h"
#include "gooffsets/feed.h"
#include "hooks.h"
#include "print.h"

namespace gooffsets {

struct Commands::State {
  CLI::App* check = nullptr;
  CLI::App* status = nullptr;
  CLI::App* diff = nullptr;
  CLI::App* verify = nullptr;
  CLI::App* rollback = nullptr;
  CLI::App* pin = nullptr;
  CLI::App* unpin = nullptr;
  CLI::App* history = nullptr;
  CLI::App* explain = nullptr;
  CLI::App* mirror = nullptr;
  CLI::App* bundle = nullptr;
  std::vector<std::string> from, keys;
  std::vector<uint64_t> versions;
  std::string dir, target, format = "text", proxy, ca_file, on_update, on_error;
  uint64_t pin_version = 0;
  unsigned steps = 1, keep = 3, retries = 4;
  long deadline = 600;
  double grace = 0;
  uint64_t max_mib = 4096;
  bool full = false, reinstall = false, quiet = false, no_deltas = false;

  Format Output() const { return format == "json" ? Format::kJson : Format::kText; }
  void Say(const std::string& text) const {
    if (!quiet) fmt::print("{}", text);
  }
};

namespace {

constexpr const char* kTool = "update-offsets";

std::string DefaultDirectory() {
  // The machine's installation for root, else the user's own (XDG Base Directory Specification).
  if (::geteuid() == 0) return "/var/lib/gooffsets";
  const char* data_home = std::getenv("XDG_DATA_HOME");
  if (data_home != nullptr && data_home[0] == '/') return std::string(data_home) + "/gooffsets";
  const char* home = std::getenv("HOME");
  return home != nullptr && home[0] == '/' ? std::string(home) + "/.local/share/gooffsets" : "";
}

}  // namespace

Commands::Commands(CLI::App* app) : state_(std::make_unique<State>()) {
  State& s = *state_;
  app->add_option("--from", s.from,
                  "feed: http://, https:// or file:// address, directory or .gofeed file; tried in order")
      ->envname("GOOFFSETS_FEED")
      ->allow_extra_args(false)
      ->delimiter(',');
  app->add_option("--key", s.keys, "public key that signs the feed: FILE.pub or RW... (may be repeated)")
      ->envname("GOOFFSETS_KEY")
      ->allow_extra_args(false)
      ->delimiter(',');
  app->add_option("--dir", s.dir,
                  "where to install (default: /var/lib/gooffsets for root, else $XDG_DATA_HOME/gooffsets)");
  app->add_option("--keep", s.keep, "previous databases to keep")->capture_default_str()->check(CLI::Range(0, 1000));
  app->add_option("--deadline", s.deadline, "seconds for all of it")
      ->capture_default_str()
      ->check(CLI::Range(1L, 86400L));
  app->add_option("--retries", s.retries, "of each request")->capture_default_str()->check(CLI::Range(0, 100));
  app->add_option("--grace", s.grace, "days for which an expired feed is accepted")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 36500.0));
  app->add_option("--max-size", s.max_mib, "MiB that a database may have")->capture_default_str();
  app->add_flag("--full", s.full, "the full snapshot, never a difference");
  app->add_flag("--reinstall", s.reinstall, "also what is there already: repairs a damaged file");
  app->add_option("--proxy", s.proxy, "of HTTP (default: http_proxy, https_proxy, no_proxy)");
  app->add_option("--ca-file", s.ca_file, "certificate authorities, PEM (default: the system's)");
  app->add_option("--on-update", s.on_update, "shell command to run after something was installed");
  app->add_option("--on-error", s.on_error, "shell command to run after an error");
  app->add_option("--format", s.format, "text or json")->check(CLI::IsMember({"text", "json"}))->capture_default_str();
  app->add_flag("--quiet", s.quiet, "only errors");
  app->set_config("--config", "", "a file of options: from = [\"https://offsets.example/feed\"]");
  auto add = [&](const char* name, const char* what) {
    CLI::App* command = app->add_subcommand(name, what);
    command->fallthrough();
    return command;
  };
  s.check = add("check", "say whether something newer is offered; exit status 1: yes");
  s.status = add("status", "say what is installed");
  s.diff =
      add("diff", "say what changed between two installed versions (default: the newest two); exit status 1: answers");
  s.diff->add_option("VERSION", s.versions, "before and after")->expected(0, 2);
  s.verify = add("verify", "read the installed files again and compare them with what was signed");
  s.rollback = add("rollback", "go back to an earlier database, and stay there until unpin");
  s.rollback->add_option("STEPS", s.steps, "how many versions back")->capture_default_str();
  s.pin = add("pin", "stay at a version until unpin");
  s.pin->add_option("VERSION", s.pin_version, "the version")->required();
  s.unpin = add("unpin", "take newer versions again");
  s.explain = add("explain", "say what each source offers, and what an update would do and why; changes nothing");
  s.history = add("history", "what was done, one JSON object a line");
  s.mirror = add("mirror", "copy a feed, verified, to a directory");
  s.mirror->add_option("DIR", s.target, "the copy")->required();
  s.bundle = add("bundle", "copy a feed, verified, into one file");
  s.bundle->add_option("FILE", s.target, "the copy, FILE.gofeed")->required();
  s.bundle->add_flag("--no-deltas", s.no_deltas, "only the full snapshot");
  app->require_subcommand(0, 1);
}

Commands::~Commands() = default;

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

}  // namespace

int Commands::Run(std::function<bool()> cancelled) {
  State& s = *state_;
  StepProgress progress;
  auto failed = [&](const Error& error) {
    progress.Erase();
    const int status = ReportError(kTool, error);
    Result<void> hook =
        RunHook(s.on_error, Pairs{{"GOOFFSETS_ERROR", error.message}, {"GOOFFSETS_EXIT", std::to_string(status)}});
    if (!hook) ReportError(kTool, hook.error());
    return status;
  };
  UpdateOptions options;
  options.sources = s.from;
  Result<std::vector<std::string>> keys = ReadPublicKeys(s.keys);
  if (!keys) return failed(keys.error());
  options.keys = std::move(*keys);
  options.directory = s.dir.empty() ? DefaultDirectory() : s.dir;
  options.keep = s.keep;
  options.deadline = std::chrono::seconds(s.deadline);
  options.retries = s.retries;
  options.grace = std::chrono::seconds(static_cast<int64_t>(s.grace * 86400));
  options.max_database_size = s.max_mib << 20;
  options.full_only = s.full;
  options.reinstall = s.reinstall;
  options.proxy = s.proxy;
  options.proxy_from_environment = s.proxy.empty();
  options.ca_file = s.ca_file;
  options.cancelled = std::move(cancelled);
  // Only on a terminal: what a timer's log has to say is the outcome.
  if (::isatty(STDERR_FILENO) != 0 && !s.quiet) {
    options.progress = [&progress](const UpdateProgress& now) {
      progress.Show({now.what, now.done, now.total});
      if (now.done == now.total) progress.Erase();
    };
  }

  if (s.mirror->parsed() || s.bundle->parsed()) {
    auto report = s.mirror->parsed() ? MirrorFeed(options, s.target) : BundleFeed(options, s.target, !s.no_deltas);
    if (!report) return failed(report.error());
    s.Say(MirrorText(*report, s.target, s.Output()));
    return 0;
  }
  Result<UpdateClient> client = UpdateClient::Make(options);
  if (!client) return failed(client.error());
  const std::string path = client->database_path();
  auto installed = [&](const Result<UpdateReport>& report) {
    if (!report) return failed(report.error());
    s.Say(UpdateText(*report, path, s.Output()));
    if (!report->changed) return 0;
    Result<void> hook = RunHook(s.on_update, Pairs{{"GOOFFSETS_DATABASE", path},
                                                   {"GOOFFSETS_VERSION", std::to_string(report->version)},
                                                   {"GOOFFSETS_BEFORE", std::to_string(report->before)}});
    return hook ? 0 : ReportError(kTool, hook.error());
  };
  if (s.check->parsed()) {
    auto report = client->Check();
    if (!report) return failed(report.error());
    s.Say(CheckText(*report, s.Output()));
    return report->available ? 1 : 0;
  }
  if (s.rollback->parsed()) return installed(client->Rollback(s.steps));
  if (s.pin->parsed()) {
    auto report = client->Pin(s.pin_version);
    if (report && !report->changed) {
      s.Say(PinText(s.pin_version, report->version, s.Output()));
      return 0;
    }
    return installed(report);
  }
  if (s.unpin->parsed()) {
    auto done = client->Unpin();
    if (!done) return failed(done.error());
    auto state = client->Status();
    if (!state) return failed(state.error());
    s.Say(PinText(0, state->version, s.Output()));
    return 0;
  }
  if (s.explain->parsed()) {
    auto report = client->Explain();
    if (!report) return failed(report.error());
    s.Say(ExplainText(*report, s.Output()));
    return 0;
  }
  if (s.history->parsed()) {
    auto text = client->History();
    if (!text) return failed(text.error());
    fmt::print("{}", *text);
    return 0;
  }
  if (s.status->parsed() || s.verify->parsed() || s.diff->parsed()) {
    auto state = client->Status();
    if (!state) return failed(state.error());
    if (s.status->parsed()) {
      s.Say(StatusText(*state, path, s.Output()));
      return state->version == 0 ? ExitStatus(ErrorCode::kNotFound) : 0;
    }
    if (s.verify->parsed()) {
      auto damaged = client->Verify();
      if (!damaged) return failed(damaged.error());
      s.Say(VerifyText(*damaged, state->previous.size() + 1, s.Output()));
      return damaged->empty() ? 0 : ExitStatus(ErrorCode::kBadInput);
    }
    uint64_t before = state->previous.empty() ? 0 : state->previous[0].version, after = state->version;
    if (!s.versions.empty()) before = s.versions[0];
    if (s.versions.size() > 1) after = s.versions[1];
    auto changes = client->Diff(before, after);
    if (!changes) return failed(changes.error());
    s.Say(DiffText(*changes, before, after, s.Output()));
    return changes->change_count > 0 ? 1 : 0;
  }
  return installed(client->Update());
}

}  // namespace gooffsets
