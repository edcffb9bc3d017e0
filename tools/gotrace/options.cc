#include "gotrace/options.h"

#include <bit>
#include <charconv>
#include <cstdint>
#include <map>
#include <string>

namespace gooffsets::trace {

namespace {

std::string AddressOfService(const std::string& text) {
  return text.starts_with("http://") || text.starts_with("https://") ? "" : "must begin with http:// or https://";
}

std::string PowerOfTwo(const std::string& text) {
  uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);  // the range was checked before
  return std::has_single_bit(value) ? "" : "must be a power of two";
}

}  // namespace

void AddTraceOptions(CLI::App* app, Options* options) {
  const std::map<std::string, OutputFormat> formats = {{"text", OutputFormat::kText},
                                                       {"json", OutputFormat::kJson},
                                                       {"otlp-json", OutputFormat::kOtlpJson},
                                                       {"none", OutputFormat::kNone}};
  app->add_option("--exe", options->selection.exes, "Trace processes that run this file, now and later (repeatable)");
  app->add_option("--pid", options->selection.pids, "Trace this process (repeatable)");
  app->add_option("--port", options->selection.ports, "Trace what listens on this TCP port, now and later (repeatable)")
      ->check(CLI::Range(1, 65535))
      ->option_text("PORT ...");
  app->add_flag("--all", options->selection.all, "Trace every Go program of the machine");
  app->add_flag("--skip-instrumented", options->skip_instrumented,
                "Leave programs alone that export spans themselves (OpenTelemetry's SDK)");
  app->add_option("--db", options->database, "Database (default: the installed one, else the released one)");
  app->add_flag("--no-db", options->no_database, "Only what the programs say themselves");
  app->add_option("--offsets", options->offsets,
                  "Ask this offset service about what neither a program nor the database says: http://offsets:8080 "
                  "(bearer token: $GOOFFSETS_TOKEN)")
      ->check(AddressOfService);
  app->add_option_function<std::string>(
         "--format", [options, formats](const std::string& name) { options->format = formats.at(name); },
         "What goes to standard output: text, json (lines), otlp-json, none")
      ->check(CLI::IsMember({"text", "json", "otlp-json", "none"}))
      ->option_text("FORMAT");
  app->add_option("--otlp", options->otlp, "Export to this OpenTelemetry collector: http://127.0.0.1:4318");
  app->add_option("--file", options->file, "Also append spans to this file, as JSON lines");
  app->add_option("--max-traces", options->max_traces,
                  "Keep at most so many traces a second, each of them whole (default: all that the sampler keeps)")
      ->check(CLI::PositiveNumber)
      ->option_text("NUMBER");
  app->add_option("--service-name", options->service_name, "service.name of all spans (default: each process's own)");
  app->add_option("--metrics", options->metrics, "Serve the agent's own metrics for Prometheus: :9464");
  app->add_flag("--command-args", options->command_args, "Add process.command_args, which may hold secrets");
  app->add_option("--max-calls", options->kernel.calls, "Requests in flight that are remembered")
      ->check(CLI::Range(64u, 4u << 20))
      ->option_text("NUMBER");
  app->add_option_function<uint32_t>(
         "--ring", [options](uint32_t kib) { options->kernel.ring_bytes = kib << 10; },
         "KiB of the kernel's buffer, a power of two: what the agent cannot read in time must fit (default: 8192)")
      ->check(CLI::Range(64u, 1u << 20) & CLI::Validator(PowerOfTwo, "", "power of two"))
      ->option_text("KIB");
  app->add_option("--duration", options->duration, "End after so many seconds");
  app->add_flag("-q,--quiet", options->quiet, "No messages on standard error but errors");
}

bool NamesTarget(const Options& options) {
  const Selection& selection = options.selection;
  return selection.all || !selection.pids.empty() || !selection.exes.empty() || !selection.ports.empty();
}

}  // namespace gooffsets::trace
