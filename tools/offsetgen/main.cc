// offsetgen: builds probe programs of Go modules and reads every struct and function layout into a database.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>

#include "common/exit_code.h"
#include "process.h"
#include "publish_command.h"
#include "run.h"
#include "subcommands.h"
#include "summary.h"

namespace {

using gooffsets::ErrorCode;
using gooffsets::Result;

extern "C" void OnSignal(int) {
  // A second Ctrl-C ends at once: the store's transaction is rolled back by SQLite.
  if (offsetgen::g_interrupted.exchange(true)) _exit(130);
}

void InstallSignals() {
  struct sigaction action {};
  action.sa_handler = OnSignal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

std::string DefaultCacheDir() {
  if (const char* xdg = getenv("XDG_CACHE_HOME"); xdg && *xdg) return std::string(xdg) + "/gooffsets";
  const char* home = getenv("HOME");
  return std::string(home && *home ? home : "/tmp") + "/.cache/gooffsets";
}

// data/ of the source tree this was built in, or of the installation.
std::string DefaultDataDir() {
  std::error_code ec;
  std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", ec);
  std::filesystem::path installed = self.parent_path().parent_path() / "share/gooffsets/data";
  if (!ec && std::filesystem::exists(installed / "targets.toml")) return installed.string();
  return GOOFFSETS_SOURCE_DATA;
}

struct Raw {
  std::vector<std::string> arches;
  std::string versions, go, goexperiment, log_format = "text", plan_format = "text";
  double cache_gib = 30;
  long timeout = 900;
};

int RunMain(const offsetgen::RunOptions& options, const Raw& raw) {
  offsetgen::Progress progress(raw.log_format == "json" ? offsetgen::Progress::Format::kJson
                                                        : offsetgen::Progress::Format::kAuto);
  Result<offsetgen::RunSummary> summary = offsetgen::Run(options, &progress);
  if (!summary) {
    if (summary.error().code == ErrorCode::kInterrupted) {
      progress.Line("info", "interrupted; run the same command again to continue");
      return 130;
    }
    return gooffsets::ReportError("offsetgen", summary.error());
  }
  if (options.dry_run) {
    fmt::print("{}", offsetgen::PrintPlan(summary->plan, options.plan_format));
    return 0;
  }
  offsetgen::PrintSummary(*summary, options, &progress);
  return offsetgen::ExitStatusOf(*summary);
}

}  // namespace

int main(int argc, char** argv) {
  InstallSignals();
  offsetgen::RunOptions options;
  Raw raw;
  CLI::App app(
      "Builds probe programs of Go modules, reads every struct and function layout out of their DWARF, and stores them.\n\n"
      "Examples:\n"
      "  offsetgen --module google.golang.org/grpc --versions '>=1.14'\n"
      "  offsetgen --module std --versions '~1.26' --arch amd64\n"
      "  offsetgen --all --dry-run\n"
      "  offsetgen --for-binary ./server\n"
      "  offsetgen status --db offsets.db");
  app.name("offsetgen");
  app.set_version_flag("--version", std::string("offsetgen ") + GOOFFSETS_VERSION);
  app.add_option("--module", options.modules, "module path, or std for the standard library (may be repeated)");
  app.add_option("--versions", raw.versions, "constraint: '>=1.14,<1.20', '~1.60', '1.60.1', latest, '*'");
  app.add_flag("--all", options.all, "everything that data/targets.toml lists");
  app.add_option("--arch,--goarch", raw.arches, "amd64, arm64 (default: both)")->delimiter(',');
  app.add_option("--go", raw.go, "Go releases to build with: auto, newest, oldest, or a list such as 1.26.8,1.21.13");
  app.add_option("--goexperiment", raw.goexperiment, "GOEXPERIMENT of the builds");
  app.add_option("--tags", options.tags, "build tags")->delimiter(',');
  app.add_flag("--include-prereleases", options.include_prereleases, "also pre-releases and pseudo-versions");
  app.add_flag("--retry-failed", options.retry_failed, "also builds that failed to compile before");
  app.add_flag("--rebuild", options.rebuild, "also builds that are stored: made again and replaced, cached records not used");
  app.add_option("--git", options.git, "also the tags of this repository (URL or path) as versions");
  app.add_option("--source", options.source, "a local checkout instead of a release: DIR or git+file:///repo@REV");
  app.add_option("--for-binary", options.for_binary, "add exactly what this Go binary was built from");
  app.add_option("--db", options.db, "database to add to")->capture_default_str();
  app.add_option("--json", options.json, "afterwards, write the canonical JSON export to this file");
  app.add_option("--cache-dir", options.cache_dir, "toolchains, sources and raw records (default: $XDG_CACHE_HOME/gooffsets)");
  app.add_option("--cache-size", raw.cache_gib, "GiB for toolchains and Go's build caches; 0: no limit")->capture_default_str();
  app.add_option("--data-dir", options.data_dir, "directory of targets.toml and versions/");
  app.add_option("--jobs", options.jobs, "builds at a time (default: one a core)")->check(CLI::Range(0, 256));
  app.add_option("--timeout", raw.timeout, "seconds for one build")->capture_default_str()->check(CLI::Range(1L, 86400L));
  app.add_flag("--dry-run", options.dry_run, "print the plan, build nothing");
  app.add_option("--format", raw.plan_format, "of --dry-run: text or json")->check(CLI::IsMember({"text", "json"}));
  app.add_option("--log-format", raw.log_format, "text or json")->check(CLI::IsMember({"text", "json"}))->capture_default_str();
  app.footer("Exit status: 0 done, 2 usage, 3 bad input, 4 environment, 5 partial or disagreement, 130 interrupted.");
  offsetgen::Subcommands subcommands(&app);
  offsetgen::PublishCommand publish(&app);
  if (std::optional<int> exit = gooffsets::ParseArguments(&app, argc, argv)) return *exit;

  options.cache_limit = static_cast<uint64_t>(raw.cache_gib * (1 << 30));
  options.timeout = std::chrono::seconds(raw.timeout);
  if (options.cache_dir.empty()) options.cache_dir = DefaultCacheDir();
  if (options.data_dir.empty()) options.data_dir = DefaultDataDir();
  if (std::optional<int> exit = subcommands.Run(options)) return *exit;
  if (std::optional<int> exit = publish.Run()) return *exit;
  if (options.modules.empty() && !options.all && options.source.empty() && options.for_binary.empty()) {
    return gooffsets::ReportError("offsetgen", {ErrorCode::kUsage, "nothing to do: no --module, --all, --source or --for-binary",
                                                "offsetgen --help"});
  }
  for (const std::string& text : raw.arches) {
    auto arch = gooffsets::ParseGoArch(text);
    if (!arch) return gooffsets::ReportError("offsetgen", arch.error());
    options.arches.push_back(*arch);
  }
  if (!raw.versions.empty()) options.versions = raw.versions;
  if (!raw.go.empty()) options.go = raw.go;
  if (!raw.goexperiment.empty()) options.goexperiment = raw.goexperiment;
  options.plan_format = raw.plan_format == "json" ? offsetgen::PlanFormat::kJson : offsetgen::PlanFormat::kText;
  return RunMain(options, raw);
}
